// cc-reduce finds the op that a test script asks for.

// RUN: cc-reduce %s --reduction-tree='traversal-mode=0 test=%S/Inputs/has-check.sh' | FileCheck %s

// CHECK-NOT: func.func @other
// CHECK: condcomp.check
func.func @other(%x: f32) -> f32 {
  return %x : f32
}
func.func @f(%ok: i1) {
  condcomp.check %ok, "must hold"
  return
}
