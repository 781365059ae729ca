// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-lower-checks))' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func private @check(
// CHECK-SAME:    %[[REPORT:[a-z0-9]+]]: memref<4xi64>, %[[GOOD:.+]]: i1, %[[N:.+]]: index, %[[F:.+]]: f32
// CHECK:         cf.cond_br %[[GOOD]], ^[[NEXT:.+]], ^[[FAILED:.+]]
// CHECK:       ^[[NEXT]]:
// CHECK-NEXT:    return
// CHECK:       ^[[FAILED]]:
// CHECK:         %[[WORD:.+]] = arith.index_cast %[[N]] : index to i64
// CHECK:         memref.store %[[WORD]], %[[REPORT]][%c2
// CHECK:         arith.extf %[[F]] : f32 to f64
// CHECK:         arith.bitcast
// CHECK:         memref.store %{{.+}}, %[[REPORT]][%c3
// CHECK:         %[[NUMBER:.+]] = arith.constant 7 : i64
// CHECK:         memref.store %[[NUMBER]], %[[REPORT]][%c0
// CHECK-NEXT:    return
func.func private @check(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %good: i1, %n: index, %f: f32) attributes {condcomp.kernel} {
  condcomp.check %good, "{0} and {1}"(%n, %f) : index, f32 {condcomp.check = 7 : i64}
  return
}

// -----

func.func private @inside(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %good: i1) attributes {condcomp.kernel} {
  scf.if %good {
    // expected-error @+1 {{is inside 'scf.if': a kernel can end in its blocks only}}
    cf.assert %good, "no" {condcomp.check = 1 : i64}
  }
  return
}
