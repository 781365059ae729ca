//===- CPUFeatures.h - what compiled code does without ----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_CPUFEATURES_H
#define CONDCOMP_EXECUTION_CPUFEATURES_H

namespace condcomp {

/// Features, in LLVM's syntax, whose conversions to bf16 (vcvtneps2bf16) take
/// subnormal numbers for zero: with them, results would depend on the CPU.
inline constexpr const char *kAvoidedFeatures = "-avx512bf16,-avxneconvert";

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_CPUFEATURES_H
