// An encoder layer with a mask of each sample's padding: two rows operands.
// RUN: cat %S/../Inputs/padded.mlir %s | cc-opt --condcomp-verify-rows \
// RUN:   | FileCheck %s

// CHECK: func.func @stage
func.func @stage(%x: tensor<?x6x16xf32>, %m: tensor<?x6xi1>)
    -> (tensor<?x6x16xf32>, tensor<?xi32>) {
  %y, %left = condcomp.cascade
      rows(%x, %m : tensor<?x6x16xf32>, tensor<?x6xi1>) {
  ^bb0(%h: tensor<?x6x16xf32>, %p: tensor<?x6xi1>):
    %0 = func.call @padded(%h, %p)
      : (tensor<?x6x16xf32>, tensor<?x6xi1>) -> tensor<?x6x16xf32>
    condcomp.yield %0 : tensor<?x6x16xf32>
  } -> tensor<?x6x16xf32>, tensor<?xi32>
  return %y, %left : tensor<?x6x16xf32>, tensor<?xi32>
}
