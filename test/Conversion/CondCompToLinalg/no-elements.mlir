// RUN: cc-run %s --function=rows --form=masked --input=3x2xf32=1 --input=3x0x4xf32= | FileCheck %s
// RUN: cc-run %s --function=rows --form=compact --input=3x2xf32=1 --input=3x0x4xf32= | FileCheck %s
// RUN: cc-run %s --function=pooled --form=masked --input=3x2xf32=1 --input=3x0x4xf32= --input=2x0x4xf32= | FileCheck %s --check-prefix=CHECK2

// Rows that hold nothing, gathered and put back: upstream takes no slices of them.
// CHECK: result 0: 3x0x4xf32=
// CHECK: result 1: 3x2x0x4xf32=
func.func @rows(%s: tensor<?x2xf32>, %x: tensor<?x0x4xf32>) -> (tensor<?x0x4xf32>, tensor<?x2x0x4xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %s, %c0 : tensor<?x2xf32>
  %e = tensor.empty(%n) : tensor<?x2x0x4xf32>
  %r = condcomp.top_k %s, 1 : tensor<?x2xf32> -> !condcomp.routing<?x2, f32, exactly 1>
  %y = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1> rows(%x : tensor<?x0x4xf32>)
      outs(%x : tensor<?x0x4xf32>) {
  ^bb0(%xe: tensor<?x0x4xf32>):
    condcomp.yield %xe : tensor<?x0x4xf32>
  } -> tensor<?x0x4xf32>
  %z = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1> rows(%x : tensor<?x0x4xf32>)
      outs(%e : tensor<?x2x0x4xf32>) combine(stack) {
  ^bb0(%xe: tensor<?x0x4xf32>):
    condcomp.yield %xe : tensor<?x0x4xf32>
  } -> tensor<?x2x0x4xf32>
  return %y, %z : tensor<?x0x4xf32>, tensor<?x2x0x4xf32>
}

// CHECK2: result 0: 2x0x4xf32=
func.func @pooled(%s: tensor<?x2xf32>, %x: tensor<?x0x4xf32>, %o: tensor<2x0x4xf32>) -> tensor<2x0x4xf32> {
  %r = condcomp.top_k %s, 1 : tensor<?x2xf32> -> !condcomp.routing<?x2, f32, exactly 1>
  %y = condcomp.pool sum %r from rows(%x : tensor<?x0x4xf32>) outs(%o : tensor<2x0x4xf32>) : !condcomp.routing<?x2, f32, exactly 1>
  return %y : tensor<2x0x4xf32>
}
