//===- EmitStage.cpp - the parallel loop of a stage -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "StageTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

/// Widest tile of columns: memory is read fastest in long pieces.
static constexpr int64_t kMaxColumns = 512;
/// The same for weights that are computed from rows of columns: whole rows, and
/// as many as stay in the cache.
static constexpr int64_t kMaxComputedColumns = 2048;
static constexpr int64_t kComputedBytes = 1024 * 1024;
/// Tiles that there should be if there is enough work, so that all threads find
/// some; fewer where they are to be wide.
static constexpr int64_t kTasks = 16;
static constexpr int64_t kWideTasks = 8;
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
        globals(globals), tiles(b, m, stage, globals) {}

  void run();

private:
  using Sizes = SmallVector<OpFoldResult>;
  /// A loop over terms that is cut into blocks.
  struct TermBlock {
    unsigned loop;
    int64_t terms, size;
  };
  void chooseTargets();
  std::optional<TermBlock> getTermBlock(linalg::LinalgOp op) const;
  int64_t widestTile() const;
  SmallVector<Cut> cutsOf(linalg::LinalgOp op) const;
  void chooseTiles();
  void emitBlock(Value block, ValueRange parts, Value firstRow,
                 SmallVector<Value> &next);
  void emitOp(linalg::LinalgOp op, MutableArrayRef<Value> parts);
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
  StageTiles tiles;
  OpFoldResult column, columns, rows, localRow;
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
      if (!target)
        target = makeRows(b, result, numRows);
      targetOf[result] = targets.size();
      targets.push_back(target);
    }
  }
}

/// The terms that computed weights are made for at a time, if their rows are
/// terms. The sums go on from what is stored, so they must not be rounded
/// there.
std::optional<StageEmitter::TermBlock>
StageEmitter::getTermBlock(linalg::LinalgOp op) const {
  if (!stage.columns || op.getNumReductionLoops() != 1 ||
      op->getNumResults() != 1)
    return std::nullopt;
  Type sum = getElementTypeOrSelf(op->getResult(0).getType());
  if (sum.isBF16() || sum.isF16())
    return std::nullopt;
  SmallVector<unsigned> loops;
  op.getReductionDims(loops);
  TermBlock block = {loops[0], op.getStaticLoopRanges()[loops[0]], 0};
  int64_t bytes = 0;
  for (OpOperand *input : op.getDpsInputOperands())
    if (m.kindOf(input->get()) == ModuleLoop::Kind::Computed) {
      auto type = cast<RankedTensorType>(input->get().getType());
      AffineExpr last = op.getMatchingIndexingMap(input).getResults().back();
      if (!last.isFunctionOfDim(*getColumnLoop(m, op)))
        return std::nullopt;
      bytes += llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    }
  if (!bytes || ShapedType::isDynamic(block.terms))
    return std::nullopt;
  bytes *= std::min(*stage.columns, kMaxComputedColumns);
  block.size =
      llvm::bit_floor(uint64_t(kComputedBytes / std::max(bytes, int64_t(1))));
  if (block.size >= block.terms ||
      !canCut(m, op, block.loop, block.size, /*exact=*/true))
    return std::nullopt;
  return block;
}

/// The widest tile of columns: computed weights stay in the cache.
int64_t StageEmitter::widestTile() const {
  int64_t widest = kMaxColumns;
  for (linalg::LinalgOp op : stage.ops) {
    bool blocked = getTermBlock(op).has_value();
    for (Value operand : op->getOperands()) {
      if (m.kindOf(operand) != ModuleLoop::Kind::Computed)
        continue;
      auto type = cast<RankedTensorType>(operand.getType());
      if (blocked)
        widest = std::max(widest, kMaxComputedColumns);
      else if (type.hasStaticShape() && type.getNumElements() != 0)
        return std::max(kComputedBytes * *stage.columns * 8 /
                            type.getElementTypeBitWidth() /
                            type.getNumElements() / Stage::kMinColumns,
                        int64_t(1)) *
               Stage::kMinColumns;
    }
  }
  return widest;
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
  int64_t widest = widestTile();
  int64_t wanted = widest > kMaxColumns ? kWideTasks : kTasks;
  Value share = ceilDiv(b, mul(b, chunks, total),
                        minimum(b, constantIndex(b, wanted), tasks));
  share = mul(b, ceilDiv(b, share, step), step);
  Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, tasks,
                                    constantIndex(b, 2));
  Value most = arith::SelectOp::create(b, few, total, constantIndex(b, widest));
  Value chosen = minimum(b, maximum(b, share, step), most);
  width = chosen;
  tilesOfColumns = ceilDiv(b, total, chosen);
}

/// The loops of `op` that are cut: its columns.
SmallVector<Cut> StageEmitter::cutsOf(linalg::LinalgOp op) const {
  if (!stage.columns)
    return {};
  return {{*getColumnLoop(m, op), column, columns}};
}

/// The tile of a tensor of rows that begins at `row` and `column`.
Value StageEmitter::partOf(Value tensor, OpFoldResult row, OpFoldResult rows,
                           OpFoldResult column) {
  SmallVector<Cut> cuts = {{0, row, rows}};
  if (stage.columns) {
    auto rank = cast<RankedTensorType>(tensor.getType()).getRank();
    cuts.push_back({unsigned(rank - 1), column, columns});
  }
  return tiles.slice(tensor, cuts);
}

Value StageEmitter::insert(Value tile, Value part, OpFoldResult row,
                           OpFoldResult rows) {
  Sizes sizes = tensor::getMixedSizes(b, b.getLoc(), part);
  Sizes offsets(sizes.size(), b.getIndexAttr(0));
  Sizes strides(sizes.size(), b.getIndexAttr(1));
  offsets.front() = row;
  sizes.front() = rows;
  return tensor::InsertSliceOp::create(b, tile, part, offsets, sizes, strides);
}

void StageEmitter::emitOp(linalg::LinalgOp op, MutableArrayRef<Value> parts) {
  OpOperand *overwritten = findOverwritten(stage, op);
  SmallVector<Cut> cuts = cutsOf(op);
  SmallVector<Value> inits;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    unsigned target = targetOf[op.getTiedOpResult(&init)];
    bool reuse = overwritten && targetOf[overwritten->get()] == target;
    inits.push_back(reuse ? tiles.values.lookup(overwritten->get())
                          : tiles.start(op, init, cuts,
                                        partOf(parts[target], localRow, rows,
                                               b.getIndexAttr(0))));
  }
  auto emit = [&](ArrayRef<Value> inits) {
    SmallVector<Value> operands;
    for (OpOperand *input : op.getDpsInputOperands())
      operands.push_back(tiles.ofOperand(op, *input, cuts));
    operands.append(inits.begin(), inits.end());
    return tiles.clone(op, operands, cuts)->getResults();
  };
  std::optional<TermBlock> block = getTermBlock(op);
  if (!block) {
    tiles.values.map(op->getResults(), emit(inits));
    return;
  }
  Value terms = constantIndex(b, block->terms);
  Value step = constantIndex(b, block->size);
  auto loop = scf::ForOp::create(b, constantIndex(b, 0), terms, step, inits);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value term = loop.getInductionVar();
    cuts.push_back({block->loop, term, minimum(b, sub(b, terms, term), step)});
    scf::YieldOp::create(b, emit({loop.getRegionIterArg(0)}));
  }
  tiles.values.map(op->getResults(), loop.getResults());
}

/// The ops of the stage on one block of rows; `parts` are those of the targets
/// that belong to the chunk.
void StageEmitter::emitBlock(Value block, ValueRange parts, Value firstRow,
                             SmallVector<Value> &next) {
  Value module = tensor::ExtractOp::create(b, blocks.modules, block);
  Value begin = tensor::ExtractOp::create(b, blocks.begins, block);
  Value end = tensor::ExtractOp::create(b, blocks.begins,
                                        add(b, block, constantIndex(b, 1)));
  rows = sub(b, end, begin);
  tiles.startBlock(module, begin, rows);
  localRow = sub(b, begin, firstRow);
  next.assign(parts.begin(), parts.end());
  for (linalg::LinalgOp op : stage.ops)
    emitOp(op, next);
  // The last result that goes to a target is what it holds.
  SmallVector<Value> last(parts.size());
  for (auto [result, target] : targetOf)
    last[target] = tiles.values.lookup(result);
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
       llvm::zip(loop.getResults(), forall.getRegionIterArgs()))
    insertInParallel(b, part, parts[cast<OpResult>(part).getResultNumber()],
                     target);
  for (auto [result, target] : targetOf)
    globals.map(result, forall.getResult(target));
}

void condcomp::emitStage(ImplicitLocOpBuilder &b, const ModuleLoop &m,
                         const Stage &stage, const RowBlocks &blocks,
                         Value numRows, IRMapping &globals) {
  StageEmitter(b, m, stage, blocks, numRows, globals).run();
}
