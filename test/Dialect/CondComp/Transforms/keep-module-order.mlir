// RUN: cc-opt %s --condcomp-keep-module-order | FileCheck %s

!kept = !condcomp.routing<2x6, f32, exactly 3>
!one = !condcomp.routing<?x4, f32, at_most 1>

// Tokens that were put back only to be taken out again.
// CHECK-LABEL: func @restored(
// CHECK-SAME: %[[E:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: return %[[E]]
func.func @restored(%e: tensor<2x3x4xf32>, %p: tensor<2x6x4xf32>, %r: !kept)
    -> tensor<2x3x4xf32> {
  %all = condcomp.restore replace %r entries(%e : tensor<2x3x4xf32>)
    outs(%p : tensor<2x6x4xf32>) : !kept
  %again = condcomp.select %r from pairs(%all : tensor<2x6x4xf32>) : !kept
    -> tensor<2x3x4xf32>
  return %again : tensor<2x3x4xf32>
}

// Rows of one entry each, and stacks.
// CHECK-LABEL: func @combined(
// CHECK-SAME: %[[E:.*]]: tensor<?x4xf32>, %{{.*}}: tensor<?x4xf32>, %{{.*}}: tensor<2x6x4xf32>, %[[F:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT: return %[[E]], %[[F]]
func.func @combined(%e: tensor<?x4xf32>, %o: tensor<?x4xf32>, %p: tensor<2x6x4xf32>,
                    %f: tensor<2x3x4xf32>, %r: !one, %s: !kept)
    -> (tensor<?x4xf32>, tensor<2x3x4xf32>) {
  %rows = condcomp.combine replace %r entries(%e : tensor<?x4xf32>)
    outs(%o : tensor<?x4xf32>) weights(none) : !one
  %a = condcomp.select %r from rows(%rows : tensor<?x4xf32>) : !one -> tensor<?x4xf32>
  %pairs = condcomp.combine stack %s entries(%f : tensor<2x3x4xf32>)
    outs(%p : tensor<2x6x4xf32>) weights(none) : !kept
  %b = condcomp.select %s from pairs(%pairs : tensor<2x6x4xf32>) : !kept
    -> tensor<2x3x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<2x3x4xf32>
}

// Bodies take entries as entries.
// CHECK-LABEL: func @dispatch(
// CHECK-SAME: %[[E:arg0]]: tensor<?x4xf32>, %[[X:arg1]]: tensor<?x4xf32>
// CHECK-NEXT: condcomp.apply {{.*}} rows(%[[X]] : tensor<?x4xf32>) entries(%[[E]] : tensor<?x4xf32>)
// CHECK-NEXT: ^bb0(%[[XE:.*]]: tensor<?x4xf32>, %[[EE:.*]]: tensor<?x4xf32>):
// CHECK-NEXT: arith.subf %[[EE]], %[[XE]]
func.func @dispatch(%e: tensor<?x4xf32>, %x: tensor<?x4xf32>, %o: tensor<?x4xf32>, %r: !one)
    -> tensor<?x4xf32> {
  %rows = condcomp.combine replace %r entries(%e : tensor<?x4xf32>)
    outs(%o : tensor<?x4xf32>) weights(none) : !one
  %y = condcomp.apply %r : !one rows(%rows, %x : tensor<?x4xf32>, tensor<?x4xf32>)
      outs(%o : tensor<?x4xf32>) combine(replace) {
  ^bb0(%h: tensor<?x4xf32>, %g: tensor<?x4xf32>):
    %s = arith.subf %h, %g : tensor<?x4xf32>
    condcomp.yield %s : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not by another routing, nor where entries were added up or weighted on the way.
// CHECK-LABEL: func @others(
// CHECK: condcomp.select
// CHECK: condcomp.select
// CHECK: condcomp.select
// CHECK: return
func.func @others(%e: tensor<2x3x4xf32>, %p: tensor<2x6x4xf32>, %r: !kept, %s: !kept,
                  %w: tensor<?x4xf32>, %o: tensor<?x4xf32>, %q: !one)
    -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<?x4xf32>) {
  %all = condcomp.restore replace %r entries(%e : tensor<2x3x4xf32>)
    outs(%p : tensor<2x6x4xf32>) : !kept
  %a = condcomp.select %s from pairs(%all : tensor<2x6x4xf32>) : !kept
    -> tensor<2x3x4xf32>
  %sum = condcomp.restore sum %r entries(%e : tensor<2x3x4xf32>)
    outs(%p : tensor<2x6x4xf32>) : !kept
  %b = condcomp.select %r from pairs(%sum : tensor<2x6x4xf32>) : !kept
    -> tensor<2x3x4xf32>
  %rows = condcomp.combine replace %q entries(%w : tensor<?x4xf32>)
    outs(%o : tensor<?x4xf32>) : !one
  %c = condcomp.select %q from rows(%rows : tensor<?x4xf32>) : !one -> tensor<?x4xf32>
  return %a, %b, %c : tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<?x4xf32>
}
