//===- RowControlFlow.cpp - branches, loops, calls and checks -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

LogicalResult RowAnalyzer::checkControl(Operation *op, Value value,
                                        StringRef what) {
  FailureOr<RowState> state = useData(op, value);
  if (failed(state))
    return failure();
  // A payload runs for one row: its branches may follow the row's data.
  if (state->is(Kind::Rows) && !loops)
    return fail(op, RowRule::Mixing,
                "takes its " + what + " from the data of rows");
  return success();
}

/// Joins the states of `values` into `states`; `names` give the types.
LogicalResult RowAnalyzer::joinInto(Operation *op,
                                    MutableArrayRef<RowState> states,
                                    ValueRange values, ValueRange names) {
  for (auto [state, value, name] : llvm::zip_equal(states, values, names)) {
    std::optional<RowState> joined = join(state, lookup(value), op, name);
    if (!joined)
      return fail(op, RowRule::Mixing,
                  "joins values that hold rows in different ways");
    state = *joined;
  }
  return success();
}

LogicalResult RowAnalyzer::analyzeIf(scf::IfOp op) {
  // In a payload the condition decides for the row alone.
  RowState condition = lookup(op.getCondition());
  if (failed(checkControl(op, op.getCondition(), "condition")))
    return failure();
  SmallVector<RowState> states;
  for (Region *region : {&op.getThenRegion(), &op.getElseRegion()}) {
    if (region->empty())
      continue;
    FailureOr<Block *> block = getBlock(op, *region);
    if (failed(block) || failed(analyzeBlock(**block)))
      return failure();
    ValueRange values = (*block)->getTerminator()->getOperands();
    if (region == &op.getThenRegion()) {
      for (Value value : values)
        states.push_back(lookup(value));
      continue;
    }
    if (failed(joinInto(op, states, values, op.getResults())))
      return failure();
  }
  for (auto [result, state] : llvm::zip_equal(op.getResults(), states)) {
    if (condition.is(Kind::Rows) && state.is(Kind::Uniform))
      state.kind = Kind::Rows;
    else if (condition.is(Kind::Rows) && !state.is(Kind::Rows))
      state = RowState::tainted(op);
    set(result, state);
  }
  return success();
}

LogicalResult RowAnalyzer::analyzeSwitch(scf::IndexSwitchOp op) {
  if (loops)
    return analyzeUnknown(op);
  if (failed(checkControl(op, op.getArg(), "case")))
    return failure();
  SmallVector<RowState> states;
  for (Region &region : op->getRegions()) {
    FailureOr<Block *> block = getBlock(op, region);
    if (failed(block) || failed(analyzeBlock(**block)))
      return failure();
    ValueRange values = (*block)->getTerminator()->getOperands();
    if (&region == &op->getRegion(0))
      for (Value value : values)
        states.push_back(lookup(value));
    else if (failed(joinInto(op, states, values, op.getResults())))
      return failure();
  }
  for (auto [result, state] : llvm::zip_equal(op.getResults(), states))
    set(result, state);
  return success();
}

LogicalResult RowAnalyzer::analyzeFor(scf::ForOp op) {
  for (Value bound : {op.getLowerBound(), op.getUpperBound(), op.getStep()})
    if (failed(checkControl(op, bound, "bounds")))
      return failure();
  SmallVector<RowState> states;
  for (Value value : op.getInitArgs())
    states.push_back(lookup(value));
  set(op.getInductionVar(), makeUniform(op.getInductionVar()));
  bool ownBounds = llvm::any_of(
      ValueRange{op.getLowerBound(), op.getUpperBound(), op.getStep()},
      [&](Value bound) { return lookup(bound).is(Kind::Rows); });
  if (ownBounds)
    return analyzeUnknown(op);
  Block *body = op.getBody();
  for (SmallVector<RowState> previous; previous != states;) {
    previous = states;
    for (auto [argument, state] :
         llvm::zip_equal(op.getRegionIterArgs(), states))
      set(argument, state);
    if (failed(analyzeBlock(*body)) ||
        failed(joinInto(op, states, body->getTerminator()->getOperands(),
                        op.getRegionIterArgs())))
      return failure();
  }
  for (auto [result, state] : llvm::zip_equal(op.getResults(), states))
    set(result, state);
  return success();
}

LogicalResult RowAnalyzer::analyzeWhile(scf::WhileOp op) {
  if (loops)
    return analyzeUnknown(op);
  FailureOr<Block *> before = getBlock(op, op.getBefore());
  FailureOr<Block *> after = getBlock(op, op.getAfter());
  if (failed(before) || failed(after))
    return failure();
  SmallVector<RowState> states;
  for (Value value : op.getInits())
    states.push_back(lookup(value));
  scf::ConditionOp condition = op.getConditionOp();
  for (SmallVector<RowState> previous; previous != states;) {
    previous = states;
    for (auto [argument, state] :
         llvm::zip_equal((*before)->getArguments(), states))
      set(argument, state);
    if (failed(analyzeBlock(**before)) ||
        failed(checkControl(op, condition.getCondition(), "condition")))
      return failure();
    for (auto [argument, value] :
         llvm::zip_equal((*after)->getArguments(), condition.getArgs()))
      set(argument, lookup(value));
    if (failed(analyzeBlock(**after)) ||
        failed(joinInto(op, states, (*after)->getTerminator()->getOperands(),
                        (*before)->getArguments())))
      return failure();
  }
  for (auto [result, value] :
       llvm::zip_equal(op.getResults(), condition.getArgs()))
    set(result, lookup(value));
  return success();
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

LogicalResult RowAnalyzer::analyzeCall(func::CallOp op) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getCalleeAttr());
  if (!callee || callee.isExternal() || loops)
    return fail(op, RowRule::UnknownOp,
                "calls '" + Twine(op.getCallee()) +
                    "', whose body is not known to the row analysis");
  if (llvm::is_contained(callStack, callee))
    return fail(op, RowRule::UnknownOp,
                "calls '" + Twine(op.getCallee()) +
                    "' again: the row analysis does not follow recursion");
  SmallVector<RowState> arguments;
  for (Value value : op.getOperands())
    arguments.push_back(lookup(value));
  for (const Summary &summary : summaries) {
    if (summary.function != callee || summary.arguments != arguments)
      continue;
    for (auto [result, state] :
         llvm::zip_equal(op.getResults(), summary.results))
      set(result, state);
    return success();
  }

  SmallVector<RowState> results;
  {
    Frame inner;
    inner.region = &callee.getBody();
    inner.rows = frame->rows;
    Frame *outer = std::exchange(frame, &inner);
    callStack.push_back(callee);
    llvm::scope_exit leave([&] {
      frame = outer;
      callStack.pop_back();
    });
    FailureOr<Block *> block = getBlock(op, callee.getBody());
    if (failed(block))
      return failure();
    for (auto [argument, state] :
         llvm::zip_equal((*block)->getArguments(), arguments))
      set(argument, state);
    if (failed(analyzeBlock(**block))) {
      diagnostic->calls.push_back(op);
      return failure();
    }
    for (Value value : (*block)->getTerminator()->getOperands())
      results.push_back(lookup(value));
  }
  for (auto [result, state] : llvm::zip_equal(op.getResults(), results))
    set(result, state);
  summaries.push_back({callee, arguments, results});
  return success();
}

LogicalResult RowAnalyzer::checkCheck(Operation *op, Value condition) {
  RowState state = lookup(condition);
  if (state.is(Kind::Uniform))
    return success();
  if (state.is(Kind::Tainted) || state.is(Kind::Count))
    return fail(op, RowRule::Position,
                "checks the number of rows, which varies with the batch");
  if (failed(useData(op, condition)))
    return failure();
  // A payload runs for one row, and may check that row.
  if (!loops)
    return fail(op, RowRule::Mixing, "checks the data of rows");
  return success();
}
