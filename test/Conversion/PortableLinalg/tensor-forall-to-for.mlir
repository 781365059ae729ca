// RUN: cc-opt %s --condcomp-tensor-forall-to-for | FileCheck %s

// CHECK-LABEL: func.func @two_results(
// CHECK-SAME:    %[[X:.*]]: tensor<?xf32>, %[[A:.*]]: tensor<?xf32>, %[[B:.*]]: tensor<?xf32>, %[[N:.*]]: index)
// CHECK-NOT:     scf.forall
// CHECK:         %[[R:.*]]:2 = scf.for %[[I:.*]] = %{{.*}} to %[[N]] step %{{.*}} iter_args(%[[P:.*]] = %[[A]], %[[Q:.*]] = %[[B]])
// CHECK:           %[[T:.*]] = tensor.extract_slice %[[X]][%[[I]]] [1] [1]
// CHECK-DAG:       %[[Q1:.*]] = tensor.insert_slice %[[T]] into %[[Q]][%[[I]]] [1] [1]
// CHECK-DAG:       %[[P1:.*]] = tensor.insert_slice %[[T]] into %[[P]][0] [1] [1]
// CHECK:           scf.yield %[[P1]], %[[Q1]]
// CHECK:         return %[[R]]#0, %[[R]]#1
func.func @two_results(%x: tensor<?xf32>, %a: tensor<?xf32>, %b: tensor<?xf32>, %n: index)
    -> (tensor<?xf32>, tensor<?xf32>) {
  %r:2 = scf.forall (%i) in (%n) shared_outs(%p = %a, %q = %b)
      -> (tensor<?xf32>, tensor<?xf32>) {
    %t = tensor.extract_slice %x[%i] [1] [1] : tensor<?xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %q[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
      tensor.parallel_insert_slice %t into %p[0] [1] [1] : tensor<1xf32> into tensor<?xf32>
    }
  }
  return %r#0, %r#1 : tensor<?xf32>, tensor<?xf32>
}
