// A whole classifier: convolution, batch norm at inference, an embedding table
// read at data, a class token concatenated, pooling, softmax.
// RUN: cat %S/../Inputs/classifier.mlir %s | cc-opt --condcomp-verify-rows \
// RUN:   | FileCheck %s

// CHECK: func.func @stage
func.func @stage(%x: tensor<?x6xi64>, %image: tensor<?x3x4x6xf32>)
    -> (tensor<?x10xf32>, tensor<?x16xf32>) {
  %p, %mean, %left = condcomp.cascade
      rows(%x, %image : tensor<?x6xi64>, tensor<?x3x4x6xf32>) {
  ^bb0(%tokens: tensor<?x6xi64>, %pixels: tensor<?x3x4x6xf32>):
    %0:2 = func.call @classifier(%tokens, %pixels)
      : (tensor<?x6xi64>, tensor<?x3x4x6xf32>)
      -> (tensor<?x10xf32>, tensor<?x16xf32>)
    condcomp.yield %0#0, %0#1 : tensor<?x10xf32>, tensor<?x16xf32>
  } -> tensor<?x10xf32>, tensor<?x16xf32>, tensor<?xi32>
  return %p, %mean : tensor<?x10xf32>, tensor<?x16xf32>
}
