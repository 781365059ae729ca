//===- WarpTile.h - tiles of a contraction by warps -------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_WARPTILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_WARPTILE_H

#include "PartialSums.h"
#include "WarpChunk.h"

namespace condcomp {

/// Emits a contraction as tiles of 32 rows and 32 columns. A warp has a tile,
/// or, where there are more warps than tiles, a chunk of one. Either way an
/// element is what it begins with, plus the sums of its chunks in ascending
/// order.
class WarpTile : WarpChunk {
public:
  WarpTile(mlir::ImplicitLocOpBuilder &b, const Contraction &contraction,
           bool fromZero)
      : WarpChunk(b, contraction, fromZero) {}
  /// Lets warps share the terms of tiles, if there may be chunks enough. Adds
  /// the buffers that are to be zero when the kernel begins to `counters`.
  /// Returns whether they do: all threads know. Null if they never do.
  mlir::Value shareTerms(llvm::SmallVectorImpl<mlir::Value> &counters);
  void run();

private:
  void emitTile(int64_t rowBlocks, bool wide);
  Values initialize();
  Values sum(mlir::Value first, mlir::Value end, mlir::ValueRange start);
  Values sumPart();
  void finish(Values sums);
  Values addPartialSums(int64_t number);
  void storeAll(mlir::ValueRange sums);
  /// Calls `fn` on every element of the thread's part of the result: its
  /// block, its number there, row and column.
  void forEachResult(
      llvm::function_ref<void(int64_t, int64_t, mlir::Value, mlir::Value)> fn);

  mlir::Value columnTiles, rowTilesOfBatch;
  std::optional<PartialSums> partial;

  /// The tile at hand, and the part of its terms.
  mlir::Value group, firstRow, firstColumn, part;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_WARPTILE_H
