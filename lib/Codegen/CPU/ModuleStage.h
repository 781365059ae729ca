//===- ModuleStage.h - ops tiled alike over all modules ---------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_MODULESTAGE_H
#define CONDCOMP_LIB_CODEGEN_CPU_MODULESTAGE_H

#include "ModuleLoop.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// The rows of all modules cut into blocks of one module each, in order.
struct RowBlocks {
  /// The module of each block, its first row, and behind the last block the
  /// number of rows.
  mlir::Value modules, begins;
  mlir::Value count;

  static RowBlocks get(mlir::ImplicitLocOpBuilder &b, const ModuleLoop &m,
                       mlir::Value numRows, int64_t rowBlock);
  /// The same, found by all threads of a grid; what is behind the last block
  /// may be anything.
  static RowBlocks getForGrid(mlir::ImplicitLocOpBuilder &b,
                              const ModuleLoop &m, mlir::Value numRows,
                              mlir::Value rowBlock);
};

/// Ops that read one another's results only where they write themselves, so
/// that a tile of rows and columns can pass through all of them.
struct Stage {
  /// The narrowest tile of columns.
  static constexpr int64_t kMinColumns = 64;

  llvm::SmallVector<mlir::linalg::LinalgOp> ops;
  /// The size of the last dim of every result if it is cut into tiles.
  std::optional<int64_t> columns;
  /// Where results are to be written to, if not to a tensor of their own.
  llvm::DenseMap<mlir::Value, mlir::Value> targets;

  bool contains(mlir::Operation *op) const {
    return op && llvm::is_contained(ops, op);
  }
  void start(const ModuleLoop &m, mlir::linalg::LinalgOp op);
  /// Whether `op` can follow in the same tile.
  bool admits(const ModuleLoop &m, mlir::linalg::LinalgOp op) const;
};

/// The loop of `op` over columns: the last dim of every result, if it can be
/// cut, in what the op reads as well.
std::optional<unsigned> getColumnLoop(const ModuleLoop &m,
                                      mlir::linalg::LinalgOp op);

/// Whether `loop` can be cut at multiples of `alignment`: every operand is then
/// cut alike, and what is computed from parameters can be in part. `exact`
/// parts are of that size, all but the last.
bool canCut(const ModuleLoop &m, mlir::linalg::LinalgOp op, unsigned loop,
            int64_t alignment, bool exact = false);

/// The constant that `expr` divides or reduces `loop` by, if it is
/// `loop floordiv c` or `loop mod c`.
std::optional<int64_t> dividedBy(mlir::AffineExpr expr, unsigned loop);

/// Whether a tensor has no content, or the same everywhere: tiles of it are
/// made where they are needed.
bool isFresh(mlir::Value value);

/// Emits the loop of a stage and maps the results of its ops.
void emitStage(mlir::ImplicitLocOpBuilder &b, const ModuleLoop &m,
               const Stage &stage, const RowBlocks &blocks, mlir::Value numRows,
               mlir::IRMapping &globals);

/// The rows of a block for a grid: `few`, or `many` if the modules that have
/// rows have `enough` on average.
mlir::Value chooseRowBlock(mlir::ImplicitLocOpBuilder &b, const ModuleLoop &m,
                           mlir::Value numRows, int64_t few, int64_t many,
                           int64_t enough);

/// Emits `op`, which uses a module's parameters, as a loop over blocks of at
/// most `rowBlock` rows, for the threads of a grid, and maps its results.
/// `targets` are where those are to be written to, if not to tensors of their
/// own.
void emitGridStage(mlir::ImplicitLocOpBuilder &b, const ModuleLoop &m,
                   const Stage &stage, const RowBlocks &blocks,
                   mlir::Value numRows, mlir::Value rowBlock,
                   mlir::IRMapping &globals);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_MODULESTAGE_H
