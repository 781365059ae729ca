//===- TopP.cpp - lowering of top_p -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows take their best modules one after the other: mostly few of them, so that
// a pass over a block of rows per distinct score is cheapest. Rows that need
// more than some passes are sorted.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Selection.h"
#include "Sorting.h"

using namespace mlir;
using namespace condcomp;

namespace {

using Predicate = arith::CmpIPredicate;

/// Passes over a block of rows before those that go on are sorted.
constexpr int64_t kMaxPasses = 16;

/// The cut of each row: how far its best modules are taken.
class Nucleus {
public:
  Nucleus(TensorEmitter &b, Value keys, Type weight, Value p, Value min,
          Value max)
      : keys(keys), key(cast<ShapedType>(keys.getType()).getElementType()),
        weight(weight), rows(b.dim(keys, 0)), p(p), min(min), max(max) {}

  ChoiceCut emit(TensorEmitter &b) const;

private:
  /// What is carried per row: the key down to which modules are taken, how many
  /// that equal it are, how many modules are taken in all, and their sum.
  enum { Bound, Room, Taken, Sum, NumStates };

  static SmallVector<Value> extractRow(TensorEmitter &b, ValueRange states,
                                       Value row) {
    SmallVector<Value> elements;
    for (Value state : states.take_front(NumStates))
      elements.push_back(b.extract(state, row));
    return elements;
  }
  static SmallVector<Value> insertRow(TensorEmitter &b, ValueRange elements,
                                      ValueRange states, Value row) {
    SmallVector<Value> inserted;
    for (auto [element, state] :
         llvm::zip_equal(elements, states.take_front(NumStates)))
      inserted.push_back(b.insert(element, state, row));
    return inserted;
  }

  /// Whether a row goes on: it has too few modules, or may have more and their
  /// sum has not reached p.
  Value emitGoesOn(TensorEmitter &b, Value taken, Value sum) const {
    Value reached =
        b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OGE, sum, p);
    Value few = b.compare(Predicate::ult, taken, min);
    return b.logicalAnd(
        b.compare(Predicate::ult, taken, max),
        b.createOrFold<arith::OrIOp>(few, b.logicalNot(reached)));
  }

  SmallVector<Value> emitPass(TensorEmitter &b, ValueRange states) const;
  SmallVector<Value> emitSorted(TensorEmitter &b, Value row,
                                ValueRange elements) const;

  Value keys;
  Type key, weight;
  Value rows, p, min, max;
};

/// All rows that go on take the modules of their bound's key and, if they go on
/// still, move to the next key. The last result is how many do.
SmallVector<Value> Nucleus::emitPass(TensorEmitter &b,
                                     ValueRange states) const {
  KeysBelow below = emitKeysBelow(b, keys, states[Bound]);
  Type index = b.getIndexType();
  Value zero = b.index(0), one = b.index(1);
  SmallVector<Value> inits(states.take_front(NumStates));
  inits.push_back(zero);
  auto takeKey = [&](TensorEmitter &b, Value row, ValueRange carried) {
    SmallVector<Value> now = extractRow(b, carried, row);
    // A row that is done has none left to take.
    Value equal = b.sub(b.createOrFold<arith::IndexCastOp>(
                            index, b.extract(below.reached, row)),
                        now[Taken]);
    equal = b.select(emitGoesOn(b, now[Taken], now[Sum]), equal, zero);
    Value score = emitScoreOfKey(b, now[Bound], weight);
    SmallVector<Value> inits = {zero, now[Taken], now[Sum]};
    SmallVector<Value> taken = b.whileLoop(
        ValueRange(inits).getTypes(), inits,
        [&](TensorEmitter &b, ValueRange e, SmallVector<Value> &passed) {
          passed.assign(e.begin(), e.end());
          return b.logicalAnd(b.compare(Predicate::slt, e[0], equal),
                              emitGoesOn(b, e[1], e[2]));
        },
        [&](TensorEmitter &b, ValueRange e) {
          return SmallVector<Value>{b.add(e[0], one), b.add(e[1], one),
                                    b.add(e[2], score)};
        });
    Value goesOn = emitGoesOn(b, taken[1], taken[2]);
    Value room = b.createOrFold<arith::IndexCastOp>(key, taken[0]);
    room = b.select(goesOn, b.scalar(key, 0), b.add(now[Room], room));
    Value bound = b.select(goesOn, b.extract(below.next, row), now[Bound]);
    SmallVector<Value> result =
        insertRow(b, {bound, room, taken[1], taken[2]}, carried, row);
    Value count = carried.back();
    result.push_back(b.select(goesOn, b.add(count, one), count));
    return result;
  };
  return b.forLoop(zero, rows, inits, takeKey);
}

/// The rest of a row that goes on, in the order of its keys.
SmallVector<Value> Nucleus::emitSorted(TensorEmitter &b, Value row,
                                       ValueRange elements) const {
  Value mine = b.sliceAt(keys, row), one = b.index(1);
  Value sorted = emitSortDescending(b, mine);
  return b.whileLoop(
      elements.getTypes(), elements,
      [&](TensorEmitter &b, ValueRange e, SmallVector<Value> &passed) {
        passed.assign(e.begin(), e.end());
        return emitGoesOn(b, e[Taken], e[Sum]);
      },
      [&](TensorEmitter &b, ValueRange e) {
        Value next = b.extract(mine, b.extract(sorted, e[Taken]));
        Value same = b.compare(Predicate::eq, next, e[Bound]);
        Value first = b.scalar(key, 1);
        return SmallVector<Value>{
            next, b.select(same, b.add(e[Room], first), first),
            b.add(e[Taken], one),
            b.add(e[Sum], emitScoreOfKey(b, next, weight))};
      });
}

ChoiceCut Nucleus::emit(TensorEmitter &b) const {
  Value zero = b.index(0), one = b.index(1);
  SmallVector<Value> inits = {
      b.filled(rows, emitGreatestKey(b, key)), b.filled(rows, b.scalar(key, 0)),
      b.filled(rows, zero), b.filled(rows, b.scalar(weight, 0))};
  // How many rows go on, and passes.
  inits.append({rows, zero});
  SmallVector<Value> states = b.whileLoop(
      ValueRange(inits).getTypes(), inits,
      [&](TensorEmitter &b, ValueRange e, SmallVector<Value> &passed) {
        passed.assign(e.begin(), e.end());
        return b.logicalAnd(
            b.compare(Predicate::sgt, e[NumStates], zero),
            b.compare(Predicate::slt, e[NumStates + 1], b.index(kMaxPasses)));
      },
      [&](TensorEmitter &b, ValueRange e) {
        SmallVector<Value> next = emitPass(b, e);
        next.push_back(b.add(e[NumStates + 1], one));
        return next;
      });
  Value anyLeft = b.compare(Predicate::sgt, states[NumStates], zero);
  // No loop at all where no row goes on.
  Value end = b.select(anyLeft, rows, zero);
  states.resize(NumStates);
  states = b.forLoop(
      zero, end, states, [&](TensorEmitter &b, Value row, ValueRange carried) {
        SmallVector<Value> now = extractRow(b, carried, row);
        Value goesOn = emitGoesOn(b, now[Taken], now[Sum]);
        SmallVector<Value> then = b.ifElse(
            goesOn, [&](TensorEmitter &b) { return emitSorted(b, row, now); },
            [&](TensorEmitter &) { return now; });
        return insertRow(b, then, carried, row);
      });
  return {states[Bound], states[Room]};
}

struct LowerTopP : EmitterPattern<TopPOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(TopPOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front(), p = adaptor.getP().front();
    RoutingType type = op.getRouting().getType();
    Type weight = type.getElementType();
    SmallVector<Value> dims = b.dims(scores);
    Value zero = b.index(0), one = b.index(1), modules = dims.back();
    Value max = modules, min;
    if (op.getMax() || op.getStaticMax())
      max =
          op.getMax() ? adaptor.getMax().front() : b.index(*op.getStaticMax());
    if (op.getMin() || op.getStaticMin())
      min =
          op.getMin() ? adaptor.getMin().front() : b.index(*op.getStaticMin());
    else
      min = b.createOrFold<arith::MinSIOp>(max, one);
    auto isAtMost = [&](Value lhs, Value rhs) {
      return b.compare(Predicate::sle, lhs, rhs);
    };
    b.check(b.logicalAnd(b.logicalAnd(isAtMost(zero, min), isAtMost(min, max)),
                         isAtMost(max, modules)),
            "top_p C3: min = {0} and max = {1} must satisfy 0 <= min <= max <= "
            "the number of modules, {2}",
            {min, max, modules});

    ChoicePlace last = emitLastPlace(
        b, emitChoiceKeys(b, scores), [&](TensorEmitter &b, Value keys) {
          return Nucleus(b, keys, weight, p, min, max).emit(b);
        });
    return replaceWithRouting(
        op,
        RoutingValue::fromMask(b, type, dims, Value(),
                               emitUpTo(b, scores, last),
                               castElements(b, scores, weight)),
        b, rewriter);
  }
};

} // namespace

void condcomp::populateTopPPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerTopP>(converter, patterns.getContext());
}
