//===- BFloat16.cpp - rounding to bf16 without instructions for it --------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM calls these functions of compiler-rt where the CPU has no instruction;
// Debian 12's libgcc has those for f16 only.
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/EntryPoints.h"
#include <cmath>
#include <cstring>

template <typename To, typename From>
static To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}

/// To nearest, ties to even; NaNs stay NaNs.
static __bf16 round(uint32_t bits, bool isNaN) {
  uint32_t rounded =
      isNaN ? (bits >> 16) | 0x40 : (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return bitCast<__bf16>(static_cast<uint16_t>(rounded));
}

__bf16 __truncsfbf2(float value) {
  return round(bitCast<uint32_t>(value), std::isnan(value));
}

__bf16 __truncdfbf2(double value) {
  // Rounding twice would be wrong, but for an f32 that is rounded to odd.
  float nearest = static_cast<float>(value);
  uint32_t bits = bitCast<uint32_t>(nearest);
  if (!std::isnan(value) && static_cast<double>(nearest) != value) {
    if (std::fabs(static_cast<double>(nearest)) > std::fabs(value))
      --bits;
    bits |= 1;
  }
  return round(bits, std::isnan(value));
}
