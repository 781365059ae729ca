//===- ChooseForm.cpp - masked or compact -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/Cost.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "condcomp/Dialect/CondComp/Transforms/RunTimeChoice.h"
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

/// Whether running a block on rows that it should not see could fail.
static bool mayFail(Block &block) {
  return llvm::any_of(block, [](Operation &op) {
    return !isMemoryEffectFree(&op) || !isSpeculatable(&op);
  });
}

/// In bytes that are moved: ten operations take about as long as one.
static uint64_t getTime(const RowCost &cost) {
  return cost.flops / 10 + cost.bytes;
}

/// Gathering reads and writes.
static uint64_t getGatherTime(const RowCost &cost) { return 2 * cost.rowBytes; }

static int64_t perThousand(uint64_t part, uint64_t rest) {
  return llvm::divideCeil(1000 * part, std::max<uint64_t>(part + rest, 1));
}

/// Leaves to run time whether rows are gathered, where one module runs: from
/// which share of rows with an entry on the body takes less time on all rows.
static void markApply(ApplyOp op) {
  RoutingType type = op.getRouting().getType();
  if (type.getForm() != Form::Compact || type.getNumModules() != 1 ||
      op.getRows().empty() || !op.getEntries().empty() ||
      op.getWeightUse() == WeightUse::Input ||
      (op.getScope() == Scope::Group && type.getNumBatchDims() > 0))
    return;
  std::optional<RowCost> cost = getRowCost(op, 0);
  int64_t from = 1000;
  if (op.getScope() == Scope::Row && cost &&
      !mayFail(op.getBodies().front().front()))
    from = perThousand(getTime(*cost), getGatherTime(*cost));
  op->setAttr(kAllRowsFrom, Builder(op.getContext()).getI64IntegerAttr(from));
}

/// Leaves to run time whether survivors are gathered: from which share of rows
/// that are done on the next stage loses more on them than gathering costs.
static void markCascade(CascadeOp op) {
  // State is written for all rows that run; survivors are handed out packed.
  if (op.getForm() != Form::Compact || op.getNumSurvivors() > 0 ||
      !op.getState().empty())
    return;
  SmallVector<int64_t> shares;
  for (Region &stage : op.getStages().drop_front()) {
    std::optional<RowCost> cost = getRowCost(op, stage.getRegionNumber());
    if (!cost || mayFail(stage.front()))
      return;
    shares.push_back(perThousand(getGatherTime(*cost), getTime(*cost)));
  }
  shares.push_back(0); // All rows leave the last stage.
  // Asking costs a little too.
  if (llvm::all_of(shares, [](int64_t share) { return share <= 20; }))
    return;
  op->setAttr(kCompactFrom,
              Builder(op.getContext()).getDenseI64ArrayAttr(shares));
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
    if (!fixed && runTimeChoice)
      getOperation().walk([](Operation *op) {
        if (auto apply = dyn_cast<ApplyOp>(op))
          markApply(apply);
        else if (auto cascade = dyn_cast<CascadeOp>(op))
          markCascade(cascade);
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
