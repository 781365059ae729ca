//===- LowerContractions.cpp - contractions to tiled loops ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionKernels.h"
#include "ContractionMatch.h"
#include "LinearView.h"
#include "LoopBuilder.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
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
  void orientColumns();
  void split(ArrayRef<unsigned> loops, OpOperand *x, OpOperand *y,
             SmallVector<unsigned> &merged, SmallVector<unsigned> &others);
  bool usesUnit(ArrayRef<unsigned> outerK) const;
  Value convertLhs();
  Value mergedSize(ArrayRef<unsigned> loops);
  Layout layout(const LinearView &view, Value row, Value column) const;
  Value slice(const LinearView &view, Value offset, Value rows, Value columns,
              Value rowStride, Value columnStride, Layout layout);

  Contraction c;
  KernelLibrary &kernels;
  bool parallel;
  ImplicitLocOpBuilder b;
  SmallVector<Value> sizes;
};

} // namespace

/// Columns are what is contiguous in the result, or the only dim there is: a
/// contraction is the same with its sides exchanged.
void ContractionLowering::orientColumns() {
  if (c.isPacked())
    return;
  auto lastDim = [&](OpOperand *operand) -> std::optional<unsigned> {
    AffineMap map = c.map(operand);
    if (map.getNumResults() == 0)
      return std::nullopt;
    auto dim = dyn_cast<AffineDimExpr>(map.getResults().back());
    return dim ? std::optional(dim.getPosition()) : std::nullopt;
  };
  std::optional<unsigned> last = lastDim(c.result);
  bool exchange = last ? llvm::is_contained(c.m, *last) : false;
  // A single column is better a single row.
  auto isUnit = [&](ArrayRef<unsigned> loops) {
    SmallVector<int64_t> ranges = c.op.getStaticLoopRanges();
    return llvm::all_of(loops, [&](unsigned i) { return ranges[i] == 1; });
  };
  if (isUnit(c.n) && !isUnit(c.m))
    exchange = true;
  if (isUnit(c.m))
    exchange = false;
  if (exchange) {
    std::swap(c.lhs, c.rhs);
    std::swap(c.m, c.n);
  }
}

/// Splits `loops` into the innermost ones that act as one loop in both operands
/// and the rest.
void ContractionLowering::split(ArrayRef<unsigned> loops, OpOperand *x,
                                OpOperand *y, SmallVector<unsigned> &merged,
                                SmallVector<unsigned> &others) {
  others.assign(loops.begin(), loops.end());
  if (others.empty())
    return;
  // Begin with the loop that is innermost in `y`.
  AffineMap map = c.map(y);
  auto rank = [&](unsigned loop) {
    for (auto [i, result] : llvm::enumerate(map.getResults()))
      if (result.isFunctionOfDim(loop))
        return static_cast<int>(i);
    return -1;
  };
  unsigned last = *llvm::max_element(
      others, [&](unsigned i, unsigned j) { return rank(i) < rank(j); });
  merged.push_back(last);
  llvm::erase(others, last);
  while (true) {
    auto next = llvm::find_if(others, [&](unsigned i) {
      return llvm::all_of(ArrayRef<OpOperand *>{x, y}, [&](OpOperand *operand) {
        return actAsOneLoop(operand->get().getType(), c.map(operand), i,
                            merged.front());
      });
    });
    if (next == others.end())
      return;
    merged.insert(merged.begin(), *next);
    others.erase(next);
  }
}

/// Whether the processor's unit for bf16 multiplies. It sums in an order of its
/// own, so this follows from the op alone, not from the number of rows; terms
/// that do not lie together would be cut otherwise than those that do.
bool ContractionLowering::usesUnit(ArrayRef<unsigned> outerK) const {
  auto isBF16 = [](OpOperand *operand) {
    return cast<MemRefType>(operand->get().getType()).getElementType().isBF16();
  };
  return kernels.getUnit() != BF16Unit::None && outerK.empty() &&
         isBF16(c.lhs) && isBF16(c.rhs) && c.acc.isF32() &&
         c.isPacked() == c.pairs;
}

/// The left-hand side in the accumulator's type.
Value ContractionLowering::convertLhs() {
  Value lhs = c.lhs->get();
  auto type = cast<MemRefType>(lhs.getType());
  if (type.getElementType() == c.acc)
    return lhs;
  SmallVector<Value> dynamic;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      dynamic.push_back(memref::DimOp::create(b, lhs, i));
  Value buffer =
      memref::AllocOp::create(b, MemRefType::get(type.getShape(), c.acc),
                              dynamic, b.getI64IntegerAttr(64));
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, TypeRange(), lhs, buffer, maps, kinds,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        Value wide = arith::ExtFOp::create(nested, loc, c.acc, args[0]);
        linalg::YieldOp::create(nested, loc, wide);
      });
  return buffer;
}

Value ContractionLowering::mergedSize(ArrayRef<unsigned> loops) {
  Value size = constantIndex(b, 1);
  for (unsigned loop : loops)
    size = mul(b, size, sizes[loop]);
  return size;
}

Layout ContractionLowering::layout(const LinearView &view, Value row,
                                   Value column) const {
  if (isConstantIntValue(column, 1))
    return Layout::RowMajor;
  return isConstantIntValue(row, 1) ? Layout::ColumnMajor : Layout::Strided;
}

Value ContractionLowering::slice(const LinearView &view, Value offset,
                                 Value rows, Value columns, Value rowStride,
                                 Value columnStride, Layout layout) {
  Type element = cast<MemRefType>(view.memref.getType()).getElementType();
  MemRefType type = KernelLibrary::viewType(element, layout);
  auto fold = [&](Value value, bool unit) -> OpFoldResult {
    return unit ? OpFoldResult(b.getIndexAttr(1)) : OpFoldResult(value);
  };
  return memref::ReinterpretCastOp::create(
      b, type, view.base, OpFoldResult(offset),
      ArrayRef<OpFoldResult>{rows, columns},
      ArrayRef<OpFoldResult>{fold(rowStride, layout == Layout::ColumnMajor),
                             fold(columnStride, layout == Layout::RowMajor)});
}

LogicalResult ContractionLowering::run() {
  orientColumns();
  SmallVector<unsigned> m, n, k, outer, outerM, outerN, outerK;
  split(c.m, c.lhs, c.result, m, outerM);
  split(c.n, c.rhs, c.result, n, outerN);
  split(c.k, c.lhs, c.rhs, k, outerK);
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
  bool unit = usesUnit(outerK);
  Value lhsBuffer = unit ? c.lhs->get() : convertLhs();
  sizes = loopSizes(b, c.op);
  LinearView lhs(b, lhsBuffer, c.map(c.lhs));
  LinearView rhs(b, c.rhs->get(), c.map(c.rhs));
  LinearView result(b, c.result->get(), c.map(c.result));

  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  auto strideOf = [&](const LinearView &view, ArrayRef<unsigned> loops) {
    return loops.empty() ? one : view.strides[loops.back()];
  };
  Value rows = mergedSize(m), columns = mergedSize(n), depth = mergedSize(k);
  Layout lhsLayout = layout(lhs, strideOf(lhs, m), strideOf(lhs, k));
  if (lhsLayout == Layout::ColumnMajor)
    lhsLayout = Layout::Strided;
  Layout rhsLayout = layout(rhs, strideOf(rhs, k), strideOf(rhs, n));
  if (c.isPacked())
    rhsLayout = c.pairs ? Layout::PackedPairs : Layout::Packed;
  Layout resultLayout =
      layout(result, strideOf(result, m), strideOf(result, n));
  if (resultLayout == Layout::ColumnMajor)
    resultLayout = Layout::Strided;
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
  // Rows are cut evenly into blocks of whole tiles, columns into blocks of
  // whole panels.
  auto cut = [&](Value size, Value most, int64_t unit, Value &count) {
    Value step = constantIndex(b, unit);
    count = maximum(b, ceilDiv(b, size, most), one);
    return mul(b, ceilDiv(b, ceilDiv(b, size, count), step), step);
  };
  Value blocks, columnBlocks;
  Value blockRows = cut(rows, constantIndex(b, KernelLibrary::maxRows(config)),
                        kernels.tileRows(config), blocks);
  Value few =
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ule, blockRows,
                                    constantIndex(b, KernelLibrary::kFewRows));
  Value mostColumns = b.createOrFold<arith::SelectOp>(
      few, constantIndex(b, kernels.blockColumns(config, true)),
      constantIndex(b, kernels.blockColumns(config, false)));
  Value blockWidth =
      cut(columns, mostColumns, kernels.panelColumns(c.acc), columnBlocks);
  SmallVector<Value> grid;
  for (unsigned loop : outer)
    grid.push_back(sizes[loop]);
  grid.push_back(blocks);
  grid.push_back(columnBlocks);
  // Multiply-adds of one block; about 16 of them are one unit of cost.
  Value cost = mul(b, minimum(b, rows, blockRows), mul(b, depth, blockWidth));
  for (unsigned loop : outerK)
    cost = mul(b, cost, sizes[loop]);
  cost = add(b, div(b, cost, constantIndex(b, 16)), one);

  buildParallelNest(b, grid, cost, parallel, [&](ArrayRef<Value> ivs) {
    Value row = mul(b, ivs[outer.size()], blockRows);
    Value column = mul(b, ivs[outer.size() + 1], blockWidth);
    Value height = minimum(b, sub(b, maximum(b, rows, row), row), blockRows);
    Value width =
        minimum(b, sub(b, maximum(b, columns, column), column), blockWidth);
    auto offsetOf = [&](const LinearView &view, Value offset) {
      for (auto [loop, iv] : llvm::zip(outer, ivs))
        offset = add(b, offset, mul(b, view.strides[loop], iv));
      return offset;
    };
    Value lhsOffset = add(b, offsetOf(lhs, lhs.offset),
                          mul(b, strideOf(lhs, m), m.empty() ? zero : row));
    Value rhsOffset = offsetOf(rhs, rhs.offset);
    if (c.isPacked())
      rhsOffset =
          add(b, rhsOffset,
              mul(b, div(b, column, constantIndex(b, c.panel)), panelStride));
    else if (!n.empty())
      rhsOffset = add(b, rhsOffset, mul(b, strideOf(rhs, n), column));
    Value resultOffset = offsetOf(result, result.offset);
    if (!m.empty())
      resultOffset = add(b, resultOffset, mul(b, strideOf(result, m), row));
    if (!n.empty())
      resultOffset = add(b, resultOffset, mul(b, strideOf(result, n), column));

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
        ValueRange{slice(lhs, lhsOffset, height, depth, strideOf(lhs, m),
                         strideOf(lhs, k), lhsLayout),
                   c.isPacked()
                       ? slice(rhs, rhsOffset,
                               ceilDiv(b, width, constantIndex(b, c.panel)),
                               panelStride, panelStride, one, Layout::RowMajor)
                       : slice(rhs, rhsOffset, depth, width, strideOf(rhs, k),
                               strideOf(rhs, n), rhsLayout),
                   slice(result, resultOffset, height, width,
                         strideOf(result, m), strideOf(result, n),
                         resultLayout),
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
