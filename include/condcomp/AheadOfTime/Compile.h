//===- Compile.h - modules to object files ----------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_AHEADOFTIME_COMPILE_H
#define CONDCOMP_AHEADOFTIME_COMPILE_H

#include "condcomp/Codegen/CPU/BF16Unit.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <string>

namespace condcomp {

/// A CPU that code is made for.
struct CPU {
  /// LLVM's name: "znver4", "x86-64-v3".
  std::string name;
  /// LLVM's features beyond those of the name: "+avx2,-sse4a".
  std::string features;
  /// What a CPU must have to run the code; the run-time library can tell these.
  llvm::SmallVector<std::string> required;
  /// Width of its vector registers.
  unsigned vectorBits = 128;
  /// What multiplies bf16 by bf16.
  BF16Unit bf16Unit = BF16Unit::None;
  /// Whether kernels ask for packed weights beforehand.
  bool prefetchesPacked = true;

  /// Looks a CPU up; "native" is the one this runs on.
  static llvm::Expected<CPU> get(llvm::StringRef name);
};

enum class OutputKind { Object, Assembly, LLVMIR };

struct CompileOptions {
  /// The public functions are made for each of these; a call runs the first
  /// that the machine supports, and fails with a sentence if it supports none.
  llvm::SmallVector<CPU> cpus;
  OutputKind output = OutputKind::Object;
  /// Names the library in errors.
  std::string libraryName;
  /// Whether memory accesses are checked by AddressSanitizer.
  bool sanitizeAddress = false;
};

struct CompiledCode {
  /// The bytes of the object file, or text.
  std::string contents;
};

/// Adds the passes down to the LLVM dialect for a CPU.
using CPUPipelineBuilder =
    std::function<mlir::LogicalResult(mlir::PassManager &, const CPU &)>;

/// Compiles a module. Errors of passes go to the diagnostics of its context.
llvm::Expected<CompiledCode>
compileAheadOfTime(mlir::ModuleOp module,
                   const CPUPipelineBuilder &buildPipeline,
                   const CompileOptions &options);

/// Compiles a module for one CPU, with all its symbols as they are.
llvm::Expected<CompiledCode>
compileObject(mlir::ModuleOp module, const CPUPipelineBuilder &buildPipeline,
              const CPU &cpu);

struct LinkOptions {
  /// The C compiler that links; empty: the first of cc, clang-22, clang and gcc
  /// on PATH.
  std::string linker;
  /// Where libcondcomp_runtime.so is.
  std::string runtimeDir;
  /// Whether libcondcomp_cuda.so is needed.
  bool cuda = false;
};

/// Links the contents of an object file into the shared library `output`.
llvm::Error linkSharedLibrary(const CompiledCode &object,
                              llvm::StringRef output,
                              const LinkOptions &options);

} // namespace condcomp

#endif // CONDCOMP_AHEADOFTIME_COMPILE_H
