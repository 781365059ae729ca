// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-place-buffers))' | FileCheck %s

// CHECK-LABEL: func.func private @places(
// CHECK-SAME:    %[[WORKSPACE:[a-z0-9]+]]: memref<?xi8>, %{{.+}}: memref<4xi64>, %[[N:.+]]: index
// CHECK:         %[[TOP:.+]] = memref.alloca() : memref<index>
// CHECK:         memref.store %c0{{.*}}, %[[TOP]][]
// CHECK:         %[[BYTES:.+]] = arith.muli %{{.+}}, %c128
// CHECK:         %[[BEGIN:.+]] = memref.load %[[TOP]][]
// CHECK:         %[[END:.+]] = arith.addi %[[BEGIN]], %[[BYTES]]
// CHECK:         memref.store %[[END]], %[[TOP]][]
// CHECK:         %[[FITS:.+]] = arith.cmpi ule, %[[END]], %{{.+}}
// CHECK:         condcomp.check %[[FITS]], {{.*}} {condcomp.check = -1 : i64}
// CHECK:         memref.view %[[WORKSPACE]][%[[BEGIN]]][%[[N]]] : memref<?xi8> to memref<?x4xf32>
// CHECK-NOT:     memref.alloc()
func.func private @places(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index) attributes {condcomp.kernel} {
  %a = memref.alloc(%n) : memref<?x4xf32>
  return
}

// What a step places, it releases.
// CHECK-LABEL: func.func private @step(
// CHECK:         %[[TOP:.+]] = memref.alloca() : memref<index>
// CHECK:         scf.for
// CHECK-NEXT:      %[[BEFORE:.+]] = memref.load %[[TOP]][]
// CHECK:           memref.view
// CHECK:           memref.store %[[BEFORE]], %[[TOP]][]
// CHECK-NEXT:    }
func.func private @step(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc(%i) : memref<?xf32>
  }
  return
}

// Not what it hands on.
// CHECK-LABEL: func.func private @carried(
// CHECK:         scf.for
// CHECK:           %[[A:.+]] = memref.view
// CHECK-NEXT:      scf.yield %[[A]]
func.func private @carried(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %x: memref<?xf32>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%z = %x) -> memref<?xf32> {
    %a = memref.alloc(%i) : memref<?xf32>
    scf.yield %a : memref<?xf32>
  }
  return
}
