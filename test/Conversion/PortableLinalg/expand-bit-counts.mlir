// RUN: cc-opt %s --condcomp-expand-bit-counts | FileCheck %s

// CHECK-LABEL: func.func @ones(
// CHECK-SAME:    %[[X:.*]]: i32) -> i32
// CHECK-DAG:     %[[PAIRS:.*]] = arith.constant 1431655765 : i32
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 16843009 : i32
// CHECK-DAG:     %[[TOP:.*]] = arith.constant 24 : i32
// CHECK-NOT:     math.ctpop
// CHECK:         arith.andi %{{.*}}, %[[PAIRS]]
// CHECK:         %[[ALL:.*]] = arith.muli %{{.*}}, %[[BYTES]]
// CHECK:         %[[R:.*]] = arith.shrui %[[ALL]], %[[TOP]]
// CHECK:         return %[[R]]
func.func @ones(%x: i32) -> i32 {
  %n = math.ctpop %x : i32
  return %n : i32
}

// CHECK-LABEL: func.func @zeros(
// CHECK-SAME:    %[[X:.*]]: i64) -> i64
// CHECK-DAG:     %[[M:.*]] = arith.constant -1 : i64
// CHECK-DAG:     %[[BELOW:.*]] = arith.addi %[[X]], %[[M]]
// CHECK-DAG:     %[[NOT:.*]] = arith.xori %[[X]], %[[M]]
// CHECK:         arith.andi %[[NOT]], %[[BELOW]]
// CHECK-NOT:     math.
// CHECK:         return
func.func @zeros(%x: i64) -> i64 {
  %n = math.cttz %x : i64
  return %n : i64
}

// Tensors, and bytes that are not whole, stay.
// CHECK-LABEL: func.func @stay(
// CHECK:         math.ctpop %{{.*}} : tensor<4xi32>
// CHECK:         math.ctpop %{{.*}} : i7
func.func @stay(%x: tensor<4xi32>, %y: i7) -> (tensor<4xi32>, i7) {
  %n = math.ctpop %x : tensor<4xi32>
  %m = math.ctpop %y : i7
  return %n, %m : tensor<4xi32>, i7
}
