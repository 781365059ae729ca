//===- LoopReductions.cpp - reductions along lanes ------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "LoopVectorizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// Accumulators of a reduction along the vector loop: enough to hide latency.
static constexpr int64_t kAccumulators = 4;

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
    unsigned width = isa<IndexType>(type) ? IndexType::kInternalStorageBitWidth
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

/// The larger or smaller of `value` and `sum` by the intrinsic, which becomes
/// the processor's instruction and a test of `value` beside it; what upstream
/// expands the ops into are comparisons, one waiting for another. Zeros of both
/// signs are alike.
template <typename IntrinsicOp>
static Value pick(ImplicitLocOpBuilder &b, Value sum, Value value) {
  return IntrinsicOp::create(b, value, sum, LLVM::FastmathFlags::nsz);
}

Value LoopVectorizer::combine(Operation *combiner, Value sum, Value value) {
  Type element = getElementTypeOrSelf(sum.getType());
  if (element.isF32() || element.isF64()) {
    if (isa<arith::MaximumFOp>(combiner))
      return pick<LLVM::MaximumOp>(b, sum, value);
    if (isa<arith::MinimumFOp>(combiner))
      return pick<LLVM::MinimumOp>(b, sum, value);
    if (isa<arith::MaxNumFOp>(combiner))
      return pick<LLVM::MaxNumOp>(b, sum, value);
    if (isa<arith::MinNumFOp>(combiner))
      return pick<LLVM::MinNumOp>(b, sum, value);
  }
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
  int64_t outputs = op.getNumDpsInits();
  std::optional<int64_t> length = getConstantIntValue(sizes[loop]);
  int64_t wide =
      length && *length < kAccumulators * fullLanes ? 1 : kAccumulators;
  Value zero = constantIndex(b, 0), size = sizes[loop];
  LoopBody::Point point;
  point.ivs.assign(ivs.begin(), ivs.end());
  point.loop = loop;
  point.lanes = fullLanes;

  SmallVector<Value> sums;
  for (int64_t i = 0; i < wide; ++i)
    for (int64_t j = 0; j < outputs; ++j)
      sums.push_back(neutral(combinerOf(j)));
  // Other reduction loops are around.
  SmallVector<unsigned> others(reductionLoops);
  llvm::erase(others, loop);
  SmallVector<Value> lengths;
  for (unsigned other : others)
    lengths.push_back(sizes[other]);
  sums = buildCarryingNest(
      b, lengths, sums, [&](ValueRange indices, ValueRange carried) {
        for (auto [other, index] : llvm::zip_equal(others, indices))
          point.ivs[other] = index;
        SmallVector<Value> sums(carried);
        body.emitUniform(point);
        // One loop of the given step from `lower` to `upper`, on the first
        // sums.
        auto emitLoop = [&](Value lower, Value upper, int64_t vectors,
                            bool masked) {
          size_t count = vectors * outputs;
          auto nested = scf::ForOp::create(
              b, lower, upper, constantIndex(b, vectors * fullLanes),
              ValueRange(sums).take_front(count));
          OpBuilder::InsertionGuard inner(b);
          b.setInsertionPointToStart(nested.getBody());
          SmallVector<Value> next;
          for (int64_t i = 0; i < vectors; ++i) {
            point.ivs[loop] = add(b, nested.getInductionVar(),
                                  constantIndex(b, i * fullLanes));
            point.mask = Value();
            if (masked)
              point.mask = vector::CreateMaskOp::create(
                  b, vectorOf(b.getI1Type(), fullLanes),
                  ValueRange{sub(b, upper, point.ivs[loop])});
            llvm::append_range(
                next,
                emitReductionStep(point, ValueRange(nested.getRegionIterArgs())
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
        return sums;
      });

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
