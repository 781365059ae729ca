//===- WarpTile.h - tiles of a contraction by warps -------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_WARPTILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_WARPTILE_H

#include "ContractionEmitter.h"

namespace condcomp {

/// Emits a contraction as tiles of 32 rows and 32 columns, one per warp, by
/// `nvgpu.mma.sync` of 16 rows, 8 columns and 16 terms.
///
/// The unit adds up 16 terms in an order of its own, and does not care which
/// rows, columns and terms of a matrix it is given. A thread takes those that
/// lie together in memory: its member number m = lane mod 4 and its group
/// g = lane / 4 have
///   terms    4 m + 0..3 of 16, which the unit knows as 2 m, 2 m + 1, 2 m + 8
///            and 2 m + 9;
///   rows     2 B g + 0..2B - 1 of B blocks of 16: two of each block;
///   columns  4 g + 0..3 of the right-hand side, one of each block of 8, and
///            8 m + 0..7 of the result.
class WarpTile : ContractionEmitter {
public:
  /// With `fromZero`, the result is what is summed up alone.
  WarpTile(mlir::ImplicitLocOpBuilder &b, const Contraction &contraction,
           bool fromZero);
  void run();

private:
  /// Four elements at once, from the present position on.
  Values loadWide(mlir::OpOperand *operand);

  /// Whether four elements at multiples of four begin at multiples of their
  /// size, which run-time values tell.
  mlir::Value isAligned(mlir::OpOperand *operand);
  void chooseWidths();

  void emitTile(int64_t rowBlocks, bool wide);
  Values initialize();
  Values sum(mlir::ValueRange sums);
  Values sumInner(mlir::ValueRange sums);
  Values multiply(mlir::Value firstTerm, bool masked, mlir::ValueRange sums);
  void storeAll(mlir::ValueRange sums);
  /// Calls `fn` on every element of the thread's part of the result: its
  /// block, its number there, row and column.
  void forEachResult(
      llvm::function_ref<void(int64_t, int64_t, mlir::Value, mlir::Value)> fn);

  /// What is loaded four at a time if it is aligned, and whether it is.
  bool wideLhs = false, wideRhs = false, wideColumns = false;
  mlir::Value aligned;

  /// The tile at hand.
  mlir::Value member, group, firstRow, firstColumn;
  int64_t rowBlocks;
  bool wide;
  llvm::SmallVector<Position> rowPositions, columnPositions;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_WARPTILE_H
