//===- WarpChunk.h - chunks of terms of a tile by warps ---------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_WARPCHUNK_H
#define CONDCOMP_LIB_CODEGEN_GPU_WARPCHUNK_H

#include "TensorCoreTile.h"

namespace condcomp {

/// Sums up chunks of the terms of a tile, by `nvgpu.mma.sync` of 16 rows, 8
/// columns, and 16 terms (of 16-bit elements) or 8 (of f32 as TF32). A thread
/// takes those rows, columns and terms that lie together in memory: its member
/// number m = lane mod 4 and its group g = lane / 4 have
///   terms    8 m + 0..7 (4 m + 0..3) of a slice: half of them in each step,
///            which the unit knows as 2 m, 2 m + 1, 2 m + 8 and 2 m + 9 (m and
///            m + 4);
///   rows     2 B g + 0..2B - 1 of B blocks of 16: two of each block;
///   columns  4 g + 0..3 of the right-hand side, one of each block of 8, and
///            8 m + 0..7 of the result.
class WarpChunk : protected TensorCoreTile {
public:
  /// The blocks of columns of a tile.
  static constexpr int64_t kColumnBlocks = 4;

protected:
  /// With `fromZero`, the result is what is summed up alone.
  WarpChunk(mlir::ImplicitLocOpBuilder &b, const Contraction &contraction,
            bool fromZero);
  /// Finds out what wide loads can have: what is `aligned`, if that is
  /// anything.
  void chooseWidths();

  Values makeZeros();
  /// The sums of a chunk, by its number, of the tile at hand.
  Values sumChunk(mlir::Value chunk);

  mlir::Value chunks;
  /// Whether operands are loaded many elements at a time, as far as types tell,
  /// and whether run-time values allow it.
  bool wideLhs = false, wideRhs = false, wideColumns = false;
  mlir::Value aligned;

  /// The tile at hand: this thread's number among those that share its rows,
  /// the blocks of rows, and where its rows and columns are.
  mlir::Value member;
  int64_t rowBlocks;
  bool wide;
  llvm::SmallVector<Position> rowPositions, columnPositions;

private:
  /// What a thread has of some terms: those of its rows, and of its columns.
  struct Slice {
    llvm::SmallVector<Values> rows, columns;
  };

  /// So many elements at once, from the present position on.
  Values loadWide(mlir::OpOperand *operand, int64_t number);
  /// Whether so many elements, at multiples of their number, begin at multiples
  /// of their size, which run-time values tell.
  mlir::Value isAligned(mlir::OpOperand *operand, int64_t number);
  Slice loadSlice(mlir::Value firstTerm, bool masked);
  Values multiply(const Slice &slice, int64_t step, mlir::ValueRange sums);

  /// The terms of a slice that a thread has, and all.
  int64_t ownTerms, sliceTerms;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_WARPCHUNK_H
