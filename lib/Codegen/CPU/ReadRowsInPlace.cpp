//===- ReadRowsInPlace.cpp - contractions over gathered matrices ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionMatch.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"

namespace condcomp {
#define GEN_PASS_DEF_READROWSINPLACE
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// `result[l0, l1, ..] = source[.., indices[..], ..]` and no more.
struct Gather {
  linalg::GenericOp op;
  tensor::ExtractOp extract;
  /// The loops that the indices depend on.
  llvm::SmallBitVector chosenBy;
};

/// A contraction that takes a matrix for each of some indices.
struct Match {
  linalg::GenericOp contraction;
  Gather gather;
  /// The loops of the contraction over these indices.
  llvm::SmallBitVector batch;
  /// Whether the matrices lie in the source as they are, else a copy of one
  /// after the other is made.
  bool inPlace;
};

} // namespace

static std::optional<Gather> matchGather(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || !op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return std::nullopt;
  Block &body = *op.getBlock();
  auto extract =
      body.getTerminator()->getOperand(0).getDefiningOp<tensor::ExtractOp>();
  if (!extract || extract->getBlock() != &body ||
      extract.getTensor().getParentBlock() == &body)
    return std::nullopt;
  Gather gather{op, extract, llvm::SmallBitVector(op.getNumLoops())};
  for (Value index : extract.getIndices()) {
    if (index.getParentBlock() != &body ||
        index.getDefiningOp<linalg::IndexOp>())
      continue;
    auto argument = dyn_cast<BlockArgument>(index);
    if (!argument)
      return std::nullopt;
    AffineMap map =
        op.getMatchingIndexingMap(op.getMatchingOpOperand(argument));
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop)
      if (map.isFunctionOfDim(loop))
        gather.chosenBy.set(loop);
  }
  if (gather.chosenBy.none())
    return std::nullopt;
  return gather;
}

/// Whether the chosen loops come first and choose along dim 0 of the source,
/// all of whose other dims are walked in order.
static bool takesWholeRows(Gather gather) {
  unsigned leading = gather.chosenBy.count();
  OperandRange at = gather.extract.getIndices();
  if (gather.chosenBy.find_last() + 1 != static_cast<int>(leading) ||
      at.size() != gather.op.getNumLoops() - leading + 1 ||
      !isa<BlockArgument>(at.front()))
    return false;
  for (auto [i, index] : llvm::enumerate(at.drop_front())) {
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    if (!loop || loop.getDim() != leading + i)
      return false;
  }
  return true;
}

static std::optional<Match> matchOperand(linalg::GenericOp op,
                                         OpOperand *operand) {
  std::optional<Gather> gather = matchGather(operand->get());
  if (!gather)
    return std::nullopt;
  AffineMap map = op.getMatchingIndexingMap(operand);
  llvm::SmallBitVector batch(op.getNumLoops());
  unsigned tiled = 0;
  for (unsigned dim : gather->chosenBy.set_bits()) {
    auto loop = dyn_cast<AffineDimExpr>(map.getResult(dim));
    if (!loop || !llvm::all_of(op.getIndexingMapsArray(), [&](AffineMap map) {
          return map.isFunctionOfDim(loop.getPosition());
        }))
      continue;
    batch.set(loop.getPosition());
    ++tiled;
  }
  // Of a vector for each index a copy is no more than what is computed.
  if (tiled == 0 || map.getNumResults() - tiled < 2)
    return std::nullopt;
  bool inPlace = tiled == gather->chosenBy.count() && takesWholeRows(*gather);
  if (!inPlace && !gather->op->hasOneUse())
    return std::nullopt;
  return Match{op, *gather, batch, inPlace};
}

static std::optional<Match> match(linalg::GenericOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0 ||
      op->getParentOfType<scf::ForallOp>() ||
      !isMultiplyAdd(*op.getBlock(), op.getRegionInputArgs()[0],
                     op.getRegionInputArgs()[1], op.getRegionOutputArgs()[0]))
    return std::nullopt;
  for (OpOperand *operand : op.getDpsInputOperands())
    if (std::optional<Match> found = matchOperand(op, operand))
      return found;
  return std::nullopt;
}

/// The rows of the source that one index chooses, in place of their copy.
static void readInPlace(linalg::GenericOp copy, unsigned numChosen,
                        IRRewriter &rewriter) {
  rewriter.setInsertionPoint(copy);
  Location loc = copy.getLoc();
  auto extract = cast<tensor::ExtractOp>(
      copy.getBlock()->getTerminator()->getOperand(0).getDefiningOp());
  Value source = extract.getTensor();
  OpOperand *indices =
      copy.getMatchingOpOperand(cast<BlockArgument>(extract.getIndices()[0]));
  Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
  unsigned indexRank = copy.getMatchingIndexingMap(indices).getNumResults();
  Value row = tensor::ExtractOp::create(rewriter, loc, indices->get(),
                                        SmallVector<Value>(indexRank, zero));
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(rewriter, loc, source);
  SmallVector<OpFoldResult> offsets(type.getRank(), rewriter.getIndexAttr(0)),
      strides(type.getRank(), rewriter.getIndexAttr(1));
  offsets.front() = row;
  sizes.front() = rewriter.getIndexAttr(1);
  Value slice = tensor::ExtractSliceOp::create(rewriter, loc, source, offsets,
                                               sizes, strides);
  // One dim of size one for each loop that chose.
  if (numChosen > 1) {
    SmallVector<ReassociationIndices> groups(type.getRank());
    SmallVector<OpFoldResult> shape(numChosen, rewriter.getIndexAttr(1));
    groups.front() = llvm::to_vector(llvm::seq<int64_t>(0, numChosen));
    for (int64_t i = 1; i < type.getRank(); ++i) {
      groups[i] = {numChosen + i - 1};
      shape.push_back(sizes[i]);
    }
    SmallVector<int64_t> staticShape;
    SmallVector<Value> dynamicShape;
    dispatchIndexOpFoldResults(shape, dynamicShape, staticShape);
    slice = tensor::ExpandShapeOp::create(
        rewriter, loc,
        RankedTensorType::get(staticShape, type.getElementType()), slice,
        groups, shape);
  }
  Type expected = copy.getResult(0).getType();
  if (slice.getType() != expected)
    slice = tensor::CastOp::create(rewriter, loc, expected, slice);
  rewriter.replaceOp(copy, slice);
}

using LoopType = scf::SCFTilingOptions::LoopType;

/// Emits a loop over the indices in place of `contraction`, with the copy of
/// one matrix in it, or none.
static LogicalResult emitLoop(Match match, linalg::GenericOp contraction,
                              LoopType type, IRRewriter &rewriter) {
  SmallVector<OpFoldResult> tiles(contraction.getNumLoops(),
                                  rewriter.getIndexAttr(0));
  for (unsigned loop : match.batch.set_bits())
    tiles[loop] = rewriter.getIndexAttr(1);
  scf::SCFTileAndFuseOptions options;
  options.tilingOptions.setTileSizes(tiles).setLoopType(type);
  Operation *gather = match.gather.op;
  options.setFusionControlFn(
      [gather](tensor::ExtractSliceOp, OpResult producer, bool)
          -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
        if (producer.getOwner() != gather &&
            !isa<linalg::FillOp>(producer.getOwner()))
          return std::nullopt;
        return scf::SCFTileAndFuseOptions::ControlFnResult{};
      });
  rewriter.setInsertionPoint(contraction);
  FailureOr<scf::SCFTileAndFuseResult> tiled =
      scf::tileConsumerAndFuseProducersUsingSCF(
          rewriter, cast<TilingInterface>(contraction.getOperation()), options);
  if (failed(tiled))
    return failure();
  for (Operation *op : tiled->tiledAndFusedOps)
    if (auto fused = dyn_cast<linalg::GenericOp>(op);
        fused && match.inPlace && matchGather(fused->getResult(0)))
      readInPlace(fused, match.gather.chosenBy.count(), rewriter);
  rewriter.replaceOp(contraction,
                     tiled->replacements.lookup(contraction->getResult(0)));
  return success();
}

/// Whether there is one index, as a constant where it is known.
static Value isSingle(Match match, IRRewriter &rewriter) {
  rewriter.setInsertionPoint(match.contraction);
  Location loc = match.contraction.getLoc();
  SmallVector<Range> domain =
      cast<TilingInterface>(match.contraction.getOperation())
          .getIterationDomain(rewriter);
  Value one = arith::ConstantIndexOp::create(rewriter, loc, 1), single;
  for (unsigned loop : match.batch.set_bits()) {
    Value size =
        getValueOrCreateConstantIndexOp(rewriter, loc, domain[loop].size);
    Value equal = rewriter.createOrFold<arith::CmpIOp>(
        loc, arith::CmpIPredicate::eq, size, one);
    single = single ? rewriter.createOrFold<arith::AndIOp>(loc, single, equal)
                    : equal;
  }
  return single;
}

/// Matrices run side by side, a single one on all threads.
static LogicalResult rewrite(Match match, IRRewriter &rewriter) {
  Value single = isSingle(match, rewriter);
  APInt known;
  if (matchPattern(single, m_ConstantInt(&known)))
    return emitLoop(match, match.contraction,
                    known.isZero() ? LoopType::ForallOp : LoopType::ForOp,
                    rewriter);
  linalg::GenericOp alone, several;
  auto clone = [&](linalg::GenericOp &copy) {
    return [&](OpBuilder &b, Location loc) {
      copy = cast<linalg::GenericOp>(b.clone(*match.contraction));
      scf::YieldOp::create(b, loc, copy->getResults());
    };
  };
  auto choice = scf::IfOp::create(rewriter, match.contraction.getLoc(), single,
                                  clone(alone), clone(several));
  rewriter.replaceOp(match.contraction, choice);
  return success(
      succeeded(emitLoop(match, alone, LoopType::ForOp, rewriter)) &&
      succeeded(emitLoop(match, several, LoopType::ForallOp, rewriter)));
}

namespace {
struct ReadRowsInPlacePass
    : public condcomp::impl::ReadRowsInPlaceBase<ReadRowsInPlacePass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : ops)
      if (std::optional<Match> found = match(op))
        if (failed(rewrite(*found, rewriter)))
          return signalPassFailure();
  }
};
} // namespace
