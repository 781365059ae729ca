//===- ModuleLoop.cpp - loops over groups of rows -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleLoop.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace condcomp;

/// Whether `value` is `offsets[index]` with one index.
static bool isExtractAt(Value value, Value offsets, Value index) {
  auto extract = value.getDefiningOp<tensor::ExtractOp>();
  return extract && extract.getTensor() == offsets &&
         extract.getIndices().size() == 1 && extract.getIndices()[0] == index;
}

std::optional<ModuleLoop> ModuleLoop::match(scf::ForOp loop,
                                            std::string &reason) {
  ModuleLoop result;
  result.loop = loop;
  if (loop.getNumResults() == 0 ||
      !isConstantIntValue(loop.getLowerBound(), 0) ||
      !isConstantIntValue(loop.getStep(), 1))
    return std::nullopt;
  for (Operation &op : loop.getBody()->without_terminator()) {
    auto guard = dyn_cast<scf::IfOp>(op);
    if (!guard && (!isMemoryEffectFree(&op) || op.getNumRegions() != 0))
      return std::nullopt;
    if (guard && result.guard)
      return std::nullopt;
    if (guard)
      result.guard = guard;
  }
  scf::IfOp guard = result.guard;
  if (!guard || guard.getNumResults() != loop.getNumResults())
    return std::nullopt;

  auto condition = guard.getCondition().getDefiningOp<arith::CmpIOp>();
  if (!condition ||
      !llvm::is_contained({arith::CmpIPredicate::ugt, arith::CmpIPredicate::ne},
                          condition.getPredicate()) ||
      !isConstantIntValue(condition.getRhs(), 0))
    return std::nullopt;
  Value size = condition.getLhs();
  auto difference = size.getDefiningOp<arith::SubIOp>();
  if (!difference)
    return std::nullopt;
  Value begin = difference.getRhs(), iv = loop.getInductionVar();
  auto first = begin.getDefiningOp<tensor::ExtractOp>();
  auto last = difference.getLhs().getDefiningOp<tensor::ExtractOp>();
  if (!first || !last || last.getIndices().size() != 1 ||
      !isExtractAt(begin, last.getTensor(), iv) ||
      !loop.isDefinedOutsideOfLoop(first.getTensor()))
    return std::nullopt;
  auto next = last.getIndices()[0].getDefiningOp<arith::AddIOp>();
  if (!next || next.getLhs() != iv || !isConstantIntValue(next.getRhs(), 1))
    return std::nullopt;
  result.offsets = first.getTensor();
  result.begin = begin;
  result.size = size;

  reason = "yields other things than whole rows of known inner sizes";
  auto yields = cast<scf::YieldOp>(loop.getBody()->getTerminator());
  for (auto [i, carried] : llvm::enumerate(loop.getRegionIterArgs())) {
    auto insert =
        guard.thenYield().getOperand(i).getDefiningOp<tensor::InsertSliceOp>();
    if (yields.getOperand(i) != guard.getResult(i) ||
        guard.elseYield().getOperand(i) != carried || !insert ||
        insert.getDest() != carried || !insert->hasOneUse() ||
        insert->getBlock() != guard.thenBlock() ||
        std::distance(carried.use_begin(), carried.use_end()) != 2)
      return std::nullopt;
    auto type = insert.getSourceType();
    SmallVector<OpFoldResult> offsets = insert.getMixedOffsets(),
                              sizes = insert.getMixedSizes();
    if (type.getRank() != insert.getDestType().getRank() ||
        !insert.hasUnitStride() || offsets.front() != OpFoldResult(begin) ||
        sizes.front() != OpFoldResult(size))
      return std::nullopt;
    for (auto [offset, length, dim] :
         llvm::drop_begin(llvm::zip(offsets, sizes, type.getShape())))
      if (!isConstantIntValue(offset, 0) || ShapedType::isDynamic(dim) ||
          !isConstantIntValue(length, dim))
        return std::nullopt;
    result.inserts.push_back(insert);
  }
  reason.clear();
  return result;
}

Block *ModuleLoop::body() const {
  return const_cast<scf::IfOp &>(guard).thenBlock();
}

ModuleLoop::Kind ModuleLoop::kindOf(Value value) const {
  auto found = kinds.find(value);
  if (found != kinds.end())
    return found->second;
  return Kind::Outside;
}

bool ModuleLoop::isRowSize(OpFoldResult value) const {
  return value == OpFoldResult(size);
}

bool ModuleLoop::usesModule(Operation *op) const {
  auto isModule = [&](Value value) {
    return kindOf(value) == Kind::Module || kindOf(value) == Kind::Computed;
  };
  if (llvm::any_of(op->getOperands(), isModule))
    return true;
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::any_of(captured, isModule);
}

/// Whether the only result of `map` that rows are in is the first one.
static bool rowsLead(AffineMap map, std::optional<unsigned> &rows) {
  if (map.getNumResults() == 0)
    return false;
  auto dim = dyn_cast<AffineDimExpr>(map.getResult(0));
  if (!dim || (rows && *rows != dim.getPosition()))
    return false;
  rows = dim.getPosition();
  return llvm::none_of(map.getResults().drop_front(), [&](AffineExpr expr) {
    return expr.isFunctionOfDim(*rows);
  });
}

/// An op on the parameters of a module alone.
std::string ModuleLoop::classifyComputed(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op->getNumResults() != 1 ||
      op.getNumReductionLoops() != 0 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation() ||
      !op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
    return "works on the parameters of a module alone, and not element by "
           "element";
  if (llvm::any_of(op->getOperands(),
                   [&](Value value) { return kindOf(value) == Kind::Extent; }))
    return "uses the number of rows as data";
  kinds[op->getResult(0)] = Kind::Computed;
  return "";
}

std::string ModuleLoop::classifyLinalg(linalg::LinalgOp op) {
  std::optional<unsigned> rows;
  for (OpOperand &operand : op->getOpOperands())
    if (kindOf(operand.get()) == Kind::Rows &&
        !rowsLead(op.getMatchingIndexingMap(&operand), rows))
      return "does not keep rows in dim 0";
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    if (kindOf(value) == Kind::Rows || kindOf(value) == Kind::Extent ||
        kindOf(value) == Kind::Computed)
      return "reads rows or computed parameters at computed positions";
  if (!rows)
    return classifyComputed(op);
  if (!op.hasPureTensorSemantics() ||
      op.getIteratorTypesArray()[*rows] != utils::IteratorType::parallel)
    return "mixes rows";
  for (OpOperand &operand : op->getOpOperands()) {
    Kind kind = kindOf(operand.get());
    bool indexed = op.getMatchingIndexingMap(&operand).isFunctionOfDim(*rows);
    if (kind == Kind::Extent)
      return "uses the number of rows as data";
    if (indexed != (kind == Kind::Rows))
      return "reads a tensor that is not of the module's rows by row";
  }
  WalkResult index = op->walk([&](linalg::IndexOp index) {
    return index.getDim() == *rows ? WalkResult::interrupt()
                                   : WalkResult::advance();
  });
  if (index.wasInterrupted())
    return "uses the position of a row";
  for (Value value : op.getDpsInits())
    if (kindOf(value) != Kind::Rows)
      return "has a result without rows";
  rowLoops[op] = *rows;
  steps.push_back(op);
  for (Value value : op->getResults())
    kinds[value] = Kind::Rows;
  return "";
}

std::string ModuleLoop::classify(Operation &op) {
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return classifyLinalg(linalgOp);
  if (llvm::is_contained(inserts, &op))
    return "";
  auto isKind = [&](Value value, Kind kind) { return kindOf(value) == kind; };
  auto rowsStep = [&]() -> std::string {
    steps.push_back(&op);
    kinds[op.getResult(0)] = Kind::Rows;
    return "";
  };
  auto trailingIsFree = [&](OffsetSizeAndStrideOpInterface slice) {
    return llvm::none_of(op.getOperands(),
                         [&](Value v) { return isKind(v, Kind::Module); });
  };

  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    bool whole = !slice.getMixedSizes().empty() &&
                 isRowSize(slice.getMixedSizes().front()) &&
                 isConstantIntValue(slice.getMixedStrides().front(), 1) &&
                 !slice.getDroppedDims().test(0) && trailingIsFree(slice);
    OpFoldResult offset =
        whole ? slice.getMixedOffsets().front() : OpFoldResult();
    Kind source = kindOf(slice.getSource());
    if (whole && source == Kind::Rows && isConstantIntValue(offset, 0))
      return rowsStep();
    if (whole && source == Kind::Outside && offset == OpFoldResult(begin))
      return rowsStep();
  }
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    if (isKind(insert.getSource(), Kind::Rows) &&
        isKind(insert.getDest(), Kind::Rows) &&
        insert.getSourceType().getRank() == insert.getDestType().getRank() &&
        isConstantIntValue(insert.getMixedOffsets().front(), 0) &&
        isConstantIntValue(insert.getMixedStrides().front(), 1) &&
        isRowSize(insert.getMixedSizes().front()) && trailingIsFree(insert))
      return rowsStep();
    return "inserts rows at computed positions";
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    SmallVector<OpFoldResult> sizes = empty.getMixedSizes();
    if (!sizes.empty() && isRowSize(sizes.front()) &&
        llvm::count(empty.getDynamicSizes(), size) == 1)
      return rowsStep();
  }
  auto keepsRows = [](ArrayRef<ReassociationIndices> groups) {
    return !groups.empty() && groups.front().size() == 1;
  };
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    if (isKind(expand.getSrc(), Kind::Rows) &&
        keepsRows(expand.getReassociationIndices()) &&
        isRowSize(expand.getMixedOutputShape().front()))
      return rowsStep();
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    if (isKind(collapse.getSrc(), Kind::Rows) &&
        keepsRows(collapse.getReassociationIndices()))
      return rowsStep();

  // What is left must follow from the module.
  if (!isMemoryEffectFree(&op) || op.getNumRegions() != 0)
    return "is not a linalg op";
  for (Value operand : op.getOperands()) {
    if (isKind(operand, Kind::Rows))
      return "does not keep rows in dim 0";
    if (isKind(operand, Kind::Extent))
      return "uses the number of rows as data";
    if (isKind(operand, Kind::Computed))
      return "reads parameters computed by another op";
  }
  for (Value result : op.getResults()) {
    if (isa<TensorType>(result.getType()) &&
        !isa<tensor::ExtractSliceOp, tensor::ExpandShapeOp,
             tensor::CollapseShapeOp, tensor::CastOp, tensor::EmptyOp>(op))
      return "computes a tensor from the parameters of a module";
    kinds[result] = Kind::Module;
  }
  return "";
}

Operation *ModuleLoop::findComputed() const {
  for (Operation &op : body()->without_terminator())
    if (op.getNumResults() != 0 && kindOf(op.getResult(0)) == Kind::Computed)
      return &op;
  return nullptr;
}

Operation *ModuleLoop::analyze(std::string &reason) {
  kinds[loop.getInductionVar()] = Kind::Module;
  kinds[begin] = kinds[size] = Kind::Extent;
  Value end = size.getDefiningOp<arith::SubIOp>().getLhs();
  for (Operation &op : loop.getBody()->without_terminator()) {
    if (&op == guard || op.getNumResults() == 0 ||
        kinds.contains(op.getResult(0)))
      continue;
    bool extent = llvm::any_of(op.getOperands(), [&](Value value) {
      return kindOf(value) == Kind::Extent;
    });
    for (Value result : op.getResults())
      kinds[result] = extent || result == end ? Kind::Extent : Kind::Module;
  }
  for (Operation &op : body()->without_terminator()) {
    reason = classify(op);
    if (!reason.empty())
      return &op;
  }
  for (tensor::InsertSliceOp insert : inserts)
    if (kindOf(insert.getSource()) != Kind::Rows) {
      reason = "yields what does not depend on its rows";
      return insert;
    }
  return nullptr;
}
