//===- ContractionTile.h - register tiles of kernels ------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONTILE_H
#define CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONTILE_H

#include "ContractionKernels.h"

namespace condcomp {

/// Emits register tiles of one kernel.
struct TileEmitter {
  mlir::ImplicitLocOpBuilder &b;
  const KernelConfig &config;
  mlir::VectorType type;
  mlir::Value lhs, rhs, result, depth, accumulate;
  /// Rows from a panel to the one beside it.
  mlir::Value between;
  /// What is prefetched, and how many tiles share in that.
  mlir::Value next, tiles;

  /// Of the tile being emitted: its rows, and how many terms its loop takes at
  /// a time.
  llvm::SmallVector<mlir::Value> rowIndex = {};
  int64_t unroll = 1;
  /// What it asks for beforehand.
  std::optional<PrefetchAhead> ahead = {};

  /// One tile: `rows` x `vectors` accumulators, from row `first`. The last
  /// vector of the result is masked. It is tile `number` of all.
  void emit(int64_t rows, int64_t vectors, mlir::Value first,
            mlir::Value number, mlir::Value mask);

private:
  using Values = llvm::SmallVector<mlir::Value>;

  Values emitStart(int64_t vectors, mlir::Value mask);
  void emitTerms(mlir::Value lower, mlir::Value upper, int64_t vectors,
                 Values &sums);
  void emitLoop(mlir::Value lower, mlir::Value upper, int64_t step,
                int64_t vectors, Values &sums);
  void emitPrefetches(mlir::Value term, mlir::Value number);
  void loadRight(mlir::Value row, int64_t vectors, Values &right, Values &odd);
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONTILE_H
