//===- RowMovement.cpp - select, combine, pool and mix in a body ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

LogicalResult RowAnalyzer::analyzeSelectEntries(SelectOp op) {
  FailureOr<RowState> routing = useData(op, op.getRouting());
  FailureOr<RowState> source = useData(op, op.getSource());
  if (failed(routing) || failed(source))
    return failure();
  RoutingType type = op.getRouting().getType();
  unsigned batchDims = type.getNumBatchDims();
  bool modules = op.getSpace() == Space::Modules;
  std::optional<RowDim> row;
  if (failed(unify(op, *routing, row, routing->dims.size())))
    return failure();
  // Modules lack the row dim: they are shared by rows unless in a batch dim.
  bool shared = modules && row && row->dim >= batchDims;
  std::optional<RowDim> none;
  unsigned leading = batchDims + (modules ? 0 : 1);
  if (failed(unify(op, *source, shared ? none : row, leading)))
    return failure();
  if (shared && none)
    return fail(op, RowRule::Mixing,
                "selects from the modules of one row for another");
  if (row && (failed(checkUniformAlong(op, *routing, row->dim)) ||
              (!shared && failed(checkUniformAlong(op, *source, row->dim)))))
    return failure();
  RowState aligned = *routing;
  if (row && !routing->is(Kind::Rows)) {
    if (!type.hasUniformRows())
      return fail(op, RowRule::Captured,
                  "selects rows by a routing that all rows share");
    aligned.kind = Kind::Rows;
    aligned.row = *row;
  }
  RowState entries = getEntryState(op.getRouting(), aligned);
  std::optional<RowDim> result;
  if (entries.is(Kind::Rows))
    result = entries.row;
  setResult(op.getResult(), entries.dims, result);
  return success();
}

LogicalResult RowAnalyzer::analyzeCombine(Operation *op, Value routing,
                                          Value entries, Value outs) {
  FailureOr<RowState> state = useData(op, routing);
  FailureOr<RowState> values = useData(op, entries);
  FailureOr<RowState> init = useData(op, outs);
  if (failed(state) || failed(values) || failed(init))
    return failure();
  RowState aligned = getEntryState(routing, *state);
  std::optional<RowDim> entryRow, row;
  if (failed(unify(op, aligned, entryRow, aligned.dims.size())) ||
      failed(unify(op, *values, entryRow, aligned.dims.size())))
    return failure();
  if (entryRow && (failed(checkUniformAlong(op, aligned, entryRow->dim)) ||
                   failed(checkUniformAlong(op, *values, entryRow->dim))))
    return failure();
  bool packed = !cast<RoutingType>(routing.getType()).hasUniformRows();
  if (packed && entryRow && !state->is(Kind::Rows))
    return fail(op, RowRule::Captured,
                "combines entries of rows by a routing that all rows share");
  if (!packed)
    row = entryRow;
  if (failed(unify(op, *state, row, state->dims.size())) ||
      failed(unify(op, *init, row, state->dims.size())))
    return failure();
  if (row && (failed(checkUniformAlong(op, *state, row->dim)) ||
              failed(checkUniformAlong(op, *init, row->dim))))
    return failure();
  setResult(op->getResult(0), init->dims, row);
  return success();
}

/// Rows to modules: they are summed, unless they are within a batch dim.
LogicalResult RowAnalyzer::analyzePool(PoolOp op) {
  FailureOr<RowState> routing = useData(op, op.getRouting());
  FailureOr<RowState> source = useData(op, op.getSource());
  FailureOr<RowState> init = useData(op, op.getOuts());
  if (failed(routing) || failed(source) || failed(init))
    return failure();
  unsigned batchDims = op.getRouting().getType().getNumBatchDims();
  std::optional<RowDim> row;
  for (const RowState *state : {&*routing, &*source}) {
    bool inRows = state->is(Kind::Rows) && state->row.dim == batchDims;
    if (inRows || sizes.counts(state->dims[batchDims]))
      return fail(op, RowRule::AcrossRows,
                  "looks across rows: those of a module become one");
    if (failed(unify(op, *state, row, batchDims)))
      return failure();
  }
  if (failed(unify(op, *init, row, batchDims)))
    return failure();
  for (const RowState *state : {&*routing, &*source, &*init})
    if (row && failed(checkUniformAlong(op, *state, row->dim)))
      return failure();
  setResult(op.getResult(), init->dims, row);
  return success();
}

/// Modules to rows: modules lack the row dim, so that rows share them unless
/// they are within a batch dim.
LogicalResult RowAnalyzer::analyzeMix(MixOp op) {
  FailureOr<RowState> routing = useData(op, op.getRouting());
  FailureOr<RowState> source = useData(op, op.getSource());
  FailureOr<RowState> init = useData(op, op.getOuts());
  if (failed(routing) || failed(source) || failed(init))
    return failure();
  unsigned batchDims = op.getRouting().getType().getNumBatchDims();
  std::optional<RowDim> row;
  if (failed(unify(op, *routing, row, batchDims + 1)) ||
      failed(unify(op, *init, row, batchDims + 1)))
    return failure();
  if (sizes.counts(routing->dims[batchDims + 1]))
    return fail(op, RowRule::Mixing, "has one module per row");
  bool shared = row && row->dim == batchDims;
  if (shared && source->is(Kind::Rows))
    return fail(op, RowRule::Mixing,
                "mixes the modules of one row for another");
  if (failed(unify(op, *source, row, batchDims)))
    return failure();
  if (row && (failed(checkUniformAlong(op, *routing, row->dim)) ||
              failed(checkUniformAlong(op, *init, row->dim)) ||
              (!shared && failed(checkUniformAlong(op, *source, row->dim)))))
    return failure();
  setResult(op.getResult(), init->dims, row);
  return success();
}
