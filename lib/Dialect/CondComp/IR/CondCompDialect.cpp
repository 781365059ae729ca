//===- CondCompDialect.cpp - dialect and attributes -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

#include "condcomp/Dialect/CondComp/IR/CondCompDialect.cpp.inc"
#include "condcomp/Dialect/CondComp/IR/CondCompEnums.cpp.inc"
#include "condcomp/Dialect/CondComp/IR/CondCompInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "condcomp/Dialect/CondComp/IR/CondCompAttributes.cpp.inc"

namespace {
/// Functions may be inlined into bodies and stages, and any op of the dialect
/// may move along: what a body may hold is verified afterwards, where it
/// stands.
struct CondCompInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void CondCompDialect::initialize() {
  registerTypes();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "condcomp/Dialect/CondComp/IR/CondCompAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "condcomp/Dialect/CondComp/IR/CondCompOps.cpp.inc"
      >();
  addInterfaces<CondCompInlinerInterface>();
}
