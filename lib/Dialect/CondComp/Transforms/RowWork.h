//===- RowWork.h - ops that work row by row ---------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_TRANSFORMS_ROWWORK_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_TRANSFORMS_ROWWORK_H

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SetVector.h"

namespace condcomp {

/// For an op of which row i of the one result, its leading dim, depends on row
/// i of some operands and on others as a whole: which operands are the former.
/// None for all other ops.
std::optional<llvm::SmallVector<bool>> getRowOperands(mlir::Operation *op);

/// The type of a tensor, for any number of rows.
mlir::RankedTensorType withOpenRows(mlir::Type type);

/// Row-wise work that only one op needs: ops of its block whose results are
/// used by each other and by operands of that op.
class RowWork {
public:
  /// The work that ends in those operands of `user` that `isSink` holds for,
  /// and that can be done in `target`: what it takes as a whole is there too.
  /// Constants of a body should have been moved out of it (greedy rewriting
  /// does).
  RowWork(mlir::Operation *user, mlir::Region &target,
          llvm::function_ref<bool(mlir::OpOperand &)> isSink);

  bool empty() const { return ops.empty(); }
  /// The operands of the user that it makes, ascending.
  llvm::ArrayRef<unsigned> getMade() const { return made; }
  /// The rows that it is made from.
  llvm::ArrayRef<mlir::Value> getSources() const {
    return sources.getArrayRef();
  }
  /// Whether moving sources that are not among `atHand` in place of what is
  /// made of them is worth it: the work has contractions, or the sources are
  /// not larger.
  bool isWorthMoving(llvm::ArrayRef<mlir::Value> atHand) const;
  /// Does the work on other rows: `mapping` has what stands for the sources,
  /// and gets what stands for the results. `rows` has as many rows.
  void emit(mlir::OpBuilder &b, mlir::IRMapping &mapping,
            mlir::Value rows) const;
  /// Erases the ops, which nothing uses any more.
  void erase(mlir::RewriterBase &rewriter);

private:
  bool isAvailable(mlir::Value value) const;

  mlir::Operation *user;
  mlir::Region &target;
  /// In the order of the block.
  llvm::SmallVector<mlir::Operation *> ops;
  llvm::SetVector<mlir::Value> sources;
  llvm::SmallVector<unsigned> made;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_TRANSFORMS_ROWWORK_H
