// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-insert-barriers))' | FileCheck %s

func.func private @condcomp_grid_barrier()

// Other threads read what the first loop writes; inputs are never written.
// CHECK-LABEL: func.func private @chain(
// CHECK:         scf.parallel
// CHECK:         }
// CHECK-NEXT:    call @condcomp_grid_barrier()
// CHECK-NEXT:    scf.parallel
// CHECK-NOT:     call
func.func private @chain(%x: memref<8xf32>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %v = memref.load %x[%i] : memref<8xf32>
    memref.store %v, %a[%i] : memref<8xf32>
  }
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %v = memref.load %a[%c0] : memref<8xf32>
    memref.store %v, %b[%i] : memref<8xf32>
  }
  return
}

// Nothing that the second loop does depends on the first one.
// CHECK-LABEL: func.func private @apart(
// CHECK-NOT:     call
func.func private @apart(%x: memref<8xf32>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = memref.alloc() : memref<8xf32>
  %b = memref.alloc() : memref<8xf32>
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %v = memref.load %x[%i] : memref<8xf32>
    memref.store %v, %a[%i] : memref<8xf32>
  }
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    %v = memref.load %x[%i] : memref<8xf32>
    memref.store %v, %b[%i] : memref<8xf32>
  }
  return
}

// Sequential code is run by one thread, in order.
// CHECK-LABEL: func.func private @sequential(
// CHECK-NOT:     call
// CHECK:         memref.store
// CHECK-NEXT:    memref.store
// CHECK-NEXT:    scf.for
// CHECK:         }
// CHECK-NEXT:    call @condcomp_grid_barrier()
// CHECK-NEXT:    memref.load
func.func private @sequential(%x: memref<8xf32>, %v: f32) -> f32 attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = memref.alloc() : memref<8xf32>
  memref.store %v, %a[%c0] : memref<8xf32>
  memref.store %v, %a[%c0] : memref<8xf32>
  scf.for %i = %c1 to %c8 step %c1 {
    %w = memref.load %a[%c0] : memref<8xf32>
    memref.store %w, %a[%i] : memref<8xf32>
  }
  %r = memref.load %a[%c1] : memref<8xf32>
  return %r : f32
}

// All threads read the bound before one of them may write it in the next step.
// CHECK-LABEL: func.func private @loop(
// CHECK:         scf.for
// CHECK-NEXT:      call @condcomp_grid_barrier()
// CHECK-NEXT:      %[[N:.+]] = memref.load
// CHECK-NEXT:      scf.parallel
// CHECK:           }
// CHECK:           call @condcomp_grid_barrier()
// CHECK-NEXT:      memref.store
func.func private @loop(%n: index, %v: f32) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc(%n) : memref<?xf32>
  %m = memref.alloc() : memref<index>
  memref.store %n, %m[] : memref<index>
  scf.for %step = %c0 to %n step %c1 {
    %bound = memref.load %m[] : memref<index>
    scf.parallel (%i) = (%c0) to (%bound) step (%c1) {
      memref.store %v, %a[%i] : memref<?xf32>
    }
    %next = arith.subi %bound, %c1 : index
    memref.store %next, %m[] : memref<index>
  }
  return
}

// The place of %a is that of the next step's.
// CHECK-LABEL: func.func private @reused(
// CHECK:         scf.for
// CHECK-NOT:       call
// CHECK:           scf.parallel
// CHECK:           }
// CHECK-NEXT:      call @condcomp_grid_barrier()
// CHECK-NEXT:    }
func.func private @reused(%n: index, %v: f32) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %step = %c0 to %n step %c1 {
    %a = memref.alloc(%step) : memref<?xf32>
    scf.parallel (%i) = (%c0) to (%step) step (%c1) {
      memref.store %v, %a[%i] : memref<?xf32>
    }
  }
  return
}

// What a block shares has barriers of its own.
// CHECK-LABEL: func.func private @shared(
// CHECK-NOT:     call @condcomp_grid_barrier
// CHECK:         return
func.func private @shared(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = memref.alloca() : memref<8xindex, 3>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %m[%c0] : memref<8xindex, 3>
  }
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %m[%c1] : memref<8xindex, 3>
  }
  return
}
