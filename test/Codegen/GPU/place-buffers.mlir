// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-place-buffers))' --split-input-file --verify-diagnostics | FileCheck %s

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

// A result lies in its destination, if there is one, and takes no workspace.
// CHECK-LABEL: func.func private @result(
// CHECK-SAME:    %[[WORKSPACE:[a-z0-9]+]]: memref<?xi8>, %{{[a-z0-9]+}}: memref<4xi64>, %[[N:[a-z0-9]+]]: index, %[[OUT:[a-z0-9]+]]: memref<?xi8>, %{{.+}}: memref<4xi64>
// CHECK:         %[[ADDRESS:.+]] = memref.extract_aligned_pointer_as_index %[[OUT]]
// CHECK:         %[[GIVEN:.+]] = arith.cmpi ne, %[[ADDRESS]], %c0
// CHECK:         %[[SIZE:.+]] = memref.dim %[[OUT]]
// CHECK:         %[[SAME:.+]] = arith.cmpi eq, %[[BYTES:.+]], %[[SIZE]]
// CHECK:         %[[GOOD:.+]] = arith.select %[[GIVEN]], %[[SAME]], %true
// CHECK:         condcomp.check %[[GOOD]], {{.*}}(%[[BYTES]]) : index {condcomp.check = -2 : i64}
// CHECK:         arith.select %[[GIVEN]], %c0{{.*}}, %[[BYTES]]
// CHECK:         %[[BEGIN:.+]] = memref.load
// CHECK:         condcomp.check {{.*}} {condcomp.check = -1 : i64}
// CHECK:         %[[MEMORY:.+]] = arith.select %[[GIVEN]], %[[OUT]], %[[WORKSPACE]] : memref<?xi8>
// CHECK:         %[[PLACE:.+]] = arith.select %[[GIVEN]], %c0{{.*}}, %[[BEGIN]]
// CHECK:         memref.view %[[MEMORY]][%[[PLACE]]][%[[N]]] : memref<?xi8> to memref<?x4xf32>
// CHECK:         memref.view %[[WORKSPACE]][%{{.+}}][%[[N]]] : memref<?xi8> to memref<?xi8>
func.func private @result(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %y: memref<?xi8>, %f: memref<4xi64>) attributes {condcomp.kernel, condcomp.destinations = 2 : i64} {
  %a = memref.alloc(%n) : memref<?x4xf32>
  %b = memref.alloc(%n) : memref<?xi8>
  %c = memref.cast %a : memref<?x4xf32> to memref<?x?xf32>
  %p = memref.extract_aligned_pointer_as_index %c : memref<?x?xf32> -> index {condcomp.destination = 0 : i64}
  return
}

// -----

// expected-error @+1 {{has a result that is no buffer of its workspace}}
func.func private @elsewhere(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %x: memref<?xf32>, %y: memref<?xi8>, %f: memref<4xi64>) attributes {condcomp.kernel, condcomp.destinations = 2 : i64} {
  %p = memref.extract_aligned_pointer_as_index %x : memref<?xf32> -> index {condcomp.destination = 0 : i64}
  return
}
