//===- LoopBuilder.cpp - loops over chunks of work ------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace condcomp {

/// Work below this many units is not worth waking a thread: a parallel region
/// costs about 1.2 us.
static constexpr int64_t kGrain = 16384;
/// Upper bound of the number of chunks: enough to spread over many threads.
static constexpr int64_t kMaxChunks = 64;

Value constantIndex(ImplicitLocOpBuilder &b, int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}

Value add(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}

Value sub(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(x, y);
}

Value mul(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(x, y);
}

Value div(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::DivUIOp>(x, y);
}

Value minimum(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::MinUIOp>(x, y);
}

Value maximum(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::MaxUIOp>(x, y);
}

Value ceilDiv(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value one = constantIndex(b, 1);
  return div(b, add(b, x, sub(b, y, one)), y);
}

Value roundDown(ImplicitLocOpBuilder &b, Value x, int64_t y) {
  Value step = constantIndex(b, y);
  return mul(b, div(b, x, step), step);
}

void buildFor(ImplicitLocOpBuilder &b, Value lower, Value upper, int64_t step,
              function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b, lower, upper, constantIndex(b, step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

void buildIfElse(ImplicitLocOpBuilder &b, Value condition,
                 function_ref<void()> yes, function_ref<void()> no) {
  auto choice = scf::IfOp::create(b, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(choice.thenYield());
  yes();
  b.setInsertionPoint(choice.elseYield());
  no();
}

void buildSwitch(ImplicitLocOpBuilder &b, Value count, int64_t most,
                 function_ref<void(int64_t)> body) {
  SmallVector<int64_t> cases =
      llvm::to_vector(llvm::seq_inclusive<int64_t>(1, most));
  auto choice =
      scf::IndexSwitchOp::create(b, TypeRange(), count, cases, cases.size());
  OpBuilder::InsertionGuard guard(b);
  for (auto [number, region] : llvm::zip(cases, choice.getCaseRegions())) {
    b.createBlock(&region);
    body(number);
    scf::YieldOp::create(b);
  }
  b.createBlock(&choice.getDefaultRegion());
  scf::YieldOp::create(b);
}

SmallVector<Value> buildCarryingNest(
    ImplicitLocOpBuilder &b, ArrayRef<Value> sizes, ValueRange carried,
    function_ref<SmallVector<Value>(ValueRange, ValueRange)> body) {
  SmallVector<Value> zeros(sizes.size(), constantIndex(b, 0));
  SmallVector<Value> ones(sizes.size(), constantIndex(b, 1));
  return llvm::to_vector(
      scf::buildLoopNest(b, b.getLoc(), zeros, sizes, ones, carried,
                         [&](OpBuilder &, Location, ValueRange ivs,
                             ValueRange carried) -> scf::ValueVector {
                           return body(ivs, carried);
                         })
          .results);
}

void buildParallelNest(ImplicitLocOpBuilder &b, ArrayRef<Value> sizes,
                       Value cost, bool parallel,
                       function_ref<void(ArrayRef<Value>)> body) {
  OpBuilder::InsertionGuard guard(b);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  SmallVector<Value> chunks(sizes.size(), one);
  // Threads are shared out once: at the outermost loop.
  for (Operation *parent = b.getInsertionBlock()->getParentOp(); parent;
       parent = parent->getParentOp())
    if (isa<scf::ForallOp, scf::ParallelOp>(parent))
      parallel = false;
  if (parallel) {
    Value work = cost;
    for (Value size : sizes)
      work = mul(b, work, size);
    Value wanted = minimum(b, ceilDiv(b, work, constantIndex(b, kGrain)),
                           constantIndex(b, kMaxChunks));
    wanted = maximum(b, wanted, one);
    for (auto [chunk, size] : llvm::zip(chunks, sizes)) {
      chunk = maximum(b, minimum(b, size, wanted), one);
      wanted = ceilDiv(b, wanted, chunk);
    }
  }

  // Chunked dims become dims of one scf.parallel, the others stay whole.
  SmallVector<unsigned> chunked;
  for (auto [i, chunk] : llvm::enumerate(chunks))
    if (!isConstantIntValue(chunk, 1))
      chunked.push_back(i);
  SmallVector<Value> lower(sizes.size(), zero);
  SmallVector<Value> upper(sizes);
  if (!chunked.empty()) {
    SmallVector<Value> counts, zeros(chunked.size(), zero),
        ones(chunked.size(), one);
    for (unsigned i : chunked)
      counts.push_back(chunks[i]);
    auto loop = scf::ParallelOp::create(b, zeros, counts, ones);
    b.setInsertionPointToStart(loop.getBody());
    for (auto [iv, i] : llvm::zip(loop.getInductionVars(), chunked)) {
      lower[i] = div(b, mul(b, iv, sizes[i]), chunks[i]);
      upper[i] = div(b, mul(b, add(b, iv, one), sizes[i]), chunks[i]);
    }
  }
  SmallVector<Value> ivs;
  for (auto [lo, hi] : llvm::zip(lower, upper)) {
    if (isConstantIntValue(lo, 0) && isConstantIntValue(hi, 1)) {
      ivs.push_back(zero);
      continue;
    }
    auto loop = scf::ForOp::create(b, lo, hi, one);
    b.setInsertionPointToStart(loop.getBody());
    ivs.push_back(loop.getInductionVar());
  }
  body(ivs);
}

} // namespace condcomp
