//===- Sample.cpp - lowering of sample -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Philox4x32-10 of Salmon et al. 2011, "Parallel random numbers: as easy as
/// 1, 2, 3". Words of 32 bits are held in i64, so that products need no
/// widening and all values have one width in vector lanes.
class Philox {
public:
  /// The round keys, once for all draws.
  Philox(TensorEmitter &b, Value key) {
    constexpr uint32_t kWeyl[] = {0x9E3779B9, 0xBB67AE85};
    Value words[] = {lowWord(b, key), highWord(b, key)};
    for (uint64_t round = 0; round < kRounds; ++round)
      for (int i = 0; i < 2; ++i)
        keys[round][i] = lowWord(
            b, b.add(words[i], constant(b, uint32_t(round * kWeyl[i]))));
  }

  static Value constant(TensorEmitter &b, uint32_t value) {
    return arith::ConstantIntOp::create(b, b.getI64Type(), value);
  }
  static Value lowWord(TensorEmitter &b, Value value) {
    return b.createOrFold<arith::AndIOp>(value, constant(b, UINT32_MAX));
  }
  static Value highWord(TensorEmitter &b, Value value) {
    return b.createOrFold<arith::ShRUIOp>(value, constant(b, 32));
  }

  std::array<Value, 4> emit(TensorEmitter &b,
                            std::array<Value, 4> counter) const {
    Value multipliers[] = {constant(b, 0xD2511F53), constant(b, 0xCD9E8D57)};
    auto exclusiveOr = [&](Value lhs, Value rhs) {
      return b.createOrFold<arith::XOrIOp>(lhs, rhs);
    };
    for (const auto &key : keys) {
      Value first = b.mul(multipliers[0], counter[0]);
      Value second = b.mul(multipliers[1], counter[2]);
      counter = {
          exclusiveOr(exclusiveOr(highWord(b, second), counter[1]), key[0]),
          lowWord(b, second),
          exclusiveOr(exclusiveOr(highWord(b, first), counter[3]), key[1]),
          lowWord(b, first)};
    }
    return counter;
  }

private:
  static constexpr uint64_t kRounds = 10;
  std::array<std::array<Value, 2>, kRounds> keys;
};

/// −ln(−ln u) for the uniform u that the first words make: 23 bits for f32, 52
/// for f64, at the middle of their interval, so that u is exact and neither 0
/// nor 1.
Value emitGumbel(TensorEmitter &b, const std::array<Value, 4> &words,
                 Type type) {
  auto shift = [&](Value value, uint32_t bits) {
    return b.createOrFold<arith::ShRUIOp>(value, Philox::constant(b, bits));
  };
  Value uniform;
  if (type.isF64()) {
    // The digits after the point of a number from 1 to 2: no conversion, which
    // i64 has in vectors on few targets only.
    Value high =
        b.createOrFold<arith::ShLIOp>(words[0], Philox::constant(b, 32));
    Value digits = shift(b.createOrFold<arith::OrIOp>(high, words[1]), 12);
    Value one = arith::ConstantIntOp::create(b, b.getI64Type(),
                                             llvm::bit_cast<int64_t>(1.0));
    Value number = b.createOrFold<arith::BitcastOp>(
        type, b.createOrFold<arith::OrIOp>(digits, one));
    uniform = b.add(b.sub(number, b.scalar(type, 1)), b.scalar(type, 0x1p-53));
  } else {
    Value number = shift(words[0], 9);
    number = b.add(b.add(number, number), Philox::constant(b, 1));
    number = b.createOrFold<arith::TruncIOp>(b.getI32Type(), number);
    uniform = b.mul(b.createOrFold<arith::SIToFPOp>(type, number),
                    b.scalar(type, 0x1p-24));
  }
  auto minusLog = [&](Value value) {
    return b.createOrFold<arith::NegFOp>(b.createOrFold<math::LogOp>(value));
  };
  return minusLog(minusLog(uniform));
}

/// Logits plus Gumbel noise; `ids` may be null.
Value emitPerturbed(TensorEmitter &b, Value logits, Value ids, Value step,
                    const Philox &philox) {
  SmallVector<Value> dims = b.dims(logits), inputs = {logits};
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, dims.size()));
  SmallVector<SmallVector<int64_t>> maps = {all};
  if (ids) {
    inputs.push_back(ids);
    maps.emplace_back(ArrayRef(all).drop_back());
  }
  maps.push_back(all);
  Type type = cast<ShapedType>(logits.getType()).getElementType();
  Type i64 = b.getI64Type();
  Value step64 = b.createOrFold<arith::IndexCastOp>(i64, step);
  return b.generic(
      inputs, b.empty(dims, type), dims.size(), maps,
      [&](TensorEmitter &b, ValueRange e) {
        Value row = ids ? e[1] : b.loopIndex(0);
        if (!ids)
          for (int64_t dim : ArrayRef(all).drop_front().drop_back())
            row = b.add(b.mul(row, dims[dim]), b.loopIndex(dim));
        row = b.createOrFold<arith::IndexCastOp>(i64, row);
        Value module =
            b.createOrFold<arith::IndexCastOp>(i64, b.loopIndex(all.back()));
        std::array<Value, 4> words =
            philox.emit(b, {module, step64, Philox::lowWord(b, row),
                            Philox::highWord(b, row)});
        return b.add(e[0], emitGumbel(b, words, type));
      });
}

} // namespace

Value condcomp::emitPerturbedLogits(TensorEmitter &b, Value logits, Value key,
                                    Value step, Value ids) {
  if (step)
    b.check(
        b.compare(arith::CmpIPredicate::ult, step, b.index(int64_t(1) << 32)),
        "sample C4: step = {0} must be between 0 and 4294967295", step);
  else
    step = b.index(0);
  if (ids)
    b.checkLeadingDims(ids, ArrayRef<Value>(b.dims(logits)).drop_back(),
                       "sample I5: the ids tensor");
  return emitPerturbed(b, logits, ids, step, Philox(b, key));
}

namespace {

struct LowerSample : EmitterPattern<SampleOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(SampleOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value logits = adaptor.getLogits().front();
    RoutingType type = op.getRouting().getType();
    SmallVector<Value> dims = b.dims(logits);
    std::optional<int64_t> staticK = op.getStaticK();
    Value k = staticK ? b.index(*staticK) : adaptor.getK().front();
    b.check(b.compare(arith::CmpIPredicate::ule, k, dims.back()),
            "sample C3: k = {0} must be between 0 and the number of modules, "
            "{1}",
            {k, dims.back()});
    Value step = op.getStep() ? adaptor.getStep().front() : Value();
    Value ids = op.getIds() ? adaptor.getIds().front() : Value();
    Value weights = castElements(b, logits, type.getElementType());
    Value perturbed =
        emitPerturbedLogits(b, weights, adaptor.getKey().front(), step, ids);
    return replaceWithRouting(
        op, emitBestRouting(b, type, perturbed, weights, k, staticK), b,
        rewriter);
  }
};

} // namespace

void condcomp::populateSamplePatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<LowerSample>(converter, patterns.getContext());
}
