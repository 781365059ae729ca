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
  /// What blocks of the result are computed of.
  struct Operands {
    LinearView lhs, rhs, result;
    PanelConfig config;
    func::FuncOp panel;
    /// Terms of one pass, and the distance of packed panels.
    Value depth, panelStride;
    bool fromZero;
  };

  bool usesUnit() const;
  PanelConfig getConfig(const LinearView &lhs, const LinearView &rhs,
                        const LinearView &result);
  void emitBlock(const Operands &of, const ResultBlock &block);
  Value strideOf(const LinearView &view, ArrayRef<unsigned> loops) {
    return mergedStride(b, view, loops);
  }

  Contraction c;
  KernelLibrary &kernels;
  bool parallel;
  ImplicitLocOpBuilder b;
  SmallVector<Value> sizes;
  Value zero, one;
  /// The loops of rows, columns and terms that a panel function takes, those
  /// around it, and those of terms among them, which come last.
  SmallVector<unsigned> m, n, k, outer, outerK;
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

PanelConfig ContractionLowering::getConfig(const LinearView &lhs,
                                           const LinearView &rhs,
                                           const LinearView &result) {
  auto elementOf = [](OpOperand *operand) {
    return cast<FloatType>(
        cast<MemRefType>(operand->get().getType()).getElementType());
  };
  Layout lhsLayout = layoutOf(strideOf(lhs, m), strideOf(lhs, k), false);
  Layout rhsLayout = layoutOf(strideOf(rhs, k), strideOf(rhs, n), true);
  if (c.isPacked())
    rhsLayout = c.pairs ? Layout::PackedPairs : Layout::Packed;
  Layout resultLayout =
      layoutOf(strideOf(result, m), strideOf(result, n), false);
  return {c.acc,     elementOf(c.rhs), elementOf(c.result), lhsLayout,
          rhsLayout, resultLayout,     usesUnit()};
}

void ContractionLowering::emitBlock(const Operands &of,
                                    const ResultBlock &block) {
  const auto &[lhs, rhs, result, config, panel, depth, panelStride, fromZero] =
      of;
  Value lhsOffset =
      moveAlong(b, matrixOffset(b, lhs, outer, block), lhs, m, block.row);
  Value rhsOffset = matrixOffset(b, rhs, outer, block);
  if (c.isPacked())
    rhsOffset = add(
        b, rhsOffset,
        mul(b, div(b, block.column, constantIndex(b, c.panel)), panelStride));
  else
    rhsOffset = moveAlong(b, rhsOffset, rhs, n, block.column);
  Value resultOffset =
      moveAlong(b, matrixOffset(b, result, outer, block), result, m, block.row);
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
    Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, iv, zero);
    accumulate = arith::OrIOp::create(b, accumulate, later);
  }
  func::CallOp::create(
      b, panel,
      ValueRange{
          sliceOf(b, lhs, lhsOffset, block.height, depth, strideOf(lhs, m),
                  strideOf(lhs, k), config.lhsLayout),
          c.isPacked()
              ? sliceOf(b, rhs, rhsOffset,
                        ceilDiv(b, block.width, constantIndex(b, c.panel)),
                        panelStride, panelStride, one, Layout::RowMajor)
              : sliceOf(b, rhs, rhsOffset, depth, block.width, strideOf(rhs, k),
                        strideOf(rhs, n), config.rhsLayout),
          sliceOf(b, result, resultOffset, block.height, block.width,
                  strideOf(result, m), strideOf(result, n),
                  config.resultLayout),
          accumulate});
}

LogicalResult ContractionLowering::run() {
  orientColumns(c);
  SmallVector<unsigned> outerM, outerN;
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
  Value lhsBuffer =
      usesUnit() ? c.lhs->get() : extendTo(b, c.lhs->get(), c.acc);
  sizes = loopSizes(b, c.op);
  LinearView lhs(b, lhsBuffer, c.map(c.lhs));
  LinearView rhs(b, c.rhs->get(), c.map(c.rhs));
  LinearView result(b, c.result->get(), c.map(c.result));

  zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value rows = mergedSize(b, m, sizes), columns = mergedSize(b, n, sizes);
  Value depth = mergedSize(b, k, sizes);
  PanelConfig config = getConfig(lhs, rhs, result);
  func::FuncOp panel = kernels.getPanel(config);
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
  Operands of{lhs, rhs, result, config, panel, depth, panelStride, fromZero};
  blocks.build(b, outerSizes, terms, parallel,
               [&](const ResultBlock &block) { emitBlock(of, block); });
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
    KernelLibrary kernels(getOperation(), vectorBits, bf16Unit, prefetchPacked);
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
