//===- ContractionMatch.h - what is a contraction ---------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONMATCH_H
#define CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONMATCH_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace condcomp {

/// A linalg op seen as result[batch, m, n] += lhs[batch, m, k] * rhs[batch, k,
/// n], each of the four a list of loops.
struct Contraction {
  mlir::linalg::LinalgOp op;
  mlir::OpOperand *lhs, *rhs, *result;
  llvm::SmallVector<unsigned> batch, m, n, k;
  mlir::FloatType acc;
  /// The right-hand side may be packed in panels of so many columns, with its
  /// terms in pairs or one by one.
  int64_t panel = 0;
  bool pairs = false;
  /// Loops of one iteration, which maps leave out.
  llvm::SmallVector<unsigned> units;

  bool isPacked() const { return panel != 0; }
  mlir::AffineMap map(mlir::OpOperand *operand) const;
  /// Whether an input is read through windows, as in a convolution.
  bool hasWindows() const;
};

/// Whether a body is `out + lhs * rhs`, in any order of the operands, each of
/// which may be extended, the sum rounded.
bool isMultiplyAdd(mlir::Block &body, mlir::BlockArgument lhs,
                   mlir::BlockArgument rhs, mlir::BlockArgument out);

/// Returns `op` as a contraction on memrefs, if it is one.
std::optional<Contraction> matchContraction(mlir::linalg::LinalgOp op);

/// Exchanges the sides of a contraction so that its columns are what is
/// contiguous in the result, or the only dim there is.
void orientColumns(Contraction &contraction);

/// Returns the zero fill of the contraction's result that directly precedes, as
/// far as this buffer is concerned, or null.
mlir::linalg::FillOp findZeroFill(const Contraction &contraction);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONMATCH_H
