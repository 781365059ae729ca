// RUN: cc-opt %s --condcomp-to-linalg --canonicalize | FileCheck %s

!skip = !condcomp.routing<?x1, f32, #condcomp.form<compact>>

// One compare says whether the body gets all rows as they lie or those with an entry,
// gathered; it is there once. Where results are found differs too.
// CHECK-LABEL: func @skip(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK: %[[E:.*]] = arith.muli %{{.*}}, %[[THOUSAND:c1000]]
// CHECK: %[[R:.*]] = arith.muli %{{.*}}, %c800
// CHECK: %[[ALL:.*]] = arith.cmpi uge, %[[E]], %[[R]] : index
// CHECK: %[[N:.*]] = arith.select %[[ALL]]
// CHECK: %[[CHOSEN:.*]]:2 = scf.if %[[ALL]] -> (tensor<?xindex>, tensor<?x4xf32>) {
// CHECK-NEXT: scf.yield %[[ROW_OF:.*]], %[[X]] :
// CHECK-NEXT: } else {
// CHECK: %[[IOTA:.*]] = linalg.generic
// CHECK: linalg.index
// CHECK: %[[GATHERED:.*]] = linalg.generic
// CHECK: scf.yield %[[IOTA]], %[[GATHERED]] :
// CHECK: %[[SOME:.*]] = arith.cmpi ugt, %[[N]], %c0
// CHECK: scf.if %[[SOME]]
// CHECK: math.exp %[[CHOSEN]]#1
// CHECK-NOT: scf.if %[[ALL]]
// CHECK-NOT: math.exp
// CHECK: return
func.func @skip(%x: tensor<?x4xf32>, %s: tensor<?x1xf32>, %tau: f32) -> tensor<?x4xf32> {
  %r = condcomp.threshold %s, %tau : tensor<?x1xf32>, f32 -> !skip
  %y = condcomp.apply %r : !skip rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>)
      combine(replace) weights(none) attributes {condcomp.all_rows_from = 800 : i64} {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
