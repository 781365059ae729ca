// RUN: cc-opt %s --condcomp-lower-soft --split-input-file --verify-diagnostics | FileCheck %s

// Every module, weighted by its score; replace becomes a sum with what the weights
// leave of outs. Nothing in bodies changes.
// CHECK-LABEL: func.func @skip
// CHECK-SAME: %[[S:[a-z0-9]*]]: tensor<?x1xf32>
// CHECK: %[[R:.*]] = condcomp.from_mask %{{.*}} weights(%[[S]] : tensor<?x1xf32>)
// CHECK-SAME: -> !condcomp.routing<?x1, f32>
// CHECK: condcomp.to_dense %[[R]]
// CHECK: arith.subf
// CHECK: arith.mulf
// CHECK: condcomp.apply %[[R]]
// CHECK-NOT: replace
// CHECK: math.exp
func.func @skip(%s: tensor<?x1xf32>, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = condcomp.top_k %s, 1 : tensor<?x1xf32> -> !condcomp.routing<?x1, f32, exactly 1>
  %y = condcomp.apply %r : !condcomp.routing<?x1, f32, exactly 1> rows(%x : tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) combine(replace) weights(none) {
  ^bb0(%xe: tensor<?x4xf32>):
    %e = math.exp %xe : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// Given choices have no score to relax.
// CHECK-LABEL: func.func @given
// CHECK: condcomp.assign
// CHECK: condcomp.indices
func.func @given(%i: tensor<?x2xindex>) -> tensor<?x2xindex> {
  %r = condcomp.assign %i : tensor<?x2xindex> -> !condcomp.routing<?x4, f32, exactly 2>
  %m = condcomp.indices %r : !condcomp.routing<?x4, f32, exactly 2> -> tensor<?x2xindex>
  return %m : tensor<?x2xindex>
}

// -----

// Matched tokens are given, too.
// CHECK-LABEL: func.func @matched
// CHECK: condcomp.match_tokens
// CHECK: condcomp.pool mean %{{.*}} weights(none)
func.func @matched(%s: tensor<4x4xf32>, %x: tensor<8x2xf32>, %o: tensor<6x2xf32>) -> tensor<6x2xf32> {
  %r = condcomp.match_tokens %s, 2 : tensor<4x4xf32> -> !condcomp.routing<8x6, f32, exactly 1>
  %y = condcomp.pool mean %r from rows(%x : tensor<8x2xf32>) outs(%o : tensor<6x2xf32>)
    weights(none) : !condcomp.routing<8x6, f32, exactly 1>
  return %y : tensor<6x2xf32>
}

// -----

// A draw's noise stays; groups and capacities go; bounds are lost all the way.
// CHECK-LABEL: func.func @algebra
// CHECK: math.log
// CHECK-NOT: condcomp.sample
// CHECK: %[[R:.*]] = condcomp.from_mask %{{.*}} weights(%{{.*}}) : tensor<?x4xi1> -> !condcomp.routing<?x4, f32>
// CHECK-NOT: condcomp.limit_groups
// CHECK-NOT: condcomp.capacity
// CHECK: %[[PART:.*]] = condcomp.slice_modules %[[R]][0, 2] : !condcomp.routing<?x4, f32> -> !condcomp.routing<?x2, f32>
// CHECK: condcomp.to_dense %[[PART]]
// CHECK: arith.subf
// CHECK: %[[REST:.*]] = condcomp.from_mask
// CHECK-NOT: condcomp.complement
// CHECK: condcomp.concat_modules %[[PART]], %[[REST]] : {{.*}} -> !condcomp.routing<?x4, f32>
// CHECK: condcomp.trace
// CHECK: condcomp.pool sum %{{.*}} outs(%{{[a-z0-9]*}} : tensor<4x2xf32>) : !condcomp.routing
func.func @algebra(%s: tensor<?x4xf32>, %key: i64, %f: f32, %x: tensor<?x2xf32>, %o: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %l = condcomp.limit_groups %s groups(2) keep(1) fill(%f) : tensor<?x4xf32>
  %d = condcomp.sample %l, 1 key(%key) : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 1>
  %c = condcomp.capacity %d, 3 order(arrival) : !condcomp.routing<?x4, f32, exactly 1>
    -> !condcomp.routing<?x4, f32, at_most 1, per_module at_most 3>
  %part = condcomp.slice_modules %c [0, 2] : !condcomp.routing<?x4, f32, at_most 1, per_module at_most 3>
    -> !condcomp.routing<?x2, f32, at_most 1, per_module at_most 3>
  %rest = condcomp.complement %part : !condcomp.routing<?x2, f32, at_most 1, per_module at_most 3>
    -> !condcomp.routing<?x2, f32>
  %all = condcomp.concat_modules %part, %rest
    : !condcomp.routing<?x2, f32, at_most 1, per_module at_most 3>, !condcomp.routing<?x2, f32>
    -> !condcomp.routing<?x4, f32>
  condcomp.trace %all "all" : !condcomp.routing<?x4, f32>
  %y = condcomp.pool sum %all from rows(%x : tensor<?x2xf32>) outs(%o : tensor<4x2xf32>)
    weights(none) : !condcomp.routing<?x4, f32>
  return %y : tensor<4x2xf32>
}

// -----

func.func @largest(%s: tensor<?x4xf32>, %f: f32, %x: tensor<?x2xf32>, %o: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %r = condcomp.threshold %s, %f : tensor<?x4xf32>, f32 -> !condcomp.routing<?x4, f32>
  // expected-error @below {{'condcomp.pool' op has no soft form: max is not a sum over the rows}}
  %y = condcomp.pool max %r from rows(%x : tensor<?x2xf32>) outs(%o : tensor<4x2xf32>) : !condcomp.routing<?x4, f32>
  return %y : tensor<4x2xf32>
}

// -----

// CHECK-LABEL: func.func @exits
// CHECK-NOT: condcomp.cascade
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK: return
func.func @exits(%x: tensor<?x2xf32>, %d: tensor<?xi1>, %g: tensor<?xf32>) -> tensor<?x2xf32> {
  %y, %left = condcomp.cascade rows(%x, %d, %g : tensor<?x2xf32>, tensor<?xi1>, tensor<?xf32>) {
  ^bb0(%h: tensor<?x2xf32>, %done: tensor<?xi1>, %soft: tensor<?xf32>):
    %e = math.exp %h : tensor<?x2xf32>
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x2xf32>)
      carry(%e : tensor<?x2xf32>) soft(%soft : tensor<?xf32>)
  }, {
  ^bb0(%h: tensor<?x2xf32>):
    condcomp.yield %h : tensor<?x2xf32>
  } -> tensor<?x2xf32>, tensor<?xi32>
  return %y : tensor<?x2xf32>
}

// -----

func.func @indices(%s: tensor<?x4xf32>) -> tensor<?x2xindex> {
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  // expected-error @below {{'condcomp.indices' op has no soft form: it is about the entries that a gate chose, and the soft form has all of them}}
  %m = condcomp.indices %r : !condcomp.routing<?x4, f32, exactly 2> -> tensor<?x2xindex>
  return %m : tensor<?x2xindex>
}

// -----

func.func @max(%s: tensor<?x4xf32>, %x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  // expected-error @below {{'condcomp.apply' op has no soft form: combine(max) is not a sum over the modules}}
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 2> rows(%x : tensor<?x2xf32>)
      outs(%x : tensor<?x2xf32>) combine(max) {
  ^bb0(%xe: tensor<?x2xf32>):
    condcomp.yield %xe : tensor<?x2xf32>
  } -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

func.func @integers(%s: tensor<?x1xf32>, %x: tensor<?x2xi32>) -> tensor<?x2xi32> {
  %r = condcomp.top_k %s, 1 : tensor<?x1xf32> -> !condcomp.routing<?x1, f32, exactly 1>
  // expected-error @below {{'condcomp.apply' op has no soft form: 'tensor<?x2xi32>' can't be weighed}}
  %y = condcomp.apply %r : !condcomp.routing<?x1, f32, exactly 1> rows(%x : tensor<?x2xi32>)
      outs(%x : tensor<?x2xi32>) combine(replace) weights(none) {
  ^bb0(%xe: tensor<?x2xi32>):
    condcomp.yield %xe : tensor<?x2xi32>
  } -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// -----

func.func @no_probability(%x: tensor<?x2xf32>, %d: tensor<?xi1>) -> tensor<?x2xf32> {
  %y, %left = condcomp.cascade rows(%x, %d : tensor<?x2xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x2xf32>, %done: tensor<?xi1>):
    // expected-error @below {{'condcomp.exit' op has no soft(}}
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x2xf32>) carry(%h : tensor<?x2xf32>)
  }, {
  ^bb0(%h: tensor<?x2xf32>):
    condcomp.yield %h : tensor<?x2xf32>
  } -> tensor<?x2xf32>, tensor<?xi32>
  return %y : tensor<?x2xf32>
}

// -----

// Where rows left is decided as in the other forms.
// CHECK-LABEL: func.func @left
// CHECK: %[[LAST:.*]] = arith.constant 1 : i32
// CHECK: linalg.fill ins(%[[LAST]] : i32)
// CHECK: %[[FIRST:.*]] = arith.constant 0 : i32
// CHECK: ^bb0(%[[DONE:.*]]: i1, %[[LATER:.*]]: i32, %{{.*}}: i32):
// CHECK-NEXT: arith.select %[[DONE]], %[[FIRST]], %[[LATER]] : i32
func.func @left(%x: tensor<?x2xf32>, %d: tensor<?xi1>, %g: tensor<?xf32>) -> tensor<?xi32> {
  %y, %left = condcomp.cascade rows(%x, %d, %g : tensor<?x2xf32>, tensor<?xi1>, tensor<?xf32>) {
  ^bb0(%h: tensor<?x2xf32>, %done: tensor<?xi1>, %soft: tensor<?xf32>):
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x2xf32>)
      carry(%h : tensor<?x2xf32>) soft(%soft : tensor<?xf32>)
  }, {
  ^bb0(%h: tensor<?x2xf32>):
    condcomp.yield %h : tensor<?x2xf32>
  } -> tensor<?x2xf32>, tensor<?xi32>
  return %left : tensor<?xi32>
}

// -----

func.func @counters(%x: tensor<?x2xf32>, %s: tensor<?xi32>, %d: tensor<?xi1>, %g: tensor<?xf32>) -> tensor<?x2xf32> {
  // expected-error @below {{'condcomp.cascade' op has no soft form: result 1 is of 'i32', which can't be weighed}}
  %y, %t, %left = condcomp.cascade rows(%x, %d, %g : tensor<?x2xf32>, tensor<?xi1>, tensor<?xf32>)
      state(%s : tensor<?xi32>) {
  ^bb0(%h: tensor<?x2xf32>, %done: tensor<?xi1>, %soft: tensor<?xf32>, %state: tensor<?xi32>):
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x2xf32>)
      carry(%h : tensor<?x2xf32>) state(%state : tensor<?xi32>) soft(%soft : tensor<?xf32>)
  }, {
  ^bb0(%h: tensor<?x2xf32>, %state: tensor<?xi32>):
    condcomp.yield %h, %state : tensor<?x2xf32>, tensor<?xi32>
  } -> tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>
  return %y : tensor<?x2xf32>
}

// -----

func.func @survivors(%x: tensor<?x2xf32>, %d: tensor<?xi1>, %g: tensor<?xf32>) -> tensor<?xindex> {
  // expected-error @below {{'condcomp.cascade' op has no soft form: result 2, what stays, is used}}
  %y, %left, %ids, %h = condcomp.cascade rows(%x, %d, %g : tensor<?x2xf32>, tensor<?xi1>, tensor<?xf32>)
      outs(%x : tensor<?x2xf32>) {
  ^bb0(%h: tensor<?x2xf32>, %done: tensor<?xi1>, %soft: tensor<?xf32>):
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x2xf32>)
      carry(%h : tensor<?x2xf32>) soft(%soft : tensor<?xf32>)
  } -> tensor<?x2xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x2xf32>
  return %ids : tensor<?xindex>
}
