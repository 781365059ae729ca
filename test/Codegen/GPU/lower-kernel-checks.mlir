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

// -----

// In a call that is not waited for: one thread writes the record, unless it is
// full, and the status last. All of them end together and spoil the result.
// CHECK-LABEL: func.func private @late(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index, %{{.+}}: memref<?xi8>, %{{.+}}: memref<4xi64>, %[[GOOD:[a-z0-9]+]]: i1, %[[N:[a-z0-9]+]]: index, %[[Y:[a-z0-9]+]]: memref<?xi8>, %[[RECORD:[a-z0-9]+]]: memref<4xi64>
// CHECK:         cf.cond_br %[[GOOD]], ^{{.+}}, ^[[FAILED:bb[0-9]+]]
// CHECK:       ^[[FAILED]]:
// CHECK:         %[[FIRST:.+]] = arith.cmpi eq, %[[THREAD]], %c0
// CHECK:         %[[STATUS:.+]] = memref.load %[[RECORD]][%c0
// CHECK:         %[[EMPTY:.+]] = arith.cmpi eq, %[[STATUS]], %c0_i64
// CHECK:         %[[WRITES:.+]] = arith.andi %[[FIRST]], %[[EMPTY]]
// CHECK:         cf.cond_br %[[WRITES]], ^[[WRITE:bb[0-9]+]], ^[[END:bb[0-9]+]]
// CHECK:       ^[[WRITE]]:
// CHECK:         %[[WORD:.+]] = arith.index_cast %[[N]] : index to i64
// CHECK:         memref.store %[[WORD]], %[[RECORD]][%c2
// CHECK:         %[[NUMBER:.+]] = arith.constant 7 : i64
// CHECK:         llvm.store %[[NUMBER]], %{{.+}} atomic release {alignment = 8 : i64}
// CHECK:         cf.br ^[[END]]
// CHECK:       ^[[END]]:
// CHECK-NEXT:    call @condcomp_grid_barrier()
// CHECK-NEXT:    cf.br ^[[HEADER:bb[0-9]+]](%[[THREAD]] : index)
// CHECK:       ^[[HEADER]](%[[AT:.+]]: index):
// CHECK:         %[[BYTES:.+]] = memref.dim %[[Y]]
// CHECK:         %[[MORE:.+]] = arith.cmpi ult, %[[AT]], %[[BYTES]]
// CHECK:         cf.cond_br %[[MORE]], ^[[BODY:bb[0-9]+]], ^[[RETURN:bb[0-9]+]]
// CHECK:       ^[[BODY]]:
// CHECK:         %[[ONES:.+]] = arith.constant -1 : i8
// CHECK:         memref.store %[[ONES]], %[[Y]][%[[AT]]]
// CHECK:         %[[NEXT:.+]] = arith.addi %[[AT]], %[[THREADS]]
// CHECK:         cf.br ^[[HEADER]](%[[NEXT]] : index)
// CHECK:       ^[[RETURN]]:
// CHECK-NEXT:    return
// CHECK:         cf.cond_br %{{.+}}, ^{{.+}}, ^[[END]]
// CHECK:         arith.constant 8 : i64
// CHECK:         cf.br ^[[END]]
func.func private @condcomp_grid_barrier()
func.func private @late(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %good: i1, %n: index, %y: memref<?xi8>, %f: memref<4xi64>) attributes {condcomp.kernel, condcomp.destinations = 2 : i64} {
  condcomp.check %good, "{0}"(%n) : index {condcomp.check = 7 : i64}
  cf.assert %good, "no" {condcomp.check = 8 : i64}
  return
}
