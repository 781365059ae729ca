// RUN: cc-opt %s -canonicalize -split-input-file | FileCheck %s

// A gate whose result is not used is gone, if none of its checks can fail.

// CHECK-LABEL: func @unused
// CHECK-NEXT: return
func.func @unused(%s: tensor<?x8xf32>, %m: tensor<?x8xi1>, %t: f32) {
  %0 = condcomp.top_k %s, 8 : tensor<?x8xf32>
    -> !condcomp.routing<?x8, f32, exactly 8>
  %1 = condcomp.threshold %s, %t : tensor<?x8xf32>, f32
    -> !condcomp.routing<?x8, f32>
  %2 = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  return
}

// -----

// CHECK-LABEL: func @unused_choices
// CHECK-NEXT: return
func.func @unused_choices(%s: tensor<4x8xf32>, %p: f32, %key: i64) {
  %0 = condcomp.top_p %s, %p max(8) : tensor<4x8xf32>, f32
    -> !condcomp.routing<4x8, f32, at_most 8>
  %1 = condcomp.expert_choice %s, 4 : tensor<4x8xf32>
    -> !condcomp.routing<4x8, f32, per_module exactly 4>
  %2 = condcomp.sample %s, 8 key(%key) : tensor<4x8xf32>
    -> !condcomp.routing<4x8, f32, exactly 8>
  return
}

// -----

// Limiting to all groups changes nothing, where no check is left.

// CHECK-LABEL: func @all_groups
// CHECK-SAME: (%[[S:.*]]: tensor<?x8xf32>, %[[T:.*]]: tensor<?x?xf32>
// CHECK: %[[L:.*]] = condcomp.limit_groups %[[T]]
// CHECK: return %[[S]], %[[L]]
func.func @all_groups(%s: tensor<?x8xf32>, %t: tensor<?x?xf32>, %f: f32)
    -> (tensor<?x8xf32>, tensor<?x?xf32>) {
  %0 = condcomp.limit_groups %s groups(4) keep(4) sum_of(2) fill(%f)
    : tensor<?x8xf32>
  %1 = condcomp.limit_groups %t groups(4) keep(4) fill(%f) : tensor<?x?xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x?xf32>
}
