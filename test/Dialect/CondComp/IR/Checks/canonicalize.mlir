// RUN: cc-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: func @check
// CHECK-SAME: %[[OK:[^:]*]]: i1
// CHECK-NEXT: %[[FALSE:.*]] = arith.constant false
// CHECK-NEXT: condcomp.check %[[OK]], "open"
// CHECK-NEXT: condcomp.check %[[FALSE]], "never"
// CHECK-NEXT: return
func.func @check(%ok: i1) {
  %true = arith.constant true
  %false = arith.constant false
  condcomp.check %true, "always"
  condcomp.check %ok, "open"
  condcomp.check %false, "never"
  return
}
