//===- RowTensors.cpp - the tensor dialect, but for reshapes --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

FailureOr<bool> RowAnalyzer::analyzeTensor(Operation *op) {
  bool known = true;
  auto result =
      TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](tensor::DimOp op) { return analyzeDim(op); })
          .Case([&](tensor::EmptyOp op) {
            return analyzeEmpty(op, op.getResult(), op.getDynamicSizes());
          })
          .Case([&](tensor::SplatOp op) {
            if (failed(useData(op, op.getInput())))
              return failure();
            return analyzeEmpty(op, op.getResult(), op.getDynamicSizes());
          })
          .Case([&](tensor::ExtractOp op) { return analyzeExtract(op); })
          .Case([&](tensor::GenerateOp op) { return analyzeGenerate(op); })
          .Case([&](tensor::ConcatOp op) { return analyzeConcat(op); })
          .Case([&](tensor::PadOp op) { return analyzePad(op); })
          .Case([&](tensor::GatherOp op) { return analyzeGather(op); })
          .Case([&](tensor::ScatterOp op) { return analyzeScatter(op); })
          .Case([&](tensor::FromElementsOp op) {
            return analyzeFromElements(op);
          })
          .Case([&](tensor::CastOp op) { return analyzeCast(op); })
          .Case([&](tensor::ExtractSliceOp op) {
            return analyzeExtractSlice(op);
          })
          .Case(
              [&](tensor::InsertSliceOp op) { return analyzeInsertSlice(op); })
          .Case([&](tensor::CollapseShapeOp op) { return analyzeCollapse(op); })
          .Case([&](tensor::ExpandShapeOp op) { return analyzeExpand(op); })
          .Case([&](tensor::ReshapeOp op) { return analyzeReshape(op); })
          .Default([&](Operation *) {
            known = false;
            return success();
          });
  if (failed(result))
    return failure();
  return known;
}

LogicalResult RowAnalyzer::analyzeDim(tensor::DimOp op) {
  RowState source = lookup(op.getSource());
  std::optional<int64_t> dim = getConstantIntValue(op.getIndex());
  if (!dim || *dim < 0 || *dim >= static_cast<int64_t>(source.dims.size()))
    return analyzeUnknown(op);
  RowState result;
  result.size = source.dims[*dim];
  if (sizes.counts(*result.size))
    result.kind = Kind::Count;
  set(op.getResult(), result);
  return success();
}

LogicalResult RowAnalyzer::analyzeEmpty(Operation *op, Value result,
                                        ValueRange dynamicSizes) {
  Sizes dims;
  auto type = cast<RankedTensorType>(result.getType());
  unsigned next = 0;
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      dims.push_back(Size::constant(size));
      continue;
    }
    FailureOr<Size> dynamic = getSize(op, dynamicSizes[next++]);
    if (failed(dynamic))
      return failure();
    dims.push_back(*dynamic);
  }
  setResult(result, dims, std::nullopt);
  return success();
}

LogicalResult RowAnalyzer::analyzeConcat(tensor::ConcatOp op) {
  uint64_t along = op.getDim();
  std::optional<RowDim> row;
  SmallVector<RowState> states;
  for (Value value : op.getInputs()) {
    FailureOr<RowState> state = useData(op, value);
    if (failed(state) || failed(unify(op, *state, row, state->dims.size())))
      return failure();
    states.push_back(*state);
  }
  Sizes dims(states.front().dims);
  std::optional<Size> total = Size::constant(0);
  for (const RowState &state : states) {
    if (sizes.counts(state.dims[along]) || (row && row->dim == along))
      return fail(op, RowRule::Reshaping,
                  "concatenates along dim " + Twine(along) +
                      ", which holds the rows");
    if (row && failed(checkUniformAlong(op, state, row->dim)))
      return failure();
    if (total)
      total = sizes.add(*total, state.dims[along]);
    // Operands agree on the other dims: one that counts rows says so for all.
    for (auto [dim, size] : llvm::enumerate(state.dims))
      if (sizes.counts(size))
        dims[dim] = size;
  }
  for (const RowState &state : states)
    for (auto [dim, size] : llvm::enumerate(dims))
      if (sizes.counts(size) && !sizes.counts(state.dims[dim]))
        return fail(op, RowRule::Captured,
                    "concatenates rows with a tensor that all rows share, "
                    "at the position of the row");
  dims[along] = total ? *total : getStaticOrSymbol(op.getResult(), along);
  setResult(op.getResult(), dims, row);
  return success();
}

LogicalResult RowAnalyzer::analyzePad(tensor::PadOp op) {
  FailureOr<RowState> source = useData(op, op.getSource());
  if (failed(source))
    return failure();
  Block &payload = op.getRegion().front();
  std::optional<RowDim> row;
  if (source->is(Kind::Rows))
    row = source->row;
  Sizes dims;
  for (auto [dim, low, high] :
       llvm::enumerate(op.getMixedLowPad(), op.getMixedHighPad())) {
    bool padded = !isZeroInteger(low) || !isZeroInteger(high);
    bool holdsRows = sizes.counts(source->dims[dim]);
    if (padded && holdsRows)
      return fail(op, RowRule::Reshaping,
                  "pads dim " + Twine(dim) + ", which holds the rows");
    for (OpFoldResult amount : {low, high})
      if (auto value = dyn_cast<Value>(amount))
        if (failed(useData(op, value)))
          return failure();
    dims.push_back(padded ? getStaticOrSymbol(op.getResult(), dim)
                          : source->dims[dim]);
    // The value that is padded with may depend on positions other than rows'.
    RowState index;
    if (holdsRows) {
      index.kind = Kind::Index;
      index.size = source->dims[dim];
      index.loop = dim;
    }
    set(payload.getArgument(dim), index);
  }
  Operation *yield = payload.getTerminator();
  if (failed(analyzeBlock(payload)) ||
      failed(useData(yield, yield->getOperand(0))))
    return failure();
  setResult(op.getResult(), dims, row);
  return success();
}

LogicalResult RowAnalyzer::analyzeGather(tensor::GatherOp op) {
  RowState source = lookup(op.getSource());
  RowState indices = lookup(op.getIndices());
  ArrayRef<int64_t> gathered = op.getGatherDims();
  bool atIds = source.is(Kind::State) && source.ids && indices.is(Kind::Rows) &&
               indices.ids == source.ids && gathered == ArrayRef<int64_t>{0};
  if (!atIds && (failed(useData(op, op.getSource())) ||
                 failed(useData(op, op.getIndices()))))
    return failure();
  if (!isPlainUniform(source) && !atIds)
    for (int64_t dim : gathered)
      if (sizes.counts(source.dims[dim]))
        return fail(op, RowRule::Mixing,
                    "gathers along dim " + Twine(dim) +
                        ", which holds the rows");
  std::optional<RowDim> row;
  unsigned leading = indices.dims.size() - 1;
  if (failed(unify(op, indices, row, leading)))
    return failure();
  Sizes dims(indices.dims);
  dims.pop_back();
  bool keepsRank = op.getResultType().getRank() ==
                   static_cast<int64_t>(leading + source.dims.size());
  for (auto [dim, size] : llvm::enumerate(source.dims)) {
    bool isGathered = llvm::is_contained(gathered, static_cast<int64_t>(dim));
    if (isGathered && !keepsRank)
      continue;
    if (source.is(Kind::Rows) && source.row.dim == dim) {
      if (row)
        return fail(op, RowRule::Mixing,
                    "gathers from the rows of all for every row");
      row = source.row;
      row->dim = dims.size();
    }
    dims.push_back(isGathered ? Size::constant(1) : size);
  }
  setResult(op.getResult(), dims, row);
  return success();
}

LogicalResult RowAnalyzer::analyzeScatter(tensor::ScatterOp op) {
  RowState dest = lookup(op.getDest());
  RowState indices = lookup(op.getIndices());
  FailureOr<RowState> source = useData(op, op.getSource());
  if (failed(source))
    return failure();
  if (isPlainUniform(dest) && isPlainUniform(indices) &&
      isPlainUniform(*source)) {
    setResult(op.getResult(), dest.dims, std::nullopt);
    return success();
  }
  bool atIds = dest.is(Kind::State) && dest.ids && indices.is(Kind::Rows) &&
               indices.ids == dest.ids &&
               op.getScatterDims() == ArrayRef<int64_t>{0};
  if (!atIds)
    return fail(op, RowRule::Captured,
                "writes rows other than to a state tensor at the rows' ids");
  std::optional<RowDim> row;
  unsigned leading = indices.dims.size() - 1;
  if (failed(unify(op, indices, row, leading)) ||
      failed(unify(op, *source, row, leading)) ||
      failed(checkUniformAlong(op, *source, row->dim)))
    return failure();
  set(op.getResult(), dest);
  return success();
}

LogicalResult RowAnalyzer::analyzeFromElements(tensor::FromElementsOp op) {
  RowState result = makeUniform(op.getResult());
  for (Value value : op.getElements()) {
    result.elements.push_back(lookup(value));
    if (!result.elements.back().is(Kind::Uniform)) {
      // A shape, for tensor.reshape; data made of it is an error.
      result.kind = Kind::Tainted;
      result.blame = op;
    }
  }
  set(op.getResult(), result);
  return success();
}

LogicalResult RowAnalyzer::analyzeCast(tensor::CastOp op) {
  RowState state = lookup(op.getSource());
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !isa<RankedTensorType>(op.getSource().getType()))
    return analyzeUnknown(op);
  for (auto [dim, size] : llvm::enumerate(state.dims)) {
    if (type.isDynamicDim(dim) || size.isConstant())
      continue;
    if (sizes.counts(size))
      return fail(op, RowRule::Reshaping,
                  "fixes the size of dim " + Twine(dim) +
                      ", which holds the rows, to " +
                      Twine(type.getDimSize(dim)));
    size = Size::constant(type.getDimSize(dim));
  }
  set(op.getResult(), state);
  return success();
}
