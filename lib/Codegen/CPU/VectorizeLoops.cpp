//===- VectorizeLoops.cpp - linalg ops to vectorized loops ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopVectorizer.h"
#include "VectorBits.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"

namespace condcomp {
#define GEN_PASS_DEF_VECTORIZELOOPS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether all operands are strided memrefs with linear maps, or scalars, and
/// there is a result.
static bool hasLinearOperands(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || !op->getRegion(0).hasOneBlock() ||
      op.getNumDpsInits() == 0)
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

  LogicalResult initialize(MLIRContext *context) override {
    return checkVectorBits(context, vectorBits);
  }

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
