// RUN: cc-opt %s -resolve-ranked-shaped-type-result-dims -canonicalize -cse \
// RUN:   | FileCheck %s

// Sizes of results come from operands, so that the ops can go where only sizes
// are used.

// CHECK-LABEL: func @movement
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x?xf32>, %[[O:[^:]*]]: tensor<?x?xf32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0
// CHECK-DAG: %[[C1:.*]] = arith.constant 1
// CHECK-DAG: %[[XR:.*]] = tensor.dim %[[X]], %[[C0]]
// CHECK-DAG: %[[XC:.*]] = tensor.dim %[[X]], %[[C1]]
// CHECK-DAG: %[[OR:.*]] = tensor.dim %[[O]], %[[C0]]
// CHECK: return %[[XR]], %[[XC]], %[[OR]]
func.func @movement(%x: tensor<?x?xf32>, %o: tensor<?x?xf32>,
    %s: tensor<?x4xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32>
    -> !condcomp.routing<?x4, f32, exactly 2>
  %e = condcomp.select %r from rows(%x : tensor<?x?xf32>)
    : !condcomp.routing<?x4, f32, exactly 2> -> tensor<?x2x?xf32>
  %y = condcomp.combine sum %r entries(%e : tensor<?x2x?xf32>)
    outs(%o : tensor<?x?xf32>) : !condcomp.routing<?x4, f32, exactly 2>
  %0 = tensor.dim %e, %c0 : tensor<?x2x?xf32>
  %1 = tensor.dim %e, %c2 : tensor<?x2x?xf32>
  %2 = tensor.dim %y, %c0 : tensor<?x?xf32>
  return %0, %1, %2 : index, index, index
}

// CHECK-LABEL: func @packed
// CHECK: %[[N:.*]] = condcomp.num_entries
// CHECK: return %[[N]]
func.func @packed(%r: !condcomp.routing<?x4, f32>, %x: tensor<?x3xf32>) -> index {
  %c0 = arith.constant 0 : index
  %e = condcomp.select %r from rows(%x : tensor<?x3xf32>)
    : !condcomp.routing<?x4, f32> -> tensor<?x3xf32>
  %0 = tensor.dim %e, %c0 : tensor<?x3xf32>
  return %0 : index
}

// CHECK-LABEL: func @bodies
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x3xf32>, %[[O:[^:]*]]: tensor<?x3xf32>
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[O]]
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: return %[[R]], %[[N]], %[[N]]
func.func @bodies(%x: tensor<?x3xf32>, %o: tensor<?x3xf32>,
    %r: !condcomp.routing<?x4, f32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32>
      rows(%x : tensor<?x3xf32>) outs(%o : tensor<?x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<?x3xf32>
  %z, %l = condcomp.cascade rows(%x : tensor<?x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<?x3xf32>, tensor<?xi32>
  %0 = tensor.dim %y, %c0 : tensor<?x3xf32>
  %1 = tensor.dim %z, %c0 : tensor<?x3xf32>
  %2 = tensor.dim %l, %c0 : tensor<?xi32>
  return %0, %1, %2 : index, index, index
}

// With outs, sizes after the rows are theirs; survivors are not known.
// CHECK-LABEL: func.func @exits
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x3xf32>, %[[O:[^:]*]]: tensor<?x?xf32>
// CHECK: %[[C:.*]]:4 = condcomp.cascade
// CHECK: %[[N:.*]] = tensor.dim %[[X]], %c0
// CHECK: %[[W:.*]] = tensor.dim %[[O]], %c1
// CHECK: %[[S:.*]] = tensor.dim %[[C]]#2, %c0
// CHECK: return %[[N]], %[[W]], %[[S]]
func.func @exits(%x: tensor<?x3xf32>, %o: tensor<?x?xf32>, %n: index,
    %d: tensor<?xi1>) -> (index, index, index, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<?x3xf32>)
      outs(%o : tensor<?x?xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%o : tensor<?x?xf32>)
      carry(%h : tensor<?x3xf32>)
  } -> tensor<?x?xf32>, tensor<?xi32>
  %1:4 = condcomp.cascade rows(%x : tensor<?x3xf32>) outs(%o : tensor<?x?xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%o : tensor<?x?xf32>)
      carry(%h : tensor<?x3xf32>)
  } -> tensor<?x?xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x3xf32>
  %2 = tensor.dim %0#0, %c0 : tensor<?x?xf32>
  %3 = tensor.dim %0#0, %c1 : tensor<?x?xf32>
  %4 = tensor.dim %1#2, %c0 : tensor<?xindex>
  return %2, %3, %4, %0#1 : index, index, index, tensor<?xi32>
}
