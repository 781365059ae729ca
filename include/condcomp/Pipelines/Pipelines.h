//===- Pipelines.h - the compiler's pipelines -------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_PIPELINES_PIPELINES_H
#define CONDCOMP_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace condcomp {

/// Options of `condcomp-to-cpu`.
struct ToCPUOptions : public mlir::PassPipelineOptions<ToCPUOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact or auto, "
                     "or soft: mixtures instead of decisions "
                     "(default: auto)"),
      llvm::cl::init("auto")};
  PassOptions::Option<bool> parallel{
      *this, "parallel",
      llvm::cl::desc("Run loops on all threads of OpenMP (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> batchExperts{
      *this, "batch-experts",
      llvm::cl::desc("Run all modules of an apply in one parallel loop per "
                     "stage, where its body allows it (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> tileChains{
      *this, "tile-chains",
      llvm::cl::desc("Run contractions that follow one another, as in "
                     "attention, task by task (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> trace{
      *this, "trace",
      llvm::cl::desc("Keep condcomp.trace ops (default: false)"),
      llvm::cl::init(false)};
  PassOptions::Option<unsigned> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Width of a vector register in bits: 128, 256 or 512 "
                     "(default: 0, that of the machine compiled on)"),
      llvm::cl::init(0)};
};

/// Adds the passes of `condcomp-to-cpu`: from condcomp ops and linalg on
/// tensors to the LLVM dialect.
void buildToCPUPipeline(mlir::OpPassManager &pm, const ToCPUOptions &options);

/// Adds the passes from condcomp ops to linalg on tensors in which every
/// function @f with constant arguments has a function @f$prepack.
void buildPrepackPipeline(mlir::OpPassManager &pm, const ToCPUOptions &options);

/// Options of `condcomp-to-portable-linalg`.
struct ToPortableLinalgOptions
    : public mlir::PassPipelineOptions<ToPortableLinalgOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact, auto or soft "
                     "(default: auto)"),
      llvm::cl::init("auto")};
};

/// Adds the passes of `condcomp-to-portable-linalg`: from condcomp ops to
/// upstream dialects that other MLIR compilers take, as text.
void buildToPortableLinalgPipeline(mlir::OpPassManager &pm,
                                   const ToPortableLinalgOptions &options);

/// Registers every pipeline by name.
void registerPipelines();

} // namespace condcomp

#endif // CONDCOMP_PIPELINES_PIPELINES_H
