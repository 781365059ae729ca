//===- CheckIndices.cpp - what bodies of linalg ops take on trust ---------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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
  LogicalResult analyze();
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

LogicalResult Condition::analyze() { return visit(condition); }

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
struct CheckIndices : public condcomp::impl::CheckIndicesBase<CheckIndices> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      // Bodies run for some rows: what a check would look at are these.
      if (op.hasPureTensorSemantics() &&
          !op->getParentOfType<ConditionalOpInterface>())
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops) {
      moveAssertions(op);
      checkExtracts(op);
    }
  }
};
} // namespace
