// RUN: cc-opt %s --condcomp-merge-applies | FileCheck %s

!skip = !condcomp.routing<?x1, f32>
!one = !condcomp.routing<?x3, f32, exactly 1>
!two = !condcomp.routing<?x3, f32, exactly 2>

// Two layers that are skipped together: rows that skip them keep what they had before
// the first.
// CHECK-LABEL: func @layers(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[R:.*]]: !condcomp
// CHECK-NEXT: %[[Y:.*]] = condcomp.apply %[[R]] {{.*}} rows(%[[X]] : tensor<?x4xf32>) outs(%[[X]] : tensor<?x4xf32>) combine(replace) weights(none)
// CHECK-NEXT: ^bb0(%[[H:.*]]: tensor<?x4xf32>):
// CHECK-NEXT: %[[E:.*]] = math.exp %[[H]]
// CHECK-NEXT: %[[T:.*]] = math.tanh %[[E]]
// CHECK-NEXT: condcomp.yield %[[T]]
// CHECK-NOT: condcomp.apply
// CHECK: return %[[Y]]
func.func @layers(%x: tensor<?x4xf32>, %r: !skip) -> tensor<?x4xf32> {
  %a = condcomp.apply %r : !skip rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %b = condcomp.apply %r : !skip rows(%a : tensor<?x4xf32>) outs(%a : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %t = math.tanh %h : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %b : tensor<?x4xf32>
}

// Entries go on as entries, with params and ids of their own; the last one is weighted.
// CHECK-LABEL: func @entries(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[P:.*]]: tensor<3x4xf32>, %[[Q:.*]]: tensor<3x4xf32>
// CHECK-NEXT: condcomp.apply {{.*}} rows(%[[X]] : {{.*}}) params(%[[P]], %[[Q]] : {{.*}}) outs(%{{.*}}) with_ids {
// CHECK-NEXT: ^bb0(%[[H:.*]]: tensor<?x4xf32>, %[[PE:.*]]: tensor<4xf32>, %[[QE:.*]]: tensor<4xf32>, %[[I:.*]]: tensor<?xindex>):
// CHECK-NEXT: %[[A:.*]] = func.call @first(%[[H]], %[[PE]])
// CHECK-NEXT: %[[B:.*]] = func.call @second(%[[A]], %[[QE]], %[[I]])
// CHECK-NEXT: condcomp.yield %[[B]]
func.func @entries(%x: tensor<?x4xf32>, %p: tensor<3x4xf32>, %q: tensor<3x4xf32>,
                   %o: tensor<?x4xf32>, %r: !two) -> tensor<?x4xf32> {
  %a = condcomp.apply %r : !two rows(%x : tensor<?x4xf32>) params(%p : tensor<3x4xf32>)
      combine(none) weights(none) {
  ^bb0(%h: tensor<?x4xf32>, %b: tensor<4xf32>):
    %e = func.call @first(%h, %b) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x2x4xf32>
  %b = condcomp.apply %r : !two entries(%a : tensor<?x2x4xf32>) params(%q : tensor<3x4xf32>)
      outs(%o : tensor<?x4xf32>) with_ids {
  ^bb0(%h: tensor<?x4xf32>, %b: tensor<4xf32>, %i: tensor<?xindex>):
    %t = func.call @second(%h, %b, %i)
      : (tensor<?x4xf32>, tensor<4xf32>, tensor<?xindex>) -> tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %b : tensor<?x4xf32>
}
func.func private @first(tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
func.func private @second(tensor<?x4xf32>, tensor<4xf32>, tensor<?xindex>) -> tensor<?x4xf32>

// Side by side: the rows are gathered once for both, in each module's body.
// CHECK-LABEL: func @side_by_side(
// CHECK-NEXT: %[[Y:.*]]:2 = condcomp.apply
// CHECK: math.exp
// CHECK: math.tanh
// CHECK: condcomp.yield %{{.*}}, %{{.*}}
// CHECK-NOT: condcomp.apply
// CHECK: return %[[Y]]#0, %[[Y]]#1
func.func @side_by_side(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>, %r: !two)
    -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = condcomp.apply %r : !two rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %b = condcomp.apply %r : !two rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %t = math.tanh %h : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x4xf32>
}

// Not a chain where the first apply weighs what it hands on, where others read it, or
// where the second adds to what it gave.
// CHECK-LABEL: func @apart(
// CHECK-COUNT-2: condcomp.apply
// CHECK: return
// CHECK-LABEL: func @read_by_others(
// CHECK-COUNT-2: condcomp.apply
// CHECK: return
// CHECK-LABEL: func @outs_of_rows_that_stay(
// CHECK-COUNT-2: condcomp.apply
// CHECK: return
func.func @apart(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>, %r: !one) -> tensor<?x4xf32> {
  %a = condcomp.apply %r : !one rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>)
      combine(replace) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %b = condcomp.apply %r : !one rows(%a : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %t = math.tanh %h : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %b : tensor<?x4xf32>
}
func.func @read_by_others(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>, %r: !one)
    -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = condcomp.apply %r : !one rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %b = condcomp.apply %r : !one rows(%a : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %t = math.tanh %h : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x4xf32>
}
// The sum starts from what the first apply gave: that is not what it began with.
func.func @outs_of_rows_that_stay(%x: tensor<?x4xf32>, %r: !skip) -> tensor<?x4xf32> {
  %a = condcomp.apply %r : !skip rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %b = condcomp.apply %r : !skip rows(%a : tensor<?x4xf32>) outs(%a : tensor<?x4xf32>)
      combine(sum) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %t = math.tanh %h : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %b : tensor<?x4xf32>
}

// Not side by side where the second needs what is made of the first.
// CHECK-LABEL: func @read_before(
// CHECK-COUNT-2: condcomp.apply
// CHECK: return
func.func @read_before(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>, %r: !two)
    -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = condcomp.apply %r : !two rows(%x : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %c = math.exp %a : tensor<?x4xf32>
  %b = condcomp.apply %r : !two rows(%x : tensor<?x4xf32>) outs(%c : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %t = math.tanh %h : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x4xf32>
}
