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

// CHECK-LABEL: func @scale_by_one
// CHECK-SAME: %[[R:[^:]*]]: !condcomp
// CHECK-NEXT: return %[[R]]
func.func @scale_by_one(%r: !condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32> {
  %one = arith.constant 1.0 : f32
  %0 = condcomp.scale %r, %one : !condcomp.routing<?x8, f32>
  return %0 : !condcomp.routing<?x8, f32>
}

// CHECK-LABEL: func @scale_by_two
// CHECK: condcomp.scale
func.func @scale_by_two(%r: !condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32> {
  %two = arith.constant 2.0 : f32
  %0 = condcomp.scale %r, %two : !condcomp.routing<?x8, f32>
  return %0 : !condcomp.routing<?x8, f32>
}

// The weights of what is complemented do not matter.
// CHECK-LABEL: func @complement_of_weights
// CHECK-SAME: %[[R:[^:]*]]: !condcomp
// CHECK-NEXT: %[[C:.*]] = condcomp.complement %[[R]]
// CHECK-NEXT: return %[[C]]
func.func @complement_of_weights(%r: !condcomp.routing<?x8, f32>, %f: f32)
    -> !condcomp.routing<?x8, f32> {
  %0 = condcomp.scale %r, %f : !condcomp.routing<?x8, f32>
  %1 = condcomp.normalize sum %0 : !condcomp.routing<?x8, f32>
  %2 = condcomp.complement %1 : !condcomp.routing<?x8, f32> -> !condcomp.routing<?x8, f32>
  return %2 : !condcomp.routing<?x8, f32>
}

// Two complements lose the weights, a third one brings nothing new.
// CHECK-LABEL: func @complements
// CHECK-SAME: %[[R:[^:]*]]: !condcomp
// CHECK-NEXT: %[[A:.*]] = condcomp.complement %[[R]]
// CHECK-NEXT: %[[B:.*]] = condcomp.complement %[[A]]
// CHECK-NEXT: return %[[B]], %[[A]]
func.func @complements(%r: !condcomp.routing<?x8, f32>)
    -> (!condcomp.routing<?x8, f32>, !condcomp.routing<?x8, f32>) {
  %0 = condcomp.complement %r : !condcomp.routing<?x8, f32> -> !condcomp.routing<?x8, f32>
  %1 = condcomp.complement %0 : !condcomp.routing<?x8, f32> -> !condcomp.routing<?x8, f32>
  %2 = condcomp.complement %1 : !condcomp.routing<?x8, f32> -> !condcomp.routing<?x8, f32>
  return %1, %2 : !condcomp.routing<?x8, f32>, !condcomp.routing<?x8, f32>
}

// CHECK-LABEL: func @all_modules
// CHECK-SAME: %[[R:[^:]*]]: !condcomp
// CHECK-NEXT: return %[[R]], %[[R]]
func.func @all_modules(%r: !condcomp.routing<?x8, f32, exactly 2>)
    -> (!condcomp.routing<?x8, f32, exactly 2>, !condcomp.routing<?x8, f32, exactly 2>) {
  %0 = condcomp.slice_modules %r [0, 8] : !condcomp.routing<?x8, f32, exactly 2>
    -> !condcomp.routing<?x8, f32, exactly 2>
  %1 = condcomp.concat_modules %r : !condcomp.routing<?x8, f32, exactly 2>
    -> !condcomp.routing<?x8, f32, exactly 2>
  return %0, %1 : !condcomp.routing<?x8, f32, exactly 2>, !condcomp.routing<?x8, f32, exactly 2>
}
