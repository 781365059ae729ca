//===- ChooseForm.cpp - masked or compact -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/IR/AttrTypeSubElements.h"

namespace condcomp {
#define GEN_PASS_DEF_CHOOSEFORM
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether every row is known to use every module.
static bool isFull(RoutingType type) {
  return type.getRowBound().kind == BoundKind::Exactly &&
         !type.getRowBound().isDynamic() &&
         type.getRowBound().count == type.getNumModules();
}

namespace {
struct ChooseForm : condcomp::impl::ChooseFormBase<ChooseForm> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    if (form == "auto")
      return success();
    std::optional<Form> parsed = symbolizeForm(form);
    if (!parsed || *parsed == Form::Unset)
      return emitError(UnknownLoc::get(context))
             << "condcomp-choose-form: form must be masked, compact or auto, "
                "got '"
             << form << "'";
    fixed = *parsed;
    return success();
  }

  void runOnOperation() override {
    // The form of a routing is a function of its type, so that functions,
    // calls and control flow agree without analysis.
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](RoutingType type) -> std::optional<Type> {
      if (type.getForm() != Form::Unset)
        return type;
      return type.withForm(
          fixed.value_or(isFull(type) ? Form::Masked : Form::Compact));
    });
    replacer.recursivelyReplaceElementsIn(getOperation(),
                                          /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
    getOperation().walk([&](ExitingOpInterface op) {
      if (!op.getForm())
        op.setForm(fixed.value_or(Form::Compact));
    });
    // The algebra changes bounds, and with them possibly the form.
    getOperation().walk([&](Operation *op) {
      if (!isa_and_nonnull<CondCompDialect>(op->getDialect()) ||
          isa<ConvertFormOp>(op) || op->getNumResults() != 1)
        return;
      auto result = dyn_cast<RoutingType>(op->getResult(0).getType());
      for (OpOperand &operand : op->getOpOperands()) {
        auto type = dyn_cast<RoutingType>(operand.get().getType());
        if (!result || !type || type.getForm() == result.getForm())
          continue;
        OpBuilder builder(op);
        operand.set(ConvertFormOp::create(builder, op->getLoc(),
                                          type.withForm(result.getForm()),
                                          operand.get()));
      }
    });
  }

  /// The form for all routings, unless it is left to their types.
  std::optional<Form> fixed;
};
} // namespace
