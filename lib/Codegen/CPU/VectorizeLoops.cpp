//===- VectorizeLoops.cpp - linalg ops to vectorized loops ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBody.h"
#include "LoopBuilder.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"

namespace condcomp {
#define GEN_PASS_DEF_VECTORIZELOOPS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Elements along the vector loop that are one piece of work for a thread.
static constexpr int64_t kPiece = 2048;
/// Accumulators of a reduction along the vector loop: enough to hide latency.
static constexpr int64_t kAccumulators = 4;

namespace {
class LoopVectorizer {
public:
  LoopVectorizer(linalg::LinalgOp op, int64_t lanes, bool parallel)
      : op(op), b(op.getLoc(), op), body(b, op), fullLanes(lanes),
        parallel(parallel && !body.hasSideEffects()) {}

  /// Emits the loops; returns why they are not on vectors, or an empty string.
  StringRef run();

private:
  void collectLoops();
  bool unitOrZero(OpOperand *operand, unsigned loop, bool allowZero);
  std::optional<unsigned> chooseParallelLoop(bool &gathers);
  std::optional<unsigned> chooseReductionLoop();
  Operation *combinerOf(unsigned output);
  Value sizesProduct(ArrayRef<unsigned> loops);
  void emitNest(std::optional<unsigned> vectorLoop,
                function_ref<void(ArrayRef<Value>, Value, Value)> emitRow);
  void emitParallelRow(ArrayRef<Value> ivs, std::optional<unsigned> loop,
                       Value lower, Value upper);
  void emitPoint(const LoopBody::Point &point);
  void emitReductionRow(ArrayRef<Value> ivs, unsigned loop);
  SmallVector<Value> emitReductionStep(const LoopBody::Point &point,
                                       ValueRange sums);
  Value neutral(Operation *combiner);
  Value combine(Operation *combiner, Value sum, Value value);
  Value reduceLanes(Operation *combiner, Value vector);

  linalg::LinalgOp op;
  ImplicitLocOpBuilder b;
  LoopBody body;
  int64_t fullLanes;
  bool parallel;
  /// Sizes by loop; loops that are run, in order, by kind. A loop merged into
  /// its neighbour, or of one iteration, is in neither list.
  SmallVector<Value> sizes;
  SmallVector<unsigned> parallelLoops, reductionLoops;
};
} // namespace

void LoopVectorizer::collectLoops() {
  sizes = loopSizes(b, op);
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  std::optional<unsigned> previous;
  for (unsigned loop = 0; loop < sizes.size(); ++loop) {
    if (isConstantIntValue(sizes[loop], 1))
      continue;
    SmallVector<unsigned> &list = kinds[loop] == utils::IteratorType::parallel
                                      ? parallelLoops
                                      : reductionLoops;
    bool merge = previous && kinds[*previous] == kinds[loop] &&
                 !body.usesIndex(*previous) && !body.usesIndex(loop);
    for (OpOperand &operand : op->getOpOperands())
      merge = merge && (!body.view(operand) ||
                        actAsOneLoop(operand.get().getType(),
                                     op.getMatchingIndexingMap(&operand),
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
  gathers = best && bestScore < op.getNumDpsInputs();
  return best;
}

/// The op that adds one more term to an output, or null.
Operation *LoopVectorizer::combinerOf(unsigned output) {
  BlockArgument out = op.getRegionOutputArgs()[output];
  Operation *combiner =
      op.getBlock()->getTerminator()->getOperand(output).getDefiningOp();
  if (!combiner || !out.hasOneUse() || *out.getUsers().begin() != combiner ||
      !combiner->hasOneUse())
    return nullptr;
  return isa<arith::AddFOp, arith::MulFOp, arith::MaximumFOp, arith::MinimumFOp,
             arith::MaxNumFOp, arith::MinNumFOp, arith::AddIOp, arith::MulIOp,
             arith::MaxSIOp, arith::MaxUIOp, arith::MinSIOp, arith::MinUIOp,
             arith::AndIOp, arith::OrIOp, arith::XOrIOp>(combiner)
             ? combiner
             : nullptr;
}

std::optional<unsigned> LoopVectorizer::chooseReductionLoop() {
  if (body.needsScalarTail())
    return std::nullopt;
  for (int64_t i = 0; i < op.getNumDpsInits(); ++i)
    if (!combinerOf(i))
      return std::nullopt;
  for (unsigned loop : llvm::reverse(reductionLoops))
    if (llvm::all_of(op.getDpsInputOperands(), [&](OpOperand *input) {
          return unitOrZero(input, loop, /*allowZero=*/true);
        }))
      return loop;
  return std::nullopt;
}

Value LoopVectorizer::sizesProduct(ArrayRef<unsigned> loops) {
  Value product = constantIndex(b, 1);
  for (unsigned loop : loops)
    product = mul(b, product, sizes[loop]);
  return product;
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

/// One point of the parallel loops: all reductions, sequentially.
void LoopVectorizer::emitPoint(const LoopBody::Point &start) {
  OpBuilder::InsertionGuard guard(b);
  LoopBody::Point point = start;
  SmallVector<Value> outs;
  SmallVector<unsigned> read;
  for (auto [i, argument] : llvm::enumerate(op.getRegionOutputArgs())) {
    bool isRead = !argument.use_empty() || !reductionLoops.empty();
    outs.push_back(isRead ? body.load(point, *op.getDpsInitOperand(i))
                          : Value());
    if (isRead)
      read.push_back(i);
  }
  auto emitBody = [&]() {
    body.emit(point, outs, llvm::SmallPtrSet<Operation *, 1>());
    for (auto [out, yielded] :
         llvm::zip(outs, op.getBlock()->getTerminator()->getOperands()))
      out = body.lookup(point, yielded);
  };
  scf::ForOp outermost;
  for (unsigned loop : reductionLoops) {
    auto nested = scf::ForOp::create(b, constantIndex(b, 0), sizes[loop],
                                     constantIndex(b, 1), outs);
    if (!outermost)
      outermost = nested;
    else
      scf::YieldOp::create(b, nested.getResults());
    b.setInsertionPointToStart(nested.getBody());
    point.ivs[loop] = nested.getInductionVar();
    outs.assign(nested.getRegionIterArgs().begin(),
                nested.getRegionIterArgs().end());
  }
  if (outermost) {
    body.emitUniform(point);
    emitBody();
    scf::YieldOp::create(b, outs);
    b.setInsertionPointAfter(outermost);
    outs.assign(outermost.getResults().begin(), outermost.getResults().end());
  } else {
    emitBody();
  }
  for (auto [i, out] : llvm::enumerate(outs))
    body.store(start, *op.getDpsInitOperand(i), out);
}

void LoopVectorizer::emitParallelRow(ArrayRef<Value> ivs,
                                     std::optional<unsigned> loop, Value lower,
                                     Value upper) {
  LoopBody::Point point;
  point.ivs.assign(ivs.begin(), ivs.end());
  point.loop = loop;
  if (reductionLoops.empty())
    body.emitUniform(point);
  if (!loop)
    return emitPoint(point);
  Value length = sub(b, upper, lower);
  Value end = add(b, lower, roundDown(b, length, fullLanes));
  buildFor(b, lower, end, fullLanes, [&](Value iv) {
    point.ivs[*loop] = iv;
    point.lanes = fullLanes;
    emitPoint(point);
  });
  std::optional<int64_t> size = getConstantIntValue(sizes[*loop]);
  if (size && *size % fullLanes == 0)
    return;
  bool scalar = body.needsScalarTail();
  buildFor(b, end, upper, scalar ? 1 : fullLanes, [&](Value iv) {
    point.ivs[*loop] = iv;
    point.lanes = scalar ? 1 : fullLanes;
    if (!scalar)
      point.mask = vector::CreateMaskOp::create(
          b, vectorOf(b.getI1Type(), fullLanes), ValueRange{sub(b, upper, iv)});
    emitPoint(point);
  });
}

/// The value that changes no other when combined with it.
Value LoopVectorizer::neutral(Operation *combiner) {
  Type type = combiner->getResult(0).getType();
  TypedAttr scalar;
  if (auto floatType = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    bool isMax = isa<arith::MaximumFOp>(combiner);
    APFloat value = APFloat::getZero(semantics, /*Negative=*/true);
    if (isa<arith::MulFOp>(combiner))
      value = APFloat::getOne(semantics);
    else if (isa<arith::MaximumFOp, arith::MinimumFOp>(combiner))
      value = APFloat::getInf(semantics, /*Negative=*/isMax);
    else if (isa<arith::MaxNumFOp, arith::MinNumFOp>(combiner))
      value = APFloat::getNaN(semantics);
    scalar = FloatAttr::get(type, value);
  } else {
    // arith::getNeutralElement asks for the bit width, which index has not.
    unsigned width = isa<IndexType>(type)
                         ? IndexType::kInternalStorageBitWidth
                         : type.getIntOrFloatBitWidth();
    APInt value(width, 0);
    if (isa<arith::MulIOp>(combiner))
      value = APInt(width, 1);
    else if (isa<arith::MinUIOp, arith::AndIOp>(combiner))
      value = APInt::getAllOnes(width);
    else if (isa<arith::MinSIOp>(combiner))
      value = APInt::getSignedMaxValue(width);
    else if (isa<arith::MaxSIOp>(combiner))
      value = APInt::getSignedMinValue(width);
    scalar = IntegerAttr::get(type, value);
  }
  Value constant = arith::ConstantOp::create(b, scalar);
  return vector::BroadcastOp::create(b, vectorOf(type, fullLanes), constant);
}

Value LoopVectorizer::combine(Operation *combiner, Value sum, Value value) {
  OperationState state(b.getLoc(), combiner->getName());
  bool sumFirst =
      isa<BlockArgument>(combiner->getOperand(0)) &&
      llvm::is_contained(op.getRegionOutputArgs(), combiner->getOperand(0));
  state.addOperands(sumFirst ? ValueRange{sum, value} : ValueRange{value, sum});
  state.addTypes(sum.getType());
  state.addAttributes(combiner->getAttrs());
  return b.create(state)->getResult(0);
}

/// Combines the lanes of a vector by halves.
Value LoopVectorizer::reduceLanes(Operation *combiner, Value vector) {
  for (int64_t half = fullLanes / 2; half >= 1; half /= 2) {
    auto low = llvm::to_vector(llvm::seq<int64_t>(0, half));
    auto high = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
    vector =
        combine(combiner, vector::ShuffleOp::create(b, vector, vector, low),
                vector::ShuffleOp::create(b, vector, vector, high));
  }
  return vector::ExtractOp::create(b, vector, 0);
}

/// Adds the terms of `point`, one vector per output, to `sums`.
SmallVector<Value>
LoopVectorizer::emitReductionStep(const LoopBody::Point &point,
                                  ValueRange sums) {
  llvm::SmallPtrSet<Operation *, 4> combiners;
  for (int64_t i = 0; i < op.getNumDpsInits(); ++i)
    combiners.insert(combinerOf(i));
  body.emit(point, SmallVector<Value>(sums.size()), combiners);
  SmallVector<Value> next;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Operation *combiner = combinerOf(i);
    bool sumFirst = combiner->getOperand(0) == op.getRegionOutputArgs()[i];
    Value term = body.lookup(point, combiner->getOperand(sumFirst ? 1 : 0));
    Value total = combine(combiner, sum, term);
    if (point.mask)
      total = arith::SelectOp::create(b, point.mask, total, sum);
    next.push_back(total);
  }
  return next;
}

/// A reduction with lanes along `loop`. Which lane an element goes to follows
/// from its index and the length alone.
void LoopVectorizer::emitReductionRow(ArrayRef<Value> ivs, unsigned loop) {
  OpBuilder::InsertionGuard guard(b);
  int64_t outputs = op.getNumDpsInits();
  std::optional<int64_t> length = getConstantIntValue(sizes[loop]);
  int64_t wide =
      length && *length < kAccumulators * fullLanes ? 1 : kAccumulators;
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value size = sizes[loop];
  LoopBody::Point point;
  point.ivs.assign(ivs.begin(), ivs.end());
  point.loop = loop;
  point.lanes = fullLanes;

  SmallVector<Value> sums;
  for (int64_t i = 0; i < wide; ++i)
    for (int64_t j = 0; j < outputs; ++j)
      sums.push_back(neutral(combinerOf(j)));
  // Other reduction loops around.
  scf::ForOp outermost;
  for (unsigned other : reductionLoops) {
    if (other == loop)
      continue;
    auto nested = scf::ForOp::create(b, zero, sizes[other], one, sums);
    if (outermost)
      scf::YieldOp::create(b, nested.getResults());
    else
      outermost = nested;
    b.setInsertionPointToStart(nested.getBody());
    point.ivs[other] = nested.getInductionVar();
    sums.assign(nested.getRegionIterArgs().begin(),
                nested.getRegionIterArgs().end());
  }

  body.emitUniform(point);
  // One loop of the given step from `lower` to `upper`, on the first sums.
  auto emitLoop = [&](Value lower, Value upper, int64_t vectors, bool masked) {
    size_t count = vectors * outputs;
    auto nested = scf::ForOp::create(b, lower, upper,
                                     constantIndex(b, vectors * fullLanes),
                                     ValueRange(sums).take_front(count));
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(nested.getBody());
    SmallVector<Value> next;
    for (int64_t i = 0; i < vectors; ++i) {
      point.ivs[loop] =
          add(b, nested.getInductionVar(), constantIndex(b, i * fullLanes));
      point.mask = Value();
      if (masked)
        point.mask = vector::CreateMaskOp::create(
            b, vectorOf(b.getI1Type(), fullLanes),
            ValueRange{sub(b, upper, point.ivs[loop])});
      llvm::append_range(
          next, emitReductionStep(point, ValueRange(nested.getRegionIterArgs())
                                             .slice(i * outputs, outputs)));
    }
    scf::YieldOp::create(b, next);
    llvm::copy(nested.getResults(), sums.begin());
  };
  Value done = zero;
  if (wide > 1) {
    done = roundDown(b, size, wide * fullLanes);
    emitLoop(zero, done, wide, /*masked=*/false);
  }
  if (wide == 1 || !length || *length % (wide * fullLanes) != 0) {
    Value end = roundDown(b, size, fullLanes);
    emitLoop(done, end, 1, /*masked=*/false);
    if (!length || *length % fullLanes != 0)
      emitLoop(end, size, 1, /*masked=*/true);
  }

  if (outermost) {
    scf::YieldOp::create(b, sums);
    b.setInsertionPointAfter(outermost);
    sums.assign(outermost.getResults().begin(), outermost.getResults().end());
  }
  LoopBody::Point scalar;
  scalar.ivs.assign(ivs.begin(), ivs.end());
  for (int64_t j = 0; j < outputs; ++j) {
    Operation *combiner = combinerOf(j);
    for (int64_t stride = wide / 2; stride >= 1; stride /= 2)
      for (int64_t i = 0; i < stride; ++i)
        sums[i * outputs + j] = combine(combiner, sums[i * outputs + j],
                                        sums[(i + stride) * outputs + j]);
    OpOperand &init = *op.getDpsInitOperand(j);
    Value total = combine(combiner, body.load(scalar, init),
                          reduceLanes(combiner, sums[j]));
    body.store(scalar, init, total);
  }
}

StringRef LoopVectorizer::run() {
  collectLoops();
  StringRef reason;
  std::optional<unsigned> along, reduceAlong;
  if (body.isVectorizable()) {
    bool gathers = false;
    along = chooseParallelLoop(gathers);
    if (!along || gathers)
      reduceAlong = chooseReductionLoop();
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

/// Whether all operands are strided memrefs with linear maps, or scalars.
static bool hasLinearOperands(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || !op->getRegion(0).hasOneBlock())
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    return !type ||
           (type.isStrided() && isLinear(op.getMatchingIndexingMap(&operand)));
  });
}

/// A copy as a linalg op.
static linalg::LinalgOp toLinalg(memref::CopyOp copy) {
  ImplicitLocOpBuilder b(copy.getLoc(), copy);
  auto type = dyn_cast<MemRefType>(copy.getTarget().getType());
  if (!type || !isa<MemRefType>(copy.getSource().getType()))
    return {};
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, TypeRange(), copy.getSource(), copy.getTarget(), maps, kinds,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        linalg::YieldOp::create(nested, loc, args[0]);
      });
  copy.erase();
  return generic;
}

namespace {
struct VectorizeLoopsPass
    : public condcomp::impl::VectorizeLoopsBase<VectorizeLoopsPass> {
  using VectorizeLoopsBase::VectorizeLoopsBase;

  void runOnOperation() override {
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies)
      toLinalg(copy);
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      if (!hasLinearOperands(op))
        continue;
      Location loc = op.getLoc();
      StringRef name = op->getName().getStringRef();
      StringRef reason = LoopVectorizer(op, vectorBits / 32, parallel).run();
      if (!reason.empty())
        remark::failed(loc, remark::RemarkOpts::name("ScalarLoops")
                                .category("condcomp-vectorize-loops"))
            << (Twine(name) + " becomes scalar loops: " + reason).str();
    }
  }
};
} // namespace
