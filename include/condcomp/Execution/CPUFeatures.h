//===- CPUFeatures.h - what compiled code can use ---------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_CPUFEATURES_H
#define CONDCOMP_EXECUTION_CPUFEATURES_H

#include "condcomp/Runtime/AMX.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Host.h"

namespace llvm {
class Module;
} // namespace llvm

namespace condcomp {

/// Features, in LLVM's syntax, whose conversions to bf16 (vcvtneps2bf16) take
/// subnormal numbers for zero: with them, rounding would depend on the CPU.
/// Kernels that multiply by AVX512_BF16 have it to themselves.
inline constexpr llvm::StringLiteral kAvoidedFeatures[] = {"-avx512bf16",
                                                           "-avxneconvert"};

/// The features of this machine, those of AMX only where the operating system
/// lets this process use it.
inline llvm::StringMap<bool> getHostFeatures() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (!isAMXPermitted())
    for (auto &feature : features)
      if (feature.first().starts_with("amx-"))
        feature.second = false;
  return features;
}

/// A function that names features has those of `features` as well; LLVM takes
/// what a function names instead of those of the machine.
void addFunctionFeatures(llvm::Module &module, llvm::StringRef features);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_CPUFEATURES_H
