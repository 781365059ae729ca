//===- ContractionEmitter.h - tiles of a contraction ------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_CONTRACTIONEMITTER_H
#define CONDCOMP_LIB_CODEGEN_GPU_CONTRACTIONEMITTER_H

#include "../CPU/ContractionMatch.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// What emits a contraction in tiles: rows and columns are numbers, whatever
/// loops they consist of.
class ContractionEmitter {
protected:
  using Values = llvm::SmallVector<mlir::Value>;
  /// Values of the induction variables of some loops.
  using Position = llvm::SmallVector<mlir::Value>;

  /// With `fromZero`, the result is what is summed up alone.
  ContractionEmitter(mlir::ImplicitLocOpBuilder &b,
                     const Contraction &contraction, bool fromZero);

  /// Begins a parallel loop over the batch loops and `extents`, and goes to a
  /// point of the batch loops. Returns the position along the others.
  Position beginParallel(llvm::ArrayRef<mlir::Value> extents);
  /// The position along `loops` of a number that counts all their points.
  Position split(llvm::ArrayRef<unsigned> loops, mlir::Value number);
  /// The same of the number, or the last one if it is none.
  Position splitInside(llvm::ArrayRef<unsigned> loops, mlir::Value number,
                       mlir::Value end);
  void go(llvm::ArrayRef<unsigned> loops, llvm::ArrayRef<mlir::Value> position);
  /// The number of points of `loops`.
  mlir::Value count(llvm::ArrayRef<unsigned> loops);
  /// What that is at most in any block of rows, if the op is in a loop over
  /// such: the same for all blocks, where the size of a block is the smaller
  /// one of that and something else.
  mlir::Value countMost(llvm::ArrayRef<unsigned> loops);

  /// The indices of the element at the present position, and the element.
  llvm::SmallVector<mlir::Value> getIndices(mlir::OpOperand *operand);
  mlir::Value load(mlir::OpOperand *operand);
  void store(mlir::Value sum);
  mlir::Value convert(mlir::Value value, mlir::Type type);
  mlir::Type getElementType(mlir::OpOperand *operand);
  /// Keeps LLVM from unrolling a loop, whose loads it would move ahead of all
  /// iterations, where there are no registers for what they load.
  static void keepRolled(mlir::scf::ForOp loop);

  mlir::ImplicitLocOpBuilder &b;
  const Contraction &c;
  bool fromZero;
  llvm::SmallVector<mlir::Value> sizes, ivs;
  mlir::Value rows, columns;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_CONTRACTIONEMITTER_H
