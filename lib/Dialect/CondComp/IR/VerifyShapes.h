//===- VerifyShapes.h - shared pieces of the verifiers -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_IR_VERIFYSHAPES_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_IR_VERIFYSHAPES_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"

namespace condcomp {

/// Prints dims as in types: `4x?x8`.
std::string shapeToString(llvm::ArrayRef<int64_t> shape);

/// Whether two shapes agree wherever both are static.
bool areCompatible(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs);

/// Emits "<constraint>: <what> leads with <dims>, got <type>" unless the
/// leading dims of `type` are compatible with `leading`.
llvm::LogicalResult verifyLeadingDims(mlir::Operation *op,
                                      llvm::StringRef constraint,
                                      llvm::StringRef what, mlir::Type type,
                                      llvm::ArrayRef<int64_t> leading);

/// Emits an error unless the shape of `type` is compatible with `shape`.
llvm::LogicalResult verifyShape(mlir::Operation *op, llvm::StringRef constraint,
                                llvm::StringRef what, mlir::Type type,
                                llvm::ArrayRef<int64_t> shape);

/// Emits an error unless `type` has the given row bound.
llvm::LogicalResult verifyRowBound(mlir::Operation *op,
                                   llvm::StringRef constraint, RoutingType type,
                                   Bound expected);

/// Verifies what all gates share: the weight type that goes with the scores,
/// and no module bound but the one that the gate promises.
llvm::LogicalResult verifyGateResult(mlir::Operation *op, RoutingType type,
                                     mlir::Type scoreElementType,
                                     Bound moduleBound = Bound::none());

/// Whether no row has more than one entry: by its bound, or because there is
/// one module.
bool hasAtMostOneEntryPerRow(RoutingType type);

/// Space dims around a routing: `[B…, R]`, `[B…, M]` or `[B…, R, M]`.
llvm::SmallVector<int64_t> getSpaceShape(RoutingType type, Space space);

} // namespace condcomp

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_IR_VERIFYSHAPES_H
