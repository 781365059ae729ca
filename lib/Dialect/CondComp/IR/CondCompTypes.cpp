//===- CondCompTypes.cpp - the routing type -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

#define GET_TYPEDEF_CLASSES
#include "condcomp/Dialect/CondComp/IR/CondCompTypes.cpp.inc"

void CondCompDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "condcomp/Dialect/CondComp/IR/CondCompTypes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Bound
//===----------------------------------------------------------------------===//

bool Bound::isImpliedBy(const Bound &other) const {
  switch (kind) {
  case BoundKind::None:
    return true;
  case BoundKind::Exactly:
    return other.kind == BoundKind::Exactly &&
           (count == ShapedType::kDynamic || count == other.count);
  case BoundKind::AtMost: {
    std::optional<int64_t> max = other.getStaticMax();
    return max && *max <= count;
  }
  }
  llvm_unreachable("unknown bound kind");
}

/// bound ::= (`exactly` | `at_most`) (integer | `?`)
static ParseResult parseBound(AsmParser &parser, Bound &bound) {
  SMLoc loc = parser.getCurrentLocation();
  if (succeeded(parser.parseOptionalKeyword("exactly")))
    bound.kind = BoundKind::Exactly;
  else if (succeeded(parser.parseOptionalKeyword("at_most")))
    bound.kind = BoundKind::AtMost;
  else
    return parser.emitError(loc, "expected 'exactly' or 'at_most'");
  if (succeeded(parser.parseOptionalQuestion())) {
    if (bound.kind != BoundKind::Exactly)
      return parser.emitError(loc, "'?' is only allowed after 'exactly'");
    bound.count = ShapedType::kDynamic;
    return success();
  }
  return parser.parseInteger(bound.count);
}

static void printBound(AsmPrinter &printer, Bound bound) {
  printer << (bound.kind == BoundKind::Exactly ? "exactly " : "at_most ");
  if (bound.count == ShapedType::kDynamic)
    printer << '?';
  else
    printer << bound.count;
}

//===----------------------------------------------------------------------===//
// RoutingType
//===----------------------------------------------------------------------===//

/// routing ::= `<` dims element-type (`,` bound)? (`,` `per_module` bound)?
///             (`,` form-attr)? `>`
Type RoutingType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> shape;
  FloatType elementType;
  Bound rowBound, moduleBound;
  Form form = Form::Unset;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/true,
                                /*withTrailingX=*/false) ||
      parser.parseComma() || parser.parseType(elementType))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc partLoc = parser.getCurrentLocation();
    if (succeeded(parser.parseOptionalKeyword("per_module"))) {
      if (moduleBound)
        return parser.emitError(partLoc, "second module bound"), Type();
      if (parseBound(parser, moduleBound))
        return {};
      continue;
    }
    FormAttr formAttr;
    OptionalParseResult isForm = parser.parseOptionalAttribute(formAttr);
    if (isForm.has_value()) {
      if (failed(*isForm))
        return {};
      form = formAttr.getValue();
      continue;
    }
    if (rowBound)
      return parser.emitError(partLoc, "second row bound"), Type();
    if (parseBound(parser, rowBound))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return RoutingType::getChecked([&] { return parser.emitError(loc); },
                                 parser.getContext(), shape, elementType,
                                 rowBound, moduleBound, form);
}

void RoutingType::print(AsmPrinter &printer) const {
  printer << '<';
  printer.printDimensionList(getShape());
  printer << ", " << getElementType();
  if (getRowBound()) {
    printer << ", ";
    printBound(printer, getRowBound());
  }
  if (getModuleBound()) {
    printer << ", per_module ";
    printBound(printer, getModuleBound());
  }
  if (getForm() != Form::Unset)
    printer << ", " << FormAttr::get(getContext(), getForm());
  printer << '>';
}

LogicalResult RoutingType::verify(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<int64_t> shape,
                                  FloatType elementType, Bound rowBound,
                                  Bound moduleBound, Form form) {
  if (shape.size() < 2)
    return emitError() << "routing C1: expected at least two dims (rows, "
                          "modules), got "
                       << shape.size();
  if (!elementType.isF32() && !elementType.isF64())
    return emitError() << "routing C2: weights are f32 or f64, got "
                       << elementType;
  auto checkBound = [&](Bound bound, int64_t size, StringRef name,
                        StringRef what) -> LogicalResult {
    std::optional<int64_t> max = bound.getStaticMax();
    if (!max)
      return success();
    if (*max < 0)
      return emitError() << "routing C3: " << name
                         << " bound must not be negative, got " << *max;
    if (bound.kind == BoundKind::Exactly && size != kDynamic && *max > size)
      return emitError() << "routing C4: " << name << " bound 'exactly " << *max
                         << "' exceeds the number of " << what << ", " << size;
    return success();
  };
  if (failed(checkBound(rowBound, shape.back(), "row", "modules")))
    return failure();
  return checkBound(moduleBound, shape[shape.size() - 2], "module", "rows");
}

SmallVector<int64_t> RoutingType::getEntryShape() const {
  if (!hasUniformRows())
    return {kDynamic};
  SmallVector<int64_t> shape(getShape().drop_back());
  shape.push_back(getRowBound().count);
  return shape;
}

RoutingType RoutingType::withForm(Form form) const {
  return get(getContext(), getShape(), getElementType(), getRowBound(),
             getModuleBound(), form);
}

RoutingType RoutingType::withBounds(Bound row, Bound module) const {
  return get(getContext(), getShape(), getElementType(), row, module,
             getForm());
}
