//===- EmitGridStage.cpp - a stage for the threads of a grid --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "StageTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

/// Each block is found by itself, by counting those of all modules: a list
/// that is written in order would be written by one thread.
RowBlocks RowBlocks::getForGrid(ImplicitLocOpBuilder &b, const ModuleLoop &m,
                                Value numRows, Value rowBlock) {
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  // What each module has less than a block of, and one to read the count from.
  Value most = add(b, m.loop.getUpperBound(), div(b, numRows, rowBlock));
  most = maximum(b, most, one);
  Value empty =
      tensor::EmptyOp::create(b, {OpFoldResult(most)}, b.getIndexType());
  SmallVector<Value> lists(3, empty);
  SmallVector<AffineMap> maps(3, b.getMultiDimIdentityMap(1));
  auto found = linalg::GenericOp::create(
      b, ValueRange(lists).getTypes(), ValueRange(), lists, maps,
      utils::IteratorType::parallel,
      [&](OpBuilder &builder, Location loc, ValueRange) {
        ImplicitLocOpBuilder b(loc, builder);
        Value block = linalg::IndexOp::create(b, 0);
        auto modules = scf::ForOp::create(
            b, zero, m.loop.getUpperBound(), one, ValueRange{zero, zero, zero},
            [&](OpBuilder &builder, Location loc, Value module,
                ValueRange carried) {
              ImplicitLocOpBuilder b(loc, builder);
              Value begin = tensor::ExtractOp::create(b, m.offsets, module);
              Value end =
                  tensor::ExtractOp::create(b, m.offsets, add(b, module, one));
              Value count = carried[2];
              // Below 0, that is very large, if the block is of one before.
              Value number = sub(b, block, count);
              Value own = ceilDiv(b, sub(b, end, begin), rowBlock);
              Value here = arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                                 number, own);
              Value row = add(b, begin, mul(b, number, rowBlock));
              Value next[] = {
                  arith::SelectOp::create(b, here, module, carried[0]),
                  arith::SelectOp::create(b, here, row, carried[1]),
                  add(b, count, own)};
              scf::YieldOp::create(b, next);
            });
        linalg::YieldOp::create(b, modules.getResults());
      });
  Value count = tensor::ExtractOp::create(b, found.getResult(2), zero);
  return {found.getResult(0), found.getResult(1), count};
}

/// Few rows in all can't be enough: then nothing is counted.
Value condcomp::chooseRowBlock(ImplicitLocOpBuilder &b, const ModuleLoop &m,
                               Value numRows, int64_t few, int64_t many,
                               int64_t enough) {
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value least = constantIndex(b, enough);
  auto isEnough = [&](Value modules) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::uge, numRows,
                                 mul(b, modules, least));
  };
  Value modules =
      arith::SelectOp::create(b, isEnough(one), m.loop.getUpperBound(), zero);
  auto used = scf::ForOp::create(
      b, zero, modules, one, zero,
      [&](OpBuilder &builder, Location loc, Value module, ValueRange carried) {
        ImplicitLocOpBuilder b(loc, builder);
        Value begin = tensor::ExtractOp::create(b, m.offsets, module);
        Value end =
            tensor::ExtractOp::create(b, m.offsets, add(b, module, one));
        Value some =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ne, begin, end);
        Value count = add(b, carried[0], one);
        count = arith::SelectOp::create(b, some, count, carried[0]);
        scf::YieldOp::create(b, count);
      });
  Value tall = isEnough(maximum(b, used.getResult(0), one));
  return arith::SelectOp::create(b, tall, constantIndex(b, many),
                                 constantIndex(b, few));
}

void condcomp::emitGridStage(ImplicitLocOpBuilder &b, const ModuleLoop &m,
                             const Stage &stage, const RowBlocks &blocks,
                             Value numRows, Value rowBlock,
                             IRMapping &globals) {
  assert(stage.ops.size() == 1 && !stage.columns && "a whole op");
  linalg::LinalgOp op = stage.ops.front();
  SmallVector<Value> targets;
  for (Value result : op->getResults()) {
    Value target = stage.targets.lookup(result);
    targets.push_back(target ? target : makeRows(b, result, numRows));
  }

  auto forall = scf::ForallOp::create(
      b, ArrayRef<OpFoldResult>{OpFoldResult(blocks.count)}, targets,
      std::nullopt);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forall.getBody());
  Value block = forall.getInductionVar(0);
  Value module = tensor::ExtractOp::create(b, blocks.modules, block);
  Value begin = tensor::ExtractOp::create(b, blocks.begins, block);
  Value end = tensor::ExtractOp::create(b, m.offsets,
                                        add(b, module, constantIndex(b, 1)));
  Value rows = minimum(b, sub(b, end, begin), rowBlock);

  StageTiles tiles(b, m, stage, globals);
  tiles.startBlock(module, begin, rows);
  SmallVector<Value> operands;
  for (OpOperand *input : op.getDpsInputOperands())
    operands.push_back(tiles.ofOperand(op, *input, {}));
  SmallVector<Value> places;
  for (auto [target, init] :
       llvm::zip_equal(forall.getRegionIterArgs(), op.getDpsInitsMutable())) {
    places.push_back(tiles.slice(target, {{0, begin, rows}}));
    operands.push_back(tiles.start(op, init, {}, places.back()));
  }
  Operation *clone = tiles.clone(op, operands, {});

  b.setInsertionPointToStart(forall.getTerminator().getBody());
  for (auto [result, target, place] :
       llvm::zip_equal(clone->getResults(), forall.getRegionIterArgs(), places))
    insertInParallel(b, result, place, target);
  globals.map(op->getResults(), forall.getResults());
}
