// RUN: cc-opt %s --condcomp-guard-divisions | FileCheck %s
// Elementwise ops on tensors compile, and a size that is zero does not trap.
// RUN: cc-run %s --function=sizes --input=0x3xf32= --input=i64=0 \
// RUN:   | FileCheck %s --check-prefix=VALUES
// VALUES: result 0: 0x3xf32

// CHECK-LABEL: func.func @sizes
// CHECK: %[[ZERO:.*]] = arith.cmpi eq, %[[N:.*]], %c0
// CHECK: %[[DIVISOR:.*]] = arith.select %[[ZERO]], %c1{{.*}}, %[[N]]
// CHECK: arith.floordivsi %{{.*}}, %[[DIVISOR]]
func.func @sizes(%x: tensor<?x3xf32>, %m: i64) -> (tensor<?x3xf32>, i64) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %d = arith.index_cast %n : index to i64
  %q = arith.floordivsi %m, %d : i64
  %y = arith.addf %x, %x : tensor<?x3xf32>
  return %y, %q : tensor<?x3xf32>, i64
}

// A constant divisor and the data of a tensor stay as they are.
// CHECK-LABEL: func.func @untouched
// CHECK-NOT: arith.select
// CHECK: return
func.func @untouched(%x: tensor<?xi32>, %y: tensor<?xi32>, %n: index) -> (tensor<?xi32>, index) {
  %c8 = arith.constant 8 : index
  %q = arith.divui %n, %c8 : index
  %z = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<?xi32>) outs(%y : tensor<?xi32>) {
  ^bb0(%a: i32, %b: i32):
    %r = arith.divsi %a, %b : i32
    linalg.yield %r : i32
  } -> tensor<?xi32>
  return %z, %q : tensor<?xi32>, index
}
