//===- RowCondComp.cpp - routings in a row-wise body ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

FailureOr<bool> RowAnalyzer::analyzeCondComp(Operation *op) {
  bool known = true;
  auto result =
      TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](GateOpInterface op) { return analyzeGate(op); })
          .Case<ReweightOp, NormalizeOp, ScaleOp, ConvertFormOp>(
              [&](auto op) { return analyzeAlgebra(op); })
          .Case([&](CapacityOp op) { return analyzeCapacity(op); })
          .Case<ComplementOp, SliceModulesOp, ConcatModulesOp>(
              [&](auto op) { return analyzeModules(op); })
          .Case<RowSizesOp, ModuleSizesOp, NumEntriesOp, RowOffsetsOp,
                WeightsOp, IndicesOp, ToDenseOp, ToMaskOp>([&](auto op) {
            return analyzeQuery(op, lookup(op.getRouting()));
          })
          .Case([&](SelectOp op) { return analyzeSelectEntries(op); })
          .Case<CombineOp, RestoreOp>([&](auto op) {
            return analyzeCombine(op, op.getRouting(), op.getEntries(),
                                  op.getOuts());
          })
          .Case([&](PoolOp op) { return analyzePool(op); })
          .Case([&](MixOp op) { return analyzeMix(op); })
          .Case([&](ConfidenceOp op) { return analyzeConfidence(op); })
          .Case([&](LimitGroupsOp op) { return analyzeLimitGroups(op); })
          // What is recorded does not come back.
          .Case([&](TraceOp) { return success(); })
          .Case([&](ApplyOp op) { return analyzeApply(op); })
          .Case([&](ExitingOpInterface op) { return analyzeExits(op); })
          .Default([&](Operation *) {
            known = false;
            return success();
          });
  if (failed(result))
    return failure();
  return known;
}

//===----------------------------------------------------------------------===//
// Routings
//===----------------------------------------------------------------------===//

RowState RowAnalyzer::makeRouting(Value routing, ArrayRef<Size> dims,
                                  std::optional<RowDim> row) {
  auto type = cast<RoutingType>(routing.getType());
  RowState state;
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    bool known = dim < dims.size() && !dims[dim].isConstant();
    if (!ShapedType::isDynamic(size))
      state.dims.push_back(Size::constant(size));
    else
      state.dims.push_back(known ? dims[dim] : getSymbol(routing, dim));
  }
  if (row) {
    state.kind = Kind::Rows;
    state.row = *row;
  }
  // Packed entries: their number depends on the rows where the routing does.
  auto [it, inserted] =
      frame->symbols.try_emplace({routing, state.dims.size()});
  if (inserted)
    it->second = sizes.create(/*counts=*/!isPlainUniform(state),
                              /*isSize=*/true);
  state.entries = it->second;
  return state;
}

RowState RowAnalyzer::getEntryState(Value routing, const RowState &state) {
  auto type = cast<RoutingType>(routing.getType());
  RowState entries = state;
  if (!type.hasUniformRows()) {
    entries.dims = {Size::symbol(state.entries)};
    entries.row = {0, Size::constant(1), state.entries};
    return entries;
  }
  int64_t k = type.getRowBound().count;
  unsigned last = state.dims.size() - 1;
  // Past the dims of the routing: the symbols of its dims and of its entries.
  entries.dims[last] = ShapedType::isDynamic(k)
                           ? getSymbol(routing, state.dims.size() + 1)
                           : Size::constant(k);
  return entries;
}

LogicalResult RowAnalyzer::analyzeGate(GateOpInterface op) {
  RoutingType type = op.getRouting().getType();
  unsigned rank = type.getShape().size();
  std::optional<RowDim> row;
  SmallVector<RowState> tensors;
  for (Value value : op->getOperands()) {
    FailureOr<RowState> state = useData(op, value);
    if (failed(state))
      return failure();
    if (!isa<ShapedType>(value.getType())) {
      if (state->is(Kind::Rows))
        return fail(op, RowRule::Mixing, "takes a scalar from a row");
      continue;
    }
    bool perRow = isa<SampleOp>(op) && value == cast<SampleOp>(op).getIds();
    if (state->dims.size() != rank && !perRow && !isPlainUniform(*state))
      return fail(op, RowRule::AcrossRows, "looks across rows");
    if (failed(unify(op, *state, row, rank - 1)))
      return failure();
    tensors.push_back(*state);
  }
  Sizes dims;
  for (const RowState &state : tensors)
    if (dims.empty() && state.dims.size() == rank)
      dims = state.dims;
  auto sample = dyn_cast<SampleOp>(op.getOperation());
  bool perRow = row || llvm::any_of(dims, [&](const Size &size) {
                  return sizes.counts(size);
                });
  if (sample && !sample.getIds() && perRow)
    return fail(op, RowRule::Position,
                "draws by the position of a row; in a body it needs ids(...)");
  for (const RowState &state : tensors) {
    if (row && failed(checkUniformAlong(op, state, row->dim)))
      return failure();
    for (auto [dim, size] : llvm::enumerate(state.dims)) {
      if (!sizes.counts(size))
        continue;
      if (dim + 1 == rank)
        return fail(op, RowRule::Mixing, "has one module per row");
      if (!op.isRowwise() && dim + 2 == rank)
        return fail(op, RowRule::AcrossRows, "looks across rows");
      dims[dim] = size;
    }
  }
  if (auto assign = dyn_cast<AssignOp>(op.getOperation())) {
    // The last dim of indices counts choices, not modules.
    dims.pop_back();
    if (assign.getModules()) {
      FailureOr<Size> modules = getSize(op, assign.getModules());
      if (failed(modules))
        return failure();
      dims.push_back(*modules);
    }
  }
  // Rows and modules are not those of the scores.
  if (isa<MatchTokensOp>(op.getOperation()))
    dims.resize(rank - 2);
  set(op.getRouting(), makeRouting(op.getRouting(), dims, row));
  return success();
}

LogicalResult RowAnalyzer::analyzeLimitGroups(LimitGroupsOp op) {
  FailureOr<RowState> scores = useData(op, op.getScores());
  std::optional<RowDim> row;
  if (failed(scores) ||
      failed(unify(op, *scores, row, scores->dims.size() - 1)))
    return failure();
  if (sizes.counts(scores->dims.back()))
    return fail(op, RowRule::Mixing, "works across the rows");
  for (Value scalar : op->getOperands().drop_front()) {
    FailureOr<RowState> state = useData(op, scalar);
    if (failed(state))
      return failure();
    if (state->is(Kind::Rows))
      return fail(op, RowRule::Mixing, "takes a scalar from a row");
  }
  setResult(op.getResult(), scores->dims, row);
  return success();
}

/// New weights for the same entries, from operands aligned with them.
LogicalResult RowAnalyzer::analyzeAlgebra(Operation *op) {
  FailureOr<RowState> routing = useData(op, op->getOperand(0));
  if (failed(routing))
    return failure();
  RowState result = *routing;
  if (auto reweight = dyn_cast<ReweightOp>(op)) {
    Value weights =
        reweight.getDense() ? reweight.getDense() : reweight.getEntries();
    RowState aligned = reweight.getDense()
                           ? *routing
                           : getEntryState(reweight.getRouting(), *routing);
    FailureOr<RowState> state = useData(op, weights);
    std::optional<RowDim> row;
    if (failed(state) || failed(unify(op, aligned, row, aligned.dims.size())) ||
        failed(unify(op, *state, row, aligned.dims.size())))
      return failure();
    if (row && (failed(checkUniformAlong(op, aligned, row->dim)) ||
                failed(checkUniformAlong(op, *state, row->dim))))
      return failure();
    if (row && reweight.getDense()) {
      result.kind = Kind::Rows;
      result.row = *row;
    } else if (row && !routing->is(Kind::Rows)) {
      return fail(op, RowRule::Captured,
                  "weighs a routing that all rows share by the rows");
    }
  }
  if (auto scale = dyn_cast<ScaleOp>(op)) {
    FailureOr<RowState> factor = useData(op, scale.getFactor());
    if (failed(factor))
      return failure();
    if (factor->is(Kind::Rows))
      return fail(op, RowRule::Mixing, "takes a scalar from a row");
  }
  set(op->getResult(0), result);
  return success();
}

LogicalResult RowAnalyzer::analyzeCapacity(CapacityOp op) {
  FailureOr<RowState> routing = useData(op, op.getRouting());
  if (failed(routing))
    return failure();
  if (op.getCapacity() && failed(useData(op, op.getCapacity())))
    return failure();
  unsigned batchDims = op.getRouting().getType().getNumBatchDims();
  std::optional<RowDim> row;
  if (failed(unify(op, *routing, row, routing->dims.size())))
    return failure();
  if (op.getPriority()) {
    FailureOr<RowState> priority = useData(op, op.getPriority());
    if (failed(priority) ||
        failed(unify(op, *priority, row, priority->dims.size())) ||
        (row && (failed(checkUniformAlong(op, *priority, row->dim)) ||
                 failed(checkUniformAlong(op, *routing, row->dim)))))
      return failure();
  }
  if ((row && row->dim >= batchDims) || sizes.counts(routing->dims[batchDims]))
    return fail(op, RowRule::AcrossRows,
                "looks across rows: they compete for the capacity of modules");
  set(op.getResult(), makeRouting(op.getResult(), routing->dims, row));
  return success();
}

/// Routings of the same rows as one, with other modules.
LogicalResult RowAnalyzer::analyzeModules(Operation *op) {
  std::optional<RowDim> row;
  SmallVector<RowState> routings;
  for (Value value : op->getOperands()) {
    FailureOr<RowState> state = useData(op, value);
    if (failed(state))
      return failure();
    if (!isa<RoutingType>(value.getType())) {
      if (state->is(Kind::Rows))
        return fail(op, RowRule::Mixing, "takes a scalar from a row");
      continue;
    }
    unsigned moduleDim = state->dims.size() - 1;
    if (sizes.counts(state->dims[moduleDim]))
      return fail(op, RowRule::Mixing, "has one module per row");
    if (failed(unify(op, *state, row, moduleDim)))
      return failure();
    routings.push_back(*state);
  }
  for (const RowState &state : routings)
    if (row && failed(checkUniformAlong(op, state, row->dim)))
      return failure();
  Value result = op->getResult(0);
  ArrayRef<Size> dims = routings.front().dims;
  // complement has the same modules, the others new ones.
  if (!isa<ComplementOp>(op))
    dims = dims.drop_back();
  set(result, makeRouting(result, dims, row));
  return success();
}

LogicalResult RowAnalyzer::analyzeQuery(Operation *op, RowState routing) {
  Value operand = op->getOperand(0);
  if (failed(useData(op, operand)))
    return failure();
  Value value = op->getResult(0);
  auto type = cast<RoutingType>(operand.getType());
  unsigned rowsDim = type.getNumBatchDims();
  std::optional<RowDim> row;
  if (routing.is(Kind::Rows))
    row = routing.row;
  bool coupled = !isPlainUniform(routing);
  Sizes dims(routing.dims);
  if (isa<NumEntriesOp>(op)) {
    RowState result;
    result.size = Size::symbol(routing.entries);
    result.kind = coupled ? Kind::Count : Kind::Uniform;
    set(value, result);
    return success();
  }
  if (isa<WeightsOp, IndicesOp>(op)) {
    set(value, getEntryState(operand, routing));
    return success();
  }
  if (isa<RowOffsetsOp>(op) && coupled)
    return fail(op, RowRule::AcrossRows,
                "looks across rows: it counts the entries of those before");
  if (isa<ModuleSizesOp>(op)) {
    if (row ? row->dim == rowsDim : sizes.counts(dims[rowsDim]))
      return fail(op, RowRule::AcrossRows,
                  "looks across rows: it counts a module's rows");
    dims.erase(dims.begin() + rowsDim);
  } else if (isa<RowSizesOp>(op)) {
    dims.pop_back();
  } else if (isa<RowOffsetsOp>(op)) {
    dims = {getStaticOrSymbol(value, 0)};
  }
  setResult(value, dims, row);
  return success();
}

LogicalResult RowAnalyzer::analyzeConfidence(ConfidenceOp op) {
  FailureOr<RowState> logits = useData(op, op.getLogits());
  std::optional<RowDim> row;
  if (failed(logits) ||
      failed(unify(op, *logits, row, logits->dims.size() - 1)))
    return failure();
  if (sizes.counts(logits->dims.back()))
    return fail(op, RowRule::Mixing, "works across the rows");
  setResult(op.getResult(), ArrayRef<Size>(logits->dims).drop_back(), row);
  return success();
}
