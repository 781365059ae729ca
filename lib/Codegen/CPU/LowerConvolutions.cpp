//===- LowerConvolutions.cpp - convolutions to tiled loops ----------------===//
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
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERCONVOLUTIONS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

class ConvolutionLowering {
public:
  ConvolutionLowering(Contraction contraction, KernelLibrary &kernels,
                      bool parallel)
      : c(std::move(contraction)), kernels(kernels), parallel(parallel),
        b(c.op.getLoc(), c.op) {}

  /// Emits the loops, or changes nothing if no side has to be gathered.
  void run();

private:
  void orderTerms();
  bool isMatrix(OpOperand *operand, ArrayRef<unsigned> rows,
                ArrayRef<unsigned> columns) const;
  Value tableOf(const LinearView &view, ArrayRef<unsigned> loops);
  int64_t stepOf(Value stride) const;
  /// The arguments of a panel function for a side, but for its offset, and the
  /// table of rows whole.
  SmallVector<Value> gather(const LinearView &view, ArrayRef<unsigned> rows,
                            ArrayRef<unsigned> columns, OpOperand *operand,
                            int64_t &step);
  Value rowsFrom(Value table, Value first, Value count);

  Contraction c;
  KernelLibrary &kernels;
  bool parallel;
  ImplicitLocOpBuilder b;
  SmallVector<Value> sizes, tables;
};

} // namespace

/// Terms are taken in the order in which they lie in an operand without
/// windows. It must follow from the op alone, as the sums do.
void ConvolutionLowering::orderTerms() {
  for (OpOperand *operand : c.op.getDpsInputOperands()) {
    SmallVector<unsigned> order;
    for (AffineExpr expr : c.map(operand).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (llvm::is_contained(c.k, dim.getPosition()))
          order.push_back(dim.getPosition());
    if (order.size() == c.k.size()) {
      c.k = order;
      return;
    }
  }
}

/// Whether each of two lists of loops acts as one.
bool ConvolutionLowering::isMatrix(OpOperand *operand, ArrayRef<unsigned> rows,
                                   ArrayRef<unsigned> columns) const {
  for (ArrayRef<unsigned> loops : {rows, columns})
    for (size_t i = 1; i < loops.size(); ++i)
      if (!actAsOneLoop(operand->get(), c.map(operand), loops[i - 1], loops[i]))
        return false;
  return true;
}

/// Offsets of all points of `loops`, the last one innermost.
Value ConvolutionLowering::tableOf(const LinearView &view,
                                   ArrayRef<unsigned> loops) {
  SmallVector<OpFoldResult> shape;
  for (unsigned loop : loops)
    shape.push_back(getAsOpFoldResult(sizes[loop]));
  if (shape.empty())
    shape.push_back(b.getIndexAttr(1));
  SmallVector<int64_t> staticShape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(shape, dynamic, staticShape);
  Value table =
      memref::AllocOp::create(b, MemRefType::get(staticShape, b.getIndexType()),
                              dynamic, b.getI64IntegerAttr(64));
  SmallVector<utils::IteratorType> kinds(shape.size(),
                                         utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, TypeRange(), ValueRange(), table,
      b.getMultiDimIdentityMap(shape.size()), kinds,
      [&](OpBuilder &builder, Location loc, ValueRange) {
        ImplicitLocOpBuilder nested(loc, builder);
        Value offset = constantIndex(nested, 0);
        for (auto [i, loop] : llvm::enumerate(loops))
          offset = add(nested, offset,
                       mul(nested, linalg::IndexOp::create(nested, i),
                           view.strides[loop]));
        linalg::YieldOp::create(nested, offset);
      });
  tables.push_back(table);
  return memref::ReinterpretCastOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getIndexType()), table,
      OpFoldResult(b.getIndexAttr(0)),
      ArrayRef<OpFoldResult>{mergedSize(b, loops, sizes)},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

int64_t ConvolutionLowering::stepOf(Value stride) const {
  std::optional<int64_t> known = getConstantIntValue(stride);
  return known && (*known == 1 || *known == 2) ? *known : 0;
}

SmallVector<Value> ConvolutionLowering::gather(const LinearView &view,
                                               ArrayRef<unsigned> rows,
                                               ArrayRef<unsigned> columns,
                                               OpOperand *operand,
                                               int64_t &step) {
  // The last loops of the columns that act as one are a run.
  size_t outer = columns.size();
  while (outer > 0 && isMatrix(operand, {}, columns.drop_front(outer - 1)))
    --outer;
  ArrayRef<unsigned> run = columns.drop_front(outer);
  Value stride = mergedStride(b, view, run);
  step = stepOf(stride);
  return {view.flat(b),
          view.offset,
          tableOf(view, rows),
          tableOf(view, columns.take_front(outer)),
          mergedSize(b, run, sizes),
          stride};
}

Value ConvolutionLowering::rowsFrom(Value table, Value first, Value count) {
  Type type = KernelLibrary::gatheredTypes(c.acc)[2];
  Value part = memref::SubViewOp::create(
      b, table, ArrayRef<OpFoldResult>{first}, ArrayRef<OpFoldResult>{count},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  return memref::CastOp::create(b, type, part);
}

void ConvolutionLowering::run() {
  orientColumns(c);
  orderTerms();
  SmallVector<unsigned> m, n, outer, outerM, outerN;
  splitLoops(c, c.m, {c.result}, m, outerM);
  splitLoops(c, c.n, {c.result}, n, outerN);
  bool gatherLhs = !isMatrix(c.lhs, m, c.k);
  bool gatherRhs = !isMatrix(c.rhs, c.k, n);
  if (!gatherLhs && !gatherRhs)
    return;
  outer = c.batch;
  llvm::append_range(outer, outerM);
  llvm::append_range(outer, outerN);
  llvm::sort(outer);

  linalg::FillOp fill = findZeroFill(c);
  Value accumulate = arith::ConstantIntOp::create(b, fill ? 0 : 1, /*width=*/1);
  if (fill)
    fill.erase();
  // What is gathered is extended on the way.
  Value lhsBuffer = gatherLhs ? c.lhs->get() : extendTo(b, c.lhs->get(), c.acc);
  sizes = loopSizes(b, c.op);
  LinearView lhs(b, lhsBuffer, c.map(c.lhs));
  LinearView rhs(b, c.rhs->get(), c.map(c.rhs));
  LinearView result(b, c.result->get(), c.map(c.result));
  auto strideOf = [&](const LinearView &view, ArrayRef<unsigned> loops) {
    return mergedStride(b, view, loops);
  };
  PanelConfig config{c.acc,
                     cast<FloatType>(rhs.elementType()),
                     cast<FloatType>(result.elementType()),
                     layoutOf(strideOf(lhs, m), strideOf(lhs, c.k), false),
                     layoutOf(strideOf(rhs, c.k), strideOf(rhs, n), true),
                     layoutOf(strideOf(result, m), strideOf(result, n), false)};
  config.lhs = cast<FloatType>(lhs.elementType());
  SmallVector<Value> left, right;
  if (gatherLhs) {
    config.lhsLayout = Layout::Gathered;
    left = gather(lhs, m, c.k, c.lhs, config.lhsStep);
  }
  if (gatherRhs) {
    config.rhsLayout = Layout::Gathered;
    right = gather(rhs, c.k, n, c.rhs, config.rhsStep);
  }
  func::FuncOp function = kernels.getPanel(config);

  Value zero = constantIndex(b, 0);
  Value rows = mergedSize(b, m, sizes), columns = mergedSize(b, n, sizes);
  Value depth = mergedSize(b, c.k, sizes);
  ResultBlocks blocks(b, kernels, config, rows, columns);
  SmallVector<Value> outerSizes;
  for (unsigned loop : outer)
    outerSizes.push_back(sizes[loop]);

  blocks.build(b, outerSizes, depth, parallel, [&](const ResultBlock &block) {
    Value lhsOffset = matrixOffset(b, lhs, outer, block);
    Value rhsOffset = matrixOffset(b, rhs, outer, block);
    SmallVector<Value> operands;
    if (gatherLhs) {
      operands = left;
      operands[1] = lhsOffset;
      operands[2] = rowsFrom(left[2], block.row, block.height);
    } else {
      operands.push_back(sliceOf(
          b, lhs, moveAlong(b, lhsOffset, lhs, m, block.row), block.height,
          depth, strideOf(lhs, m), strideOf(lhs, c.k), config.lhsLayout));
    }
    if (gatherRhs) {
      right[1] = rhsOffset;
      llvm::append_range(operands, right);
      operands[operands.size() - 4] = rowsFrom(right[2], zero, depth);
      operands.push_back(block.column);
    } else {
      operands.push_back(sliceOf(
          b, rhs, moveAlong(b, rhsOffset, rhs, n, block.column), depth,
          block.width, strideOf(rhs, c.k), strideOf(rhs, n), config.rhsLayout));
    }
    Value resultOffset = moveAlong(b, matrixOffset(b, result, outer, block),
                                   result, m, block.row);
    resultOffset = moveAlong(b, resultOffset, result, n, block.column);
    operands.push_back(sliceOf(b, result, resultOffset, block.height,
                               block.width, strideOf(result, m),
                               strideOf(result, n), config.resultLayout));
    operands.push_back(accumulate);
    func::CallOp::create(b, function, operands);
  });
  for (Value table : tables)
    memref::DeallocOp::create(b, table);
  if (lhsBuffer != c.lhs->get())
    memref::DeallocOp::create(b, lhsBuffer);
  c.op.erase();
}

/// Whether it takes several passes in which a rounded result would be stored.
static bool isRoundedInBetween(const Contraction &c) {
  SmallVector<unsigned> k, outerK;
  splitLoops(c, c.k, {c.lhs, c.rhs}, k, outerK);
  auto type = cast<MemRefType>(c.result->get().getType());
  return !outerK.empty() && type.getElementType() != c.acc;
}

namespace {
struct LowerConvolutionsPass
    : public condcomp::impl::LowerConvolutionsBase<LowerConvolutionsPass> {
  using LowerConvolutionsBase::LowerConvolutionsBase;

  LogicalResult initialize(MLIRContext *context) override {
    return checkVectorBits(context, vectorBits);
  }

  void runOnOperation() override {
    KernelLibrary kernels(getOperation(), vectorBits);
    SmallVector<Contraction, 0> contractions;
    getOperation().walk([&](linalg::LinalgOp op) {
      std::optional<Contraction> c = matchContraction(op);
      if (c && !c->isPacked() && (c->hasWindows() || isRoundedInBetween(*c)))
        contractions.push_back(std::move(*c));
    });
    for (Contraction &c : contractions)
      ConvolutionLowering(std::move(c), kernels, parallel).run();
  }
};
} // namespace
