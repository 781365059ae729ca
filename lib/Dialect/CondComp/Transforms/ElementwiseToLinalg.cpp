//===- ElementwiseToLinalg.cpp - scalar ops on tensors become linalg ------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_ELEMENTWISETOLINALG
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {
struct ElementwiseToLinalg
    : condcomp::impl::ElementwiseToLinalgBase<ElementwiseToLinalg> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    linalg::populateElementwiseToLinalgConversionPatterns(all);
    patterns = std::move(all);
    return success();
  }

  // The greedy driver and dialect conversion fold first.
  void runOnOperation() override {
    walkAndApplyPatterns(getOperation(), patterns);
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
