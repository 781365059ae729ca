//===- LowerContractions.cpp - contractions to tiled loops ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionLoops.h"
#include "LoopBuilder.h"
#include "VectorBits.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERCONTRACTIONS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

class ContractionLowering {
public:
  ContractionLowering(Contraction contraction, KernelLibrary &kernels,
                      bool parallel)
      : c(std::move(contraction)), kernels(kernels), parallel(parallel),
        b(c.op.getLoc(), c.op) {}

  /// Emits the loops. Fails, having changed nothing, when a rounded result
  /// would be accumulated in several passes.
  LogicalResult run();

private:
  bool usesUnit() const;

  Contraction c;
  KernelLibrary &kernels;
  bool parallel;
  ImplicitLocOpBuilder b;
  SmallVector<Value> sizes;
};

} // namespace

/// Whether the processor's unit for bf16 multiplies. It sums in an order of its
/// own, so this follows from the op alone, not from the number of rows or from
/// where they lie: of several reduction dims those that lie together in one
/// form of a program may not in the other, and would be cut otherwise.
bool ContractionLowering::usesUnit() const {
  auto isBF16 = [](OpOperand *operand) {
    return cast<MemRefType>(operand->get().getType()).getElementType().isBF16();
  };
  return kernels.getUnit() != BF16Unit::None && c.k.size() == 1 &&
         isBF16(c.lhs) && isBF16(c.rhs) && c.acc.isF32() &&
         c.isPacked() == c.pairs;
}

LogicalResult ContractionLowering::run() {
  orientColumns(c);
  SmallVector<unsigned> m, n, k, outer, outerM, outerN, outerK;
  splitLoops(c, c.m, {c.lhs, c.result}, m, outerM);
  splitLoops(c, c.n, {c.rhs, c.result}, n, outerN);
  splitLoops(c, c.k, {c.lhs, c.rhs}, k, outerK);
  auto resultType = cast<MemRefType>(c.result->get().getType());
  if (!outerK.empty() && resultType.getElementType() != c.acc)
    return failure();
  outer = c.batch;
  llvm::append_range(outer, outerM);
  llvm::append_range(outer, outerN);
  llvm::sort(outer);

  linalg::FillOp fill = findZeroFill(c);
  bool fromZero = fill != nullptr;
  if (fill)
    fill.erase();
  bool unit = usesUnit();
  Value lhsBuffer = unit ? c.lhs->get() : extendTo(b, c.lhs->get(), c.acc);
  sizes = loopSizes(b, c.op);
  LinearView lhs(b, lhsBuffer, c.map(c.lhs));
  LinearView rhs(b, c.rhs->get(), c.map(c.rhs));
  LinearView result(b, c.result->get(), c.map(c.result));

  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  auto strideOf = [&](const LinearView &view, ArrayRef<unsigned> loops) {
    return mergedStride(b, view, loops);
  };
  Value rows = mergedSize(b, m, sizes), columns = mergedSize(b, n, sizes);
  Value depth = mergedSize(b, k, sizes);
  Layout lhsLayout = layoutOf(strideOf(lhs, m), strideOf(lhs, k), false);
  Layout rhsLayout = layoutOf(strideOf(rhs, k), strideOf(rhs, n), true);
  if (c.isPacked())
    rhsLayout = c.pairs ? Layout::PackedPairs : Layout::Packed;
  Layout resultLayout =
      layoutOf(strideOf(result, m), strideOf(result, n), false);
  auto rhsType = cast<FloatType>(
      cast<MemRefType>(c.rhs->get().getType()).getElementType());
  PanelConfig config{
      c.acc,     rhsType,   cast<FloatType>(resultType.getElementType()),
      lhsLayout, rhsLayout, resultLayout,
      unit};
  func::FuncOp function = kernels.getPanel(config);

  Value panelStride;
  if (c.isPacked()) {
    unsigned dim = c.map(c.rhs).getNumResults() - (c.pairs ? 4 : 3);
    auto metadata = memref::ExtractStridedMetadataOp::create(b, c.rhs->get());
    panelStride = metadata.getStrides()[dim];
  }
  ResultBlocks blocks(b, kernels, config, rows, columns);
  SmallVector<Value> outerSizes;
  for (unsigned loop : outer)
    outerSizes.push_back(sizes[loop]);
  Value terms = depth;
  for (unsigned loop : outerK)
    terms = mul(b, terms, sizes[loop]);

  blocks.build(b, outerSizes, terms, parallel, [&](const ResultBlock &block) {
    Value lhsOffset =
        moveAlong(b, matrixOffset(b, lhs, outer, block), lhs, m, block.row);
    Value rhsOffset = matrixOffset(b, rhs, outer, block);
    if (c.isPacked())
      rhsOffset = add(
          b, rhsOffset,
          mul(b, div(b, block.column, constantIndex(b, c.panel)), panelStride));
    else
      rhsOffset = moveAlong(b, rhsOffset, rhs, n, block.column);
    Value resultOffset = moveAlong(b, matrixOffset(b, result, outer, block),
                                   result, m, block.row);
    resultOffset = moveAlong(b, resultOffset, result, n, block.column);

    Value accumulate = arith::ConstantIntOp::create(b, fromZero ? 0 : 1, 1);
    OpBuilder::InsertionGuard guard(b);
    // What cannot be merged is summed in several passes, in order.
    for (unsigned loop : outerK) {
      auto pass = scf::ForOp::create(b, zero, sizes[loop], one);
      b.setInsertionPointToStart(pass.getBody());
      Value iv = pass.getInductionVar();
      lhsOffset = add(b, lhsOffset, mul(b, lhs.strides[loop], iv));
      rhsOffset = add(b, rhsOffset, mul(b, rhs.strides[loop], iv));
      Value later =
          arith::CmpIOp::create(b, arith::CmpIPredicate::ne, iv, zero);
      accumulate = arith::OrIOp::create(b, accumulate, later);
    }
    func::CallOp::create(
        b, function,
        ValueRange{
            sliceOf(b, lhs, lhsOffset, block.height, depth, strideOf(lhs, m),
                    strideOf(lhs, k), lhsLayout),
            c.isPacked()
                ? sliceOf(b, rhs, rhsOffset,
                          ceilDiv(b, block.width, constantIndex(b, c.panel)),
                          panelStride, panelStride, one, Layout::RowMajor)
                : sliceOf(b, rhs, rhsOffset, depth, block.width,
                          strideOf(rhs, k), strideOf(rhs, n), rhsLayout),
            sliceOf(b, result, resultOffset, block.height, block.width,
                    strideOf(result, m), strideOf(result, n), resultLayout),
            accumulate});
  });
  if (lhsBuffer != c.lhs->get())
    memref::DeallocOp::create(b, lhsBuffer);
  c.op.erase();
  return success();
}

namespace {
struct LowerContractionsPass
    : public condcomp::impl::LowerContractionsBase<LowerContractionsPass> {
  using LowerContractionsBase::LowerContractionsBase;

  LogicalResult initialize(MLIRContext *context) override {
    return checkVectorBits(context, vectorBits);
  }

  void runOnOperation() override {
    if (bf16Unit != BF16Unit::None && vectorBits != 512) {
      getOperation().emitError()
          << "condcomp-lower-contractions: bf16-unit="
          << getFeatureName(bf16Unit) << " needs vector-bits=512, not "
          << vectorBits.getValue();
      return signalPassFailure();
    }
    KernelLibrary kernels(getOperation(), vectorBits, bf16Unit);
    SmallVector<Contraction, 0> contractions;
    getOperation().walk([&](linalg::LinalgOp op) {
      std::optional<Contraction> c = matchContraction(op);
      if (!c)
        return;
      if (c->isPacked() && c->panel != kernels.panelColumns(c->acc)) {
        remark::failed(op.getLoc(),
                       remark::RemarkOpts::name("Contraction")
                           .category("condcomp-lower-contractions"))
            << ("the right-hand side is packed in panels of " +
                Twine(c->panel) + " columns, kernels take " +
                Twine(kernels.panelColumns(c->acc)))
                   .str();
        return;
      }
      contractions.push_back(std::move(*c));
    });
    for (Contraction &c : contractions) {
      Location loc = c.op.getLoc();
      if (failed(ContractionLowering(c, kernels, parallel).run()))
        remark::failed(loc, remark::RemarkOpts::name("Contraction")
                                .category("condcomp-lower-contractions"))
            << "the reduction dims do not lie together in memory and the "
               "result is rounded: left to the loop vectorizer";
    }
  }
};
} // namespace
