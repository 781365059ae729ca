// RUN: cc-opt %s --condcomp-index-tensors-to-i64 --split-input-file --verify-diagnostics | FileCheck %s

// Reads and writes of elements are cast; ops that only move tensors stay.
// CHECK-LABEL: func.func @borders(
// CHECK-SAME:    %[[T:.*]]: tensor<?xi64>, %[[I:.*]]: index) -> (tensor<?xi64>, index, tensor<2xi64>)
// CHECK-DAG:     %[[C:.*]] = arith.constant dense<[3, 5]> : tensor<2xi64>
// CHECK:         %[[E:.*]] = tensor.extract %[[T]][%[[I]]] : tensor<?xi64>
// CHECK:         %[[X:.*]] = arith.index_cast %[[E]] : i64 to index
// CHECK:         %[[S:.*]] = arith.index_cast %[[I]] : index to i64
// CHECK:         %[[N:.*]] = tensor.insert %[[S]] into %[[T]][%[[X]]] : tensor<?xi64>
// CHECK:         return %[[N]], %[[X]], %[[C]]
func.func @borders(%t: tensor<?xindex>, %i: index)
    -> (tensor<?xindex>, index, tensor<2xindex>) {
  %c = arith.constant dense<[3, 5]> : tensor<2xindex>
  %x = tensor.extract %t[%i] : tensor<?xindex>
  %n = tensor.insert %i into %t[%x] : tensor<?xindex>
  return %n, %x, %c : tensor<?xindex>, index, tensor<2xindex>
}

// -----

// Bodies go on computing with indices; a fill becomes a generic op.
// CHECK-LABEL: func.func @bodies(
// CHECK:         linalg.generic
// CHECK:         ^bb0(%[[IN:.*]]: i64, %[[OUT:.*]]: i64):
// CHECK-DAG:       %[[A:.*]] = arith.index_cast %[[IN]] : i64 to index
// CHECK:           %[[SUM:.*]] = arith.addi %[[A]], %{{.*}} : index
// CHECK:           %[[R:.*]] = arith.index_cast %[[SUM]] : index to i64
// CHECK:           linalg.yield %[[R]] : i64
func.func @bodies(%t: tensor<4xindex>, %v: index) -> tensor<4xindex> {
  %e = tensor.empty() : tensor<4xindex>
  %f = linalg.fill ins(%v : index) outs(%e : tensor<4xindex>) -> tensor<4xindex>
  %r = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}
      ins(%t : tensor<4xindex>) outs(%f : tensor<4xindex>) {
  ^bb0(%in: index, %out: index):
    %sum = arith.addi %in, %out : index
    linalg.yield %sum : index
  } -> tensor<4xindex>
  return %r : tensor<4xindex>
}

// -----

// Loops carry the new type.
// CHECK-LABEL: func.func @loop(
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %{{.*}}) -> (tensor<?xi64>)
func.func @loop(%t: tensor<?xindex>, %n: index) -> tensor<?xindex> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%o = %t) -> tensor<?xindex> {
    %next = tensor.insert %i into %o[%i] : tensor<?xindex>
    scf.yield %next : tensor<?xindex>
  }
  return %r : tensor<?xindex>
}

// -----

func.func @refused(%t: tensor<?xindex>) -> tensor<?xindex> {
  // expected-error @below {{computes on tensors of indices}}
  %r = arith.addi %t, %t : tensor<?xindex>
  return %r : tensor<?xindex>
}
