//===- ReMoE.h - the remoe dialect ------------------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef REMOE_H
#define REMOE_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"

#include "ReMoE_dialect.h.inc"
#define GET_OP_CLASSES
#include "ReMoE_op.h.inc"

#endif // REMOE_H
