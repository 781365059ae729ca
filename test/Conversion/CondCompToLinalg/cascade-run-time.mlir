// RUN: cc-opt %s --condcomp-to-linalg --canonicalize | FileCheck %s

// Until 300 of 1000 rows are done, all go on as they are, with a mark: a row that is
// done does not leave twice.
// CHECK-LABEL: func @marks(
// CHECK: %[[GONE:.*]] = arith.subi
// CHECK: %[[A:.*]] = arith.muli %[[GONE]], %c1000
// CHECK: %[[B:.*]] = arith.muli %{{.*}}, %c300
// CHECK: %[[FEW:.*]] = arith.cmpi ult, %[[A]], %[[B]] : index
// CHECK: %[[KEPT:.*]]:3 = scf.if %[[FEW]] -> (tensor<?xindex>, tensor<?xi1>, tensor<?x4xf32>)
// CHECK: math.exp %[[KEPT]]#2
// CHECK: tensor.extract %[[KEPT]]#1
func.func @marks(%x: tensor<?x4xf32>, %d: tensor<?xi1>) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x4xf32>, tensor<?xi1>)
      attributes {condcomp.compact_from = array<i64: 300, 0>,
                  form = #condcomp.form<compact>} {
  ^bb0(%h: tensor<?x4xf32>, %dh: tensor<?xi1>):
    condcomp.exit %dh : tensor<?xi1> results(%h : tensor<?x4xf32>)
      carry(%h : tensor<?x4xf32>)
  }, {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}
