//===- BatchExperts.cpp - one parallel loop for all modules ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionMatch.h"
#include "LoopBuilder.h"
#include "ModuleLoop.h"
#include "ModuleStage.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Remarks.h"

namespace condcomp {
#define GEN_PASS_DEF_BATCHEXPERTS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Most rows of a module that are one task.
static constexpr int64_t kRowBlock = 512;
/// The rows of a tile that a thread of a grid computes, and of those that a
/// warp and a thread block compute by tensor cores
/// (condcomp-gpu-parallelize-loops, condcomp-gpu-use-tensor-cores).
static constexpr int64_t kThreadRows = 4, kWarpRows = 32,
                         kThreadBlockRows = 128;
/// Rows of a module that the last one is worth it for.
static constexpr int64_t kManyRows = 64;

namespace {

/// Replaces a loop over modules by its steps: those that are the same for all
/// modules become one op on all rows, those that are not are gathered into
/// stages, each of which becomes a parallel loop. With `grid`, a stage is one
/// op, for the threads of a grid, and with `unit` for tensor cores.
class Batcher {
public:
  Batcher(ModuleLoop &module, bool grid, bool unit)
      : m(module), grid(grid), unit(unit),
        b(module.loop.getLoc(), module.loop) {}

  void run();

private:
  Value global(Value value);
  void emitGlobal(Operation *op);
  void closeStage();
  Value numRows();

  void makeBlocks();

  ModuleLoop &m;
  bool grid, unit;
  ImplicitLocOpBuilder b;
  Value rows;
  /// The rows of a block, for a grid.
  Value rowBlock;
  std::optional<RowBlocks> blocks;
  /// The values of all modules' rows together.
  IRMapping globals;
  Stage stage;
  /// What each result of the loop is, where a stage has written it in place.
  SmallVector<Value> results;
};

} // namespace

Value Batcher::numRows() {
  if (!rows)
    rows = tensor::ExtractOp::create(b, m.offsets, m.loop.getUpperBound());
  return rows;
}

/// `value` for the rows of all modules.
Value Batcher::global(Value value) {
  if (m.kindOf(value) != ModuleLoop::Kind::Rows)
    return value;
  if (Value known = globals.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (stage.contains(op))
    closeStage();
  else
    emitGlobal(op);
  return globals.lookup(value);
}

void Batcher::emitGlobal(Operation *op) {
  IRMapping mapping;
  mapping.map(m.size, numRows());
  mapping.map(m.begin, arith::ConstantIndexOp::create(b, 0));
  for (Value operand : op->getOperands())
    if (m.kindOf(operand) == ModuleLoop::Kind::Rows)
      mapping.map(operand, global(operand));
  Operation *clone = b.clone(*op, mapping);
  globals.map(op->getResults(), clone->getResults());
}

void Batcher::makeBlocks() {
  if (!grid) {
    blocks = RowBlocks::get(b, m, numRows(), kRowBlock);
    return;
  }
  rowBlock = unit ? chooseRowBlock(b, m, numRows(), kWarpRows, kThreadBlockRows,
                                   kManyRows)
                  : constantIndex(b, kThreadRows);
  blocks = RowBlocks::getForGrid(b, m, numRows(), rowBlock);
}

void Batcher::closeStage() {
  if (stage.ops.empty())
    return;
  Stage closed = std::move(stage);
  stage = Stage();
  // Operands and initial values are needed for all rows beforehand.
  for (linalg::LinalgOp op : closed.ops)
    for (Value operand : op->getOperands())
      if (!closed.contains(operand.getDefiningOp()) && !isFresh(operand))
        global(operand);
  if (!blocks)
    makeBlocks();
  SmallVector<Value> targets;
  for (auto [i, insert] : llvm::enumerate(m.inserts)) {
    bool here = closed.contains(insert.getSource().getDefiningOp()) &&
                !closed.targets.contains(insert.getSource());
    if (here)
      closed.targets[insert.getSource()] = m.loop.getInitArgs()[i];
  }
  if (grid)
    emitGridStage(b, m, closed, *blocks, numRows(), rowBlock, globals);
  else
    emitStage(b, m, closed, *blocks, numRows(), globals);
  for (auto [i, insert] : llvm::enumerate(m.inserts))
    if (closed.targets.lookup(insert.getSource()) == m.loop.getInitArgs()[i])
      results[i] = globals.lookup(insert.getSource());
}

void Batcher::run() {
  results.resize(m.inserts.size());
  for (Operation *op : m.getSteps()) {
    if (isa<tensor::EmptyOp, linalg::FillOp>(op))
      continue;
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    bool module = m.usesModule(op);
    bool follows = llvm::any_of(op->getOperands(), [&](Value value) {
      return stage.contains(value.getDefiningOp());
    });
    if (!module && !follows) {
      emitGlobal(op);
      continue;
    }
    if (linalgOp && !grid && stage.admits(m, linalgOp)) {
      stage.ops.push_back(linalgOp);
      continue;
    }
    closeStage();
    if (module && grid)
      stage.ops = {linalgOp};
    else if (module)
      stage.start(m, linalgOp);
    else
      emitGlobal(op);
  }
  closeStage();
  for (auto [result, insert, init] :
       llvm::zip(results, m.inserts, m.loop.getInitArgs())) {
    if (result)
      continue;
    SmallVector<OpFoldResult> sizes = insert.getMixedSizes();
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    Value source = global(insert.getSource());
    sizes.front() = numRows();
    result =
        tensor::InsertSliceOp::create(b, source, init, offsets, sizes, strides);
  }
  m.loop.replaceAllUsesWith(results);
  m.loop.erase();
}

/// Extends the rows of a contraction of narrow floats to the type that is
/// accumulated in, once for all of its tiles. Returns whether it changed `op`.
static bool widenRows(const ModuleLoop &m, linalg::GenericOp op,
                      bool widenBF16) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1)
    return false;
  OpOperand *rows = op.getDpsInputOperand(0);
  OpOperand *weights = op.getDpsInputOperand(1);
  if (m.kindOf(rows->get()) != ModuleLoop::Kind::Rows)
    std::swap(rows, weights);
  BlockArgument row = op.getMatchingBlockArgument(rows);
  BlockArgument weight = op.getMatchingBlockArgument(weights);
  BlockArgument out = op.getRegionOutputArgs()[0];
  auto isFloat = [](Type type) {
    return isa<Float32Type, BFloat16Type, Float16Type>(type);
  };
  if (m.kindOf(rows->get()) != ModuleLoop::Kind::Rows || !m.usesModule(op) ||
      !isa<BFloat16Type, Float16Type>(row.getType()) ||
      !isFloat(weight.getType()) || !isFloat(out.getType()) ||
      !isMultiplyAdd(*op.getBody(), row, weight, out))
    return false;
  if (!widenBF16 && row.getType().isBF16() && weight.getType().isBF16())
    return false;
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Type wide = b.getF32Type();
  auto type = cast<RankedTensorType>(rows->get().getType());
  SmallVector<OpFoldResult> sizes = {OpFoldResult(m.size)};
  for (int64_t size : type.getShape().drop_front())
    sizes.push_back(b.getIndexAttr(size));
  Value empty = tensor::EmptyOp::create(b, sizes, wide);
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  auto extended = linalg::GenericOp::create(
      b, empty.getType(), rows->get(), empty, maps, kinds,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        Value value = arith::ExtFOp::create(nested, loc, wide, args[0]);
        linalg::YieldOp::create(nested, loc, value);
      });
  rows->set(extended.getResult(0));

  // Narrow products and sums stand for wide ones that are rounded at the end.
  Block *body = op.getBody();
  while (body->getOperations().size() > 0)
    body->back().erase();
  row.setType(wide);
  b.setInsertionPointToStart(body);
  auto widened = [&](Value value) -> Value {
    return value.getType() == wide
               ? value
               : Value(arith::ExtFOp::create(b, wide, value));
  };
  Value sum = arith::AddFOp::create(
      b, widened(out), arith::MulFOp::create(b, row, widened(weight)));
  if (out.getType() != wide)
    sum = arith::TruncFOp::create(b, out.getType(), sum);
  linalg::YieldOp::create(b, sum);
  return true;
}

/// Whether the loop multiplies narrow floats, or with `tf32` floats, by
/// parameters of their type.
static bool usesTensorCores(const ModuleLoop &m, bool tf32) {
  return llvm::any_of(m.getSteps(), [&](Operation *step) {
    auto op = dyn_cast<linalg::LinalgOp>(step);
    if (!op || op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 ||
        !m.usesModule(op))
      return false;
    auto element = [&](int64_t input) {
      return getElementTypeOrSelf(op.getDpsInputOperand(input)->get());
    };
    return (isa<BFloat16Type, Float16Type>(element(0)) ||
            (tf32 && element(0).isF32())) &&
           element(0) == element(1);
  });
}

namespace {
struct BatchExpertsPass
    : public condcomp::impl::BatchExpertsBase<BatchExpertsPass> {
  using BatchExpertsBase::BatchExpertsBase;

  void runOnOperation() override {
    SmallVector<ModuleLoop> loops;
    getOperation()->walk([&](scf::ForOp loop) {
      std::string reason;
      if (std::optional<ModuleLoop> m = ModuleLoop::match(loop, reason))
        loops.push_back(std::move(*m));
      else if (!reason.empty())
        remarkSequential(loop, reason);
    });
    for (ModuleLoop &m : loops) {
      std::string reason;
      Operation *op = m.analyze(reason);
      if (!op && grid) {
        reason = "computes parameters: those of a module once for all its rows";
        op = m.findComputed();
      }
      if (op) {
        remarkSequential(op, reason);
        continue;
      }
      if (grid) {
        bool unit = tensorCores && usesTensorCores(m, tf32);
        Batcher(m, grid, unit).run();
        continue;
      }
      widen(m);
      Batcher(m, grid, /*unit=*/false).run();
    }
  }

private:
  static void remarkSequential(Operation *op, const std::string &reason) {
    remark::failed(op->getLoc(), remark::RemarkOpts::name("ModuleLoop")
                                     .category("condcomp-batch-experts"))
        << ("modules run one after another: " + op->getName().getStringRef() +
            " " + reason)
               .str();
  }

  void widen(ModuleLoop &m) {
    SmallVector<linalg::GenericOp> generics;
    for (Operation *step : m.getSteps())
      if (auto generic = dyn_cast<linalg::GenericOp>(step))
        generics.push_back(generic);
    bool widened = false;
    for (linalg::GenericOp generic : generics)
      widened |= widenRows(m, generic, widenBF16);
    if (!widened)
      return;
    std::string reason;
    m = *ModuleLoop::match(m.loop, reason);
    m.analyze(reason);
  }
};
} // namespace
