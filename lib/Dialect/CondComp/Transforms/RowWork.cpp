//===- RowWork.cpp - ops that work row by row -----------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowWork.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Row-wise ops
//===----------------------------------------------------------------------===//

static std::optional<SmallVector<bool>> getRowOperands(linalg::LinalgOp op) {
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (result.getNumResults() == 0)
    return std::nullopt;
  auto rowLoop = dyn_cast<AffineDimExpr>(result.getResult(0));
  if (!rowLoop)
    return std::nullopt;
  unsigned row = rowLoop.getPosition();
  if (op.getIteratorTypesArray()[row] != utils::IteratorType::parallel)
    return std::nullopt;
  // The position of a row is not the same everywhere.
  WalkResult positions =
      op.getBlock()->walk([&](linalg::IndexOp index) -> WalkResult {
        return index.getDim() == row ? WalkResult::interrupt()
                                     : WalkResult::advance();
      });
  if (positions.wasInterrupted())
    return std::nullopt;
  SmallVector<bool> isRows;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool leads = map.getNumResults() > 0 && map.getResult(0) == rowLoop;
    for (AffineExpr expr : map.getResults().drop_front(leads ? 1 : 0))
      if (expr.isFunctionOfDim(row))
        return std::nullopt;
    isRows.push_back(leads);
  }
  return isRows;
}

/// Whether a reshape leaves the leading dim alone and knows all other sizes.
template <typename OpT>
static bool keepsRows(OpT op) {
  return !op.getReassociationIndices().empty() &&
         op.getReassociationIndices().front().size() == 1 &&
         llvm::none_of(op.getResultType().getShape().drop_front(),
                       ShapedType::isDynamic) &&
         llvm::none_of(op.getSrcType().getShape().drop_front(),
                       ShapedType::isDynamic);
}

std::optional<SmallVector<bool>> condcomp::getRowOperands(Operation *op) {
  if (op->getNumResults() != 1 || !isMemoryEffectFree(op))
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || type.getRank() == 0)
    return std::nullopt;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return ::getRowOperands(linalgOp);
  if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op))
    return softmax.getDimension() == 0
               ? std::nullopt
               : std::optional(SmallVector<bool>{true, true});
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    if (!keepsRows(expand))
      return std::nullopt;
    SmallVector<bool> isRows(op->getNumOperands(), false);
    isRows.front() = true;
    return isRows;
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return keepsRows(collapse) ? std::optional(SmallVector<bool>{true})
                               : std::nullopt;
  if (!op->hasTrait<OpTrait::Elementwise>())
    return std::nullopt;
  return llvm::map_to_vector<6>(op->getOperandTypes(), [](Type type) {
    return isa<RankedTensorType>(type);
  });
}

RankedTensorType condcomp::withOpenRows(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape.front() = ShapedType::kDynamic;
  return RankedTensorType::get(shape, tensor.getElementType());
}

//===----------------------------------------------------------------------===//
// Work
//===----------------------------------------------------------------------===//

/// A tensor whose rows all hold the same, so that it is made anew: one without
/// contents, or filled with a scalar.
static bool isBlank(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto fill = dyn_cast_or_null<linalg::FillOp>(op))
    return isBlank(fill.getOutputs().front());
  return isa_and_nonnull<tensor::EmptyOp>(op);
}

/// Whether `value`, which an op takes as a whole, is there in the target too.
bool RowWork::isAvailable(Value value) const {
  return value.getParentRegion()->isAncestor(&target);
}

RowWork::RowWork(Operation *user, Region &target,
                 function_ref<bool(OpOperand &)> isSink)
    : user(user), target(target) {
  llvm::SmallDenseMap<Operation *, SmallVector<bool>> found;
  for (Operation *op = user->getPrevNode(); op; op = op->getPrevNode()) {
    if (op->use_empty() || isa<tensor::EmptyOp, linalg::FillOp>(op))
      continue;
    bool onlyHere = llvm::all_of(op->getUses(), [&](OpOperand &use) {
      if (use.getOwner() == user)
        return isSink(use);
      auto it = found.find(use.getOwner());
      return it != found.end() && it->second[use.getOperandNumber()];
    });
    if (!onlyHere)
      continue;
    std::optional<SmallVector<bool>> isRows = getRowOperands(op);
    if (!isRows)
      continue;
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    bool canMove =
        llvm::all_of(captured, [&](Value value) { return isAvailable(value); });
    for (auto [operand, rows] : llvm::zip_equal(op->getOperands(), *isRows)) {
      if (!rows)
        canMove &= isAvailable(operand);
      // Of a blank tensor, what it is made of but the number of rows.
      for (Value blank = operand; rows && isBlank(blank);) {
        auto fill = blank.getDefiningOp<linalg::FillOp>();
        if (!fill) {
          auto empty = blank.getDefiningOp<tensor::EmptyOp>();
          for (Value size : empty.getDynamicSizes().drop_front(
                   empty.getType().isDynamicDim(0)))
            canMove &= isAvailable(size);
          break;
        }
        canMove &= isAvailable(fill.getInputs().front());
        blank = fill.getOutputs().front();
      }
    }
    if (canMove) {
      found[op] = *isRows;
      ops.push_back(op);
    }
  }
  std::reverse(ops.begin(), ops.end());
  for (Operation *op : ops)
    for (auto [operand, isRows] :
         llvm::zip_equal(op->getOperands(), found.lookup(op)))
      if (isRows && !isBlank(operand) &&
          !found.contains(operand.getDefiningOp()))
        sources.insert(operand);
  for (OpOperand &operand : user->getOpOperands())
    if (found.contains(operand.get().getDefiningOp()))
      made.push_back(operand.getOperandNumber());
  // Work on no rows at all, such as a broadcast, has nothing to skip.
  if (sources.empty())
    ops.clear();
}

bool RowWork::isWorthMoving(ArrayRef<Value> atHand) const {
  if (llvm::any_of(ops, [](Operation *op) {
        auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
        return linalgOp && linalg::isaContractionOpInterface(linalgOp);
      }))
    return true;
  // The size of a row, none if it is not static.
  auto add = [](std::optional<int64_t> sum,
                Value value) -> std::optional<int64_t> {
    auto type = cast<RankedTensorType>(value.getType());
    ArrayRef<int64_t> shape = type.getShape().drop_front();
    if (!sum || ShapedType::isDynamicShape(shape))
      return std::nullopt;
    unsigned bits = type.getElementType().isIntOrFloat()
                        ? type.getElementTypeBitWidth()
                        : 64;
    return *sum + ShapedType::getNumElements(shape) * bits;
  };
  std::optional<int64_t> before = 0, after = 0;
  unsigned numAfter = 0;
  llvm::SmallDenseSet<Value> counted;
  for (unsigned i : made)
    if (counted.insert(user->getOperand(i)).second)
      before = add(before, user->getOperand(i));
  for (Value source : sources)
    if (!llvm::is_contained(atHand, source)) {
      after = add(after, source);
      ++numAfter;
    }
  if (numAfter == 0)
    return true;
  // A number per row more is no matter.
  return before && after && *after <= *before + *before / 4;
}

/// Makes a blank tensor for another number of rows.
static Value emitBlank(OpBuilder &b, Value value, Value numRows) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>()) {
    Value blank = emitBlank(b, fill.getOutputs().front(), numRows);
    return linalg::FillOp::create(b, fill.getLoc(), fill.getInputs(), blank)
        .getResult(0);
  }
  auto empty = value.getDefiningOp<tensor::EmptyOp>();
  SmallVector<OpFoldResult> sizes = empty.getMixedSizes();
  sizes.front() = numRows;
  return tensor::EmptyOp::create(b, empty.getLoc(), sizes,
                                 empty.getType().getElementType());
}

void RowWork::emit(OpBuilder &b, IRMapping &mapping, Value rows) const {
  Location loc = user->getLoc();
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value numRows = tensor::DimOp::create(b, loc, rows, zero);
  for (Operation *op : ops) {
    SmallVector<Value> operands;
    for (auto [operand, isRows] :
         llvm::zip_equal(op->getOperands(), *getRowOperands(op)))
      operands.push_back(isRows && isBlank(operand)
                             ? emitBlank(b, operand, numRows)
                             : mapping.lookupOrDefault(operand));
    RankedTensorType type = withOpenRows(op->getResult(0).getType());
    if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
      SmallVector<OpFoldResult> sizes = expand.getMixedOutputShape();
      sizes.front() = numRows;
      mapping.map(expand.getResult(),
                  tensor::ExpandShapeOp::create(
                      b, op->getLoc(), type, operands.front(),
                      expand.getReassociationIndices(), sizes));
      continue;
    }
    Operation *copy = mlir::clone(b, op, type, operands);
    mapping.map(op->getResult(0), copy->getResult(0));
  }
}

void RowWork::erase(RewriterBase &rewriter) {
  for (Operation *op : llvm::reverse(ops))
    rewriter.eraseOp(op);
  ops.clear();
}
