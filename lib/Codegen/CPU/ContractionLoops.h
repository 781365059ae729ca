//===- ContractionLoops.h - loops around panel functions --------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONLOOPS_H
#define CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONLOOPS_H

#include "ContractionKernels.h"
#include "ContractionMatch.h"
#include "LinearView.h"

namespace condcomp {

/// Splits `loops` into the innermost ones that act as one loop in all of
/// `operands`, and the rest. It begins with what is innermost in the last.
void splitLoops(const Contraction &c, llvm::ArrayRef<unsigned> loops,
                llvm::ArrayRef<mlir::OpOperand *> operands,
                llvm::SmallVector<unsigned> &merged,
                llvm::SmallVector<unsigned> &others);

/// The product of the sizes of `loops`.
mlir::Value mergedSize(mlir::ImplicitLocOpBuilder &b,
                       llvm::ArrayRef<unsigned> loops,
                       llvm::ArrayRef<mlir::Value> sizes);
/// The stride of loops that act as one; of no loops 1.
mlir::Value mergedStride(mlir::ImplicitLocOpBuilder &b, const LinearView &view,
                         llvm::ArrayRef<unsigned> loops);

/// The layout of a matrix with these strides; row-major or strided if no
/// other is `allowColumnMajor`.
Layout layoutOf(mlir::Value rowStride, mlir::Value columnStride,
                bool allowColumnMajor);
/// The matrix at an offset in the buffer of `view`.
mlir::Value sliceOf(mlir::ImplicitLocOpBuilder &b, const LinearView &view,
                    mlir::Value offset, mlir::Value rows, mlir::Value columns,
                    mlir::Value rowStride, mlir::Value columnStride,
                    Layout layout);

/// `memref` itself, or a new buffer with its elements as `type`.
mlir::Value extendTo(mlir::ImplicitLocOpBuilder &b, mlir::Value memref,
                     mlir::Type type);

/// What a panel function computes in one call: a block of one of the results.
struct ResultBlock {
  /// The loops around the matrices.
  llvm::ArrayRef<mlir::Value> outer;
  /// Its first row and column, and how many there are.
  mlir::Value row, column, height, width;
};

/// Rows and columns cut evenly into blocks, rows of whole tiles and columns of
/// whole panels, of as many matrices as loops go over.
class ResultBlocks {
public:
  ResultBlocks(mlir::ImplicitLocOpBuilder &b, const KernelLibrary &kernels,
               const PanelConfig &config, mlir::Value rows,
               mlir::Value columns);

  /// Emits a loop over the blocks; a result sums `terms` products.
  void build(mlir::ImplicitLocOpBuilder &b,
             llvm::ArrayRef<mlir::Value> outerSizes, mlir::Value terms,
             bool parallel,
             llvm::function_ref<void(const ResultBlock &)> body) const;

private:
  mlir::Value rows, columns, numRows, numColumns, height, width;
};

/// The offset of a block's matrix, whose outer loops are `outer`.
mlir::Value matrixOffset(mlir::ImplicitLocOpBuilder &b, const LinearView &view,
                         llvm::ArrayRef<unsigned> outer,
                         const ResultBlock &block);
/// `offset` moved by `count` along loops that act as one; of no loops as it is.
mlir::Value moveAlong(mlir::ImplicitLocOpBuilder &b, mlir::Value offset,
                      const LinearView &view, llvm::ArrayRef<unsigned> loops,
                      mlir::Value count);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONLOOPS_H
