// RUN: cc-opt %s --condcomp-drop-empty-tensors --split-input-file | FileCheck %s
// RUN: cc-run %s --function=reshapes --input=3x0xf32= --input=4x2xf32=1 | FileCheck %s --check-prefix=VALUES

// Groups such as ?x0, of which upstream's bufferization makes no buffer.
// CHECK-LABEL: func.func @reshapes
// CHECK-NOT: collapse_shape
// CHECK: %[[FLAT:.*]] = tensor.empty() : tensor<0xf32>
// CHECK: tensor.cast %[[FLAT]] : tensor<0xf32> to tensor<?xf32>
// CHECK-NOT: linalg.exp
// CHECK-NOT: tensor.expand_shape
// CHECK-NOT: insert_slice
// CHECK: return
// VALUES: result 0: 0xf32=
// VALUES: result 1: 3x1x0xf32=
// VALUES: result 2: 4x2xf32=1,1,1,1,1,1,1,1
func.func @reshapes(%x: tensor<?x0xf32>, %y: tensor<4x2xf32>) -> (tensor<?xf32>, tensor<?x1x0xf32>, tensor<4x2xf32>) {
  %c0 = arith.constant 0 : index
  %flat = tensor.collapse_shape %x [[0, 1]] : tensor<?x0xf32> into tensor<?xf32>
  %n = tensor.dim %x, %c0 : tensor<?x0xf32>
  %e = tensor.empty(%n) : tensor<?x0xf32>
  %exp = linalg.exp ins(%x : tensor<?x0xf32>) outs(%e : tensor<?x0xf32>) -> tensor<?x0xf32>
  %wide = tensor.expand_shape %exp [[0], [1, 2]] output_shape [%n, 1, 0] : tensor<?x0xf32> into tensor<?x1x0xf32>
  %none = tensor.empty() : tensor<4x0xf32>
  %same = tensor.insert_slice %none into %y[0, 1] [4, 0] [1, 1] : tensor<4x0xf32> into tensor<4x2xf32>
  return %flat, %wide, %same : tensor<?xf32>, tensor<?x1x0xf32>, tensor<4x2xf32>
}

// -----

// What may have elements stays, and so does what has effects.
// CHECK-LABEL: func.func @others
// CHECK: tensor.collapse_shape
// CHECK: linalg.generic
// CHECK: condcomp.check
func.func @others(%x: tensor<?x?xf32>, %y: tensor<0xi1>) -> (tensor<?xf32>, tensor<0xi1>) {
  %flat = tensor.collapse_shape %x [[0, 1]] : tensor<?x?xf32> into tensor<?xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%y : tensor<0xi1>) {
  ^bb0(%b: i1):
    condcomp.check %b, "no"
    linalg.yield %b : i1
  } -> tensor<0xi1>
  return %flat, %z : tensor<?xf32>, tensor<0xi1>
}
