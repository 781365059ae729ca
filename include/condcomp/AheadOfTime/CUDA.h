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
#include "condcomp/Pipelines/Pipelines.h"

namespace condcomp {

/// In place of a chip: kernels for this machine's CPU, which a stand-in for the
/// driver runs, in tests.
inline constexpr llvm::StringLiteral kEmulatedChip = "emulated";

/// The kernels to make of a program.
struct KernelOptions {
  /// "auto", "masked", "compact" or "soft".
  std::string form = "auto";
  /// LLVM's name of the GPU, "sm_90a", or kEmulatedChip.
  std::string chip;
  /// LLVM's features of it, and where CUDA is; empty: as usual.
  std::string features, toolkit;
};

/// Sets the options of `condcomp-to-cuda`: machine code where there is a ptxas,
/// else PTX. Fails for a chip that LLVM does not know. For the emulated chip,
/// kernels are made here, of `module`, as the shared library `kernels`.
llvm::Error setCUDAOptions(const KernelOptions &options, mlir::ModuleOp module,
                           llvm::StringRef kernels, const LinkOptions &link,
                           ToCUDAOptions &pipeline);

} // namespace condcomp

#endif // CONDCOMP_AHEADOFTIME_CUDA_H
