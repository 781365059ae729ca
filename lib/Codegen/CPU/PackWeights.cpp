//===- PackWeights.cpp - constant right-hand sides into panels ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VectorBits.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/SetVector.h"

namespace condcomp {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// How a weight tensor is packed: docs/codegen.md, "Packed right-hand sides".
struct Layout {
  Value source;
  /// Columns per panel; terms lie in pairs; [.., N, K] instead of [.., K, N].
  int64_t panel;
  bool pairs, transposed;

  bool operator==(const Layout &other) const {
    return source == other.source && panel == other.panel &&
           pairs == other.pairs && transposed == other.transposed;
  }
};

/// A contraction whose operand `weights` is to be packed.
struct Match {
  linalg::GenericOp op;
  unsigned weights;
  unsigned n, k;
  /// Reads one slice of dim 0 of a constant, or is null.
  tensor::ExtractSliceOp slice;
  Layout layout;
};

/// Whether a slice is `source[i]`, whole in all other dims.
bool takesOneOfMany(tensor::ExtractSliceOp slice) {
  auto type = slice.getSourceType();
  if (slice.getType().getRank() + 1 != type.getRank() || !slice.hasUnitStride())
    return false;
  SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(),
                            sizes = slice.getMixedSizes();
  for (int64_t i = 0; i < type.getRank(); ++i) {
    std::optional<int64_t> size = getConstantIntValue(sizes[i]);
    bool whole = isConstantIntValue(offsets[i], 0) && size &&
                 !type.isDynamicDim(i) && *size == type.getDimSize(i);
    if (i == 0 ? size != 1 : !whole)
      return false;
  }
  return true;
}

class PackWeights {
public:
  PackWeights(func::FuncOp function, unsigned vectorBits)
      : constants(function), vectorBits(vectorBits),
        b(function.getLoc(), function.getContext()) {}

  std::optional<Match> match(linalg::GenericOp op) {
    if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
        !op.hasPureTensorSemantics() ||
        !linalg::isaContractionOpInterface(op) ||
        !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
          return map.isProjectedPermutation();
        }))
      return std::nullopt;
    for (unsigned operand : {1, 0})
      if (std::optional<Match> found = matchOperand(op, operand))
        return found;
    return std::nullopt;
  }

  void rewrite(Match match);

private:
  std::optional<Match> matchOperand(linalg::GenericOp op, unsigned operand);
  Value getPacked(const Layout &layout);

  ConstantValues constants;
  unsigned vectorBits;
  ImplicitLocOpBuilder b;
  SmallVector<std::pair<Layout, Value>> packed;
};

/// The operand reads a constant by one loop of columns and one of terms, after
/// loops that all operands share.
std::optional<Match> PackWeights::matchOperand(linalg::GenericOp op,
                                               unsigned operand) {
  Value value = op.getDpsInputs()[operand];
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Value other = op.getDpsInputs()[1 - operand];
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(value));
  if (!type || !element || element.getWidth() < 16 || type.getRank() < 2 ||
      getElementTypeOrSelf(other) != element)
    return std::nullopt;
  Match found{op, operand, 0, 0, {}, {}};
  Value source = value;
  if (auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
      slice && !constants.contains(value)) {
    if (!takesOneOfMany(slice))
      return std::nullopt;
    found.slice = slice;
    source = slice.getSource();
  }
  if (!constants.contains(source))
    return std::nullopt;

  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap map = maps[operand], rows = maps[1 - operand], result = maps[2];
  int64_t rank = type.getRank();
  for (int64_t i = 0; i < rank - 2; ++i) {
    unsigned loop = map.getDimPosition(i);
    if (!rows.isFunctionOfDim(loop) || !result.isFunctionOfDim(loop))
      return std::nullopt;
  }
  unsigned k = map.getDimPosition(rank - 2), n = map.getDimPosition(rank - 1);
  bool transposed = result.isFunctionOfDim(k);
  if (transposed)
    std::swap(k, n);
  int64_t columns = type.getDimSize(transposed ? rank - 2 : rank - 1);
  int64_t terms = type.getDimSize(transposed ? rank - 1 : rank - 2);
  int64_t panel = 2 * int64_t(vectorBits) / std::max(32u, element.getWidth());
  // Nothing to gain where a panel would be mostly padding.
  if (result.isFunctionOfDim(k) || !rows.isFunctionOfDim(k) ||
      !result.isFunctionOfDim(n) || rows.isFunctionOfDim(n) ||
      op.getNumReductionLoops() != 1 || ShapedType::isDynamic(columns) ||
      ShapedType::isDynamic(terms) || columns < panel)
    return std::nullopt;
  found.n = n;
  found.k = k;
  found.layout = {source, panel, element.isBF16(), transposed};
  return found;
}

/// `linalg.pack` of a constant, once per layout.
Value PackWeights::getPacked(const Layout &layout) {
  for (auto &[known, value] : packed)
    if (known == layout)
      return value;
  Value source = layout.source;
  b.setInsertionPointAfterValue(source);
  auto type = cast<RankedTensorType>(source.getType());
  int64_t rank = type.getRank();
  int64_t n = layout.transposed ? rank - 2 : rank - 1;
  int64_t k = layout.transposed ? rank - 1 : rank - 2;
  SmallVector<int64_t> positions = {n}, sizes = {layout.panel}, permutation;
  if (layout.pairs) {
    positions.push_back(k);
    sizes.push_back(2);
  }
  for (int64_t i = 0; i < rank - 2; ++i)
    permutation.push_back(i);
  permutation.append({n, k});
  SmallVector<OpFoldResult> tiles =
      getAsIndexOpFoldResult(b.getContext(), sizes);
  Value dest = linalg::PackOp::createDestinationTensor(
      b, b.getLoc(), source, tiles, positions, permutation);
  Value zero =
      arith::ConstantOp::create(b, b.getZeroAttr(type.getElementType()));
  bool padded = type.getDimSize(n) % layout.panel != 0 ||
                (layout.pairs && type.getDimSize(k) % 2 != 0);
  auto pack = linalg::PackOp::create(
      b, source, dest, positions, tiles,
      padded ? std::optional<Value>(zero) : std::nullopt, permutation);
  constants.insert(pack->getResult(0));
  packed.emplace_back(layout, pack->getResult(0));
  return packed.back().second;
}

void PackWeights::rewrite(Match match) {
  linalg::GenericOp op = match.op;
  const Layout &layout = match.layout;
  Value weights = getPacked(layout);
  b.setLoc(op.getLoc());
  b.setInsertionPoint(op);
  if (match.slice) {
    auto type = cast<RankedTensorType>(weights.getType());
    int64_t rank = type.getRank();
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)),
        sizes = tensor::getMixedSizes(b, b.getLoc(), weights),
        strides(rank, b.getIndexAttr(1));
    offsets[0] = match.slice.getMixedOffsets()[0];
    sizes[0] = b.getIndexAttr(1);
    auto one = RankedTensorType::get(type.getShape().drop_front(),
                                     type.getElementType());
    weights = tensor::ExtractSliceOp::create(b, one, weights, offsets, sizes,
                                             strides);
  }
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap map = maps[match.weights];
  SmallVector<AffineExpr> exprs(map.getResults().drop_back(2));
  AffineExpr n = b.getAffineDimExpr(match.n), k = b.getAffineDimExpr(match.k);
  exprs.append({n.floorDiv(layout.panel), layout.pairs ? k.floorDiv(2) : k,
                n % layout.panel});
  if (layout.pairs)
    exprs.push_back(k % 2);
  AffineMap packedMap =
      AffineMap::get(map.getNumDims(), 0, exprs, b.getContext());
  // The packed operand comes second; the body multiplies in either order.
  unsigned rows = 1 - match.weights;
  auto packedOp = linalg::GenericOp::create(
      b, op.getResultTypes(), ValueRange{op.getDpsInputs()[rows], weights},
      op.getDpsInits(), ArrayRef<AffineMap>{maps[rows], packedMap, maps[2]},
      op.getIteratorTypesArray());
  packedOp.getRegion().takeBody(op.getRegion());
  op->replaceAllUsesWith(packedOp);
  op->erase();
}

struct PackWeightsPass
    : public condcomp::impl::PackWeightsBase<PackWeightsPass> {
  using PackWeightsBase::PackWeightsBase;

  LogicalResult initialize(MLIRContext *context) override {
    return checkVectorBits(context, vectorBits);
  }

  void runOnOperation() override {
    PackWeights packer(getOperation(), vectorBits);
    SmallVector<Match> matches;
    getOperation()->walk([&](linalg::GenericOp op) {
      if (std::optional<Match> found = packer.match(op))
        matches.push_back(*found);
    });
    llvm::SmallSetVector<Operation *, 8> dead;
    for (const Match &match : matches)
      packer.rewrite(match);
    // The plain slices, which are no longer read.
    for (const Match &match : matches)
      if (tensor::ExtractSliceOp slice = match.slice)
        dead.insert(slice);
    for (Operation *slice : dead)
      if (slice->use_empty())
        slice->erase();
  }
};

} // namespace
