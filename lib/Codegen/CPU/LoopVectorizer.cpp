//===- LoopVectorizer.cpp - choice and nest of loops ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopVectorizer.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;
using namespace condcomp;

/// Elements along the vector loop that are one piece of work for a thread.
static constexpr int64_t kPiece = 2048;

/// Vectors of a row that are summed in one loop, in registers: additions of one
/// do not wait for those of another.
static constexpr int64_t kSums = 4;

/// Terms that are added at a time to a row of sums in memory.
static constexpr int64_t kTerms = 4;

void LoopVectorizer::collectLoops() {
  sizes = loopSizes(b, op);
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  // Parallel loops go through the first result as it lies in memory: named ops
  // have orders of their own, such as pixels before channels. (Reductions keep
  // theirs, which sums depend on.)
  SmallVector<unsigned> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  auto position = [&](unsigned loop) -> unsigned {
    if (kinds[loop] != utils::IteratorType::parallel)
      return result.getNumResults() + 1;
    for (auto [i, expr] : llvm::enumerate(result.getResults()))
      if (expr.isFunctionOfDim(loop))
        return i;
    return result.getNumResults();
  };
  llvm::sort(order, [&](unsigned i, unsigned j) {
    return std::pair(position(i), i) < std::pair(position(j), j);
  });
  std::optional<unsigned> previous;
  for (unsigned loop : order) {
    if (isConstantIntValue(sizes[loop], 1))
      continue;
    SmallVector<unsigned> &list = kinds[loop] == utils::IteratorType::parallel
                                      ? parallelLoops
                                      : reductionLoops;
    // Whether two loops act as one depends on the layout; the order in which a
    // sum is taken must not. So reductions are never merged.
    bool merge = previous && kinds[*previous] == kinds[loop] &&
                 kinds[loop] == utils::IteratorType::parallel &&
                 !body.usesIndex(*previous) && !body.usesIndex(loop);
    for (OpOperand &operand : op->getOpOperands())
      merge = merge &&
              (!body.view(operand) ||
               actAsOneLoop(operand.get(), op.getMatchingIndexingMap(&operand),
                            *previous, loop));
    if (merge) {
      sizes[loop] = mul(b, sizes[*previous], sizes[loop]);
      list.pop_back();
    }
    list.push_back(loop);
    previous = loop;
  }
}

bool LoopVectorizer::unitOrZero(OpOperand *operand, unsigned loop,
                                bool allowZero) {
  const LinearView *view = body.view(*operand);
  if (!view)
    return allowZero;
  Value stride = view->strides[loop];
  return isConstantIntValue(stride, 1) ||
         (allowZero && isConstantIntValue(stride, 0));
}

/// A parallel loop along which every result is contiguous, with as many
/// contiguous or constant inputs as can be. `gathers` tells that some are not.
std::optional<unsigned> LoopVectorizer::chooseParallelLoop(bool &gathers) {
  std::optional<unsigned> best;
  int64_t bestScore = -1;
  for (unsigned loop : parallelLoops) {
    bool stores = llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
      return unitOrZero(&init, loop, /*allowZero=*/false);
    });
    int64_t score =
        llvm::count_if(op.getDpsInputOperands(), [&](OpOperand *input) {
          return unitOrZero(input, loop, /*allowZero=*/true);
        });
    if (!stores || score < bestScore)
      continue;
    best = loop;
    bestScore = score;
  }
  gathers =
      best && (bestScore < op.getNumDpsInputs() || body.gathersAlong(*best));
  return best;
}

std::optional<unsigned> LoopVectorizer::chooseReductionLoop(bool mayGather) {
  if (body.needsScalarTail())
    return std::nullopt;
  for (int64_t i = 0; i < op.getNumDpsInits(); ++i)
    if (!combinerOf(i))
      return std::nullopt;
  for (unsigned loop : llvm::reverse(reductionLoops))
    if (llvm::all_of(op.getDpsInputOperands(),
                     [&](OpOperand *input) {
                       return unitOrZero(input, loop, /*allowZero=*/true);
                     }) &&
        (mayGather || !body.gathersAlong(loop)))
      return loop;
  return std::nullopt;
}

/// The loops around the vector loop. `emitRow` gets the loop indices and the
/// bounds along the vector loop.
void LoopVectorizer::emitNest(
    std::optional<unsigned> vectorLoop,
    function_ref<void(ArrayRef<Value>, Value, Value)> emitRow) {
  SmallVector<unsigned> outer = parallelLoops;
  bool cut = vectorLoop && llvm::is_contained(outer, *vectorLoop);
  if (cut)
    llvm::erase(outer, *vectorLoop);
  SmallVector<Value> grid;
  for (unsigned loop : outer)
    grid.push_back(sizes[loop]);
  Value zero = constantIndex(b, 0), piece = constantIndex(b, kPiece);
  Value length = vectorLoop ? sizes[*vectorLoop] : constantIndex(b, 1);
  std::optional<int64_t> knownLength = getConstantIntValue(length);
  cut = cut && (!knownLength || *knownLength >= 2 * kPiece);
  if (cut)
    grid.push_back(ceilDiv(b, length, piece));

  Value points = cut ? minimum(b, length, piece) : length;
  for (unsigned loop : reductionLoops)
    if (loop != vectorLoop)
      points = mul(b, points, sizes[loop]);
  int64_t lanes = vectorLoop ? fullLanes : 1;
  Value cost = add(b,
                   ceilDiv(b, mul(b, points, constantIndex(b, body.cost())),
                           constantIndex(b, lanes)),
                   constantIndex(b, 4));
  buildParallelNest(b, grid, cost, parallel, [&](ArrayRef<Value> gridIvs) {
    SmallVector<Value> ivs(sizes.size());
    for (auto [loop, iv] : llvm::zip(outer, gridIvs))
      ivs[loop] = iv;
    Value lower = zero, upper = length;
    if (cut) {
      lower = mul(b, gridIvs.back(), piece);
      upper = minimum(b, add(b, lower, piece), length);
    }
    emitRow(ivs, lower, upper);
  });
}

/// The outputs at a point, null where the body does not read one.
SmallVector<Value> LoopVectorizer::loadOuts(const LoopBody::Point &point) {
  SmallVector<Value> outs;
  for (auto [i, argument] : llvm::enumerate(op.getRegionOutputArgs())) {
    bool isRead = !argument.use_empty() || !reductionLoops.empty();
    outs.push_back(isRead ? body.load(point, *op.getDpsInitOperand(i))
                          : Value());
  }
  return outs;
}

/// The body at one point, whose outputs are `outs` before and after.
void LoopVectorizer::emitBody(const LoopBody::Point &point,
                              MutableArrayRef<Value> outs) {
  body.emit(point, outs, llvm::SmallPtrSet<Operation *, 1>());
  for (auto [out, yielded] :
       llvm::zip(outs, op.getBlock()->getTerminator()->getOperands()))
    out = body.lookup(point, yielded);
}

void LoopVectorizer::storeOuts(const LoopBody::Point &point,
                               ArrayRef<Value> outs) {
  for (auto [i, out] : llvm::enumerate(outs))
    body.store(point, *op.getDpsInitOperand(i), out);
}

/// Points of the parallel loops, which differ along the vector loop only: all
/// their reductions, in one sequential loop.
void LoopVectorizer::emitPoints(ArrayRef<LoopBody::Point> starts) {
  size_t outputs = op.getNumDpsInits();
  SmallVector<Value> outs, lengths; // outs: by point, then by output
  for (const LoopBody::Point &start : starts)
    llvm::append_range(outs, loadOuts(start));
  for (unsigned loop : reductionLoops)
    lengths.push_back(sizes[loop]);
  outs = buildCarryingNest(
      b, lengths, outs, [&](ValueRange indices, ValueRange carried) {
        LoopBody::Point first = starts.front();
        for (auto [loop, index] : llvm::zip_equal(reductionLoops, indices))
          first.ivs[loop] = index;
        if (!reductionLoops.empty())
          body.emitUniform(first);
        SmallVector<Value> next(carried);
        for (auto [i, start] : llvm::enumerate(starts)) {
          LoopBody::Point point = first;
          if (start.loop)
            point.ivs[*start.loop] = start.ivs[*start.loop];
          emitBody(point,
                   MutableArrayRef<Value>(next).slice(i * outputs, outputs));
        }
        return next;
      });
  for (auto [i, start] : llvm::enumerate(starts))
    storeOuts(start, ArrayRef<Value>(outs).slice(i * outputs, outputs));
}

/// Emits the points from `lower` to `upper` along the vector loop that are
/// whole vectors, `group` of them at a time and then single ones; returns where
/// what is left begins.
Value LoopVectorizer::emitVectors(
    const LoopBody::Point &start, unsigned loop, Value lower, Value upper,
    int64_t group, function_ref<void(ArrayRef<LoopBody::Point>)> emit) {
  Value length = sub(b, upper, lower);
  std::optional<int64_t> size = getConstantIntValue(sizes[loop]);
  auto emitLoop = [&](Value from, int64_t vectors) {
    int64_t step = vectors * fullLanes;
    Value end = add(b, lower, roundDown(b, length, step));
    buildFor(b, from, end, step, [&](Value iv) {
      SmallVector<LoopBody::Point> points(vectors, start);
      for (auto [i, point] : llvm::enumerate(points)) {
        point.ivs[loop] = add(b, iv, constantIndex(b, i * fullLanes));
        point.lanes = fullLanes;
      }
      emit(points);
    });
    return end;
  };
  Value done = lower;
  if (group > 1 && !(size && *size < group * fullLanes))
    done = emitLoop(lower, group);
  return emitLoop(done, 1);
}

/// Emits the points from `lower` to `upper`, less than a vector, under a mask
/// or one by one.
void LoopVectorizer::emitTail(const LoopBody::Point &start, unsigned loop,
                              Value lower, Value upper) {
  std::optional<int64_t> size = getConstantIntValue(sizes[loop]);
  if (size && *size % fullLanes == 0)
    return;
  bool scalar = body.needsScalarTail();
  buildFor(b, lower, upper, scalar ? 1 : fullLanes, [&](Value iv) {
    LoopBody::Point point = start;
    point.ivs[loop] = iv;
    point.lanes = scalar ? 1 : fullLanes;
    if (!scalar)
      point.mask = vector::CreateMaskOp::create(
          b, vectorOf(b.getI1Type(), fullLanes), ValueRange{sub(b, upper, iv)});
    emitPoints(point);
  });
}

/// Whether a row of sums stays in memory while its terms are read row by row,
/// so that memory is read as it lies. Short rows stay in registers.
bool LoopVectorizer::isStreamed(unsigned loop) const {
  auto mayExceed = [&](unsigned some, int64_t bound) {
    std::optional<int64_t> size = getConstantIntValue(sizes[some]);
    return !size || *size > bound;
  };
  return !body.needsScalarTail() && reductionLoops.size() == 1 &&
         mayExceed(loop, kSums * fullLanes) &&
         mayExceed(reductionLoops.front(), kTerms);
}

/// Adds the terms of a row to its sums, a few at a time for the whole row. What
/// is less than a vector stays in registers: masked stores are slow.
void LoopVectorizer::emitStreamedRow(const LoopBody::Point &start,
                                     unsigned loop, Value lower, Value upper) {
  unsigned reduction = reductionLoops.front();
  auto emitTerms = [&](Value first, int64_t count) {
    SmallVector<LoopBody::Point> terms(count, start);
    for (auto [i, term] : llvm::enumerate(terms)) {
      term.ivs[reduction] = add(b, first, constantIndex(b, i));
      body.emitUniform(term);
    }
    emitVectors(start, loop, lower, upper, /*group=*/1,
                [&](ArrayRef<LoopBody::Point> points) {
                  LoopBody::Point point = points.front();
                  SmallVector<Value> outs = loadOuts(point);
                  for (const LoopBody::Point &term : terms) {
                    point.ivs[reduction] = term.ivs[reduction];
                    point.uniform = term.uniform;
                    emitBody(point, outs);
                  }
                  storeOuts(point, outs);
                });
  };
  Value size = sizes[reduction];
  Value end = roundDown(b, size, kTerms);
  buildFor(b, constantIndex(b, 0), end, kTerms,
           [&](Value first) { emitTerms(first, kTerms); });
  buildFor(b, end, size, 1, [&](Value first) { emitTerms(first, 1); });
  Value whole = roundDown(b, sub(b, upper, lower), fullLanes);
  emitTail(start, loop, add(b, lower, whole), upper);
}

void LoopVectorizer::emitParallelRow(ArrayRef<Value> ivs,
                                     std::optional<unsigned> loop, Value lower,
                                     Value upper) {
  LoopBody::Point point;
  point.ivs.assign(ivs.begin(), ivs.end());
  point.loop = loop;
  if (loop && isStreamed(*loop))
    return emitStreamedRow(point, *loop, lower, upper);
  if (reductionLoops.empty())
    body.emitUniform(point);
  if (!loop)
    return emitPoints(point);
  Value done = emitVectors(
      point, *loop, lower, upper, /*group=*/reductionLoops.empty() ? 1 : kSums,
      [&](ArrayRef<LoopBody::Point> points) { emitPoints(points); });
  emitTail(point, *loop, done, upper);
}

StringRef LoopVectorizer::run() {
  collectLoops();
  StringRef reason;
  std::optional<unsigned> along, reduceAlong;
  if (body.isVectorizable()) {
    bool gathers = false;
    along = chooseParallelLoop(gathers);
    if (!along || gathers)
      reduceAlong = chooseReductionLoop(/*mayGather=*/!along);
    if (!along && !reduceAlong &&
        !(parallelLoops.empty() && reductionLoops.empty()))
      reason = "no loop has contiguous results or terms";
  } else {
    reason = "an op of its body has no vector form";
  }
  if (reduceAlong)
    emitNest(reduceAlong, [&](ArrayRef<Value> ivs, Value, Value) {
      emitReductionRow(ivs, *reduceAlong);
    });
  else
    emitNest(along, [&](ArrayRef<Value> ivs, Value lower, Value upper) {
      emitParallelRow(ivs, along, lower, upper);
    });
  op.erase();
  return reason;
}
