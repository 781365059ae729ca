// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,COMPACT
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,MASKED
// The result is nothing but upstream dialects and checks.
// RUN: cc-opt %s --condcomp-choose-form --condcomp-to-linalg=assert-checks | FileCheck %s --check-prefix=UPSTREAM --implicit-check-not=condcomp.
// UPSTREAM: cf.assert %{{.*}}, "top_k C3: k = {0} must be between 0 and the number of modules, {1}"

// CHECK-LABEL: func.func @experts
// CHECK-SAME: (%[[X:.*]]: tensor<?x16xf32>, %[[S:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<8x16x16xf32>, %[[O:.*]]: tensor<?x16xf32>)
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// Rounds of a maximum, then presence.
// MASKED: arith.maxsi
// MASKED: tensor.empty(%{{.*}}) : tensor<?x8xi1>
// The compact form runs a module's body on its rows, if it has any.
// COMPACT: scf.forall
// COMPACT: scf.for %{{.*}} = %[[C0]] to %[[C8]]
// COMPACT: scf.if
// COMPACT: tensor.extract %[[X]][
// COMPACT: tensor.extract_slice %[[W]][%{{.*}}, 0, 0] [1, 16, 16]
// COMPACT: linalg.matmul {{.*}} tensor<?x16xf32>, tensor<16x16xf32>
// COMPACT: tensor.insert_slice
// The masked form runs it on all rows and selects.
// MASKED: scf.for %[[M:.*]] = %[[C0]] to %[[C8]]
// MASKED-NOT: scf.if
// MASKED: tensor.extract_slice %[[W]][%[[M]], 0, 0] [1, 16, 16]
// MASKED: linalg.matmul ins(%[[X]]
// MASKED: arith.mulf
// MASKED: arith.addf
// MASKED: arith.select
func.func @experts(%x: tensor<?x16xf32>, %s: tensor<?x8xf32>, %w: tensor<8x16x16xf32>,
                   %o: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %r = condcomp.top_k %s, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
      rows(%x : tensor<?x16xf32>) params(%w : tensor<8x16x16xf32>)
      outs(%o : tensor<?x16xf32>) {
  ^bb0(%xe: tensor<?x16xf32>, %we: tensor<16x16xf32>):
    %h = linalg.matmul ins(%xe, %we : tensor<?x16xf32>, tensor<16x16xf32>)
      outs(%xe : tensor<?x16xf32>) -> tensor<?x16xf32>
    condcomp.yield %h : tensor<?x16xf32>
  } -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// One region per module: each body once, in a case of its own.
// CHECK-LABEL: func.func @branches
// COMPACT: scf.for
// COMPACT: scf.index_switch
// COMPACT: case 1 {
// COMPACT: scf.if
// COMPACT: math.log
// COMPACT: default {
// COMPACT: scf.if
// COMPACT: math.exp
// MASKED: math.exp
// MASKED: math.log
func.func @branches(%x: tensor<?x4xf32>, %type: tensor<?x1xi32>) -> tensor<?x4xf32> {
  %r = condcomp.assign %type : tensor<?x1xi32> -> !condcomp.routing<?x2, f32, exactly 1>
  %y = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1>
      rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  }, {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.log %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Groups are whole in either form: a body gets one (batch index, module).
// CHECK-LABEL: func.func @groups
// CHECK: %[[GROUPS:.*]] = arith.muli %{{.*}}, %{{.*}} : index
// CHECK: scf.for %[[G:.*]] = %{{.*}} to %[[GROUPS]]
// CHECK: scf.if
func.func @groups(%x: tensor<?x6x4xf32>, %s: tensor<?x6x3xf32>, %w: tensor<3x4xf32>,
                  %tau: f32) -> tensor<?x6x4xf32> {
  %r = condcomp.threshold %s, %tau : tensor<?x6x3xf32>, f32 -> !condcomp.routing<?x6x3, f32>
  %y = condcomp.apply %r : !condcomp.routing<?x6x3, f32>
      rows(%x : tensor<?x6x4xf32>) params(%w : tensor<3x4xf32>)
      outs(%x : tensor<?x6x4xf32>) combine(max) scope(group) {
  ^bb0(%h: tensor<?x4xf32>, %p: tensor<4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x6x4xf32>
  return %y : tensor<?x6x4xf32>
}
