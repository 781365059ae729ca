// Blocks exported from PyTorch treat the samples of a batch independently
// (Inputs/export_blocks.py made them). nn.TransformerEncoderLayer runs attention
// with the batch in the middle, folded as [tokens, batch·heads, …] and
// [tokens·batch, …]; the ViT block folds [batch·heads, …].

// RUN: sed -e 's/@block/@encoder/' \
// RUN:     %S/../Inputs/encoder.mlir %s \
// RUN:   | cc-opt --condcomp-verify-rows | FileCheck %s
// RUN: sed -e 's/@block/@causal/' \
// RUN:     %S/../Inputs/causal.mlir %s \
// RUN:   | cc-opt --condcomp-verify-rows | FileCheck %s
// RUN: sed -e 's/@block/@vit/' \
// RUN:     %S/../Inputs/vit.mlir %s \
// RUN:   | cc-opt --condcomp-verify-rows | FileCheck %s

// Once inlined.
// RUN: sed -e 's/@block/@encoder/' \
// RUN:     %S/../Inputs/encoder.mlir %s \
// RUN:   | cc-opt --inline --condcomp-verify-rows | FileCheck %s

// CHECK: func.func @stage
// CHECK: condcomp.cascade
func.func @stage(%x: tensor<?x6x16xf32>)
    -> (tensor<?x6x16xf32>, tensor<?xi32>) {
  %y, %left = condcomp.cascade rows(%x : tensor<?x6x16xf32>) {
  ^bb0(%h: tensor<?x6x16xf32>):
    %0 = func.call @block(%h) : (tensor<?x6x16xf32>) -> tensor<?x6x16xf32>
    condcomp.yield %0 : tensor<?x6x16xf32>
  } -> tensor<?x6x16xf32>, tensor<?xi32>
  return %y, %left : tensor<?x6x16xf32>, tensor<?xi32>
}
