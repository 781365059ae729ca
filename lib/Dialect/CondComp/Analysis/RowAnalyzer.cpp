//===- RowAnalyzer.cpp - states of values, walking regions ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

bool RowState::operator==(const RowState &other) const {
  return kind == other.kind && size == other.size && dims == other.dims &&
         row == other.row && loop == other.loop && ids == other.ids &&
         positional == other.positional && entries == other.entries &&
         elements == other.elements && blame == other.blame;
}

LogicalResult RowAnalyzer::fail(Operation *op, RowRule rule,
                                const Twine &message) {
  if (!diagnostic)
    diagnostic = RowDiagnostic{op, rule, message.str(), {}};
  return failure();
}

//===----------------------------------------------------------------------===//
// States
//===----------------------------------------------------------------------===//

Size RowAnalyzer::getSymbol(Value value, unsigned dim) {
  auto [it, inserted] = frame->symbols.try_emplace({value, dim});
  if (inserted)
    it->second = sizes.create(/*counts=*/false,
                              /*isSize=*/isa<ShapedType>(value.getType()));
  return Size::symbol(it->second);
}

Size RowAnalyzer::getStaticOrSymbol(Value value, unsigned dim) {
  int64_t size = cast<ShapedType>(value.getType()).getDimSize(dim);
  return ShapedType::isDynamic(size) ? getSymbol(value, dim)
                                     : Size::constant(size);
}

RowState RowAnalyzer::makeUniform(Value value) {
  RowState state;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant))) {
    bool isBool = constant.getBitWidth() == 1;
    state.size = Size::constant(isBool ? constant.getZExtValue()
                                       : constant.trySExtValue().value_or(0));
    return state;
  }
  if (value.getType().isIntOrIndex())
    state.size = getSymbol(value, 0);
  auto shaped = dyn_cast<ShapedType>(value.getType());
  if (shaped && shaped.hasRank())
    for (int64_t dim = 0; dim < shaped.getRank(); ++dim)
      state.dims.push_back(getStaticOrSymbol(value, dim));
  if (auto routing = dyn_cast<RoutingType>(value.getType()))
    return makeRouting(value, {}, std::nullopt);
  return state;
}

RowState RowAnalyzer::makeRows(ArrayRef<Size> dims, RowDim row) {
  RowState state;
  state.kind = Kind::Rows;
  state.dims.assign(dims.begin(), dims.end());
  state.row = row;
  return state;
}

void RowAnalyzer::set(Value value, RowState state) {
  frame->states[value] = std::move(state);
}

/// What a value of an outer body is to a nested body, whose rows are others.
static RowState captureFromParent(RowState state, const Frame &nested) {
  if (!state.is(RowState::Kind::Rows))
    return state;
  // Row r of the nested op's operands is row r of the parent: readable at the
  // nested ids where each row is one position of dim 0.
  bool addressable =
      nested.idsArePositions && state.row.dim == 0 && state.row.outer.isOne() &&
      state.row.unit == nested.parent->rows && !state.dims.empty() &&
      state.dims.front() == Size::symbol(state.row.unit);
  state.kind = RowState::Kind::State;
  state.ids = std::nullopt;
  if (addressable)
    state.ids = nested.rows;
  return state;
}

RowState RowAnalyzer::lookup(Value value) {
  auto it = frame->states.find(value);
  if (it != frame->states.end())
    return it->second;
  for (Frame *nested = frame; nested->parent; nested = nested->parent) {
    auto outer = nested->parent->states.find(value);
    if (outer == nested->parent->states.end())
      continue;
    // Values from further out pass through every body in between.
    RowState state = captureFromParent(outer->second, *nested);
    if (nested != frame && state.is(Kind::State))
      state.ids = std::nullopt;
    return state;
  }
  return makeUniform(value);
}

FailureOr<RowState> RowAnalyzer::useData(Operation *op, Value value) {
  RowState state = lookup(value);
  switch (state.kind) {
  case Kind::Uniform:
    return state;
  case Kind::Rows:
    if (state.positional)
      return fail(op, RowRule::Position,
                  "uses the ids of a nested body as data: they are positions "
                  "among the rows of the outer body");
    return state;
  case Kind::Count:
    return fail(op, RowRule::Position, "uses the number of rows as data");
  case Kind::Index:
    return fail(op, RowRule::Position, "uses the position of a row as data");
  case Kind::State:
    return fail(op, RowRule::Captured,
                "reads a tensor of all rows other than at the rows' own ids");
  case Kind::Tainted:
    return fail(state.blame, RowRule::Position,
                "makes data of the number or the position of rows");
  }
  llvm_unreachable("unknown kind");
}

bool RowAnalyzer::isPlainUniform(const RowState &state) const {
  return state.is(Kind::Uniform) &&
         llvm::none_of(state.dims,
                       [&](const Size &dim) { return sizes.counts(dim); });
}

FailureOr<Size> RowAnalyzer::getSize(Operation *op, OpFoldResult value) {
  if (auto attr = dyn_cast<Attribute>(value))
    return Size::constant(cast<IntegerAttr>(attr).getInt());
  RowState state = lookup(cast<Value>(value));
  if ((state.is(Kind::Count) || state.is(Kind::Uniform)) && state.size)
    return *state.size;
  if (state.is(Kind::Uniform))
    return getSymbol(cast<Value>(value), 0);
  if (failed(useData(op, cast<Value>(value))))
    return failure();
  return fail(op, RowRule::Mixing, "takes a size from the data of a row");
}

std::optional<RowState> RowAnalyzer::join(const RowState &lhs,
                                          const RowState &rhs, Operation *op,
                                          Value result) {
  if (lhs == rhs)
    return lhs;
  if (lhs.dims.size() != rhs.dims.size())
    return std::nullopt;
  RowState state = lhs.is(Kind::Rows) || !rhs.is(Kind::Rows) ? lhs : rhs;
  bool isTensor = isa<ShapedType>(result.getType());
  if (!isTensor && !isa<RoutingType>(result.getType())) {
    if (lhs.is(Kind::Uniform) && rhs.is(Kind::Uniform)) {
      state.size = std::nullopt;
      return state;
    }
    bool ownRow = (lhs.is(Kind::Uniform) || lhs.is(Kind::Rows)) &&
                  (rhs.is(Kind::Uniform) || rhs.is(Kind::Rows));
    if (!ownRow)
      return RowState::tainted(op);
    state.ids = std::nullopt;
    state.positional = lhs.positional || rhs.positional;
    return state;
  }
  for (const RowState *side : {&lhs, &rhs})
    if (!side->is(Kind::Uniform) && !side->is(Kind::Rows))
      return std::nullopt;
  if (lhs.positional != rhs.positional ||
      (lhs.is(Kind::Rows) && rhs.is(Kind::Rows) && !(lhs.row == rhs.row)))
    return std::nullopt;
  for (auto [dim, sides] : llvm::enumerate(llvm::zip(lhs.dims, rhs.dims))) {
    auto [left, right] = sides;
    if (left == right)
      continue;
    if (sizes.counts(left) || sizes.counts(right))
      return std::nullopt;
    state.dims[dim] = getSymbol(result, dim);
  }
  if (lhs.ids != rhs.ids)
    state.ids = std::nullopt;
  state.elements.clear();
  return state;
}

LogicalResult RowAnalyzer::unify(Operation *op, const RowState &state,
                                 std::optional<RowDim> &row, unsigned leading) {
  if (!state.is(Kind::Rows))
    return success();
  if (state.row.dim >= leading)
    return fail(op, RowRule::Mixing,
                "works across dim " + Twine(state.row.dim) +
                    " of an operand, which holds the rows");
  if (row && !(*row == state.row))
    return fail(op, RowRule::Mixing,
                "meets rows of one operand with other rows of another: they "
                "are in different dims or folded differently");
  row = state.row;
  return success();
}

LogicalResult RowAnalyzer::checkUniformAlong(Operation *op,
                                             const RowState &state,
                                             unsigned dim) {
  if (!state.is(Kind::Uniform) ||
      (dim < state.dims.size() && sizes.counts(state.dims[dim])))
    return success();
  return fail(op, RowRule::Captured,
              "reads a tensor that all rows share at the position of the row, "
              "along its dim " +
                  Twine(dim));
}

RowClass RowAnalyzer::getClass(const RowState &state) const {
  switch (state.kind) {
  case Kind::Uniform:
    return {RowKind::Uniform};
  case Kind::Count:
    return {RowKind::RowCount};
  case Kind::State:
    return {RowKind::State};
  case Kind::Index:
  case Kind::Tainted:
    return {RowKind::RowDependent};
  case Kind::Rows:
    break;
  }
  RowClass result{state.ids ? RowKind::Ids : RowKind::Rows};
  if (state.dims.empty())
    return result;
  result.rowDim = state.row.dim;
  result.foldedOutside = !state.row.outer.isOne();
  Size unit = Size::symbol(state.row.unit);
  std::optional<Size> exact = sizes.multiply(state.row.outer, unit);
  result.foldedInside = !exact || state.dims[state.row.dim] != *exact;
  return result;
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

FailureOr<Block *> RowAnalyzer::getBlock(Operation *op, Region &region) {
  if (!region.hasOneBlock())
    return fail(op, RowRule::UnknownOp,
                "has a region with " + Twine(region.getBlocks().size()) +
                    " blocks, which the row analysis does not follow");
  return &region.front();
}

LogicalResult RowAnalyzer::analyzeBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(analyzeOp(&op)))
      return failure();
  return success();
}

/// Whether all operands and results are numbers.
static bool isScalarOp(Operation *op) {
  auto isScalar = [](Type type) {
    return isa<IntegerType, IndexType, FloatType, ComplexType>(type);
  };
  return op->getNumRegions() == 0 &&
         llvm::all_of(op->getOperandTypes(), isScalar) &&
         llvm::all_of(op->getResultTypes(), isScalar) && isMemoryEffectFree(op);
}

LogicalResult RowAnalyzer::analyzeOp(Operation *op) {
  FailureOr<bool> known = analyzeTensor(op);
  if (succeeded(known) && !*known)
    known = analyzeCondComp(op);
  if (failed(known) || *known)
    return success(succeeded(known));
  if (op->hasTrait<OpTrait::ConstantLike>()) {
    for (Value result : op->getResults())
      set(result, makeUniform(result));
    return success();
  }
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](linalg::LinalgOp op) { return analyzeLinalg(op); })
      .Case([&](linalg::SoftmaxOp op) { return analyzeSoftmax(op); })
      .Case([&](linalg::IndexOp op) { return analyzeIndex(op); })
      .Case([&](scf::IfOp op) { return analyzeIf(op); })
      .Case([&](scf::ForOp op) { return analyzeFor(op); })
      .Case([&](scf::WhileOp op) { return analyzeWhile(op); })
      .Case([&](scf::IndexSwitchOp op) { return analyzeSwitch(op); })
      .Case([&](func::CallOp op) { return analyzeCall(op); })
      .Case([&](cf::AssertOp op) { return checkCheck(op, op.getArg()); })
      .Case([&](CheckOp op) { return checkCheck(op, op.getCondition()); })
      .Default([&](Operation *op) {
        if (isScalarOp(op))
          return analyzeScalar(op);
        if (OpTrait::hasElementwiseMappableTraits(op))
          return analyzeElementwise(op);
        return analyzeUnknown(op);
      });
}

LogicalResult RowAnalyzer::analyzeElementwise(Operation *op) {
  std::optional<RowDim> row;
  SmallVector<RowState> operands;
  for (Value value : op->getOperands()) {
    FailureOr<RowState> state = useData(op, value);
    if (failed(state) || failed(unify(op, *state, row, state->dims.size())))
      return failure();
    if (isa<ShapedType>(value.getType()))
      operands.push_back(*state);
  }
  if (operands.empty())
    return analyzeUnknown(op);
  Sizes dims(operands.front().dims);
  for (const RowState &state : operands) {
    if (row && failed(checkUniformAlong(op, state, row->dim)))
      return failure();
    for (auto [dim, size] : llvm::enumerate(state.dims)) {
      // Operands have one shape; where only one is known to follow the rows,
      // the other is read at row positions.
      if (sizes.counts(size) != sizes.counts(dims[dim]))
        return fail(op, RowRule::Captured,
                    "reads a tensor that all rows share at the position of "
                    "the row, along its dim " +
                        Twine(dim));
    }
  }
  for (Value result : op->getResults())
    setResult(result, dims, row);
  return success();
}

LogicalResult RowAnalyzer::analyzeUnknown(Operation *op) {
  bool uniform = op->getNumRegions() == 0 && isMemoryEffectFree(op);
  for (Value value : op->getOperands())
    uniform &= isPlainUniform(lookup(value));
  if (!uniform)
    return fail(op, RowRule::UnknownOp,
                "is not known to the row analysis, which can't tell whether it "
                "mixes rows");
  for (Value result : op->getResults())
    set(result, makeUniform(result));
  return success();
}

void RowAnalyzer::setResult(Value result, ArrayRef<Size> leading,
                            std::optional<RowDim> row) {
  Sizes dims(leading);
  auto type = cast<ShapedType>(result.getType());
  for (int64_t dim = dims.size(); dim < type.getRank(); ++dim)
    dims.push_back(getStaticOrSymbol(result, dim));
  RowState state = makeRows(dims, row.value_or(RowDim()));
  if (!row)
    state.kind = Kind::Uniform;
  set(result, state);
}

LogicalResult RowAnalyzer::checkYielded(Operation *op, Value value) {
  FailureOr<RowState> state = useData(op, value);
  if (failed(state))
    return failure();
  for (auto [dim, size] : llvm::enumerate(state->dims))
    if (dim > 0 && sizes.counts(size))
      return fail(op, RowRule::Position,
                  "yields a tensor whose dim " + Twine(dim) +
                      " is as long as there are rows");
  Size rows = Size::symbol(frame->rows);
  bool rowLeads = !state->is(Kind::Rows) ||
                  (state->row.dim == 0 && state->row.outer.isOne() &&
                   state->row.unit == frame->rows);
  if (rowLeads && !state->dims.empty() && state->dims.front() == rows)
    return success();
  if (state->is(Kind::Uniform))
    return fail(op, RowRule::Captured,
                "yields a tensor that is not made of the rows as its result " +
                    Twine("of one row per row"));
  return fail(op, RowRule::Reshaping,
              "yields a tensor whose dim 0 does not hold one row per row");
}
