//===- MaskHalvesAsIntegers.cpp - masked accesses of 16 bits --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/PatternMatch.h"

namespace condcomp {
#define GEN_PASS_DEF_MASKHALVESASINTEGERS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

/// The type of integers of as many bits, if `type` is a vector of bf16 or f16.
static VectorType getIntegers(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  if (!vector || !isa<BFloat16Type, Float16Type>(vector.getElementType()))
    return {};
  return vector.clone(IntegerType::get(type.getContext(), 16));
}

static void rewrite(LLVM::MaskedLoadOp load, IRRewriter &rewriter) {
  VectorType integers = getIntegers(load.getType());
  if (!integers)
    return;
  rewriter.setInsertionPoint(load);
  Location loc = load.getLoc();
  Value passThru = load.getPassThru();
  if (passThru)
    passThru = LLVM::BitcastOp::create(rewriter, loc, integers, passThru);
  Value loaded = LLVM::MaskedLoadOp::create(
      rewriter, loc, integers, load.getData(), load.getMask(), passThru,
      load.getAlignmentAttr(), load.getNontemporalAttr());
  rewriter.replaceOpWithNewOp<LLVM::BitcastOp>(load, load.getType(), loaded);
}

static void rewrite(LLVM::MaskedStoreOp store, IRRewriter &rewriter) {
  VectorType integers = getIntegers(store.getValue().getType());
  if (!integers)
    return;
  rewriter.setInsertionPoint(store);
  Value value = LLVM::BitcastOp::create(rewriter, store.getLoc(), integers,
                                        store.getValue());
  rewriter.replaceOpWithNewOp<LLVM::MaskedStoreOp>(
      store, value, store.getData(), store.getMask(), store.getAlignmentAttr());
}

namespace {
struct MaskHalvesAsIntegers
    : public condcomp::impl::MaskHalvesAsIntegersBase<MaskHalvesAsIntegers> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](Operation *op) {
      if (auto load = dyn_cast<LLVM::MaskedLoadOp>(op))
        rewrite(load, rewriter);
      else if (auto store = dyn_cast<LLVM::MaskedStoreOp>(op))
        rewrite(store, rewriter);
    });
  }
};
} // namespace
