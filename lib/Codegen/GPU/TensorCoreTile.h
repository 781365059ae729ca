//===- TensorCoreTile.h - tiles of a contraction by tensor cores *- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_TENSORCORETILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_TENSORCORETILE_H

#include "ContractionEmitter.h"

namespace condcomp {

/// What all tiles by `nvgpu.mma.sync` agree on, so that an element is the same
/// in all of them: it is what it begins with, plus the sums of its chunks in
/// ascending order.
///
/// A chunk is at most `kTermsOfChunk` terms of the innermost long loop over
/// terms, at one position of the others, summed from zero in f32. It is summed
/// in slices of 32 terms of 16 bits (16 of f32 as TF32), a slice in two steps
/// of the unit: the first one has those terms t of the slice with t mod 8 < 4
/// (t mod 4 < 2). Terms that there are not are zero.
///
/// The unit adds up the terms of a step in an order of its own, and does not
/// care which rows, columns and terms of a matrix it is given.
class TensorCoreTile : protected ContractionEmitter {
public:
  static constexpr int64_t kTermsOfChunk = 512;
  /// Of one instruction, and of a slice.
  static constexpr int64_t kRows = 16, kColumns = 8, kSteps = 2;
  /// The threads that have a row, or a column of the right-hand side.
  static constexpr int64_t kMembers = 4;

protected:
  /// With `fromZero`, the result is what is summed up alone.
  TensorCoreTile(mlir::ImplicitLocOpBuilder &b, const Contraction &contraction,
                 bool fromZero);

  /// Whether elements along a loop lie together, as far as types tell.
  bool isContiguous(mlir::OpOperand *operand, unsigned loop);
  Values makeZeros(int64_t number);
  Values addAll(mlir::ValueRange sums, mlir::ValueRange more);
  mlir::Value isBelow(mlir::Value index, mlir::Value size);
  /// What `choose` gives in either case.
  Values select(mlir::Value condition, mlir::TypeRange types,
                llvm::function_ref<Values(bool)> choose);

  /// What an instruction adds up per thread.
  mlir::VectorType sumType;
  /// The loop over terms that chunks are parts of, and those outside of it.
  unsigned innerTerm = 0;
  llvm::SmallVector<unsigned> outerTerms;
  /// Of that loop.
  mlir::Value innerChunks;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_TENSORCORETILE_H
