//===- LowerSoftExits.cpp - the soft form of cascade and iterate ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerSoft.h"
#include "TensorEmitter.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

/// What cascade and iterate have in common that no mixture can stand for.
/// `numMixed` results, of which the state is the last, are mixed; then comes
/// where rows left, then what stays.
template <typename OpT>
static LogicalResult verifySoft(OpT op, int64_t numMixed) {
  for (auto [index, result] : llvm::enumerate(op.getResults())) {
    if (static_cast<int64_t>(index) >= numMixed) {
      if (static_cast<int64_t>(index) > numMixed && !result.use_empty())
        return op.emitOpError("has no soft form: result ")
               << index << ", what stays, is used";
      continue;
    }
    if (!isa<FloatType>(getElementTypeOrSelf(result)))
      return op.emitOpError("has no soft form: result ")
             << index << " is of " << getElementTypeOrSelf(result)
             << ", which can't be weighed";
  }
  return success();
}

static LogicalResult verifySoft(ExitOp exit) {
  if (exit.getSoft())
    return success();
  return exit.emitOpError("has no soft(…), the probability with which each row "
                          "leaves: the soft form mixes by it");
}

/// The same tensor with `?` rows, as bodies have them.
static Value withAnyRows(TensorEmitter &b, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = ShapedType::kDynamic;
  return b.castTo(type.clone(shape), tensor);
}

/// One fn(a, b, weight) per element of `a` and `b`; `weight` is `[R]`.
static Value mix(TensorEmitter &b, Value lhs, Value rhs, Value weight,
                 TensorEmitter::ElementFn fn) {
  int64_t rank = cast<ShapedType>(lhs.getType()).getRank();
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  Type element = getElementTypeOrSelf(lhs);
  Type wide = getMixType(element, getElementTypeOrSelf(weight));
  SmallVector<Value> sizes = b.dims(lhs);
  b.checkLeadingDims(rhs, sizes, "cascade C8: a result");
  b.checkLeadingDims(weight, sizes.front(), "cascade C8: soft");
  Value mixed =
      b.generic({lhs, rhs, weight}, b.empty(sizes, element), rank,
                {all, all, {0}, all}, [&](TensorEmitter &b, ValueRange e) {
                  Value a = b.castFloat(e[0], wide),
                        c = b.castFloat(e[1], wide);
                  Value result = fn(b, {a, c, b.castFloat(e[2], wide)});
                  return b.castFloat(result, element);
                });
  return b.castTo(lhs.getType(), mixed);
}

/// Puts the ops of a body before `op`, for all rows. Returns its terminator.
static Operation *inlineBody(Operation *op, Block &body, ValueRange arguments) {
  for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
    argument.replaceAllUsesWith(value);
  Operation *end = body.getTerminator();
  op->getBlock()->getOperations().splice(op->getIterator(),
                                         body.getOperations());
  return end;
}

template <typename OpT>
static SmallVector<Value> getAllRows(TensorEmitter &b, OpT op) {
  SmallVector<Value> rows;
  for (Value operand : op.getRows()) {
    b.checkLeadingDims(operand, b.dim(op.getRows().front(), 0),
                       op->getName().stripDialect() + " C1: a rows operand");
    rows.push_back(withAnyRows(b, operand));
  }
  return rows;
}

/// State: each row's own, mixed as a result is.
template <typename OpT>
static SmallVector<Value> getState(TensorEmitter &b, OpT op) {
  for (Value state : op.getState())
    b.checkLeadingDims(state, b.dim(op.getRows().front(), 0),
                       op->getName().stripDialect() + " C1: a state operand");
  return llvm::to_vector(op.getState());
}

/// What a stage ends with that is mixed: its results, then its state.
static SmallVector<Value> getMixed(Operation *end) {
  auto exit = dyn_cast<ExitOp>(end);
  if (!exit)
    return llvm::to_vector(end->getOperands());
  SmallVector<Value> mixed(exit.getResults());
  llvm::append_range(mixed, exit.getState());
  return mixed;
}

/// `here` for rows of which `isHere`(done, place) is true, else their place.
static Value place(TensorEmitter &b, ExitOp exit, Value here, Value places,
                   TensorEmitter::ElementFn isHere) {
  b.checkLeadingDims(exit.getDone(), b.dim(places, 0), "cascade C8: done");
  Value next = b.elementwise(b.getI32Type(), {exit.getDone(), places},
                             [&](TensorEmitter &b, ValueRange e) {
                               return b.select(isHere(b, e), here, e[1]);
                             });
  return b.castTo(places.getType(), next);
}

template <typename OpT>
static void finish(TensorEmitter &b, OpT op, ValueRange results) {
  for (auto [result, value] : llvm::zip(op.getResults(), results))
    result.replaceAllUsesWith(b.castTo(result.getType(), value));
  op.erase();
}

//===----------------------------------------------------------------------===//
// cascade
//===----------------------------------------------------------------------===//

LogicalResult condcomp::relaxCascade(CascadeOp op) {
  SmallVector<Operation *> ends;
  for (Region &stage : op.getStages()) {
    ends.push_back(stage.front().getTerminator());
    if (auto exit = dyn_cast<ExitOp>(ends.back()))
      if (failed(verifySoft(exit)))
        return failure();
  }
  auto lastExit = dyn_cast<ExitOp>(ends.back());
  int64_t numMixed = getMixed(ends.back()).size();
  if (failed(verifySoft(op, numMixed)))
    return failure();

  TensorEmitter b(op.getLoc(), op);
  SmallVector<Value> rows = getAllRows(b, op);
  Value ids = op.getWithIds() ? b.iota(b.dim(rows.front(), 0)) : Value();
  SmallVector<Value> state = getState(b, op);
  for (Region &stage : op.getStages()) {
    SmallVector<Value> arguments(rows);
    llvm::append_range(arguments, state);
    if (ids)
      arguments.push_back(ids);
    Operation *end = inlineBody(op, stage.front(), arguments);
    if (auto exit = dyn_cast<ExitOp>(end)) {
      rows = llvm::to_vector(exit.getCarry());
      state = llvm::to_vector(exit.getState());
    }
  }

  // ỹᵢ = γᵢ yᵢ + (1 − γᵢ) ỹᵢ₊₁, from the last stage to the first.
  SmallVector<Value> mixture;
  if (lastExit)
    for (Value outs : op.getOuts())
      mixture.push_back(withAnyRows(b, outs));
  // Rows that stay in an open cascade have its last state.
  if (lastExit)
    llvm::append_range(mixture, state);
  for (Operation *end : llvm::reverse(ends)) {
    auto exit = dyn_cast<ExitOp>(end);
    if (!exit) {
      mixture = llvm::to_vector(end->getOperands());
      continue;
    }
    for (auto [later, result] : llvm::zip(mixture, getMixed(end)))
      later = mix(
          b, result, later, exit.getSoft(), [](TensorEmitter &b, ValueRange e) {
            Value one = b.scalar(e[2].getType(), 1);
            return b.add(b.mul(e[2], e[0]), b.mul(b.sub(one, e[2]), e[1]));
          });
  }
  Value left = op.getResult(numMixed);
  if (!left.use_empty()) {
    // The first stage in which a row is done.
    int64_t stage = ends.size() - (lastExit ? 0 : 1);
    Value places = b.filled(b.dim(op.getRows().front(), 0),
                            b.scalar(b.getI32Type(), stage));
    for (Operation *end : llvm::reverse(ArrayRef(ends).take_front(stage)))
      places =
          place(b, cast<ExitOp>(end), b.scalar(b.getI32Type(), --stage), places,
                [](TensorEmitter &, ValueRange e) { return e[0]; });
    mixture.push_back(places);
  }
  for (Operation *end : ends)
    end->erase();
  finish(b, op, mixture);
  return success();
}

//===----------------------------------------------------------------------===//
// iterate
//===----------------------------------------------------------------------===//

namespace {
/// A loop with soft exits, as one that all rows run through. It carries the
/// rows, the state, where rows left if that is asked for, what of each row has
/// not left yet, and the results mixed so far.
class IterateRelaxation {
public:
  explicit IterateRelaxation(IterateOp op)
      : op(op), body(op.getBody().front()),
        exit(cast<ExitOp>(body.getTerminator())), given(getMixed(exit)),
        left(op.getResult(given.size())) {}

  LogicalResult run();

private:
  using Predicate = arith::CmpIPredicate;

  void emitChecks(TensorEmitter &b);
  SmallVector<Value> emitInits(TensorEmitter &b);
  SmallVector<Value> emitStep(TensorEmitter &b, Value step, ValueRange carried);
  void inlineStep(TensorEmitter &b, Value step, ValueRange carried);

  IterateOp op;
  Block &body;
  ExitOp exit;
  /// What is mixed, and where rows left.
  SmallVector<Value> given;
  Value left;
  Value zero, one, steps, limit;
  SmallVector<Value> state;
  /// What rows keep without a step.
  SmallVector<Value> outs;
  /// Rows, and all that comes before what has not left yet.
  int64_t numRows = 0, numCarried = 0;
};
} // namespace

void IterateRelaxation::emitChecks(TensorEmitter &b) {
  zero = b.index(0), one = b.index(1), steps = op.getSteps();
  b.check(b.compare(Predicate::sge, steps, zero),
          "iterate C11: the limit must not be negative, got {0}", {steps});
  for (Value param : op.getParams()) {
    Value size = b.dim(param, 0);
    b.check(b.compare(Predicate::sge, size, steps),
            "iterate C12: params for {0} steps, the limit is {1}",
            {size, steps});
  }
}

SmallVector<Value> IterateRelaxation::emitInits(TensorEmitter &b) {
  SmallVector<Value> inits = getAllRows(b, op);
  numRows = inits.size();
  state = getState(b, op);
  llvm::append_range(inits, state);
  // Where rows left: at the limit, as long as they are not done.
  limit = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), steps);
  if (!left.use_empty())
    inits.push_back(b.filled(b.dim(inits.front(), 0), limit));
  numCarried = inits.size();
  Type weight = getElementTypeOrSelf(exit.getSoft());
  inits.push_back(b.filled(b.dim(inits.front(), 0), b.scalar(weight, 1)));
  SmallVector<Value> untouched(op.getOuts());
  llvm::append_range(untouched, state);
  for (auto [out, result] : llvm::zip(untouched, given)) {
    outs.push_back(b.castTo(result.getType(), withAnyRows(b, out)));
    Value start = b.filled(b.dims(out), b.scalar(getElementTypeOrSelf(out), 0));
    inits.push_back(b.castTo(result.getType(), withAnyRows(b, start)));
  }
  return inits;
}

/// Puts the body where `b` inserts, up to the exit.
void IterateRelaxation::inlineStep(TensorEmitter &b, Value step,
                                   ValueRange carried) {
  SmallVector<Value> arguments(carried.take_front(numRows));
  for (Value param : op.getParams()) {
    Type type = body.getArgument(arguments.size()).getType();
    arguments.push_back(b.castTo(type, b.sliceAt(param, step)));
  }
  llvm::append_range(arguments, carried.slice(numRows, state.size()));
  if (op.getWithIds())
    arguments.push_back(b.iota(b.dim(arguments.front(), 0)));
  if (op.getWithStep())
    arguments.push_back(step);
  for (auto [from, to] : llvm::zip(body.getArguments(), arguments))
    from.replaceAllUsesWith(to);
  b.getBlock()->getOperations().splice(b.getInsertionPoint(),
                                       body.getOperations());
  b.setInsertionPoint(exit);
}

SmallVector<Value> IterateRelaxation::emitStep(TensorEmitter &b, Value step,
                                               ValueRange carried) {
  inlineStep(b, step, carried);
  // In the last step all that is left leaves.
  Value last = b.compare(Predicate::eq, b.add(step, one), steps);
  Value rest = carried[numCarried];
  b.checkLeadingDims(exit.getSoft(), b.dim(rest, 0), "iterate C8: soft");
  Type weight = getElementTypeOrSelf(exit.getSoft());
  Value leaves = b.elementwise(weight, {exit.getSoft(), rest},
                               [&](TensorEmitter &b, ValueRange e) {
                                 return b.select(last, e[1], b.mul(e[0], e[1]));
                               });
  SmallVector<Value> next(exit.getCarry());
  llvm::append_range(next, exit.getState());
  if (!left.use_empty()) {
    Value here = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), step);
    next.push_back(place(b, exit, here, carried[numCarried - 1],
                         [&](TensorEmitter &b, ValueRange e) {
                           return b.logicalAnd(
                               e[0], b.compare(Predicate::eq, e[1], limit));
                         }));
  }
  next.push_back(b.castTo(
      rest.getType(),
      b.elementwise(weight, {rest, leaves}, [](TensorEmitter &b, ValueRange e) {
        return b.sub(e[0], e[1]);
      })));
  for (auto [sum, result] :
       llvm::zip(carried.drop_front(numCarried + 1), getMixed(exit)))
    next.push_back(
        b.castTo(sum.getType(), mix(b, result, sum, leaves,
                                    [](TensorEmitter &b, ValueRange e) {
                                      return b.add(e[1], b.mul(e[2], e[0]));
                                    })));
  b.setInsertionPointAfter(exit);
  exit.erase();
  return next;
}

LogicalResult IterateRelaxation::run() {
  if (failed(verifySoft(exit)) || failed(verifySoft(op, given.size())))
    return failure();
  TensorEmitter b(op.getLoc(), op);
  emitChecks(b);
  SmallVector<Value> inits = emitInits(b);
  SmallVector<Value> results =
      b.forLoop(zero, steps, inits,
                [&](TensorEmitter &b, Value step, ValueRange carried) {
                  return emitStep(b, step, carried);
                });
  // Without a step, rows keep outs.
  Value none = b.compare(Predicate::eq, steps, zero);
  SmallVector<Value> mixture;
  for (auto [out, result] :
       llvm::zip(outs, ArrayRef<Value>(results).drop_front(numCarried + 1)))
    mixture.push_back(b.select(none, out, result));
  if (!left.use_empty())
    mixture.push_back(results[numCarried - 1]);
  finish(b, op, mixture);
  return success();
}

LogicalResult condcomp::relaxIterate(IterateOp op) {
  return IterateRelaxation(op).run();
}
