//===- EmitStage.cpp - the parallel loop of a stage -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "ModuleStage.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace condcomp;

/// Widest tile of columns: memory is read fastest in long pieces.
static constexpr int64_t kMaxColumns = 512;
/// Tiles that there should be if there is enough work, so that all threads find
/// some.
static constexpr int64_t kTasks = 16;
/// Multiply-adds below which another task does not pay.
static constexpr int64_t kTaskWork = 256 * 1024;

namespace {

/// Emits one stage: a parallel loop over chunks of row blocks and over tiles of
/// columns, and in it a loop over the blocks of the chunk.
class StageEmitter {
public:
  StageEmitter(ImplicitLocOpBuilder &b, const ModuleLoop &m, const Stage &stage,
               const RowBlocks &blocks, Value numRows, IRMapping &globals)
      : b(b), m(m), stage(stage), blocks(blocks), numRows(numRows),
        globals(globals) {}

  void run();

private:
  using Sizes = SmallVector<OpFoldResult>;

  void chooseTargets();
  void chooseTiles();
  void emitBlock(Value block, ValueRange parts, Value firstRow,
                 SmallVector<Value> &next);
  void emitOp(linalg::LinalgOp op, MutableArrayRef<Value> tiles);
  Value tileOf(linalg::LinalgOp op, OpOperand &operand);
  Value initOf(linalg::LinalgOp op, OpOperand &init, Value part);
  Value moduleValue(Value value);
  Value slice(Value tensor, Sizes offsets, Sizes sizes);
  Value partOf(Value tensor, OpFoldResult row, OpFoldResult rows,
               OpFoldResult column);
  Value insert(Value tile, Value part, OpFoldResult row, OpFoldResult rows);

  ImplicitLocOpBuilder &b;
  const ModuleLoop &m;
  const Stage &stage;
  const RowBlocks &blocks;
  Value numRows;
  IRMapping &globals;

  /// The tensors that the loop fills, and which of them each result goes to.
  SmallVector<Value> targets;
  llvm::MapVector<Value, unsigned> targetOf;
  Value chunks;
  OpFoldResult tilesOfColumns, width;

  // In the loops:
  OpFoldResult column, columns, row, rows, localRow;
  IRMapping values;
};

} // namespace

/// An elementwise op may write over a tile that nothing else reads.
static OpOperand *findOverwritten(const Stage &stage, linalg::LinalgOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() != 0)
    return nullptr;
  OpOperand *init = op.getDpsInitOperand(0);
  if (!init->get().getDefiningOp<tensor::EmptyOp>() ||
      op.payloadUsesValueFromOperand(init))
    return nullptr;
  for (OpOperand *input : op.getDpsInputOperands())
    if (stage.contains(input->get().getDefiningOp()) &&
        input->get().hasOneUse() &&
        input->get().getType() == init->get().getType() &&
        op.getMatchingIndexingMap(input) == op.getMatchingIndexingMap(init))
      return input;
  return nullptr;
}

void StageEmitter::chooseTargets() {
  for (linalg::LinalgOp op : stage.ops) {
    OpOperand *overwritten = findOverwritten(stage, op);
    for (Value result : op->getResults()) {
      Value target = stage.targets.lookup(result);
      if (!target && overwritten) {
        targetOf[result] = targetOf[overwritten->get()];
        continue;
      }
      if (!target) {
        auto type = cast<RankedTensorType>(result.getType());
        Sizes sizes = {OpFoldResult(numRows)};
        for (int64_t size : type.getShape().drop_front())
          sizes.push_back(b.getIndexAttr(size));
        target = tensor::EmptyOp::create(b, sizes, type.getElementType());
      }
      targetOf[result] = targets.size();
      targets.push_back(target);
    }
  }
}

/// Chooses how many chunks of row blocks and tiles of columns there are, from
/// sizes alone.
void StageEmitter::chooseTiles() {
  int64_t perRow = 0;
  for (linalg::LinalgOp op : stage.ops) {
    int64_t work = 1;
    for (auto [i, range] : llvm::enumerate(op.getStaticLoopRanges()))
      if (i != m.getRowLoop(op) && !ShapedType::isDynamic(range))
        work *= std::max<int64_t>(range, 1);
    perRow += work;
  }
  Value one = constantIndex(b, 1);
  Value work = mul(b, numRows, constantIndex(b, perRow));
  Value tasks = maximum(b, ceilDiv(b, work, constantIndex(b, kTaskWork)), one);
  chunks = minimum(b, tasks, maximum(b, blocks.count, one));
  tilesOfColumns = b.getIndexAttr(1);
  if (!stage.columns)
    return;
  width = columns = b.getIndexAttr(*stage.columns);
  if (*stage.columns <= Stage::kMinColumns)
    return;
  // As wide as leaves work for all threads; all of it where there is little.
  Value total = constantIndex(b, *stage.columns);
  Value step = constantIndex(b, Stage::kMinColumns);
  Value share = ceilDiv(b, mul(b, chunks, total),
                        minimum(b, constantIndex(b, kTasks), tasks));
  share = mul(b, ceilDiv(b, share, step), step);
  Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, tasks,
                                    constantIndex(b, 2));
  Value most =
      arith::SelectOp::create(b, few, total, constantIndex(b, kMaxColumns));
  Value chosen = minimum(b, maximum(b, share, step), most);
  width = chosen;
  tilesOfColumns = ceilDiv(b, total, chosen);
}

Value StageEmitter::slice(Value tensor, Sizes offsets, Sizes sizes) {
  Sizes strides(offsets.size(), b.getIndexAttr(1));
  return tensor::ExtractSliceOp::create(b, tensor, offsets, sizes, strides);
}

/// A value that follows from the module alone, for the module of the block.
Value StageEmitter::moduleValue(Value value) {
  if (m.kindOf(value) != ModuleLoop::Kind::Module)
    return value;
  if (Value known = values.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    values.map(operand, moduleValue(operand));
  Operation *clone = b.clone(*op, values);
  values.map(op->getResults(), clone->getResults());
  return values.lookup(value);
}

/// What `op` reads of an operand in the tile.
Value StageEmitter::tileOf(linalg::LinalgOp op, OpOperand &operand) {
  Value value = operand.get();
  if (stage.contains(value.getDefiningOp()))
    return values.lookup(value);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  bool byRow = m.kindOf(value) == ModuleLoop::Kind::Rows;
  Value source = byRow ? globals.lookup(value) : moduleValue(value);
  if (!type)
    return source;
  AffineMap map = op.getMatchingIndexingMap(&operand);
  std::optional<unsigned> loop =
      stage.columns ? getColumnLoop(m, op) : std::nullopt;
  bool whole = !byRow;
  Sizes offsets, sizes;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    OpFoldResult size =
        type.isDynamicDim(i)
            ? OpFoldResult(b.createOrFold<tensor::DimOp>(source, i))
            : OpFoldResult(b.getIndexAttr(type.getDimSize(i)));
    offsets.push_back(b.getIndexAttr(0));
    sizes.push_back(size);
    if (byRow && i == 0) {
      offsets.back() = row;
      sizes.back() = rows;
    }
    if (!loop || !expr.isFunctionOfDim(*loop))
      continue;
    if (isa<AffineDimExpr>(expr)) {
      offsets.back() = column;
      sizes.back() = columns;
      whole = false;
    } else if (cast<AffineBinaryOpExpr>(expr).getKind() ==
               AffineExprKind::FloorDiv) {
      Value panel = constantIndex(b, *dividedBy(expr, *loop));
      auto asValue = [&](OpFoldResult value) {
        return getValueOrCreateConstantIndexOp(b, b.getLoc(), value);
      };
      offsets.back() = getAsOpFoldResult(div(b, asValue(column), panel));
      sizes.back() = getAsOpFoldResult(ceilDiv(b, asValue(columns), panel));
      whole = false;
    }
  }
  return whole ? source : slice(source, offsets, sizes);
}

/// The tile of a tensor of rows that begins at `row` and `column`.
Value StageEmitter::partOf(Value tensor, OpFoldResult row, OpFoldResult rows,
                           OpFoldResult column) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Sizes offsets(type.getRank(), b.getIndexAttr(0));
  Sizes sizes = tensor::getMixedSizes(b, b.getLoc(), tensor);
  offsets.front() = row;
  sizes.front() = rows;
  if (stage.columns) {
    offsets.back() = column;
    sizes.back() = columns;
  }
  return slice(tensor, offsets, sizes);
}

Value StageEmitter::insert(Value tile, Value part, OpFoldResult row,
                           OpFoldResult rows) {
  auto type = cast<RankedTensorType>(part.getType());
  Sizes offsets(type.getRank(), b.getIndexAttr(0));
  Sizes sizes = tensor::getMixedSizes(b, b.getLoc(), part);
  Sizes strides(type.getRank(), b.getIndexAttr(1));
  offsets.front() = row;
  sizes.front() = rows;
  return tensor::InsertSliceOp::create(b, tile, part, offsets, sizes, strides);
}

/// The tile that an op writes, with what it starts from.
Value StageEmitter::initOf(linalg::LinalgOp op, OpOperand &init, Value part) {
  Value place = partOf(part, localRow, rows, b.getIndexAttr(0));
  Value value = init.get();
  if (value.getDefiningOp<tensor::EmptyOp>())
    return place;
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return linalg::FillOp::create(b, moduleValue(fill.value()), place)
        .getResult(0);
  return linalg::CopyOp::create(b, tileOf(op, init), place).getResult(0);
}

void StageEmitter::emitOp(linalg::LinalgOp op, MutableArrayRef<Value> tiles) {
  OpOperand *overwritten = findOverwritten(stage, op);
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!op.isDpsInit(&operand)) {
      operands.push_back(tileOf(op, operand));
      continue;
    }
    OpResult result = op.getTiedOpResult(&operand);
    unsigned target = targetOf[result];
    bool reuse = overwritten && targetOf[overwritten->get()] == target;
    operands.push_back(reuse ? values.lookup(overwritten->get())
                             : initOf(op, operand, tiles[target]));
  }
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    values.map(value, moduleValue(value));
  IRMapping mapping = values;
  for (auto [from, to] : llvm::zip(op->getOperands(), operands))
    mapping.map(from, to);
  Operation *clone = b.clone(*op, mapping);
  // An operand may stand in several places with different tiles.
  clone->setOperands(operands);
  for (auto [i, result] : llvm::enumerate(clone->getResults()))
    result.setType(
        clone->getOperand(op.getDpsInitOperand(i)->getOperandNumber())
            .getType());
  if (std::optional<unsigned> loop =
          stage.columns ? getColumnLoop(m, op) : std::nullopt) {
    Sizes offsets(op.getNumLoops(), b.getIndexAttr(0));
    offsets[*loop] = column;
    linalg::offsetIndices(b, cast<linalg::LinalgOp>(clone), offsets);
    b.setInsertionPointAfter(clone);
  }
  values.map(op->getResults(), clone->getResults());
}

/// The ops of the stage on one block of rows; `parts` are those of the targets
/// that belong to the chunk.
void StageEmitter::emitBlock(Value block, ValueRange parts, Value firstRow,
                             SmallVector<Value> &next) {
  values.clear();
  Value module = tensor::ExtractOp::create(b, blocks.modules, block);
  values.map(m.loop.getInductionVar(), module);
  Value begin = tensor::ExtractOp::create(b, blocks.begins, block);
  Value end = tensor::ExtractOp::create(b, blocks.begins,
                                        add(b, block, constantIndex(b, 1)));
  row = begin;
  rows = sub(b, end, begin);
  localRow = sub(b, begin, firstRow);
  next.assign(parts.begin(), parts.end());
  for (linalg::LinalgOp op : stage.ops)
    emitOp(op, next);
  // The last result that goes to a target is what it holds.
  SmallVector<Value> last(parts.size());
  for (auto [result, target] : targetOf)
    last[target] = values.lookup(result);
  for (auto [part, tile] : llvm::zip(next, last))
    part = insert(tile, part, localRow, rows);
}

void StageEmitter::run() {
  chooseTargets();
  chooseTiles();
  Value one = constantIndex(b, 1);
  auto forall = scf::ForallOp::create(
      b, ArrayRef<OpFoldResult>{chunks, tilesOfColumns}, targets, std::nullopt);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forall.getBody());
  Value chunk = forall.getInductionVar(0);
  auto bound = [&](Value chunk) {
    return div(b, mul(b, chunk, blocks.count), chunks);
  };
  Value lower = bound(chunk), upper = bound(add(b, chunk, one));
  Value first = tensor::ExtractOp::create(b, blocks.begins, lower);
  Value last = tensor::ExtractOp::create(b, blocks.begins, upper);
  Value height = sub(b, last, first);
  if (stage.columns) {
    column = b.getIndexAttr(0);
    if (auto chosen = dyn_cast<Value>(width)) {
      Value offset = mul(b, forall.getInductionVar(1), chosen);
      column = offset;
      columns =
          minimum(b, sub(b, constantIndex(b, *stage.columns), offset), chosen);
    }
  }
  SmallVector<Value> parts;
  for (Value target : forall.getRegionIterArgs())
    parts.push_back(partOf(target, first, height, column));
  auto loop = scf::ForOp::create(
      b, lower, upper, one, parts,
      [&](OpBuilder &builder, Location loc, Value block, ValueRange carried) {
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPoint(builder.getInsertionBlock(),
                            builder.getInsertionPoint());
        SmallVector<Value> next;
        emitBlock(block, carried, first, next);
        scf::YieldOp::create(b, next);
      });
  b.setInsertionPointToStart(forall.getTerminator().getBody());
  for (auto [part, target] :
       llvm::zip(loop.getResults(), forall.getRegionIterArgs())) {
    auto place = parts[cast<OpResult>(part).getResultNumber()]
                     .getDefiningOp<tensor::ExtractSliceOp>();
    tensor::ParallelInsertSliceOp::create(
        b, part, target, place.getMixedOffsets(), place.getMixedSizes(),
        place.getMixedStrides());
  }
  for (auto [result, target] : targetOf)
    globals.map(result, forall.getResult(target));
}

void condcomp::emitStage(ImplicitLocOpBuilder &b, const ModuleLoop &m,
                         const Stage &stage, const RowBlocks &blocks,
                         Value numRows, IRMapping &globals) {
  StageEmitter(b, m, stage, blocks, numRows, globals).run();
}
