//===- PortableLoops.cpp - loops on tensors as IREE takes them ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a tensor's sizes come from is found by following it back through ops
// that write into it, and through loops and branches that hand it on. Where
// they change, they are handed on beside it.
//
//===----------------------------------------------------------------------===//

#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

namespace condcomp {
#define GEN_PASS_DEF_PORTABLELOOPS
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// Finds tensors of the same sizes.
class SizeSources {
public:
  /// An earlier tensor with the sizes of `value`, the first one that there is.
  Value getSource(Value value) {
    while (Value earlier = getEarlier(value))
      value = earlier;
    return value;
  }

  /// Whether each iteration hands on a tensor of the sizes that it got.
  bool keepsSizes(BlockArgument argument) {
    auto [known, isNew] = kept.try_emplace(argument, false);
    if (!isNew)
      return known->second;
    // As long as this is not known the argument is a source of its own.
    auto loop = cast<scf::ForOp>(argument.getOwner()->getParentOp());
    Value next = loop.getTiedLoopYieldedValue(argument)->get();
    bool keeps = getSource(next) == argument;
    return kept[argument] = keeps;
  }

private:
  /// One step back; nothing, if the sizes are the value's own.
  Value getEarlier(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
      OpOperand *init = loop ? loop.getTiedLoopInit(argument) : nullptr;
      return init && keepsSizes(argument) ? init->get() : Value();
    }
    Operation *op = value.getDefiningOp();
    auto result = cast<OpResult>(value);
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      BlockArgument argument = loop.getTiedLoopRegionIterArg(result);
      return keepsSizes(argument) ? loop.getTiedLoopInit(result)->get()
                                  : Value();
    }
    if (auto branch = dyn_cast<scf::IfOp>(op)) {
      unsigned number = result.getResultNumber();
      return getCommon(branch.thenYield().getOperand(number),
                       branch.elseYield().getOperand(number));
    }
    if (auto select = dyn_cast<arith::SelectOp>(op))
      return getCommon(select.getTrueValue(), select.getFalseValue());
    if (auto insert = dyn_cast<tensor::InsertOp>(op))
      return insert.getDest();
    if (auto writes = dyn_cast<DestinationStyleOpInterface>(op))
      return writes.getTiedOpOperand(result)->get();
    return Value();
  }

  Value getCommon(Value lhs, Value rhs) {
    Value source = getSource(lhs);
    return source == getSource(rhs) ? source : Value();
  }

  llvm::DenseMap<Value, bool> kept;
};

bool hasOpenSizes(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && !type.hasStaticShape();
}

struct PortableLoops : condcomp::impl::PortableLoopsBase<PortableLoops> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    // What a generic op fills once, each of several loops would write in place.
    SmallVector<linalg::GenericOp> fills;
    getOperation()->walk([&](linalg::GenericOp op) {
      if (linalg::isaFillOpInterface(op))
        fills.push_back(op);
    });
    for (linalg::GenericOp fill : fills) {
      rewriter.setInsertionPoint(fill);
      (void)linalg::specializeGenericOp(rewriter, fill);
    }

    SmallVector<scf::IfOp> branches;
    getOperation()->walk([&](scf::IfOp branch) {
      if (branch->getParentOfType<scf::ForOp>() &&
          llvm::any_of(branch.getResults(), hasOpenSizes) &&
          llvm::hasSingleElement(*branch.elseBlock()))
        branches.push_back(branch);
    });
    for (scf::IfOp branch : branches)
      loopOverBranch(rewriter, branch);

    // Tensors without contents that are alike are taken for one, and loops
    // then write what they carry into one place.
    int64_t number = 0;
    getOperation()->walk([&](scf::ForOp loop) {
      for (OpOperand &init : loop.getInitArgsMutable())
        if (init.get().getDefiningOp<tensor::EmptyOp>())
          fillWith(rewriter, init, number++);
    });

    // What is inserted would hide sources: find them all first.
    SmallVector<std::pair<OpOperand *, Value>> restated;
    SizeSources sources;
    getOperation()->walk([&](scf::ForOp loop) {
      if (!loop->getParentOfType<scf::ForOp>())
        return;
      for (OpOperand &init : loop.getInitArgsMutable()) {
        if (!hasOpenSizes(init.get()))
          continue;
        Value source = sources.getSource(init.get());
        if (isOutside(source, loop) && source.getType() == init.get().getType())
          restated.push_back({&init, source});
      }
    });
    for (auto [init, source] : restated)
      restate(rewriter, *init, source);
  }

private:
  /// Whether a loop lies between a value and its use by an inner loop.
  static bool isOutside(Value source, scf::ForOp loop) {
    return !loop->getParentOfType<scf::ForOp>()->isAncestor(
        source.getParentRegion()->getParentOp());
  }

  /// What a loop begins with, filled with a number of its own.
  static void fillWith(OpBuilder &b, OpOperand &init, int64_t number) {
    Location loc = init.getOwner()->getLoc();
    b.setInsertionPoint(init.getOwner());
    Type type = getElementTypeOrSelf(init.get().getType());
    TypedAttr value = isa<FloatType>(type)
                          ? TypedAttr(b.getFloatAttr(type, number))
                          : TypedAttr(b.getIntegerAttr(type, number));
    Value scalar = arith::ConstantOp::create(b, loc, value);
    init.set(linalg::FillOp::create(b, loc, scalar, init.get()).getResult(0));
  }

  static void restate(OpBuilder &b, OpOperand &init, Value source) {
    Location loc = init.getOwner()->getLoc();
    b.setInsertionPointAfterValue(source);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, source);
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    b.setInsertionPoint(init.getOwner());
    init.set(tensor::ExtractSliceOp::create(
        b, loc, cast<RankedTensorType>(source.getType()), init.get(), offsets,
        sizes, strides));
  }

  /// A branch that hands on what there was, or changes it, is a loop of one
  /// iteration, or none.
  static void loopOverBranch(IRRewriter &rewriter, scf::IfOp branch) {
    Location loc = branch.getLoc();
    rewriter.setInsertionPoint(branch);
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    Value one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    Value times = arith::SelectOp::create(rewriter, loc, branch.getCondition(),
                                          one, zero);
    OperandRange unchanged = branch.elseYield().getOperands();
    auto loop = scf::ForOp::create(rewriter, loc, zero, times, one, unchanged);
    for (auto [value, argument] :
         llvm::zip(unchanged, loop.getRegionIterArgs()))
      rewriter.replaceUsesWithIf(value, argument, [&](OpOperand &use) {
        return branch.getThenRegion().isAncestor(
            use.getOwner()->getParentRegion());
      });
    Block *body = loop.getBody();
    if (!body->empty())
      rewriter.eraseOp(body->getTerminator());
    rewriter.inlineBlockBefore(branch.thenBlock(), body, body->end());
    rewriter.replaceOp(branch, loop.getResults());
  }
};

} // namespace
