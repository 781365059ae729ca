//===- LowerSoft.cpp - the differentiable relaxation ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// docs/spec.md, "The soft form". Gates become routings with every entry, apply
// weighs what it ran by probabilities. Exits are in LowerSoftExits.cpp.
//
//===----------------------------------------------------------------------===//

#include "LowerSoft.h"
#include "Patterns.h"
#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERSOFT
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

Type condcomp::getMixType(Type element, Type weight) {
  return element.isF64() ? element : weight;
}

namespace {

/// Relaxes the ops of a module, definitions before uses.
class Relaxation {
public:
  LogicalResult run(ModuleOp module) {
    SmallVector<Operation *> ops;
    module.walk<WalkOrder::PreOrder>([&](Operation *op) {
      // Terminators go with the ops that they end.
      bool ours = isa_and_nonnull<CondCompDialect>(op->getDialect()) &&
                  !op->hasTrait<OpTrait::IsTerminator>();
      if (ours || usesRoutings(op))
        ops.push_back(op);
    });
    // Bodies move, their ops stay.
    for (Operation *op : ops)
      if (failed(relax(op)))
        return failure();
    return success();
  }

private:
  static bool usesRoutings(Operation *op) {
    return llvm::any_of(op->getOperandTypes(),
                        [](Type type) { return isa<RoutingType>(type); });
  }

  bool isRelaxed(Value value) { return relaxed.contains(value); }

  LogicalResult relax(Operation *op) {
    if (isa<TopKOp, TopPOp, ThresholdOp, ExpertChoiceOp, SampleOp>(op))
      return relaxGate(op);
    if (isa<GateOpInterface>(op) &&
        !isa<AssignOp, FromMaskOp, FromOffsetsOp, MatchTokensOp>(op))
      return op->emitOpError("has no soft form: the gate is not known here");
    if (auto limit = dyn_cast<LimitGroupsOp>(op)) {
      limit.getResult().replaceAllUsesWith(limit.getScores());
      limit.erase();
      return success();
    }
    if (auto cascade = dyn_cast<CascadeOp>(op))
      return relaxCascade(cascade);
    if (auto iterate = dyn_cast<IterateOp>(op))
      return relaxIterate(iterate);
    if (llvm::none_of(op->getOperands(),
                      [&](Value value) { return isRelaxed(value); }))
      return success();
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<NormalizeOp, ScaleOp>(
            [&](auto op) { return keepEntries(op, op.getRouting().getType()); })
        .Case([&](ReweightOp op) {
          return op.getEntries() ? refuse(op)
                                 : keepEntries(op, op.getRouting().getType());
        })
        .Case<SliceModulesOp, ConcatModulesOp>([&](auto op) {
          return keepEntries(op, withoutBounds(op.getResult().getType()));
        })
        .Case([&](ComplementOp op) { return relaxComplement(op); })
        .Case<CapacityOp, ConvertFormOp>([&](auto op) {
          op.getResult().replaceAllUsesWith(op.getRouting());
          op.erase();
          return success();
        })
        .Case<ToDenseOp, TraceOp>([](auto) { return success(); })
        .Case<PoolOp, MixOp>([&](auto op) { return relaxProduct(op); })
        .Case([&](ApplyOp op) { return relaxApply(op); })
        .Default([&](Operation *op) { return refuse(op); });
  }

  LogicalResult refuse(Operation *op) {
    return op->emitOpError("has no soft form: it is about the entries that a "
                           "gate chose, and the soft form has all of them");
  }

  static RoutingType withoutBounds(RoutingType type) {
    return type.withBounds(Bound::none(), Bound::none());
  }

  /// Every module, weighted by its score; a draw's scores are those with noise.
  LogicalResult relaxGate(Operation *op) {
    TensorEmitter b(op->getLoc(), op);
    auto type = cast<RoutingType>(op->getResult(0).getType());
    Value weights = castElements(b, op->getOperand(0), type.getElementType());
    if (auto sample = dyn_cast<SampleOp>(op))
      weights = emitPerturbedLogits(b, weights, sample.getKey(),
                                    sample.getStep(), sample.getIds());
    replaceByAll(b, op, weights);
    return success();
  }

  /// What had no entry has what its weight leaves of 1.
  LogicalResult relaxComplement(ComplementOp op) {
    TensorEmitter b(op.getLoc(), op);
    RoutingType type = op.getRouting().getType();
    Type weight = type.getElementType();
    Value dense = ToDenseOp::create(
        b, RankedTensorType::get(type.getShape(), weight), op.getRouting());
    Value weights =
        b.elementwise(weight, dense, [&](TensorEmitter &b, ValueRange e) {
          return b.sub(b.scalar(weight, 1), e[0]);
        });
    replaceByAll(b, op, weights);
    return success();
  }

  /// A routing with an entry for every row and module in place of the op's.
  void replaceByAll(TensorEmitter &b, Operation *op, Value weights) {
    auto type = cast<RoutingType>(op->getResult(0).getType());
    Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
    Value all = b.filled(b.dims(weights), yes);
    all = b.castTo(RankedTensorType::get(type.getShape(), b.getI1Type()), all);
    weights = b.castTo(
        RankedTensorType::get(type.getShape(), type.getElementType()), weights);
    auto gate = FromMaskOp::create(b, withoutBounds(type), all, weights);
    op->getResult(0).replaceAllUsesWith(gate.getRouting());
    relaxed.insert(gate.getRouting());
    op->erase();
  }

  /// The entries are still all of them.
  template <typename OpT>
  LogicalResult keepEntries(OpT op, RoutingType type) {
    op.getResult().setType(type);
    relaxed.insert(op.getResult());
    return success();
  }

  /// pool and mix: sums over all rows and modules, weighted.
  template <typename OpT>
  LogicalResult relaxProduct(OpT op) {
    if constexpr (std::is_same_v<OpT, PoolOp>)
      if (op.getKind() == CombineKind::Max)
        return op.emitOpError("has no soft form: max is not a sum over the "
                              "rows");
    Type type = op.getResult().getType();
    if (!isa<FloatType>(getElementTypeOrSelf(type)))
      return op.emitOpError("has no soft form: ")
             << type << " can't be weighed";
    op.setWeightUse(WeightUse::Output);
    return success();
  }

  /// A weighted sum over all modules.
  LogicalResult relaxApply(ApplyOp op) {
    CombineKind kind = op.getCombine();
    if (!op.getEntries().empty() || kind == CombineKind::None)
      return refuse(op);
    if (kind == CombineKind::Max)
      return op.emitOpError("has no soft form: combine(max) is not a sum over "
                            "the modules");
    for (Type type : op.getResultTypes())
      if (!isa<FloatType>(getElementTypeOrSelf(type)))
        return op.emitOpError("has no soft form: ")
               << type << " can't be weighed";
    if (op.getWeightUse() == WeightUse::None)
      op.setWeightUse(WeightUse::Output);
    if (kind != CombineKind::Replace)
      return success();
    op.setCombine(CombineKind::Sum);
    TensorEmitter b(op.getLoc(), op);
    for (OpOperand &outs : op.getOutsMutable())
      outs.set(weighRest(b, op.getRouting(), outs.get()));
    return success();
  }

  /// `outs` times what the weights of each row leave of 1.
  Value weighRest(TensorEmitter &b, Value routing, Value outs) {
    auto type = cast<RoutingType>(routing.getType());
    Type weight = type.getElementType();
    Value dense = ToDenseOp::create(
        b, RankedTensorType::get(type.getShape(), weight), routing);
    Value ones = b.filled(ArrayRef<Value>(b.dims(dense)).drop_back(),
                          b.scalar(weight, 1));
    Value rest = b.reduceLast(dense, ones, [](TensorEmitter &b, ValueRange e) {
      return b.sub(e[1], e[0]);
    });
    int64_t rank = cast<ShapedType>(outs.getType()).getRank();
    auto all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    SmallVector<int64_t> rows(
        ArrayRef<int64_t>(all).take_front(type.getShape().size() - 1));
    b.checkLeadingDims(outs, b.dims(rest), "apply C7: an outs operand");
    Type element = getElementTypeOrSelf(outs);
    Type wide = getMixType(element, weight);
    Value result =
        b.generic({outs, rest}, b.empty(b.dims(outs), element), rank,
                  {all, rows, all}, [&](TensorEmitter &b, ValueRange e) {
                    Value product =
                        b.mul(b.castFloat(e[0], wide), b.castFloat(e[1], wide));
                    return b.castFloat(product, element);
                  });
    return b.castTo(outs.getType(), result);
  }

  llvm::DenseSet<Value> relaxed;
};

struct LowerSoft : condcomp::impl::LowerSoftBase<LowerSoft> {
  using Base::Base;
  void runOnOperation() override {
    if (failed(Relaxation().run(getOperation())))
      signalPassFailure();
  }
};

} // namespace
