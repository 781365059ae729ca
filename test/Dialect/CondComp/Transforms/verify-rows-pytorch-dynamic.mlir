// Attention on samples of run-time length: torch-mlir reshapes by sizes that it
// computes, with branches for sizes that might be negative.
// RUN: cat %S/../Inputs/dynamic-attention.mlir %s \
// RUN:   | cc-opt --condcomp-verify-rows | FileCheck %s

// CHECK: func.func @branch
func.func @branch(%r: !condcomp.routing<?x2, f32, exactly 1>,
    %x: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
  %y = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1>
      rows(%x : tensor<?x?x16xf32>) outs(%x : tensor<?x?x16xf32>) {
  ^bb0(%h: tensor<?x?x16xf32>):
    %0 = func.call @dynamic_attention(%h)
      : (tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
    condcomp.yield %0 : tensor<?x?x16xf32>
  }, {
  ^bb0(%h: tensor<?x?x16xf32>):
    condcomp.yield %h : tensor<?x?x16xf32>
  } -> tensor<?x?x16xf32>
  return %y : tensor<?x?x16xf32>
}
