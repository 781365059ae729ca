//===- CondCompOps.td - the condcomp ops -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_OPS_TD
#define CONDCOMP_OPS_TD

include "condcomp/Dialect/CondComp/IR/CondCompAlgebra.td"
include "condcomp/Dialect/CondComp/IR/CondCompControl.td"
include "condcomp/Dialect/CondComp/IR/CondCompGates.td"
include "condcomp/Dialect/CondComp/IR/CondCompMovement.td"
include "condcomp/Dialect/CondComp/IR/CondCompQueries.td"

#endif // CONDCOMP_OPS_TD
