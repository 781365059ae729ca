//===- RowReshapes.cpp - slices and reshapes of the row dim ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// The result dims of a slice that drops `dropped`: `kept[i]` is the i-th.
static SmallVector<unsigned> getKeptDims(unsigned rank,
                                         const llvm::SmallBitVector &dropped) {
  SmallVector<unsigned> kept;
  for (unsigned dim = 0; dim < rank; ++dim)
    if (!dropped.test(dim))
      kept.push_back(dim);
  return kept;
}

LogicalResult RowAnalyzer::analyzeExtractSlice(tensor::ExtractSliceOp op) {
  RowState source = lookup(op.getSource());
  if (!source.positional && failed(useData(op, op.getSource())))
    return failure();
  auto offsets = op.getMixedOffsets(), strides = op.getMixedStrides();
  Sizes slice;
  for (auto [dim, size] : llvm::enumerate(op.getMixedSizes())) {
    bool holdsRows = source.is(Kind::Rows) && source.row.dim == dim;
    std::optional<Size> known;
    if (!holdsRows || isa<Attribute>(size)) {
      FailureOr<Size> used = getSize(op, size);
      if (failed(used))
        return failure();
      known = *used;
    } else {
      known = lookup(cast<Value>(size)).size;
    }
    if (holdsRows && (!isZeroInteger(offsets[dim]) ||
                      !isOneInteger(strides[dim]) || known != source.dims[dim]))
      return fail(op, RowRule::Reshaping,
                  "takes a slice of dim " + Twine(dim) +
                      ", which holds the rows");
    for (OpFoldResult position : {offsets[dim], strides[dim]})
      if (auto value = dyn_cast<Value>(position))
        if (failed(useData(op, value)))
          return failure();
    // Elsewhere a slice may grow with the number of rows only where the source
    // does, and so holds the same all along.
    if (sizes.counts(*known) && !sizes.counts(source.dims[dim]))
      return fail(op, RowRule::Position,
                  "slices dim " + Twine(dim) + " by the number of rows");
    slice.push_back(*known);
  }
  SmallVector<unsigned> kept = getKeptDims(slice.size(), op.getDroppedDims());
  RowState result = source;
  result.dims.clear();
  for (auto [to, from] : llvm::enumerate(kept)) {
    result.dims.push_back(slice[from]);
    if (source.is(Kind::Rows) && source.row.dim == from)
      result.row.dim = to;
  }
  result.elements.clear();
  set(op.getResult(), result);
  return success();
}

LogicalResult RowAnalyzer::analyzeInsertSlice(tensor::InsertSliceOp op) {
  FailureOr<RowState> source = useData(op, op.getSource());
  FailureOr<RowState> dest = useData(op, op.getDest());
  if (failed(source) || failed(dest))
    return failure();
  std::optional<RowDim> row;
  if (failed(unify(op, *dest, row, dest->dims.size())))
    return failure();
  SmallVector<unsigned> kept =
      getKeptDims(dest->dims.size(), op.getDroppedDims());
  for (auto [from, to] : llvm::enumerate(kept)) {
    if (!source->is(Kind::Rows) || source->row.dim != from)
      continue;
    RowState moved = *source;
    moved.row.dim = to;
    if (failed(unify(op, moved, row, dest->dims.size())))
      return failure();
  }
  auto offsets = op.getMixedOffsets(), strides = op.getMixedStrides(),
       slice = op.getMixedSizes();
  for (auto [dim, size] : llvm::enumerate(dest->dims)) {
    for (OpFoldResult position : {offsets[dim], strides[dim]})
      if (auto value = dyn_cast<Value>(position))
        if (failed(useData(op, value)))
          return failure();
    const auto *at = llvm::find(kept, dim);
    if (!sizes.counts(size)) {
      if (row && row->dim == dim)
        return fail(op, RowRule::Captured,
                    "inserts rows into dim " + Twine(dim) +
                        " of a tensor that all rows share");
      continue;
    }
    std::optional<Size> inserted;
    if (auto attr = dyn_cast<Attribute>(slice[dim]))
      inserted = Size::constant(cast<IntegerAttr>(attr).getInt());
    else
      inserted = lookup(cast<Value>(slice[dim])).size;
    if (!isZeroInteger(offsets[dim]) || !isOneInteger(strides[dim]) ||
        inserted != size || at == kept.end())
      return fail(op, RowRule::Reshaping,
                  "inserts at some positions of dim " + Twine(dim) +
                      ", which holds the rows");
    if (source->is(Kind::Uniform) &&
        failed(checkUniformAlong(op, *source, at - kept.begin())))
      return failure();
  }
  setResult(op.getResult(), dest->dims, row);
  return success();
}

//===----------------------------------------------------------------------===//
// Reshapes
//===----------------------------------------------------------------------===//

FailureOr<std::optional<RowDim>>
RowAnalyzer::reshapeGroup(Operation *op, const RowState &state, unsigned from,
                          unsigned count, ArrayRef<Size> dims) {
  // The dim that holds rows, or along which a tensor that all rows share
  // repeats: as rows, it may be folded.
  std::optional<RowDim> row;
  bool folds = false;
  for (unsigned dim = from; dim < from + count; ++dim) {
    folds |= !state.dims[dim].isOne() && !sizes.counts(state.dims[dim]);
    if (state.is(Kind::Rows) ? state.row.dim != dim
                             : !sizes.counts(state.dims[dim]))
      continue;
    if (row)
      return fail(op, RowRule::Reshaping,
                  "folds two dims that are sized by the number of rows");
    row = state.row;
    if (state.is(Kind::Uniform)) {
      std::optional<unsigned> unit = sizes.getCount(state.dims[dim]);
      if (!unit)
        return fail(op, RowRule::Reshaping,
                    "folds a dim sized by more than the number of rows");
      row = RowDim{dim, Size::constant(1), *unit};
    }
  }
  if (!row || (state.is(Kind::Uniform) && !folds))
    return std::optional<RowDim>();

  // What lies outside of the rows in the group must be the same afterwards.
  std::optional<Size> outer = row->outer;
  for (unsigned dim = from; dim < row->dim && outer; ++dim)
    outer = sizes.multiply(*outer, state.dims[dim]);
  for (auto [dim, size] : llvm::enumerate(dims)) {
    if (!outer)
      break;
    if (!sizes.counts(size)) {
      outer = sizes.divide(*outer, size);
      continue;
    }
    std::optional<Size> rows = sizes.multiply(*outer, Size::symbol(row->unit));
    if (!rows || !sizes.divide(size, *rows))
      break;
    return std::optional<RowDim>(
        RowDim{static_cast<unsigned>(dim), *outer, row->unit});
  }
  return fail(op, RowRule::Reshaping,
              "splits the rows or mixes them with another dim: after it, no "
              "dim holds every row as a whole");
}

/// Sets `result` to `state` with new dims and the row dim `row`.
static RowState reshaped(const RowState &state, ArrayRef<Size> dims,
                         std::optional<RowDim> row) {
  RowState result = state;
  result.dims.assign(dims.begin(), dims.end());
  result.elements.clear();
  result.kind = row ? RowState::Kind::Rows : RowState::Kind::Uniform;
  result.row = row.value_or(RowDim());
  return result;
}

LogicalResult RowAnalyzer::analyzeCollapse(tensor::CollapseShapeOp op) {
  RowState source = lookup(op.getSrc());
  if (!source.positional && failed(useData(op, op.getSrc())))
    return failure();
  Sizes dims;
  std::optional<RowDim> row;
  for (auto [to, group] : llvm::enumerate(op.getReassociationIndices())) {
    std::optional<Size> product = Size::constant(1);
    for (int64_t dim : group)
      if (product)
        product = sizes.multiply(*product, source.dims[dim]);
    dims.push_back(product ? *product : getStaticOrSymbol(op.getResult(), to));
    FailureOr<std::optional<RowDim>> found =
        reshapeGroup(op, source, group.front(), group.size(), dims.back());
    if (failed(found))
      return failure();
    if (!*found)
      continue;
    if (row)
      return fail(op, RowRule::Reshaping, "leaves rows in two dims");
    row = **found;
    row->dim = to;
  }
  set(op.getResult(), reshaped(source, dims, row));
  return success();
}

LogicalResult RowAnalyzer::analyzeExpand(tensor::ExpandShapeOp op) {
  RowState source = lookup(op.getSrc());
  if (!source.positional && failed(useData(op, op.getSrc())))
    return failure();
  SmallVector<OpFoldResult> shape = op.getMixedOutputShape();
  Sizes dims;
  std::optional<RowDim> row;
  for (auto [from, group] : llvm::enumerate(op.getReassociationIndices())) {
    // The one dynamic dim of a group is what the static ones leave.
    std::optional<Size> rest = source.dims[from];
    unsigned numDynamic = 0;
    for (int64_t dim : group) {
      if (!isa<Attribute>(shape[dim]))
        ++numDynamic;
      else if (rest)
        rest = sizes.divide(*rest, *getSize(op, shape[dim]));
    }
    for (int64_t dim : group) {
      if (numDynamic == 1 && rest && isa<Value>(shape[dim])) {
        dims.push_back(*rest);
        continue;
      }
      FailureOr<Size> size = getSize(op, shape[dim]);
      if (failed(size))
        return failure();
      dims.push_back(*size);
    }
    FailureOr<std::optional<RowDim>> found = reshapeGroup(
        op, source, from, 1, ArrayRef<Size>(dims).drop_front(group.front()));
    if (failed(found))
      return failure();
    if (*found) {
      row = **found;
      row->dim += group.front();
    }
  }
  set(op.getResult(), reshaped(source, dims, row));
  return success();
}

LogicalResult RowAnalyzer::analyzeReshape(tensor::ReshapeOp op) {
  FailureOr<RowState> source = useData(op, op.getSource());
  if (failed(source))
    return failure();
  RowState shape = lookup(op.getShape());
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !isa<RankedTensorType>(op.getSource().getType()))
    return analyzeUnknown(op);
  Sizes dims;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim)) {
      dims.push_back(Size::constant(type.getDimSize(dim)));
      continue;
    }
    std::optional<Size> size;
    if (dim < static_cast<int64_t>(shape.elements.size()))
      size = shape.elements[dim].size;
    if (!size && !isPlainUniform(*source))
      return fail(op, RowRule::Reshaping,
                  "reshapes rows to a size that the analysis can't follow, "
                  "dim " +
                      Twine(dim));
    dims.push_back(size ? *size : getSymbol(op.getResult(), dim));
  }
  FailureOr<std::optional<RowDim>> row =
      reshapeGroup(op, *source, 0, source->dims.size(), dims);
  if (failed(row))
    return failure();
  set(op.getResult(), reshaped(*source, dims, *row));
  return success();
}
