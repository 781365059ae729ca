//===- LinearView.h - operands as strides per loop --------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_LINEARVIEW_H
#define CONDCOMP_LIB_CODEGEN_CPU_LINEARVIEW_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// Whether every result of `map` is a sum of loops times constants, so that an
/// operand is its base plus a stride per loop.
bool isLinear(mlir::AffineMap map);

/// A memref operand of a linalg op, as a base, an offset, and a stride along
/// every loop of the op, all in elements. Known values are constants.
struct LinearView {
  mlir::Value memref, base, offset;
  llvm::SmallVector<mlir::Value> strides;

  LinearView(mlir::ImplicitLocOpBuilder &b, mlir::Value memref,
             mlir::AffineMap map);

  /// The whole buffer as a vector of elements, which linear offsets index.
  mlir::Value flat(mlir::ImplicitLocOpBuilder &b) const;

  mlir::Type elementType() const;
};

/// Whether loop `outer` steps over exactly the range of loop `inner` in an
/// operand, so that the two act as one loop. Both absent is such a case.
bool actAsOneLoop(mlir::Value operand, mlir::AffineMap map, unsigned outer,
                  unsigned inner);

/// Sizes of the loops of a linalg op, from operand dims.
llvm::SmallVector<mlir::Value> loopSizes(mlir::ImplicitLocOpBuilder &b,
                                         mlir::Operation *linalgOp);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_LINEARVIEW_H
