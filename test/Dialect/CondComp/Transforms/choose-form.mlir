// RUN: cc-opt %s --condcomp-choose-form=form=masked | FileCheck %s --check-prefixes=CHECK,MASKED
// RUN: cc-opt %s --condcomp-choose-form=form=compact | FileCheck %s --check-prefixes=CHECK,COMPACT
// RUN: cc-opt %s --condcomp-choose-form | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: not cc-opt %s --condcomp-choose-form=form=dense 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: condcomp-choose-form: form must be masked, compact or auto, got 'dense'

// CHECK-LABEL: @sparse
// MASKED: -> !condcomp.routing<?x64, f32, exactly 8, #condcomp.form<masked>>
// COMPACT: -> !condcomp.routing<?x64, f32, exactly 8, #condcomp.form<compact>>
// AUTO: -> !condcomp.routing<?x64, f32, exactly 8, #condcomp.form<compact>>
func.func @sparse(%s: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %r = condcomp.top_k %s, 8 : tensor<?x64xf32> -> !condcomp.routing<?x64, f32, exactly 8>
  %d = condcomp.to_dense %r : !condcomp.routing<?x64, f32, exactly 8> -> tensor<?x64xf32>
  return %d : tensor<?x64xf32>
}

// With every module used by every row there is nothing to skip.
// CHECK-LABEL: @full
// COMPACT: -> !condcomp.routing<?x4, f32, exactly 4, #condcomp.form<compact>>
// AUTO: -> !condcomp.routing<?x4, f32, exactly 4, #condcomp.form<masked>>
// Capacity may drop some of them again.
// AUTO: %[[CONVERTED:.*]] = condcomp.convert_form %{{.*}} -> !condcomp.routing<?x4, f32, exactly 4, #condcomp.form<compact>>
// AUTO: condcomp.capacity %[[CONVERTED]], 2 order(arrival)
func.func @full(%s: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = condcomp.top_k %s, 4 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 4>
  %c = condcomp.capacity %r, 2 order(arrival) : !condcomp.routing<?x4, f32, exactly 4>
    -> !condcomp.routing<?x4, f32, at_most 4, per_module at_most 2>
  %d = condcomp.to_dense %c : !condcomp.routing<?x4, f32, at_most 4, per_module at_most 2>
    -> tensor<?x4xf32>
  return %d : tensor<?x4xf32>
}

// A form that the program gives stays.
// CHECK-LABEL: @given
// CHECK: condcomp.top_k {{.*}} #condcomp.form<masked>>
// CHECK: condcomp.convert_form {{.*}} #condcomp.form<compact>>
func.func @given(%s: tensor<?x8xf32>) -> tensor<?x2xindex> {
  %r = condcomp.top_k %s, 2 : tensor<?x8xf32>
    -> !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<masked>>
  %c = condcomp.convert_form %r : !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<masked>>
    -> !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<compact>>
  %i = condcomp.indices %c : !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<compact>>
    -> tensor<?x2xindex>
  return %i : tensor<?x2xindex>
}

// Signatures and calls change together.
// CHECK-LABEL: @callee
// COMPACT-SAME: !condcomp.routing<?x8, f32, #condcomp.form<compact>>
func.func private @callee(!condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32>
// CHECK-LABEL: @caller
// COMPACT: call @callee(%{{.*}}) : (!condcomp.routing<?x8, f32, #condcomp.form<compact>>) -> !condcomp.routing<?x8, f32, #condcomp.form<compact>>
func.func private @caller(%r: !condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32> {
  %q = call @callee(%r) : (!condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32>
  return %q : !condcomp.routing<?x8, f32>
}

// CHECK-LABEL: @exits
// MASKED: attributes {form = #condcomp.form<masked>}
// COMPACT: attributes {form = #condcomp.form<compact>}
// AUTO: attributes {condcomp.compact_from = array<i64: 1000, 0>, form = #condcomp.form<compact>}
func.func @exits(%x: tensor<?x4xf32>, %done: tensor<?xi1>) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %done : tensor<?x4xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x4xf32>, %d: tensor<?xi1>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x4xf32>) carry(%h : tensor<?x4xf32>)
  }, {
  ^bb0(%h: tensor<?x4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}
