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
