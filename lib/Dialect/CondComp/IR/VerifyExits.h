//===- VerifyExits.h - what cascade and iterate verify alike -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_IR_VERIFYEXITS_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_IR_VERIFYEXITS_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"

namespace condcomp {

/// Verifies operands and results: C1, C4, C6, C7 and C9 of cascade and iterate.
llvm::LogicalResult verifyExitOperands(ExitingOpInterface op);

/// Verifies region `index`, which takes `carried`, `params`, state, ids and
/// `extra`: C2 to C6. `last`: it ends in a yield. `carried` becomes what the
/// region carries.
llvm::LogicalResult verifyExitRegion(ExitingOpInterface op, unsigned index,
                                     bool last,
                                     llvm::SmallVectorImpl<mlir::Type> &carried,
                                     mlir::TypeRange params = {},
                                     mlir::TypeRange extra = {});

/// Emits an error unless `types` are `tensor<?x…>` like `full` after the rows.
llvm::LogicalResult verifyRowTypes(mlir::Operation *op,
                                   llvm::StringRef constraint,
                                   llvm::StringRef what, mlir::TypeRange types,
                                   mlir::TypeRange full);

} // namespace condcomp

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_IR_VERIFYEXITS_H
