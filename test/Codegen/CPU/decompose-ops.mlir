// RUN: cc-opt %s --condcomp-decompose-ops | FileCheck %s

// CHECK-LABEL: func.func @softmax(
// CHECK-NOT:     linalg.softmax
// CHECK:         arith.maxnumf
// CHECK:         math.exp
// The elements of a row are multiplied by the inverse of their sum.
// CHECK:         %[[INVERSE:.+]] = linalg.generic {{.*}}iterator_types = ["parallel"]}
// CHECK:           arith.divf
// CHECK:         -> tensor<?xf32>
// CHECK:         linalg.generic {{.*}} ins(%{{.*}}, %[[INVERSE]]
// CHECK-NOT:       arith.divf
// CHECK:           arith.mulf
func.func @softmax(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x8xf32>)
      outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @concat(
// CHECK-NOT:     tensor.concat
// CHECK-COUNT-2: tensor.insert_slice
func.func @concat(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %z = tensor.concat dim(0) %x, %y
      : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %z : tensor<?x8xf32>
}
