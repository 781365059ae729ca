//===- CondCompOps.cpp - generated op classes -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace condcomp;

/// index-or-integer ::= ssa-value | integer
static ParseResult
parseIndexOrInteger(OpAsmParser &parser,
                    std::optional<OpAsmParser::UnresolvedOperand> &value,
                    IntegerAttr &integer) {
  OpAsmParser::UnresolvedOperand operand;
  OptionalParseResult result = parser.parseOptionalOperand(operand);
  if (result.has_value()) {
    value = operand;
    return *result;
  }
  int64_t number;
  if (parser.parseInteger(number))
    return failure();
  integer = parser.getBuilder().getI64IntegerAttr(number);
  return success();
}

static void printIndexOrInteger(OpAsmPrinter &printer, Operation *, Value value,
                                IntegerAttr integer) {
  if (value)
    printer << value;
  else
    printer << integer.getInt();
}

#define GET_OP_CLASSES
#include "condcomp/Dialect/CondComp/IR/CondCompOps.cpp.inc"
