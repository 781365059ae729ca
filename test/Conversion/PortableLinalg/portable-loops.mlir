// RUN: cc-opt %s --condcomp-portable-loops | FileCheck %s
// RUN: cc-opt %s --condcomp-to-portable-linalg=portable-loops=false | FileCheck %s --check-prefix=OFF

// The inner loop begins with a tensor whose size is said anew; the outer loop has
// none around it.
// CHECK-LABEL: func.func @nest(
// CHECK-SAME:    %[[T:.*]]: tensor<?xi64>,
// CHECK:         %[[D:.*]] = tensor.dim %[[T]]
// CHECK:         scf.for {{.*}} iter_args(%[[A:.*]] = %[[T]])
// CHECK:           %[[W:.*]] = tensor.extract_slice %[[A]][0] [%[[D]]] [1]
// CHECK:           scf.for {{.*}} iter_args(%{{.*}} = %[[W]])
// OFF-LABEL: func.func @nest(
// OFF-NOT:     tensor.extract_slice
// OFF:         return
func.func @nest(%t: tensor<?xi64>, %x: i64, %n: index, %m: index) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> (tensor<?xi64>) {
    %s = scf.for %j = %c0 to %m step %c1 iter_args(%b = %a) -> (tensor<?xi64>) {
      %y = tensor.insert %x into %b[%j] : tensor<?xi64>
      scf.yield %y : tensor<?xi64>
    }
    %z = tensor.insert %x into %s[%i] : tensor<?xi64>
    scf.yield %z : tensor<?xi64>
  }
  return %r : tensor<?xi64>
}

// A branch that may change a tensor is a loop of one iteration, or none.
// CHECK-LABEL: func.func @branch(
// CHECK-SAME:    %[[T:.*]]: tensor<?xf32>,
// CHECK:         scf.for {{.*}} iter_args(%[[A:.*]] = %[[T]])
// CHECK-NOT:       scf.if
// CHECK:           %[[N:.*]] = arith.select %{{.*}}, %{{.*}}, %{{.*}} : index
// CHECK:           %[[W:.*]] = tensor.extract_slice %[[A]]
// CHECK:           %[[S:.*]] = scf.for %{{.*}} to %[[N]] {{.*}} iter_args(%[[B:.*]] = %[[W]])
// CHECK:             tensor.insert %{{.*}} into %[[B]]
// CHECK:           scf.yield %[[S]]
func.func @branch(%t: tensor<?xf32>, %p: tensor<?xi1>, %x: f32, %n: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> (tensor<?xf32>) {
    %c = tensor.extract %p[%i] : tensor<?xi1>
    %s = scf.if %c -> (tensor<?xf32>) {
      %y = tensor.insert %x into %a[%i] : tensor<?xf32>
      scf.yield %y : tensor<?xf32>
    } else {
      scf.yield %a : tensor<?xf32>
    }
    scf.yield %s : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// Sizes that an iteration changes are not those from outside.
// CHECK-LABEL: func.func @changes(
// CHECK:         scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}}) -> (tensor<?xi64>)
// CHECK-NOT:       tensor.extract_slice %[[A]][0] [%{{.*}}] [1] : tensor<?xi64> to tensor<?xi64>
// CHECK:           scf.for {{.*}} iter_args(%{{.*}} = %[[A]])
func.func @changes(%t: tensor<?xi64>, %x: i64, %n: index, %m: index) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> (tensor<?xi64>) {
    %s = scf.for %j = %c0 to %m step %c1 iter_args(%b = %a) -> (tensor<?xi64>) {
      %y = tensor.insert %x into %b[%j] : tensor<?xi64>
      scf.yield %y : tensor<?xi64>
    }
    %less = tensor.extract_slice %s[0] [%i] [1] : tensor<?xi64> to tensor<?xi64>
    scf.yield %less : tensor<?xi64>
  }
  return %r : tensor<?xi64>
}

// Static sizes, and a loop by itself, need nothing.
// CHECK-LABEL: func.func @known(
// CHECK-NOT:     tensor.extract_slice
// CHECK-NOT:     tensor.dim
// CHECK:         return
func.func @known(%t: tensor<8xi64>, %u: tensor<?xi64>, %x: i64, %n: index, %m: index)
    -> (tensor<8xi64>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> (tensor<8xi64>) {
    %s = scf.for %j = %c0 to %m step %c1 iter_args(%b = %a) -> (tensor<8xi64>) {
      %y = tensor.insert %x into %b[%j] : tensor<8xi64>
      scf.yield %y : tensor<8xi64>
    }
    scf.yield %s : tensor<8xi64>
  }
  %v = scf.for %i = %c0 to %n step %c1 iter_args(%b = %u) -> (tensor<?xi64>) {
    %y = tensor.insert %x into %b[%i] : tensor<?xi64>
    scf.yield %y : tensor<?xi64>
  }
  return %r, %v : tensor<8xi64>, tensor<?xi64>
}

// Loops that begin with tensors without contents fill them, unlike each other.
// CHECK-LABEL: func.func @alike(
// CHECK-DAG:     %[[A:.*]] = linalg.fill ins(%c0_i64
// CHECK-DAG:     %[[B:.*]] = linalg.fill ins(%c1_i64
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %[[A]], %{{.*}} = %[[B]])
func.func @alike(%x: i64, %n: index) -> (tensor<?xi64>, tensor<?xi64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty(%n) : tensor<?xi64>
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %e, %b = %e) -> (tensor<?xi64>, tensor<?xi64>) {
    %y = tensor.insert %x into %a[%i] : tensor<?xi64>
    %z = tensor.insert %x into %b[%c0] : tensor<?xi64>
    scf.yield %y, %z : tensor<?xi64>, tensor<?xi64>
  }
  return %r#0, %r#1 : tensor<?xi64>, tensor<?xi64>
}
