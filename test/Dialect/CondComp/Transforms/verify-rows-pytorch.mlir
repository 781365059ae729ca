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
// CHECK: condcomp.apply
func.func @stage(%x: tensor<?x6x16xf32>, %mask: tensor<?x1xi1>)
    -> tensor<?x6x16xf32> {
  %r = condcomp.from_mask %mask : tensor<?x1xi1> -> !condcomp.routing<?x1, f32>
  %y = condcomp.apply %r : !condcomp.routing<?x1, f32>
      rows(%x : tensor<?x6x16xf32>) outs(%x : tensor<?x6x16xf32>)
      combine(max) weights(none) {
  ^bb0(%h: tensor<?x6x16xf32>):
    %0 = func.call @block(%h) : (tensor<?x6x16xf32>) -> tensor<?x6x16xf32>
    condcomp.yield %0 : tensor<?x6x16xf32>
  } -> tensor<?x6x16xf32>
  return %y : tensor<?x6x16xf32>
}
