//===- RowBodies.cpp - conditional bodies, also nested --------------------===//
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

LogicalResult RowAnalyzer::analyzeBody(ConditionalOpInterface op,
                                       unsigned index, Frame &inner) {
  Frame *outer = std::exchange(frame, &inner);
  llvm::scope_exit leave([&] { frame = outer; });
  Region &region = op->getRegion(index);
  inner.parent = outer;
  inner.region = &region;
  inner.rows = sizes.create(/*counts=*/true, /*isSize=*/true);
  FailureOr<Block *> block = getBlock(op, region);
  if (failed(block))
    return failure();

  for (BlockArgument argument : (*block)->getArguments())
    set(argument, makeUniform(argument));
  auto getRowState = [&](BlockArgument argument) {
    RowState state = makeUniform(argument);
    state.kind = Kind::Rows;
    state.row = {0, Size::constant(1), inner.rows};
    state.dims.front() = Size::symbol(inner.rows);
    return state;
  };
  for (BlockArgument argument : op.getRowArguments(index))
    set(argument, getRowState(argument));
  if (BlockArgument ids = op.getIdsArgument(index)) {
    RowState state = getRowState(ids);
    state.ids = inner.rows;
    state.positional = outer != nullptr;
    set(ids, state);
  }
  SmallVector<BlockArgument> stateArguments = op.getStateArguments(index);
  for (BlockArgument argument : stateArguments) {
    RowState state = makeUniform(argument);
    state.kind = Kind::State;
    state.ids = inner.rows;
    // The number of all rows is as little data as that of the body's.
    state.dims.front() =
        Size::symbol(sizes.create(/*counts=*/true, /*isSize=*/true));
    set(argument, state);
  }
  if (failed(analyzeBlock(**block)))
    return failure();

  // State comes last in a yield; an exit names it.
  Operation *terminator = (*block)->getTerminator();
  SmallVector<Value> results, states;
  if (auto exit = dyn_cast<ExitOp>(terminator)) {
    results.push_back(exit.getDone());
    llvm::append_range(results, exit.getResults());
    llvm::append_range(results, exit.getCarry());
    if (exit.getSoft())
      results.push_back(exit.getSoft());
    llvm::append_range(states, exit.getState());
  } else {
    llvm::append_range(results, terminator->getOperands());
    while (states.size() < stateArguments.size() && !results.empty())
      states.push_back(results.pop_back_val());
  }
  for (Value value : states) {
    RowState state = lookup(value);
    if (!state.is(Kind::State) || state.ids != inner.rows)
      return fail(terminator, RowRule::Captured,
                  "yields a state tensor that was not made by writing to the "
                  "state at the rows' ids");
  }
  for (Value value : results)
    if (failed(checkYielded(terminator, value)))
      return failure();
  return success();
}

/// Analyzes the bodies of a conditional op in a row-wise body: what they
/// capture, and whether they keep rows apart.
LogicalResult RowAnalyzer::analyzeNested(ConditionalOpInterface op,
                                         bool rowwise) {
  // Ids are positions among the rows of this body where the op has them in the
  // same order, one for one.
  bool samePositions = true;
  if (auto apply = dyn_cast<ApplyOp>(op.getOperation()))
    samePositions = apply.getRouting().getType().getNumBatchDims() == 0;
  for (Region &region : op->getRegions()) {
    if (rowwise) {
      Frame inner;
      inner.idsArePositions = samePositions;
      if (failed(analyzeBody(op, region.getRegionNumber(), inner)))
        return failure();
      continue;
    }
    // A body that may mix its rows, all of one row of this body: what it
    // captures must be the same for all.
    WalkResult walk = region.walk([&](Operation *inside) {
      for (Value value : inside->getOperands()) {
        if (region.isAncestor(value.getParentRegion()) ||
            isPlainUniform(lookup(value)))
          continue;
        (void)fail(inside, RowRule::Captured,
                   "reads rows of the outer body in a body with scope(group)");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (walk.wasInterrupted())
      return failure();
  }
  return success();
}

LogicalResult RowAnalyzer::analyzeApply(ApplyOp op) {
  RoutingType type = op.getRouting().getType();
  FailureOr<RowState> routing = useData(op, op.getRouting());
  if (failed(routing))
    return failure();
  std::optional<RowDim> row;
  if (failed(unify(op, *routing, row, routing->dims.size())))
    return failure();
  SmallVector<RowState> aligned = {*routing};
  auto align = [&](ValueRange values, unsigned leading) {
    for (Value value : values) {
      FailureOr<RowState> state = useData(op, value);
      if (failed(state) || failed(unify(op, *state, row, leading)))
        return failure();
      aligned.push_back(*state);
    }
    return success();
  };
  unsigned leading = type.getNumBatchDims() + 1;
  if (failed(align(op.getRows(), leading)) ||
      failed(align(op.getOuts(), leading)))
    return failure();
  // Entry tensors of uniform rows lead with the batch and row dims; packed ones
  // belong to the routing.
  RowState entries = getEntryState(op.getRouting(), *routing);
  for (Value value : op.getEntries()) {
    FailureOr<RowState> state = useData(op, value);
    if (failed(state))
      return failure();
    if (type.hasUniformRows()) {
      if (failed(unify(op, *state, row, leading)))
        return failure();
      aligned.push_back(*state);
      continue;
    }
    std::optional<RowDim> entryRow;
    if (failed(unify(op, entries, entryRow, 1)) ||
        failed(unify(op, *state, entryRow, 1)) ||
        (entryRow && (failed(checkUniformAlong(op, *state, 0)) ||
                      failed(checkUniformAlong(op, entries, 0)))))
      return failure();
  }
  for (const RowState &state : aligned)
    if (row && failed(checkUniformAlong(op, state, row->dim)))
      return failure();
  for (Value value : op.getParams()) {
    FailureOr<RowState> state = useData(op, value);
    if (failed(state))
      return failure();
    if (!isPlainUniform(*state))
      return fail(op, RowRule::Mixing, "takes params from the rows");
  }

  bool rowwise = op.getScope() == Scope::Row;
  bool acrossRows =
      row ? row->dim + 1 == leading : sizes.counts(routing->dims[leading - 1]);
  if (!rowwise && acrossRows)
    return fail(op, RowRule::AcrossRows,
                "looks across rows: its bodies have scope(group)");
  if (failed(analyzeNested(op, rowwise)))
    return failure();

  if (op.getCombine() == CombineKind::None) {
    if (row && !routing->is(Kind::Rows)) {
      if (!type.hasUniformRows())
        return fail(op, RowRule::Captured,
                    "routes rows by a routing that all rows share");
      entries.kind = Kind::Rows;
      entries.row = *row;
    }
    std::optional<RowDim> entryRow;
    if (entries.is(Kind::Rows))
      entryRow = entries.row;
    for (Value result : op.getResults())
      setResult(result, entries.dims, entryRow);
    return success();
  }
  for (auto [result, out] : llvm::zip_equal(op.getResults(), op.getOuts()))
    setResult(result, lookup(out).dims, row);
  return success();
}

LogicalResult RowAnalyzer::analyzeExits(ExitingOpInterface op) {
  std::optional<RowDim> row;
  SmallVector<RowState> states;
  for (OperandRange values : {op.getRows(), op.getState(), op.getOuts()})
    for (Value value : values) {
      FailureOr<RowState> state = useData(op, value);
      if (failed(state) || failed(unify(op, *state, row, 1)))
        return failure();
      states.push_back(*state);
    }
  if (auto iterate = dyn_cast<IterateOp>(op.getOperation())) {
    if (failed(checkControl(op, iterate.getSteps(), "limit of steps")))
      return failure();
    for (Value value : iterate.getParams()) {
      FailureOr<RowState> state = useData(op, value);
      if (failed(state))
        return failure();
      if (!isPlainUniform(*state))
        return fail(op, RowRule::Mixing, "takes params from the rows");
    }
  }
  Size numRows = states.front().dims.front();
  for (const RowState &state : states) {
    if (row && failed(checkUniformAlong(op, state, 0)))
      return failure();
    if (sizes.counts(state.dims.front()))
      numRows = state.dims.front();
  }
  auto conditional = cast<ConditionalOpInterface>(op.getOperation());
  if (failed(analyzeNested(conditional, /*rowwise=*/true)))
    return failure();
  // Without rows among the operands, results may still repeat along a dim of
  // the number of rows.
  for (Value result : op->getResults())
    setResult(result, numRows, row);
  // Which rows stay, and how many, says where they are in the batch.
  for (Value result : op.getSurvivors())
    set(result, RowState::tainted(op));
  return success();
}
