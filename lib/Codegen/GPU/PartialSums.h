//===- PartialSums.h - sums of chunks of terms, by several warps *- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_PARTIALSUMS_H
#define CONDCOMP_LIB_CODEGEN_GPU_PARTIALSUMS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/Alignment.h"

namespace condcomp {

/// The sums of chunks of terms, where there are more warps than tiles: the
/// chunks of a tile go to different warps. Each stores what it has summed up
/// and counts itself; the last one adds up all of them, in ascending order. No
/// warp waits.
///
/// A thread deals with those of its number in the other warps alone: it counts
/// for itself, and reads what they have stored. Threads of a warp need not be
/// the last ones together.
class PartialSums {
public:
  /// For the tiles of `op`, of which there are at most `tiles` each time that
  /// the foralls around run it, with `values` vectors of `type`, of two dims,
  /// per thread. Returns nothing if the number of tiles or of chunks is not
  /// known before those foralls. The buffer of counters is added to `counters`:
  /// they are to be zero when the kernel begins, and are zero again when a tile
  /// is done.
  static std::optional<PartialSums>
  get(mlir::ImplicitLocOpBuilder &b, mlir::Operation *op, mlir::Value tiles,
      mlir::Value chunks, mlir::VectorType type, int64_t values,
      llvm::SmallVectorImpl<mlir::Value> &counters);

  /// Whether chunks go to different warps. All threads know.
  mlir::Value isSplit() const { return split; }
  /// How many warps have a tile.
  mlir::Value countParts(mlir::ImplicitLocOpBuilder &b) const;

  /// Goes to a tile, by its number in this run of the op.
  void goToTile(mlir::ImplicitLocOpBuilder &b, mlir::Value number,
                mlir::Value lane);
  void store(mlir::ImplicitLocOpBuilder &b, mlir::Value chunk,
             mlir::ValueRange sums);
  /// Counts this thread. Returns whether it was the last one of the tile.
  mlir::Value arrive(mlir::ImplicitLocOpBuilder &b);
  /// What the last one does before it loads.
  void takeOver(mlir::ImplicitLocOpBuilder &b);
  /// The first `values` vectors of a chunk.
  llvm::SmallVector<mlir::Value> load(mlir::ImplicitLocOpBuilder &b,
                                      mlir::Value chunk, int64_t values);

private:
  std::pair<llvm::SmallVector<mlir::Value>, llvm::MaybeAlign>
  getPlace(mlir::ImplicitLocOpBuilder &b, mlir::Value chunk, int64_t number,
           int64_t row) const;
  mlir::Value getCounter(mlir::ImplicitLocOpBuilder &b) const;

  mlir::Operation *op;
  /// Of a run.
  mlir::Value tilesOfRun;
  mlir::VectorType type;
  mlir::Value split, chunks, buffer, counters;
  /// The tile at hand.
  mlir::Value tile, lane;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_PARTIALSUMS_H
