// RUN: cc-opt %s -canonicalize | FileCheck %s

// New weights replace those that were there.
// CHECK-LABEL: func @reweight_twice
// CHECK-SAME: %[[R:[^:]*]]: !condcomp.routing<?x8, f32, exactly 2>
// CHECK-SAME: %[[D:[^:]*]]: tensor<?x8xf32>
// CHECK-NEXT: %[[W:.*]] = condcomp.reweight %[[R]] dense(%[[D]]
// CHECK-NEXT: return %[[W]]
func.func @reweight_twice(%r: !condcomp.routing<?x8, f32, exactly 2>,
    %d: tensor<?x8xf32>, %e: tensor<?x2xf32>)
    -> !condcomp.routing<?x8, f32, exactly 2> {
  %0 = condcomp.reweight %r entries(%e : tensor<?x2xf32>)
    : !condcomp.routing<?x8, f32, exactly 2>
  %1 = condcomp.normalize softmax %0 : !condcomp.routing<?x8, f32, exactly 2>
  %2 = condcomp.reweight %1 dense(%d : tensor<?x8xf32>)
    : !condcomp.routing<?x8, f32, exactly 2>
  return %2 : !condcomp.routing<?x8, f32, exactly 2>
}

// Capacity changes which entries there are: it stays.
// CHECK-LABEL: func @reweight_after_capacity
// CHECK: condcomp.capacity
// CHECK: condcomp.reweight
func.func @reweight_after_capacity(%r: !condcomp.routing<?x8, f32, at_most 2>,
    %d: tensor<?x8xf32>)
    -> !condcomp.routing<?x8, f32, at_most 2, per_module at_most 4> {
  %0 = condcomp.capacity %r, 4 order(rank)
    : !condcomp.routing<?x8, f32, at_most 2>
    -> !condcomp.routing<?x8, f32, at_most 2, per_module at_most 4>
  %1 = condcomp.reweight %0 dense(%d : tensor<?x8xf32>)
    : !condcomp.routing<?x8, f32, at_most 2, per_module at_most 4>
  return %1 : !condcomp.routing<?x8, f32, at_most 2, per_module at_most 4>
}

// CHECK-LABEL: func @convert_back
// CHECK-SAME: %[[R:[^:]*]]:
// CHECK-NEXT: return %[[R]], %[[R]]
func.func @convert_back(%r: !condcomp.routing<?x8, f32, #condcomp.form<masked>>)
    -> (!condcomp.routing<?x8, f32, #condcomp.form<masked>>,
        !condcomp.routing<?x8, f32, #condcomp.form<masked>>) {
  %0 = condcomp.convert_form %r
    : !condcomp.routing<?x8, f32, #condcomp.form<masked>>
    -> !condcomp.routing<?x8, f32, #condcomp.form<compact>>
  %1 = condcomp.convert_form %0
    : !condcomp.routing<?x8, f32, #condcomp.form<compact>>
    -> !condcomp.routing<?x8, f32, #condcomp.form<masked>>
  %2 = condcomp.convert_form %1
    : !condcomp.routing<?x8, f32, #condcomp.form<masked>>
    -> !condcomp.routing<?x8, f32, #condcomp.form<masked>>
  return %1, %2 : !condcomp.routing<?x8, f32, #condcomp.form<masked>>,
    !condcomp.routing<?x8, f32, #condcomp.form<masked>>
}
