//===- CUDA.h - libraries for NVIDIA GPUs --------------------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_AHEADOFTIME_CUDA_H
#define CONDCOMP_AHEADOFTIME_CUDA_H

#include "condcomp/AheadOfTime/Compile.h"

namespace condcomp {

/// In place of a chip: kernels for this machine's CPU, which a stand-in for the
/// driver runs, in tests.
inline constexpr llvm::StringLiteral kEmulatedChip = "emulated";

/// Fails unless LLVM knows the chip: "sm_90a".
llvm::Error checkChip(llvm::StringRef chip);

/// Whether there is a ptxas, where upstream looks for it: in the toolkit if one
/// is named, on PATH, and where CUDA is.
bool hasPTXAssembler(llvm::StringRef toolkit);

/// Makes a shared library of the kernels of a module for this machine's CPU.
llvm::Error compileEmulatedKernels(mlir::ModuleOp module, llvm::StringRef form,
                                   llvm::StringRef output,
                                   const LinkOptions &link);

} // namespace condcomp

#endif // CONDCOMP_AHEADOFTIME_CUDA_H
