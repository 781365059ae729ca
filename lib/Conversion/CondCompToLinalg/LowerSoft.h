//===- LowerSoft.h - pieces of the soft form --------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_LOWERSOFT_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_LOWERSOFT_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"

namespace condcomp {

/// The type in which an element is multiplied by a probability.
mlir::Type getMixType(mlir::Type element, mlir::Type weight);

/// All stages on all rows; results are mixed by `soft` of the exits. Fails,
/// with an error, where the cascade has no soft form.
mlir::LogicalResult relaxCascade(CascadeOp op);

/// A loop over all steps on all rows; results are mixed by `soft`.
mlir::LogicalResult relaxIterate(IterateOp op);

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_LOWERSOFT_H
