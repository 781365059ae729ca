//===- TileChains.cpp - chained contractions task by task -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/TilingInterfaceImpl.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_TILECHAINS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Multiply-adds below which another task does not pay.
static constexpr int64_t kTaskWork = 256 * 1024;
/// Elements of what lies between the contractions that a task may hold: half a
/// second-level cache.
static constexpr int64_t kMostElements = 128 * 1024;
/// Rows of a task where it has to be cut: whole register tiles of 6 and of 8.
static constexpr int64_t kRows = 96;

namespace {

/// A contraction and the ops before it that only it needs, which all have the
/// loops that are cut into tasks.
struct Chain {
  linalg::GenericOp root;
  /// Of the root: batch loops, and a loop of rows if that is cut, too.
  SmallVector<unsigned> loops;
  bool cutsRows = false;
  /// The loops of each op that those of the root are.
  llvm::MapVector<Operation *, SmallVector<unsigned>> ops;
  /// The contractions before the root, last one first.
  SmallVector<linalg::GenericOp> before;
};

} // namespace

/// The loops of `producer` that loops of the op that uses its result at `use`
/// are, if every one is a parallel loop of both.
static std::optional<SmallVector<unsigned>>
followLoops(OpOperand &use, ArrayRef<unsigned> loops,
            linalg::GenericOp producer) {
  auto user = cast<linalg::GenericOp>(use.getOwner());
  if (!user.isDpsInput(&use))
    return std::nullopt;
  AffineMap read = user.getMatchingIndexingMap(&use);
  AffineMap written =
      producer.getIndexingMapMatchingResult(cast<OpResult>(use.get()));
  SmallVector<unsigned> followed;
  for (unsigned loop : loops) {
    std::optional<unsigned> position =
        read.getResultPosition(getAffineDimExpr(loop, read.getContext()));
    if (!position)
      return std::nullopt;
    auto dim = dyn_cast<AffineDimExpr>(written.getResult(*position));
    if (!dim || producer.getIteratorTypesArray()[dim.getPosition()] !=
                    utils::IteratorType::parallel)
      return std::nullopt;
    followed.push_back(dim.getPosition());
  }
  return followed;
}

static bool isContraction(linalg::GenericOp op) {
  return op.getNumDpsInputs() == 2 && linalg::isaContractionOpInterface(op);
}

static bool isBatchLoop(linalg::GenericOp op, unsigned loop) {
  return llvm::all_of(op.getIndexingMapsArray(),
                      [&](AffineMap map) { return map.isFunctionOfDim(loop); });
}

/// Whether `op` goes with the chain; if so, adds it.
static void addToChain(Chain &chain, linalg::GenericOp op,
                       unsigned batchLoops) {
  // Upstream tiles no other results.
  bool tileable = llvm::all_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
    return op.getMatchingIndexingMap(&init).isProjectedPermutation();
  });
  if (!op.hasPureTensorSemantics() || !tileable || op->use_empty() ||
      !isPure(op))
    return;
  std::optional<SmallVector<unsigned>> loops;
  for (OpOperand &use : op->getUses()) {
    auto user = chain.ops.find(use.getOwner());
    if (user == chain.ops.end())
      return;
    auto followed = followLoops(use, user->second, op);
    if (!followed || (loops && *loops != *followed))
      return;
    loops = followed;
  }
  if (isContraction(op)) {
    // A weight that all tasks share would be packed by each.
    if (!llvm::all_of(ArrayRef(*loops).take_front(batchLoops),
                      [&](unsigned loop) { return isBatchLoop(op, loop); }))
      return;
    chain.before.push_back(op);
  }
  chain.ops[op] = *loops;
}

static Chain findChain(linalg::GenericOp root, ArrayRef<unsigned> batch,
                       std::optional<unsigned> rows) {
  Chain chain;
  chain.root = root;
  chain.loops.assign(batch.begin(), batch.end());
  if (rows)
    chain.loops.push_back(*rows);
  chain.cutsRows = rows.has_value();
  chain.ops[root] = chain.loops;
  for (Operation *op = root->getPrevNode(); op; op = op->getPrevNode())
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      addToChain(chain, generic, batch.size());
  return chain;
}

/// Whether what the contractions before the root give to one task fits.
static bool fits(const Chain &chain) {
  for (linalg::GenericOp op : chain.before) {
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    int64_t elements = 1;
    for (AffineExpr expr : map.getResults()) {
      unsigned loop = cast<AffineDimExpr>(expr).getPosition();
      if (llvm::is_contained(chain.ops.lookup(op), loop))
        continue;
      if (ShapedType::isDynamic(sizes[loop]))
        return false;
      elements *= std::max<int64_t>(sizes[loop], 1);
    }
    if (elements > kMostElements)
      return false;
  }
  return true;
}

/// The chain that ends in `root`, if there is one.
static std::optional<Chain> matchChain(linalg::GenericOp root) {
  if (!root.hasPureTensorSemantics() || !isContraction(root) ||
      root->getParentOfType<scf::ForallOp>())
    return std::nullopt;
  SmallVector<unsigned> batch;
  std::optional<unsigned> rows;
  SmallVector<AffineMap> maps = root.getIndexingMapsArray();
  SmallVector<utils::IteratorType> kinds = root.getIteratorTypesArray();
  for (unsigned loop = 0; loop < root.getNumLoops(); ++loop) {
    if (kinds[loop] != utils::IteratorType::parallel)
      continue;
    if (isBatchLoop(root, loop))
      batch.push_back(loop);
    else if (!rows && maps[0].isFunctionOfDim(loop))
      rows = loop;
  }
  if (batch.empty())
    return std::nullopt;
  Chain whole = findChain(root, batch, std::nullopt);
  if (whole.before.empty())
    return std::nullopt;
  if (fits(whole) || !rows)
    return whole;
  Chain cut = findChain(root, batch, rows);
  return cut.before.size() == whole.before.size() ? std::optional(cut)
                                                  : std::nullopt;
}

/// Tile sizes of the root's loops: as many batches per task as make it worth
/// its while, from the innermost loop outwards. They follow from sizes alone.
static SmallVector<OpFoldResult> chooseTiles(ImplicitLocOpBuilder &b,
                                             const Chain &chain) {
  linalg::GenericOp root = chain.root;
  SmallVector<Range> ranges =
      cast<TilingInterface>(*root).getIterationDomain(b);
  auto sizeOf = [&](unsigned loop) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), ranges[loop].size);
  };
  SmallVector<OpFoldResult> tiles(ranges.size(), b.getIndexAttr(0));
  // The root's own work stands for that of the chain.
  Value work = constantIndex(b, 1);
  for (unsigned loop = 0; loop < ranges.size(); ++loop)
    if (!llvm::is_contained(chain.loops, loop))
      work = mul(b, work, sizeOf(loop));
  ArrayRef<unsigned> batch = chain.loops;
  if (chain.cutsRows) {
    Value rows = minimum(b, sizeOf(batch.back()), constantIndex(b, kRows));
    tiles[batch.back()] =
        getAsOpFoldResult(maximum(b, rows, constantIndex(b, 1)));
    work = mul(b, work, rows);
    batch = batch.drop_back();
  }
  Value one = constantIndex(b, 1);
  for (unsigned loop : llvm::reverse(batch)) {
    Value wanted =
        ceilDiv(b, constantIndex(b, kTaskWork), maximum(b, work, one));
    Value tile = isConstantIntValue(wanted, 1)
                     ? one
                     : maximum(b, minimum(b, wanted, sizeOf(loop)), one);
    tiles[loop] = getAsOpFoldResult(tile);
    work = mul(b, work, tile);
  }
  return tiles;
}

static LogicalResult tileChain(IRRewriter &rewriter, const Chain &chain) {
  linalg::GenericOp root = chain.root;
  rewriter.setInsertionPoint(root);
  ImplicitLocOpBuilder b(root.getLoc(), rewriter);
  scf::SCFTilingOptions tiling;
  tiling.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
  tiling.setTileSizes(chooseTiles(b, chain));
  scf::SCFTileAndFuseOptions options;
  options.setTilingOptions(tiling);
  options.setFusionControlFn(
      [&](tensor::ExtractSliceOp, OpResult producer,
          bool) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
        Operation *op = producer.getOwner();
        if (isa<linalg::FillOp>(op) || chain.ops.contains(op))
          return scf::SCFTileAndFuseOptions::ControlFnResult{};
        return std::nullopt;
      });
  FailureOr<scf::SCFTileAndFuseResult> result =
      scf::tileConsumerAndFuseProducersUsingSCF(
          rewriter, cast<TilingInterface>(*root), options);
  if (failed(result))
    return failure();
  rewriter.replaceOp(root, result->replacements.lookup(root->getResult(0)));
  return success();
}

namespace {
struct TileChainsPass : public condcomp::impl::TileChainsBase<TileChainsPass> {
  using TileChainsBase::TileChainsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    TileChainsBase::getDependentDialects(registry);
    linalg::registerTilingInterfaceExternalModels(registry);
  }

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> roots;
    getOperation()->walk([&](linalg::GenericOp op) { roots.push_back(op); });
    IRRewriter rewriter(&getContext());
    // Last ones first: a chain takes in contractions before it.
    llvm::SmallPtrSet<Operation *, 8> taken;
    for (linalg::GenericOp root : llvm::reverse(roots)) {
      if (taken.contains(root))
        continue;
      std::optional<Chain> chain = matchChain(root);
      if (!chain)
        continue;
      Location loc = root.getLoc();
      for (auto &[op, loops] : chain->ops)
        taken.insert(op);
      if (failed(tileChain(rewriter, *chain))) {
        remark::failed(loc, remark::RemarkOpts::name("Chain").category(
                                "condcomp-tile-chains"))
            << "contractions cannot be tiled together";
        return signalPassFailure();
      }
    }
    // A task's part of a tensor without content is a small one of its own.
    RewritePatternSet patterns(&getContext());
    tensor::populateFoldTensorEmptyPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
