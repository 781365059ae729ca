//===- BlockTile.h - tiles of a contraction by thread blocks ----*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_BLOCKTILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_BLOCKTILE_H

#include "SharedTile.h"

namespace condcomp {

/// Emits a contraction of 16-bit elements as tiles of 128 rows and 128 columns,
/// one per thread block of 256 threads, whose operands come to shared memory by
/// asynchronous copies: while a slice of terms is multiplied, the next two are
/// on their way. A warp computes 64 rows and 32 columns of the tile.
///
/// An element is made of the same steps as in a WarpTile, and its terms are at
/// the same places of a step: both give the same bits.
class BlockTile : TensorCoreTile {
public:
  /// The threads of a block, and the bytes of shared memory.
  static constexpr int64_t kThreads = SharedTile::kThreads;
  static constexpr int64_t kSharedBytes = 48 * 1024;
  /// Rows that make it worthwhile, and terms: two stages.
  static constexpr int64_t kFewestRows = 64, kFewestTerms = 64;

  /// With `fromZero`, the result is what is summed up alone.
  BlockTile(mlir::ImplicitLocOpBuilder &b, const Contraction &contraction,
            bool fromZero);

  /// Whether layouts and sizes permit it, as far as types tell.
  bool isPossible();
  /// Whether they do as run-time values tell, and rows are many: the same for
  /// all blocks of rows. Null if it never is.
  mlir::Value isWorthwhile();
  /// Emits it, with `shared` for shared memory.
  void run(mlir::Value shared);

private:
  /// A multiple of 16 if an operand begins at multiples of 16 bytes in all its
  /// rows; null if it never does, or that may differ from block to block of
  /// rows.
  mlir::Value getMisfit(mlir::OpOperand *operand);

  /// A group of elements that the thread copies, as far as it is the same in
  /// all stages.
  struct Copy {
    mlir::Value term, place;
    /// How many elements are in the operand, if their terms are.
    mlir::Value count;
    Position position;
  };
  void prepareCopies(llvm::SmallVector<Copy> &copies, mlir::OpOperand *operand,
                     llvm::ArrayRef<unsigned> loops, mlir::Value first,
                     mlir::Value size, llvm::ArrayRef<SharedTile::Copy> places);
  /// Waits for the threads of the block.
  void wait();
  Values initialize();
  Values sum(mlir::ValueRange sums);
  Values sumInner(mlir::ValueRange sums);
  void copyStage(mlir::Value stage, mlir::Value buffer);
  Values sumStage(mlir::Value stage, mlir::Value stages,
                  mlir::ValueRange carried);
  Values multiply(mlir::Value buffer, mlir::ValueRange sums);
  void storeAll(mlir::ValueRange sums);
  /// Calls `fn` on every pair of results of the thread: its block, which pair
  /// of it, row and first column.
  void forEachPair(
      llvm::function_ref<void(int64_t, int64_t, mlir::Value, mlir::Value)> fn);

  /// What shared memory holds of the operands.
  std::optional<SharedTile> lhs, rhs;
  mlir::Value shared;
  /// The tile at hand; where in it the thread's warp begins, and whether that
  /// is in the result.
  mlir::Value firstRow, firstColumn, warpRow, warpColumn, lane, isActive;
  llvm::SmallVector<Copy> lhsCopies, rhsCopies;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_BLOCKTILE_H
