//===- CheckIndices.cpp - what bodies of linalg ops take on trust ---------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TraceSize.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace condcomp {
#define GEN_PASS_DEF_CHECKINDICES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// A condition on every element of a linalg op, and what it follows from.
class Condition {
public:
  /// `condition` is a value of the body of `op`.
  Condition(linalg::GenericOp op, Value condition)
      : op(op), condition(condition) {}

  /// Finds the ops and operands that the condition needs. Fails if it needs
  /// more than the inputs.
  LogicalResult analyze() { return visit(condition); }
  /// Whether it depends on elements, not on where they are alone.
  bool readsData() const {
    return !inputs.empty() || llvm::any_of(slice, [](Operation *inner) {
      return isa<tensor::ExtractOp>(inner);
    });
  }
  /// Whether it holds for all elements, in front of the op. `emit` makes the
  /// condition of the value in a body.
  Value emit(OpBuilder &b, function_ref<Value(OpBuilder &, Value)> emit);

private:
  LogicalResult visit(Value value);
  bool addSizes();
  void addDims(AffineMap map) {
    for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
      if (map.isFunctionOfDim(dim))
        dims.insert(dim);
  }

  linalg::GenericOp op;
  Value condition;
  /// In the order of the body.
  SetVector<Operation *> slice;
  SetVector<OpOperand *> inputs;
  llvm::SmallSetVector<unsigned, 4> dims;
};
} // namespace

LogicalResult Condition::visit(Value value) {
  if (value.getParentBlock() != op.getBody())
    return success();
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    OpOperand *operand = op.getMatchingOpOperand(argument);
    if (op.isDpsInit(operand))
      return failure();
    inputs.insert(operand);
    addDims(op.getMatchingIndexingMap(operand));
    return success();
  }
  Operation *inner = value.getDefiningOp();
  if (slice.contains(inner))
    return success();
  if (inner->getNumRegions() != 0 || !isPure(inner))
    return failure();
  if (auto index = dyn_cast<linalg::IndexOp>(inner))
    dims.insert(index.getDim());
  for (Value operand : inner->getOperands())
    if (failed(visit(operand)))
      return failure();
  slice.insert(inner);
  return success();
}

/// Adds operands from which loops get their sizes. Returns whether there are.
bool Condition::addSizes() {
  auto hasSize = [&](unsigned dim) {
    return llvm::any_of(inputs, [&](OpOperand *input) {
      return op.getMatchingIndexingMap(input).getResultPosition(
          getAffineDimExpr(dim, op.getContext()));
    });
  };
  for (unsigned i = 0; i < dims.size(); ++i) {
    if (hasSize(dims[i]))
      continue;
    auto dim = getAffineDimExpr(dims[i], op.getContext());
    auto operands = op->getOpOperands();
    auto *found = llvm::find_if(operands, [&](OpOperand &operand) {
      return op.getMatchingIndexingMap(&operand).getResultPosition(dim);
    });
    if (found == operands.end())
      return false;
    inputs.insert(found);
    addDims(op.getMatchingIndexingMap(found));
  }
  return true;
}

Value Condition::emit(OpBuilder &b,
                      function_ref<Value(OpBuilder &, Value)> emit) {
  Location loc = op.getLoc();
  if (dims.empty() || !addSizes())
    return nullptr;
  llvm::SmallBitVector unused(op.getNumLoops(), true);
  for (unsigned dim : dims)
    unused.reset(dim);
  // The new position of a loop.
  auto positionOf = [&](unsigned dim) -> int64_t {
    int64_t position = 0;
    for (unsigned other = 0; other < dim; ++other)
      position += !unused.test(other);
    return position;
  };
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : inputs) {
    operands.push_back(input->get());
    maps.push_back(compressDims(op.getMatchingIndexingMap(input), unused));
  }
  maps.push_back(AffineMap::get(dims.size(), 0, b.getContext()));
  auto type = RankedTensorType::get({}, b.getI1Type());
  Value yes = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), b.getI1Type());
  Value init = linalg::FillOp::create(b, loc, yes, empty).getResult(0);
  SmallVector<utils::IteratorType> kinds(dims.size(),
                                         utils::IteratorType::reduction);
  auto all = linalg::GenericOp::create(
      b, loc, type, operands, init, maps, kinds,
      [&](OpBuilder &b, Location loc, ValueRange arguments) {
        IRMapping mapping;
        for (auto [input, argument] : llvm::zip(inputs, arguments))
          mapping.map(op.getMatchingBlockArgument(input), argument);
        for (Operation *inner : slice) {
          if (auto index = dyn_cast<linalg::IndexOp>(inner))
            mapping.map(
                index.getResult(),
                linalg::IndexOp::create(b, loc, positionOf(index.getDim()))
                    .getResult());
          else
            b.clone(*inner, mapping);
        }
        Value holds = emit(b, mapping.lookupOrDefault(condition));
        linalg::YieldOp::create(
            b, loc,
            arith::AndIOp::create(b, loc, arguments.back(), holds).getResult());
      });
  return tensor::ExtractOp::create(b, loc, all.getResult(0), ValueRange());
}

/// Asserts once, in front of the op, what it asserts for every element.
static void moveAssertions(linalg::GenericOp op) {
  for (auto assertion :
       llvm::make_early_inc_range(op.getBody()->getOps<cf::AssertOp>())) {
    Condition condition(op, assertion.getArg());
    if (failed(condition.analyze()))
      continue;
    OpBuilder b(op);
    Value holds =
        condition.emit(b, [](OpBuilder &, Value value) { return value; });
    if (!holds)
      continue;
    CheckOp::create(b, assertion.getLoc(), holds, assertion.getMsg(),
                    ValueRange());
    assertion.erase();
  }
}

/// Checks the indices that follow from data.
static void checkExtracts(linalg::GenericOp op) {
  for (auto extract : op.getBody()->getOps<tensor::ExtractOp>()) {
    if (extract.getTensor().getParentBlock() == op.getBody())
      continue;
    for (auto [dim, index] : llvm::enumerate(extract.getIndices())) {
      Condition condition(op, index);
      if (failed(condition.analyze()) || !condition.readsData())
        continue;
      OpBuilder b(op);
      Location loc = extract.getLoc();
      Value size = tensor::DimOp::create(b, loc, extract.getTensor(), dim);
      // As unsigned numbers, negative ones are beyond every size.
      Value holds = condition.emit(b, [&](OpBuilder &b, Value index) -> Value {
        return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index,
                                     size);
      });
      if (holds)
        CheckOp::create(b, loc, holds,
                        ("tensor.extract: an index is not one of dim " +
                         Twine(dim) + ", which has the size {0}")
                            .str(),
                        size);
    }
  }
}

namespace {
/// Emits checks of one op in front of it.
class BoundsChecker {
public:
  explicit BoundsChecker(Operation *op) : op(op), b(op) {}

  /// Each index is one of its dim.
  void checkElement(Value tensor, ValueRange indices);
  /// `slice` lies within `tensor`.
  void checkSlice(Value tensor, OffsetSizeAndStrideOpInterface slice);
  void checkPad(tensor::PadOp pad);

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, op->getLoc(), value);
  }
  Value valueOf(OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(b, op->getLoc(), size);
  }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, op->getLoc(), predicate, x, y);
  }
  Value sizeOf(Value tensor, int64_t dim) {
    return valueOf(tensor::getMixedSize(b, op->getLoc(), tensor, dim));
  }
  void check(Value holds, const Twine &message, ValueRange values) {
    CheckOp::create(b, op->getLoc(), holds,
                    (op->getName().getStringRef() + ": " + message).str(),
                    values);
  }

  Operation *op;
  OpBuilder b;
};
} // namespace

void BoundsChecker::checkElement(Value tensor, ValueRange indices) {
  for (auto [dim, index] : llvm::enumerate(indices)) {
    auto type = cast<RankedTensorType>(tensor.getType());
    std::optional<int64_t> known = getConstantIntValue(index);
    if (known && !type.isDynamicDim(dim) && *known >= 0 &&
        *known < type.getDimSize(dim))
      continue;
    Value size = sizeOf(tensor, dim);
    check(compare(arith::CmpIPredicate::ult, index, size),
          "index {0} is not one of dim " + Twine(dim) +
              ", which has the size {1}",
          {index, size});
  }
}

void BoundsChecker::checkSlice(Value tensor,
                               OffsetSizeAndStrideOpInterface slice) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(),
                            sizes = slice.getMixedSizes(),
                            strides = slice.getMixedStrides();
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    std::optional<int64_t> offset = getConstantIntValue(offsets[dim]);
    // The verifier has seen what is constant; a whole dim is one.
    if (offset && getConstantIntValue(sizes[dim]) &&
        getConstantIntValue(strides[dim]) && !type.isDynamicDim(dim))
      continue;
    if (auto value = dyn_cast<Value>(sizes[dim]);
        value && offset == 0 && isConstantIntValue(strides[dim], 1) &&
        traceIndex(value) == traceSize(tensor, dim))
      continue;
    Location loc = op->getLoc();
    Value first = valueOf(offsets[dim]), count = valueOf(sizes[dim]),
          stride = valueOf(strides[dim]), size = sizeOf(tensor, dim),
          zero = constant(0);
    Value steps = arith::SubIOp::create(b, loc, count, constant(1));
    Value last = arith::AddIOp::create(
        b, loc, first, arith::MulIOp::create(b, loc, steps, stride));
    // Nothing may begin right behind the end.
    Value isEmpty = compare(arith::CmpIPredicate::eq, count, zero);
    Value inside = arith::AndIOp::create(
        b, loc, compare(arith::CmpIPredicate::ult, first, size),
        compare(arith::CmpIPredicate::ult, last, size));
    Value holds = arith::SelectOp::create(
        b, loc, isEmpty, compare(arith::CmpIPredicate::ule, first, size),
        arith::AndIOp::create(b, loc, inside,
                              compare(arith::CmpIPredicate::sgt, count, zero)));
    check(holds,
          "{1} elements from {0} on are not in dim " + Twine(dim) +
              ", which has the size {2}",
          {first, count, size});
  }
}

void BoundsChecker::checkPad(tensor::PadOp pad) {
  for (ValueRange amounts : {pad.getLow(), pad.getHigh()})
    for (Value amount : amounts)
      if (!getConstantIntValue(amount))
        check(compare(arith::CmpIPredicate::sge, amount, constant(0)),
              "{0} elements cannot be added", amount);
}

/// Checks an op that takes indices on trust.
static void checkBounds(Operation *op) {
  BoundsChecker checker(op);
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    checker.checkElement(extract.getTensor(), extract.getIndices());
  else if (auto insert = dyn_cast<tensor::InsertOp>(op))
    checker.checkElement(insert.getDest(), insert.getIndices());
  else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op))
    checker.checkSlice(extract.getSource(), extract);
  else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    checker.checkSlice(insert.getDest(), insert);
  else if (auto pad = dyn_cast<tensor::PadOp>(op))
    checker.checkPad(pad);
}

namespace {
struct CheckIndices : public condcomp::impl::CheckIndicesBase<CheckIndices> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || function->hasAttr(kCheckedName))
      return;
    // Ops of other blocks may not run at all; bodies of condcomp ops run for
    // some rows, and what a check would look at are these.
    for (Operation &op : llvm::make_early_inc_range(function.front())) {
      auto generic = dyn_cast<linalg::GenericOp>(op);
      if (!generic) {
        checkBounds(&op);
      } else if (generic.hasPureTensorSemantics()) {
        moveAssertions(generic);
        checkExtracts(generic);
      }
    }
    function->setAttr(kCheckedName, UnitAttr::get(&getContext()));
  }
};
} // namespace
