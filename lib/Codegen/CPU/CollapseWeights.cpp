//===- CollapseWeights.cpp - loops of contractions with constants ---------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_COLLAPSEWEIGHTS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether a value is a constant, perhaps reshaped in a body: a branch, such as
/// a stage of a cascade, reshapes the weights that it uses itself.
static bool isConstant(Value value, const ConstantValues &constants) {
  while (!constants.contains(value)) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return true;
}

/// Runs of neighbouring loops of a contraction that index the constant
/// `weights`, the same operands each, and lie together wherever they occur.
static SmallVector<ReassociationIndices> findRuns(linalg::LinalgOp op,
                                                  OpOperand *weights) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  auto belongTogether = [&](int64_t i, int64_t j) {
    if (ShapedType::isDynamic(sizes[i]) || ShapedType::isDynamic(sizes[j]) ||
        kinds[i] != kinds[j])
      return false;
    bool batch = llvm::all_of(
        maps, [&](AffineMap map) { return map.isFunctionOfDim(i); });
    return !batch && op.getMatchingIndexingMap(weights).isFunctionOfDim(i) &&
           llvm::all_of(maps, [&](AffineMap map) {
             return map.isFunctionOfDim(i) == map.isFunctionOfDim(j) &&
                    linalg::isDimSequencePreserved(map, {i, j});
           });
  };
  SmallVector<ReassociationIndices> runs;
  for (int64_t i = 0, e = op.getNumLoops(); i < e; ++i) {
    ReassociationIndices run = {i};
    while (i + 1 < e && belongTogether(i, i + 1))
      run.push_back(++i);
    if (run.size() > 1)
      runs.push_back(run);
  }
  return runs;
}

namespace {
struct CollapseWeightsPass
    : public condcomp::impl::CollapseWeightsBase<CollapseWeightsPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    ConstantValues constants(getOperation());
    // Decided beforehand: constants are not known of what patterns make.
    llvm::MapVector<Operation *, SmallVector<ReassociationIndices>> runs;
    getOperation().walk([&](linalg::GenericOp op) {
      if (!op.hasPureTensorSemantics() || op.hasIndexSemantics() ||
          !linalg::isaContractionOpInterface(op))
        return;
      for (OpOperand *input : op.getDpsInputOperands())
        if (isConstant(input->get(), constants))
          if (SmallVector<ReassociationIndices> found = findRuns(op, input);
              !found.empty())
            runs[op] = found;
    });
    IRRewriter rewriter(context);
    for (auto &[op, found] : runs) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::CollapseResult> collapsed =
          linalg::collapseOpIterationDims(cast<linalg::LinalgOp>(op), found,
                                          rewriter);
      if (succeeded(collapsed))
        rewriter.replaceOp(op, collapsed->results);
    }
    // Weights that were expanded before are plain again, and so are results
    // that are filled first.
    RewritePatternSet patterns(context);
    linalg::FillOp::getCanonicalizationPatterns(patterns, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::populateFoldTensorEmptyPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
