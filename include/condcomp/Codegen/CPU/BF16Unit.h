//===- BF16Unit.h - processors' units for bf16 ------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_CPU_BF16UNIT_H
#define CONDCOMP_CODEGEN_CPU_BF16UNIT_H

#include "llvm/ADT/StringRef.h"

namespace condcomp {

/// What multiplies bf16 by bf16. Units sum in orders of their own
/// (docs/codegen.md), so all contractions of a program use the same one.
enum class BF16Unit {
  /// Nothing: bf16 is extended to f32.
  None,
  /// Dot products of pairs: AVX512_BF16.
  Dot,
  /// Products of tiles: AMX.
  Tiles
};

/// LLVM's name of the feature; "none" for none.
inline llvm::StringRef getFeatureName(BF16Unit unit) {
  switch (unit) {
  case BF16Unit::None:
    return "none";
  case BF16Unit::Dot:
    return "avx512bf16";
  case BF16Unit::Tiles:
    return "amx-bf16";
  }
  return "none";
}

/// The best unit of a CPU; `has` says whether it has a feature. Vectors of 512
/// bits come with each.
template <typename HasFeature>
BF16Unit chooseBF16Unit(HasFeature has) {
  if (!has("avx512f") || !has("avx512bw") || !has("avx512vl"))
    return BF16Unit::None;
  if (has("amx-tile") && has("amx-bf16"))
    return BF16Unit::Tiles;
  return has("avx512bf16") ? BF16Unit::Dot : BF16Unit::None;
}

} // namespace condcomp

#endif // CONDCOMP_CODEGEN_CPU_BF16UNIT_H
