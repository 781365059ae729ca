// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,COMPACT
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,MASKED

// CHECK-LABEL: func.func @iterate(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x4xf32>, %{{.*}}, %[[W:[^:]*]]: tensor<?x4xf32>, %[[O:[^:]*]]: tensor<?x4xf32>, %[[N:[^:]*]]: index
// The limit, and params for it, are checked.
// CHECK: condcomp.check %{{.*}}, "iterate C11
// CHECK: condcomp.check %{{.*}}, "iterate C12
// A loop of the steps; those without rows do nothing.
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[N]]
// MASKED: scf.for
// CHECK: scf.if
// CHECK: tensor.extract_slice %[[W]]
// CHECK: linalg.broadcast
// CHECK: arith.mulf
// COMPACT: scf.for
// COMPACT: tensor.insert_slice
// COMPACT: scf.if
// COMPACT-NEXT: scf.yield
// MASKED: arith.select
// CHECK: scf.yield
func.func @iterate(%x: tensor<?x4xf32>, %d: tensor<?xi1>, %w: tensor<?x4xf32>,
    %o: tensor<?x4xf32>, %n: index) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.iterate steps(%n) rows(%x, %d : tensor<?x4xf32>, tensor<?xi1>)
      params(%w : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>, %done: tensor<?xi1>, %v: tensor<4xf32>):
    %c0 = arith.constant 0 : index
    %rows = tensor.dim %h, %c0 : tensor<?x4xf32>
    %e = tensor.empty(%rows) : tensor<?x4xf32>
    %b = linalg.broadcast ins(%v : tensor<4xf32>) outs(%e : tensor<?x4xf32>)
        dimensions = [0]
    %p = arith.mulf %h, %b : tensor<?x4xf32>
    condcomp.exit %done : tensor<?xi1> results(%p : tensor<?x4xf32>)
      carry(%p, %done : tensor<?x4xf32>, tensor<?xi1>)
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}
