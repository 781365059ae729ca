//===- LeaveRowsInPlace.cpp - carried rows that never change --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace condcomp {
#define GEN_PASS_DEF_LEAVEROWSINPLACE
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether a product takes the rows one by one: each row's matrix by what is of
/// that row.
static bool isBatchOfProduct(OpOperand &use) {
  auto op = dyn_cast<linalg::LinalgOp>(use.getOwner());
  if (!op || op.getNumReductionLoops() == 0 || !op.isDpsInput(&use))
    return false;
  auto rows =
      dyn_cast<AffineDimExpr>(op.getMatchingIndexingMap(&use).getResult(0));
  return rows && llvm::all_of(op.getIndexingMapsArray(), [&](AffineMap map) {
           return map.isFunctionOfDim(rows.getPosition());
         });
}

/// Whether rows are read there by such products alone, which read them as well
/// where they lie. What else reads them would copy them first.
static bool isReadByProducts(OpOperand &use) {
  Operation *user = use.getOwner();
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
    return llvm::all_of(user->getUses(), isReadByProducts);
  return isa<tensor::DimOp>(user) || isBatchOfProduct(use);
}

namespace {

/// Where a rows operand arrives in a stage, and where it is carried on.
struct Place {
  BlockArgument argument;
  std::optional<unsigned> carry;
};

} // namespace

/// The places of rows operand `index` in all stages that it comes to, if no
/// stage changes it.
static std::optional<SmallVector<Place>> findPlaces(ExitingOpInterface op,
                                                    unsigned index) {
  // A row is worth leaving where it is if it is a matrix, such as a cache.
  if (cast<ShapedType>(op.getRows()[index].getType()).getRank() < 3)
    return std::nullopt;
  SmallVector<Place> places;
  std::optional<unsigned> at = index;
  for (Region &stage : op->getRegions()) {
    if (!at)
      break;
    Place place{stage.getArgument(*at), std::nullopt};
    auto exit = dyn_cast<ExitOp>(stage.front().getTerminator());
    if (exit)
      for (auto [i, value] : llvm::enumerate(exit.getCarry()))
        if (value == place.argument)
          place.carry = i;
    // Rows that are carried on twice, or are a result, move.
    unsigned handedOn = 0;
    for (OpOperand &use : place.argument.getUses())
      if (exit && use.getOwner() == exit)
        ++handedOn;
      else if (!isReadByProducts(use))
        return std::nullopt;
    if (handedOn != (place.carry ? 1 : 0))
      return std::nullopt;
    at = place.carry;
    places.push_back(place);
  }
  bool comesBack = isa<IterateOp>(op) ? at == index : !at;
  return comesBack ? std::make_optional(places) : std::nullopt;
}

/// The ids that a stage gets, as its last argument but for the step.
static unsigned getIdsPosition(ExitingOpInterface op, Region &stage) {
  auto iterate = dyn_cast<IterateOp>(op.getOperation());
  unsigned trailing = iterate && iterate.getWithStep() ? 1 : 0;
  return stage.getNumArguments() - 1 - trailing;
}

static void addIds(ExitingOpInterface op) {
  if (op.getWithIds())
    return;
  op.setWithIds(true);
  auto type = RankedTensorType::get({ShapedType::kDynamic},
                                    IndexType::get(op.getContext()));
  for (Region &stage : op->getRegions())
    stage.insertArgument(getIdsPosition(op, stage) + 1, type, op.getLoc());
}

/// `rows[ids[i], ..]` for every i. Not by tensor.gather, whose indices would be
/// checked in every stage: ids are always those of rows.
static Value gatherRows(OpBuilder &b, Location loc, Value rows, Value ids,
                        RankedTensorType type) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(b, loc, rows);
  sizes.front() = tensor::getMixedSize(b, loc, ids, 0);
  Value empty = tensor::EmptyOp::create(b, loc, sizes, type.getElementType());
  int64_t rank = type.getRank();
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, b.getAffineDimExpr(0)),
                                 b.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto emit = [&](OpBuilder &b, Location loc, ValueRange elements) {
    SmallVector<Value> at = {elements.front()};
    for (int64_t i = 1; i < rank; ++i)
      at.push_back(linalg::IndexOp::create(b, loc, i));
    Value element = tensor::ExtractOp::create(b, loc, rows, at);
    linalg::YieldOp::create(b, loc, element);
  };
  Value gathered = linalg::GenericOp::create(b, loc, empty.getType(), ids,
                                             empty, maps, loops, emit)
                       .getResult(0);
  if (gathered.getType() != type)
    gathered = tensor::CastOp::create(b, loc, type, gathered);
  return gathered;
}

/// Checks that there are as many rows as the op has (C1), which nothing else
/// compares any more.
static void checkNumRows(ExitingOpInterface op, Value rows) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value actual = tensor::DimOp::create(b, loc, rows, 0);
  Value expected = tensor::DimOp::create(b, loc, op.getRows().front(), 0);
  Value equal =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, actual, expected);
  CheckOp::create(b, loc, equal,
                  (op->getName().stripDialect() +
                   " C1: a rows operand has {0} rows, expected {1}")
                      .str(),
                  ValueRange{actual, expected});
}

/// Takes rows operand `index` out of the op: stages read it at their ids.
static void leaveInPlace(ExitingOpInterface op, unsigned index,
                         ArrayRef<Place> places) {
  addIds(op);
  Value rows = op.getRows()[index];
  for (const Place &place : places) {
    BlockArgument argument = place.argument;
    Region &stage = *argument.getParentRegion();
    if (place.carry)
      cast<ExitOp>(stage.front().getTerminator())
          .getCarryMutable()
          .erase(*place.carry);
    if (!argument.use_empty()) {
      OpBuilder b = OpBuilder::atBlockBegin(&stage.front());
      argument.replaceAllUsesWith(gatherRows(
          b, op.getLoc(), rows, stage.getArgument(getIdsPosition(op, stage)),
          cast<RankedTensorType>(argument.getType())));
    }
    stage.eraseArgument(argument.getArgNumber());
  }
  op.getRowsMutable().erase(index);
  checkNumRows(op, rows);
}

namespace {
struct LeaveRowsInPlacePass
    : condcomp::impl::LeaveRowsInPlaceBase<LeaveRowsInPlacePass> {
  void runOnOperation() override {
    getOperation()->walk([](ExitingOpInterface op) {
      // One operand says how many rows there are.
      for (unsigned index = op.getRows().size(); index-- > 0;)
        if (op.getRows().size() > 1)
          if (auto places = findPlaces(op, index))
            leaveInPlace(op, index, *places);
    });
  }
};
} // namespace
