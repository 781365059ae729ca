//===- ThreadTile.h - tiles of a contraction by threads ---------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_THREADTILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_THREADTILE_H

#include "ContractionEmitter.h"

namespace condcomp {

/// Emits a contraction as tiles of `side` rows and columns, one per thread,
/// which uses what it loads `side` times. Each element is summed in ascending
/// order. Columns of a tile lie apart, as many as there are tiles, so that the
/// threads of a warp read neighbors.
class ThreadTile : ContractionEmitter {
public:
  ThreadTile(mlir::ImplicitLocOpBuilder &b, const Contraction &contraction,
             bool fromZero, int64_t side);
  /// Whether a tile may have more than an element.
  bool isBlocked() const { return tileRows * tileColumns > 1; }
  /// The number of tiles; of a block of rows, what it is at most.
  mlir::Value countTiles();
  void run();

private:
  Values addProducts(mlir::ValueRange sums);

  int64_t tileRows, tileColumns;
  mlir::Value rowTiles, columnTiles;
  /// Of the tile at hand.
  llvm::SmallVector<Position> rowPositions, columnPositions;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_THREADTILE_H
