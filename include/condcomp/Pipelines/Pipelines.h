//===- Pipelines.h - the compiler's pipelines -------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_PIPELINES_PIPELINES_H
#define CONDCOMP_PIPELINES_PIPELINES_H

#include "condcomp/Codegen/CPU/BF16Unit.h"
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
  PassOptions::Option<bool> readRowsInPlace{
      *this, "read-rows-in-place",
      llvm::cl::desc("Multiply by chosen matrices where they lie instead of "
                     "copying all of them first (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> shareLeaves{
      *this, "share-leaves",
      llvm::cl::desc("Put equal ops in one function, which is compiled once "
                     "(default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> lowerConvolutions{
      *this, "lower-convolutions",
      llvm::cl::desc("Gather the windows of convolutions for the kernels of "
                     "contractions (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> foldStaticRoutings{
      *this, "fold-static-routings",
      llvm::cl::desc("Leave out choices that are known when compiling "
                     "(default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> hoistInvariants{
      *this, "hoist-invariants",
      llvm::cl::desc("Compute once what bodies compute alike in every run "
                     "(default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> keepModuleOrder{
      *this, "keep-module-order",
      llvm::cl::desc("Hand entries on as they are instead of putting them in "
                     "place and taking them out again (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> leaveRowsInPlace{
      *this, "leave-rows-in-place",
      llvm::cl::desc(
          "Read what stages carry on unchanged where it lies instead "
          "of moving it when rows leave (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> mergeApplies{
      *this, "merge-applies",
      llvm::cl::desc("Make one apply of those with the same routing "
                     "(default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> sinkIntoConditions{
      *this, "sink-into-conditions",
      llvm::cl::desc("Do work only for the rows that need it (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> runTimeChoice{
      *this, "run-time-choice",
      llvm::cl::desc("With form=auto, run bodies on all rows when few would be "
                     "skipped (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> reportCost{
      *this, "report-cost",
      llvm::cl::desc("Report the cost of every function as remarks "
                     "(default: false)"),
      llvm::cl::init(false)};
  PassOptions::Option<bool> trace{
      *this, "trace",
      llvm::cl::desc("Keep condcomp.trace ops (default: false)"),
      llvm::cl::init(false)};
  PassOptions::Option<unsigned> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("Width of a vector register in bits: 128, 256 or 512 "
                     "(default: 0, that of the machine compiled on)"),
      llvm::cl::init(0)};
  PassOptions::Option<BF16Unit> bf16Unit{
      *this, "bf16-unit",
      llvm::cl::desc("What multiplies bf16 by bf16: none (f32), avx512bf16 or "
                     "amx-bf16 (default: that of the machine compiled on, none "
                     "with vector-bits)"),
      llvm::cl::values(clEnumValN(BF16Unit::None, "none", "f32"),
                       clEnumValN(BF16Unit::Dot, "avx512bf16", "pairs"),
                       clEnumValN(BF16Unit::Tiles, "amx-bf16", "tiles")),
      llvm::cl::init(BF16Unit::None)};
  PassOptions::Option<bool> prefetchPacked{
      *this, "prefetch-packed",
      llvm::cl::desc("Ask for packed weights before they are used (default: "
                     "what suits the machine compiled on, true with "
                     "vector-bits)"),
      llvm::cl::init(true)};
};

/// Adds the passes of `condcomp-to-cpu`: from condcomp ops and linalg on
/// tensors to the LLVM dialect.
void buildToCPUPipeline(mlir::OpPassManager &pm, const ToCPUOptions &options);

/// Adds the passes from condcomp ops to linalg on tensors in which every
/// function @f with constant arguments has a function @f$prepack.
void buildPrepackPipeline(mlir::OpPassManager &pm, const ToCPUOptions &options);

/// What `condcomp-to-gpu` makes of kernels.
enum class GPUFormat {
  /// The LLVM dialect.
  LLVM,
  /// The assembly of the chip: PTX, or that of an AMD GPU.
  PTX,
  /// Machine code of one chip.
  Cubin,
  /// Machine code, and PTX for later chips.
  Fatbin
};

/// Options of `condcomp-to-gpu`.
struct ToGPUOptions : public mlir::PassPipelineOptions<ToGPUOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact, auto or soft "
                     "(default: auto)"),
      llvm::cl::init("auto")};
  PassOptions::Option<std::string> chip{
      *this, "chip",
      llvm::cl::desc("The GPU: sm_80, sm_90a, gfx942, ... (default: sm_90a)"),
      llvm::cl::init("sm_90a")};
  PassOptions::Option<std::string> features{
      *this, "features",
      llvm::cl::desc(
          "LLVM's features of the GPU, such as +ptx80 (default: what "
          "the chip has)"),
      llvm::cl::init("")};
  PassOptions::Option<std::string> toolkit{
      *this, "toolkit",
      llvm::cl::desc("Where CUDA or ROCm is, for their libraries of functions "
                     "and ptxas (default: as CUDA_HOME or ROCM_PATH says)"),
      llvm::cl::init("")};
  PassOptions::Option<GPUFormat> format{
      *this, "format",
      llvm::cl::desc("What kernels become: llvm, ptx, cubin or fatbin "
                     "(default: ptx)"),
      llvm::cl::values(
          clEnumValN(GPUFormat::LLVM, "llvm", "LLVM dialect"),
          clEnumValN(GPUFormat::PTX, "ptx", "assembly"),
          clEnumValN(GPUFormat::Cubin, "cubin", "machine code"),
          clEnumValN(GPUFormat::Fatbin, "fatbin", "machine code and assembly")),
      llvm::cl::init(GPUFormat::PTX)};
  PassOptions::Option<bool> tensorCores{
      *this, "tensor-cores",
      llvm::cl::desc("Multiply bf16 and f16 in tensor cores, where the "
                     "chip has them (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> tf32{
      *this, "tf32",
      llvm::cl::desc("Multiply f32 in tensor cores, too, rounded to TF32 "
                     "(default: false)"),
      llvm::cl::init(false)};
};

/// Adds the passes of `condcomp-to-gpu`: from condcomp ops and linalg on
/// tensors to one kernel per public function.
void buildToGPUPipeline(mlir::OpPassManager &pm, const ToGPUOptions &options);

/// Options of `condcomp-to-cuda`.
struct ToCUDAOptions : public mlir::PassPipelineOptions<ToCUDAOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact, auto or soft "
                     "(default: auto)"),
      llvm::cl::init("auto")};
  PassOptions::Option<std::string> chip{
      *this, "chip", llvm::cl::desc("The GPU: sm_80, ... (default: sm_90a)"),
      llvm::cl::init("sm_90a")};
  PassOptions::Option<std::string> features{
      *this, "features",
      llvm::cl::desc("LLVM's features of the GPU, such as +ptx80 (default: "
                     "what the chip has)"),
      llvm::cl::init("")};
  PassOptions::Option<std::string> toolkit{
      *this, "toolkit",
      llvm::cl::desc("Where CUDA is, for its library of functions and ptxas "
                     "(default: as CUDA_HOME says)"),
      llvm::cl::init("")};
  PassOptions::Option<bool> ptx{
      *this, "ptx",
      llvm::cl::desc("Embed PTX instead of machine code (default: false)"),
      llvm::cl::init(false)};
  PassOptions::Option<std::string> image{
      *this, "image",
      llvm::cl::desc("Embed this file for the kernels, for tests"),
      llvm::cl::init("")};
  PassOptions::Option<int64_t> blockSize{
      *this, "block-size", llvm::cl::desc("Threads of a block (default: 256)"),
      llvm::cl::init(256)};
  PassOptions::Option<bool> tensorCores{
      *this, "tensor-cores",
      llvm::cl::desc("Multiply bf16 and f16 in tensor cores, where the "
                     "chip has them (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> tf32{
      *this, "tf32",
      llvm::cl::desc("Multiply f32 in tensor cores, too, rounded to TF32 "
                     "(default: false)"),
      llvm::cl::init(false)};
};

/// Adds the passes of `condcomp-to-cuda`: programs of the LLVM dialect with the
/// C ABI of those for CPUs, which libcondcomp_cuda runs on an NVIDIA GPU.
void buildToCUDAPipeline(mlir::OpPassManager &pm, const ToCUDAOptions &options);

/// Options of `condcomp-to-gpu-threads`.
struct ToGPUThreadsOptions
    : public mlir::PassPipelineOptions<ToGPUThreadsOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact, auto or soft "
                     "(default: auto)"),
      llvm::cl::init("auto")};
  PassOptions::Option<bool> tensorCores{
      *this, "tensor-cores",
      llvm::cl::desc("Multiply bf16 and f16 in tensor cores (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> tf32{
      *this, "tf32",
      llvm::cl::desc("Multiply f32 in tensor cores, too, rounded to TF32 "
                     "(default: false)"),
      llvm::cl::init(false)};
};

/// Adds the passes of `condcomp-to-gpu-threads`: the kernels that
/// `condcomp-to-cuda` makes, as functions of the LLVM dialect that a stand-in
/// for the driver runs on a CPU.
void buildToGPUThreadsPipeline(mlir::OpPassManager &pm,
                               const ToGPUThreadsOptions &options);

/// Options of `condcomp-to-gpu-emulated`.
struct ToEmulatedGPUOptions
    : public mlir::PassPipelineOptions<ToEmulatedGPUOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact, auto or soft "
                     "(default: auto)"),
      llvm::cl::init("auto")};
  PassOptions::Option<int64_t> threads{
      *this, "threads", llvm::cl::desc("Threads of the grid (default: 5)"),
      llvm::cl::init(5)};
  PassOptions::Option<bool> tensorCores{
      *this, "tensor-cores",
      llvm::cl::desc("Multiply bf16 and f16 in tensor cores, if there "
                     "are 32 threads, 64, ... (default: true)"),
      llvm::cl::init(true)};
  PassOptions::Option<bool> tf32{
      *this, "tf32",
      llvm::cl::desc("Multiply f32 in tensor cores, too, rounded to TF32 "
                     "(default: false)"),
      llvm::cl::init(false)};
};

/// Adds the passes of `condcomp-to-gpu-emulated`: the kernels that
/// `condcomp-to-gpu` makes, as functions of the LLVM dialect that the run-time
/// library runs on a CPU.
void buildToEmulatedGPUPipeline(mlir::OpPassManager &pm,
                                const ToEmulatedGPUOptions &options);

/// Options of `condcomp-to-portable-linalg`.
struct ToPortableLinalgOptions
    : public mlir::PassPipelineOptions<ToPortableLinalgOptions> {
  PassOptions::Option<std::string> form{
      *this, "form",
      llvm::cl::desc("How routings are held: masked, compact, auto or soft "
                     "(default: auto)"),
      llvm::cl::init("auto")};
  PassOptions::Option<bool> portableLoops{
      *this, "portable-loops",
      llvm::cl::desc("Write nested loops so that IREE takes them (default: "
                     "true)"),
      llvm::cl::init(true)};
};

/// Adds the passes of `condcomp-to-portable-linalg`: from condcomp ops to
/// upstream dialects that other MLIR compilers take, as text.
void buildToPortableLinalgPipeline(mlir::OpPassManager &pm,
                                   const ToPortableLinalgOptions &options);

/// Registers every pipeline by name.
void registerPipelines();

} // namespace condcomp

#endif // CONDCOMP_PIPELINES_PIPELINES_H
