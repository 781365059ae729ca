//===- RowAnalysisTest.cpp - tests of what values are to rows -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/RowAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Analyzes the last stage of the cascade in a module whose body is given.
class RowAnalysisTest : public ::testing::Test {
protected:
  RowAnalysisTest() {
    context.loadDialect<CondCompDialect, arith::ArithDialect, func::FuncDialect,
                        linalg::LinalgDialect, tensor::TensorDialect>();
  }

  RowAnalysis analyze(StringRef body, StringRef functions = "") {
    std::string text = functions.str() + R"mlir(
      func.func @f(%x: tensor<?x6x4xf32>, %table: tensor<?x6x4xf32>) {
        %0:3 = condcomp.cascade rows(%x : tensor<?x6x4xf32>)
            state(%x : tensor<?x6x4xf32>) with_ids {
        ^bb0(%h: tensor<?x6x4xf32>, %s: tensor<?x6x4xf32>, %ids: tensor<?xindex>):
          %c0 = arith.constant 0 : index
          %n = tensor.dim %h, %c0 : tensor<?x6x4xf32>
    )mlir" + body.str() +
                       R"mlir(
          condcomp.yield %h, %s : tensor<?x6x4xf32>, tensor<?x6x4xf32>
        } -> tensor<?x6x4xf32>, tensor<?x6x4xf32>, tensor<?xi32>
        return
      }
    )mlir";
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    module->walk([&](CascadeOp op) { cascade = op; });
    return RowAnalysis(cast<ConditionalOpInterface>(cascade.getOperation()), 0);
  }

  /// The first result of the op that is the `index`-th from the end of the
  /// stage, its terminator not counted.
  Value fromEnd(unsigned index) {
    Operation *op = cascade.getStages()[0].front().getTerminator();
    for (unsigned i = 0; i <= index; ++i)
      op = op->getPrevNode();
    return op->getResult(0);
  }
  BlockArgument argument(unsigned index) {
    return cascade.getStages()[0].getArgument(index);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  CascadeOp cascade;
};

TEST_F(RowAnalysisTest, ArgumentsAreWhatTheOpSays) {
  RowAnalysis analysis = analyze("");
  ASSERT_TRUE(analysis.isRowwise());
  EXPECT_EQ(analysis.classify(argument(0))->kind, RowKind::Rows);
  EXPECT_EQ(analysis.classify(argument(1))->kind, RowKind::State);
  EXPECT_EQ(analysis.classify(argument(2))->kind, RowKind::Ids);
  EXPECT_EQ(analysis.classify(fromEnd(0))->kind, RowKind::RowCount);
  EXPECT_EQ(analysis.classify(fromEnd(1))->kind, RowKind::Uniform);
}

TEST_F(RowAnalysisTest, ValuesOfOtherRegionsHaveNoClass) {
  RowAnalysis analysis = analyze("");
  EXPECT_FALSE(analysis.classify(cascade.getRows().front()).has_value());
}

TEST_F(RowAnalysisTest, RowsAreFollowedThroughTransposes) {
  RowAnalysis analysis = analyze(R"mlir(
    %e = tensor.empty(%n) : tensor<6x?x4xf32>
    %t = linalg.transpose ins(%h : tensor<?x6x4xf32>)
      outs(%e : tensor<6x?x4xf32>) permutation = [1, 0, 2])mlir");
  ASSERT_TRUE(analysis.isRowwise());
  EXPECT_EQ(analysis.classify(fromEnd(1))->kind, RowKind::Uniform);
  std::optional<RowClass> transposed = analysis.classify(fromEnd(0));
  EXPECT_EQ(transposed->kind, RowKind::Rows);
  EXPECT_EQ(transposed->rowDim, 1u);
  EXPECT_FALSE(transposed->foldedInside || transposed->foldedOutside);
}

TEST_F(RowAnalysisTest, RowsAreFollowedThroughFolds) {
  RowAnalysis analysis = analyze(R"mlir(
    %inside = tensor.collapse_shape %h [[0, 1], [2]]
      : tensor<?x6x4xf32> into tensor<?x4xf32>
    %e = tensor.empty(%n) : tensor<6x?x4xf32>
    %t = linalg.transpose ins(%h : tensor<?x6x4xf32>)
      outs(%e : tensor<6x?x4xf32>) permutation = [1, 0, 2]
    %outside = tensor.collapse_shape %t [[0, 1], [2]]
      : tensor<6x?x4xf32> into tensor<?x4xf32>
    %both = tensor.collapse_shape %t [[0, 1, 2]]
      : tensor<6x?x4xf32> into tensor<?xf32>
    %unfolded = tensor.expand_shape %both [[0, 1, 2]] output_shape [6, %n, 4]
      : tensor<?xf32> into tensor<6x?x4xf32>)mlir");
  ASSERT_TRUE(analysis.isRowwise());
  auto check = [&](Value value, unsigned dim, bool outside, bool inside) {
    std::optional<RowClass> found = analysis.classify(value);
    EXPECT_EQ(found->kind, RowKind::Rows);
    EXPECT_EQ(found->rowDim, dim);
    EXPECT_EQ(found->foldedOutside, outside);
    EXPECT_EQ(found->foldedInside, inside);
  };
  check(fromEnd(5), 0, false, true);
  check(fromEnd(2), 0, true, false);
  check(fromEnd(1), 0, true, true);
  check(fromEnd(0), 1, false, false);
}

TEST_F(RowAnalysisTest, SizesOfFoldedRowsCount) {
  RowAnalysis analysis = analyze(R"mlir(
    %c6 = arith.constant 6 : index
    %n6 = arith.muli %n, %c6 : index
    %i = arith.index_cast %n6 : index to i64
    %c6_i64 = arith.constant 6 : i64
    %back = arith.divsi %i, %c6_i64 : i64
    %zero = arith.constant 0 : i64
    %never = arith.cmpi slt, %back, %zero : i64
    %odd = arith.remsi %back, %c6_i64 : i64)mlir");
  ASSERT_TRUE(analysis.isRowwise());
  EXPECT_EQ(analysis.classify(fromEnd(5))->kind, RowKind::RowCount);
  EXPECT_EQ(analysis.classify(fromEnd(3))->kind, RowKind::RowCount);
  // The same for all numbers of rows, so not the number's business.
  EXPECT_EQ(analysis.classify(fromEnd(1))->kind, RowKind::Uniform);
  EXPECT_EQ(analysis.classify(fromEnd(0))->kind, RowKind::RowDependent);
}

TEST_F(RowAnalysisTest, FilledTensorsAreUniformUntilRowsEnter) {
  RowAnalysis analysis = analyze(R"mlir(
    %f0 = arith.constant 0.0 : f32
    %e = tensor.empty(%n) : tensor<?x6x4xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x6x4xf32>)
      -> tensor<?x6x4xf32>
    %y = arith.addf %z, %h : tensor<?x6x4xf32>)mlir");
  ASSERT_TRUE(analysis.isRowwise());
  EXPECT_EQ(analysis.classify(fromEnd(1))->kind, RowKind::Uniform);
  EXPECT_EQ(analysis.classify(fromEnd(0))->kind, RowKind::Rows);
}

TEST_F(RowAnalysisTest, IdsStayIdsWhereTheyAreMoved) {
  RowAnalysis analysis = analyze(R"mlir(
    %column = tensor.expand_shape %ids [[0, 1]] output_shape [%n, 1]
      : tensor<?xindex> into tensor<?x1xindex>
    %own = tensor.gather %s[%column] gather_dims([0])
      : (tensor<?x6x4xf32>, tensor<?x1xindex>) -> tensor<?x6x4xf32>
    %twice = arith.addi %ids, %ids : tensor<?xindex>)mlir");
  ASSERT_TRUE(analysis.isRowwise());
  EXPECT_EQ(analysis.classify(fromEnd(2))->kind, RowKind::Ids);
  EXPECT_EQ(analysis.classify(fromEnd(1))->kind, RowKind::Rows);
  EXPECT_EQ(analysis.classify(fromEnd(0))->kind, RowKind::Rows);
}

TEST_F(RowAnalysisTest, TheDiagnosticNamesOpRuleAndCalls) {
  RowAnalysis analysis = analyze(R"mlir(
    %m = func.call @outer(%h) : (tensor<?x6x4xf32>) -> tensor<6x4xf32>)mlir",
                                 R"mlir(
    func.func private @inner(%x: tensor<?x6x4xf32>) -> tensor<6x4xf32> {
      %z = arith.constant dense<0.0> : tensor<6x4xf32>
      %s = linalg.reduce { arith.addf } ins(%x : tensor<?x6x4xf32>)
        outs(%z : tensor<6x4xf32>) dimensions = [0]
      return %s : tensor<6x4xf32>
    }
    func.func private @outer(%x: tensor<?x6x4xf32>) -> tensor<6x4xf32> {
      %s = func.call @inner(%x) : (tensor<?x6x4xf32>) -> tensor<6x4xf32>
      return %s : tensor<6x4xf32>
    })mlir");
  ASSERT_FALSE(analysis.isRowwise());
  const RowDiagnostic &found = *analysis.getDiagnostic();
  EXPECT_TRUE(isa<linalg::ReduceOp>(found.op));
  EXPECT_EQ(found.rule, RowRule::Mixing);
  ASSERT_EQ(found.calls.size(), 2u);
  EXPECT_EQ(cast<func::CallOp>(found.calls[0]).getCallee(), "inner");
  EXPECT_EQ(cast<func::CallOp>(found.calls[1]).getCallee(), "outer");
}

TEST_F(RowAnalysisTest, ValuesAfterTheOpThatMixesHaveNoClass) {
  RowAnalysis analysis = analyze(R"mlir(
    %sum = arith.addf %h, %table : tensor<?x6x4xf32>
    %after = arith.negf %h : tensor<?x6x4xf32>)mlir");
  ASSERT_FALSE(analysis.isRowwise());
  EXPECT_EQ(analysis.getDiagnostic()->rule, RowRule::Captured);
  EXPECT_FALSE(analysis.classify(fromEnd(0)).has_value());
}

} // namespace
