//===- RowLinalg.cpp - structured ops and their payloads ------------------===//
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

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

LogicalResult RowAnalyzer::setRowLoop(Operation *op, const RowDim &row,
                                      unsigned loop) {
  RowDim found = row;
  found.dim = loop;
  if (loops->row && loops->row->dim != loop)
    return fail(op, RowRule::Mixing,
                "meets each row with all others: rows are in loop " +
                    Twine(loops->row->dim) + " and in loop " + Twine(loop));
  if (loops->row && !loops->row->sameStructure(found))
    return fail(op, RowRule::Mixing,
                "meets rows with other rows: operands are folded differently "
                "along loop " +
                    Twine(loop));
  loops->row = found;
  return success();
}

LogicalResult RowAnalyzer::collectLoops(linalg::LinalgOp op, LoopNest &nest) {
  nest.extents.resize(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    RowState state = lookup(operand.get());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!isa<ShapedType>(operand.get().getType()))
      continue;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      // Operands agree on the extent; the size that counts rows says most.
      std::optional<Size> &extent = nest.extents[loop.getPosition()];
      if (!extent || (!sizes.counts(*extent) && sizes.counts(state.dims[dim])))
        extent = state.dims[dim];
    }
    if (!state.is(Kind::Rows))
      continue;
    auto loop = dyn_cast<AffineDimExpr>(map.getResult(state.row.dim));
    if (!loop)
      return fail(op, RowRule::Mixing,
                  "does not run over the rows of operand " +
                      Twine(operand.getOperandNumber()) + " one by one");
    if (failed(setRowLoop(op, state.row, loop.getPosition())))
      return failure();
  }
  return success();
}

LogicalResult RowAnalyzer::checkMap(linalg::LinalgOp op, OpOperand &operand,
                                    LoopNest &nest) {
  RowState state = lookup(operand.get());
  AffineMap map = op.getMatchingIndexingMap(&operand);
  if (!isa<ShapedType>(operand.get().getType()))
    return success();
  for (unsigned loop = 0; loop < nest.extents.size(); ++loop) {
    bool isRowLoop = nest.row && nest.row->dim == loop;
    bool counts = nest.extents[loop] && sizes.counts(*nest.extents[loop]);
    if (!isRowLoop && !counts)
      continue;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      if (!expr.isFunctionOfDim(loop))
        continue;
      if (!isa<AffineDimExpr>(expr))
        return fail(op, RowRule::Mixing,
                    "indexes operand " + Twine(operand.getOperandNumber()) +
                        " by the row and another position at once");
      if (state.is(Kind::Rows) && state.row.dim == dim)
        continue;
      if (isRowLoop && state.is(Kind::Rows))
        return fail(op, RowRule::Mixing,
                    "indexes a second dim of operand " +
                        Twine(operand.getOperandNumber()) + " by the row");
      if (!sizes.counts(state.dims[dim]))
        return fail(op, RowRule::Captured,
                    "reads operand " + Twine(operand.getOperandNumber()) +
                        ", a tensor that all rows share, at the position of "
                        "the row, along its dim " +
                        Twine(dim));
    }
  }
  return success();
}

/// Emits an error if a loop over rows reduces.
static std::optional<unsigned> findReducedRows(linalg::LinalgOp op,
                                               const LoopNest &nest,
                                               const SizeTable &sizes) {
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool counts = nest.extents[loop] && sizes.counts(*nest.extents[loop]);
    if (type != utils::IteratorType::parallel &&
        (counts || (nest.row && nest.row->dim == loop)))
      return loop;
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Structured ops
//===----------------------------------------------------------------------===//

LogicalResult RowAnalyzer::analyzeLinalg(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || loops)
    return analyzeUnknown(op);
  LoopNest nest;
  loops = &nest;
  llvm::scope_exit leave([&] { loops = nullptr; });
  SmallVector<RowState> operands;
  for (Value value : op->getOperands()) {
    // Ids of a nested body may be moved about, not computed with.
    RowState state = lookup(value);
    if (!state.positional && failed(useData(op, value)))
      return failure();
    operands.push_back(state);
  }
  if (failed(collectLoops(op, nest)))
    return failure();
  if (auto loop = findReducedRows(op, nest, sizes))
    return fail(op, RowRule::Mixing,
                "reduces over the rows: loop " + Twine(*loop) +
                    " runs over them");

  Block *payload = op.getBlock();
  SmallVector<RowState> arguments;
  for (const RowState &operand : operands) {
    RowState argument;
    argument.kind = operand.kind;
    argument.ids = operand.ids;
    argument.positional = operand.positional;
    arguments.push_back(argument);
  }
  // Reductions feed what they yield back in: repeat until it is known.
  unsigned numInputs = op.getNumDpsInputs();
  Operation *yield = payload->getTerminator();
  for (bool changed = true; changed;) {
    changed = false;
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned index = operand.getOperandNumber();
      if (payload->getNumArguments() == op->getNumOperands() ||
          index < payload->getNumArguments())
        set(op.getMatchingBlockArgument(&operand), arguments[index]);
    }
    if (failed(analyzeBlock(*payload)))
      return failure();
    for (auto [index, value] : llvm::enumerate(yield->getOperands())) {
      if (failed(checkScalarYield(yield, value)))
        return failure();
      RowState &out = arguments[numInputs + index];
      if (lookup(value).is(Kind::Rows) && !out.is(Kind::Rows) &&
          op.getNumReductionLoops() > 0) {
        out.kind = Kind::Rows;
        changed = true;
      }
    }
  }
  // The payload may have found the row loop by reading rows itself.
  if (auto loop = findReducedRows(op, nest, sizes))
    return fail(op, RowRule::Mixing,
                "reduces over the rows: loop " + Twine(*loop) +
                    " runs over them");
  for (OpOperand &operand : op->getOpOperands())
    if (failed(checkMap(op, operand, nest)))
      return failure();

  for (auto [index, value] : llvm::enumerate(yield->getOperands())) {
    OpOperand *out = op.getDpsInitOperand(index);
    AffineMap map = op.getMatchingIndexingMap(out);
    RowState element = lookup(value);
    std::optional<RowDim> row;
    if (nest.row && element.is(Kind::Rows)) {
      std::optional<unsigned> dim = map.getResultPosition(
          getAffineDimExpr(nest.row->dim, op.getContext()));
      if (!dim)
        return fail(op, RowRule::Mixing,
                    "has a result without a dim for the rows");
      row = RowDim{*dim, nest.row->outer, nest.row->unit};
    }
    RowState out_state = operands[out->getOperandNumber()];
    setResult(op->getResult(index), out_state.dims, row);
    RowState &result = frame->states[op->getResult(index)];
    if (row) {
      result.ids = element.ids;
      result.positional = element.positional;
    }
  }
  return success();
}

LogicalResult RowAnalyzer::checkScalarYield(Operation *op, Value value) {
  RowState state = lookup(value);
  if (state.positional)
    return success();
  return success(succeeded(useData(op, value)));
}

LogicalResult RowAnalyzer::analyzeSoftmax(linalg::SoftmaxOp op) {
  unsigned dim = op.getDimension();
  FailureOr<RowState> input = useData(op, op.getInput());
  FailureOr<RowState> output = useData(op, op.getOutput());
  if (failed(input) || failed(output))
    return failure();
  for (const RowState &state : {*input, *output})
    if ((state.is(Kind::Rows) && state.row.dim == dim) ||
        sizes.counts(state.dims[dim]))
      return fail(op, RowRule::Mixing,
                  "works across dim " + Twine(dim) + ", which holds the rows");
  std::optional<RowDim> row;
  if (failed(unify(op, *input, row, input->dims.size())) ||
      (row && failed(checkUniformAlong(op, *output, row->dim))))
    return failure();
  for (Value result : op->getResults())
    setResult(result, output->dims, row);
  return success();
}

//===----------------------------------------------------------------------===//
// Payloads
//===----------------------------------------------------------------------===//

LogicalResult RowAnalyzer::analyzeIndex(linalg::IndexOp op) {
  if (!loops)
    return analyzeUnknown(op);
  RowState state;
  state.loop = op.getDim();
  const std::optional<Size> &extent = loops->extents[state.loop];
  bool counts = extent && sizes.counts(*extent);
  if (counts || (loops->row && loops->row->dim == state.loop)) {
    state.kind = Kind::Index;
    state.size = extent;
  }
  set(op.getResult(), state);
  return success();
}

LogicalResult RowAnalyzer::analyzeExtract(tensor::ExtractOp op) {
  RowState source = lookup(op.getTensor());
  SmallVector<RowState> indices;
  for (Value index : op.getIndices())
    indices.push_back(lookup(index));

  // A tensor of sizes.
  if (!source.elements.empty() && indices.size() == 1 && indices[0].size &&
      indices[0].size->isConstant()) {
    uint64_t at = indices[0].size->factor;
    if (at < source.elements.size()) {
      set(op.getResult(), source.elements[at]);
      return success();
    }
  }
  RowState result;
  bool atIds = source.is(Kind::State) && source.ids && !indices.empty() &&
               indices.front().is(Kind::Rows) &&
               indices.front().ids == source.ids;
  if (!atIds && !source.positional && failed(useData(op, op.getTensor())))
    return failure();
  if (!source.is(Kind::Uniform)) {
    result.kind = Kind::Rows;
    result.ids = source.is(Kind::State) ? std::nullopt : source.ids;
    result.positional = source.positional;
  }
  for (auto [dim, index] : llvm::enumerate(indices)) {
    if (atIds && dim == 0)
      continue;
    if (source.is(Kind::Rows) && source.row.dim == dim) {
      if (!index.is(Kind::Index) || !loops || index.size != source.dims[dim])
        return fail(op, RowRule::Mixing,
                    "reads rows at positions other than their own");
      if (failed(setRowLoop(op, source.row, index.loop)))
        return failure();
      continue;
    }
    if (index.is(Kind::Index) && source.is(Kind::Uniform) &&
        sizes.counts(source.dims[dim]))
      continue;
    if (index.is(Kind::Index))
      return fail(op, RowRule::Captured,
                  "reads a tensor at the position of the row, along its dim " +
                      Twine(dim));
    if (failed(useData(op, op.getIndices()[dim])))
      return failure();
    if (index.is(Kind::Rows))
      result.kind = Kind::Rows;
  }
  if (result.is(Kind::Uniform))
    result = makeUniform(op.getResult());
  set(op.getResult(), result);
  return success();
}

LogicalResult RowAnalyzer::analyzeGenerate(tensor::GenerateOp op) {
  if (loops || failed(analyzeEmpty(op, op.getResult(), op.getDynamicExtents())))
    return failure();
  LoopNest nest;
  loops = &nest;
  llvm::scope_exit leave([&] { loops = nullptr; });
  RowState result = lookup(op.getResult());
  Block &payload = op.getBody().front();
  for (auto [dim, argument] : llvm::enumerate(payload.getArguments())) {
    nest.extents.push_back(result.dims[dim]);
    RowState index;
    if (sizes.counts(result.dims[dim])) {
      index.kind = Kind::Index;
      index.size = result.dims[dim];
      index.loop = dim;
    }
    set(argument, index);
  }
  Operation *yield = payload.getTerminator();
  if (failed(analyzeBlock(payload)) ||
      failed(checkScalarYield(yield, yield->getOperand(0))))
    return failure();
  RowState element = lookup(yield->getOperand(0));
  if (element.is(Kind::Rows) && nest.row)
    result = makeRows(result.dims, *nest.row);
  result.ids = element.ids;
  result.positional = element.positional;
  set(op.getResult(), result);
  return success();
}
