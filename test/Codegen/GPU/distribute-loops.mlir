// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-distribute-loops))' --split-input-file | FileCheck %s

// CHECK-LABEL: func.func private @shares(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         %[[TOTAL:.+]] = arith.muli
// CHECK:         scf.for %[[I:.+]] = %[[THREAD]] to %[[TOTAL]] step %[[THREADS]]
// CHECK-DAG:       arith.remui %[[I]], %c7
// CHECK-DAG:       arith.divui %[[I]], %c7
// CHECK:           memref.store
// CHECK-NOT:     scf.parallel
func.func private @shares(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %x: memref<?x7xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%n, %c7) step (%c1, %c1) {
    memref.store %i, %x[%i, %j] : memref<?x7xindex>
  }
  return
}

// -----

// A parallel loop inside one is run by whoever runs the iteration.
// CHECK-LABEL: func.func private @nested(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         scf.for %{{.+}} = %[[THREAD]] to %{{.+}} step %[[THREADS]]
// CHECK:           scf.for %{{.+}} = %c0{{.*}} to %{{.+}} step %c1
func.func private @nested(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %x: memref<?x7xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%c7) step (%c1) {
      memref.store %i, %x[%i, %j] : memref<?x7xindex>
    }
  }
  return
}

// -----

// Sequential writes are those of one thread; control flow around parallel loops
// is every thread's.
// CHECK-LABEL: func.func private @runners(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         %[[FIRST:.+]] = arith.cmpi eq, %[[THREAD]], %c0
// CHECK:         %[[N:.+]] = memref.load
// CHECK:         scf.for %{{.+}} = %c0{{.*}} to %[[N]]
// CHECK:           scf.if %[[FIRST]] {
// CHECK-NEXT:        memref.store
// CHECK-NEXT:      }
// CHECK:           scf.for %{{.+}} = %[[THREAD]] to %{{.+}} step %[[THREADS]]
func.func private @runners(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %x: memref<?xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %n = memref.load %x[%c0] : memref<?xindex>
  scf.for %step = %c0 to %n step %c1 {
    memref.store %step, %x[%step] : memref<?xindex>
    scf.parallel (%i) = (%c0) to (%c7) step (%c1) {
      memref.store %i, %x[%i] : memref<?xindex>
    }
  }
  return
}

// -----

// The second loop begins with the thread after the last one of the first, counted
// in whole warps; the third, behind a barrier, with the first thread.
// CHECK-LABEL: func.func private @side_by_side(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         scf.for %{{.+}} = %[[THREAD]] to %[[FIRST:.+]] step %[[THREADS]]
// CHECK:         %[[OFFSET:.+]] = arith.remui %[[WARPS:.+]], %[[THREADS]]
// CHECK:         %[[WRAPS:.+]] = arith.cmpi ult, %[[THREAD]], %[[OFFSET]]
// CHECK:         %[[BEGIN:.+]] = arith.select %[[WRAPS]]
// CHECK:         scf.for %{{.+}} = %[[BEGIN]] to %{{.+}} step %[[THREADS]]
// CHECK:         call @condcomp_grid_barrier
// CHECK:         scf.for %{{.+}} = %[[THREAD]] to %{{.+}} step %[[THREADS]]
func.func private @condcomp_grid_barrier()
func.func private @side_by_side(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %x: memref<?xindex>, %y: memref<?xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %x[%i] : memref<?xindex>
  }
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %y[%i] : memref<?xindex>
  }
  func.call @condcomp_grid_barrier() : () -> ()
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %c0, %y[%i] : memref<?xindex>
  }
  return
}

// -----

// A barrier in the branch of an op between them counts.
// CHECK-LABEL: func.func private @branch(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         scf.for %{{.+}} = %[[THREAD]] to
// CHECK:         scf.if
// CHECK:         scf.for %{{.+}} = %[[THREAD]] to
func.func private @condcomp_grid_barrier()
func.func private @branch(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %if: i1, %x: memref<?xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %x[%i] : memref<?xindex>
  }
  scf.if %if {
    func.call @condcomp_grid_barrier() : () -> ()
  }
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %x[%i] : memref<?xindex>
  }
  return
}

// -----

// The threads of a block stay together: the loop begins at a multiple of them,
// and they count as following each other, though their numbers do not.
// CHECK-LABEL: func.func private @block(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         scf.for %{{.+}} = %[[THREAD]] to %{{.+}} step %[[THREADS]]
// CHECK:         %[[BLOCKS:.+]] = arith.divui %[[THREADS]], %c64
// CHECK:         %[[WARP:.+]] = arith.divui %[[THREAD]], %c32
// CHECK:         %[[BLOCK:.+]] = arith.remui %[[WARP]], %[[BLOCKS]]
// CHECK:         %[[FIRST:.+]] = arith.muli %[[BLOCK]], %c64
// CHECK:         %[[INSIDE:.+]] = arith.divui %[[WARP]], %[[BLOCKS]]
// CHECK:         %[[BEFORE:.+]] = arith.muli %[[INSIDE]], %c32
// CHECK:         %[[OWNWARP:.+]] = arith.addi %[[FIRST]], %[[BEFORE]]
// CHECK:         %[[LANE:.+]] = arith.remui %[[THREAD]], %c32
// CHECK:         %[[OWN:.+]] = arith.addi %[[OWNWARP]], %[[LANE]]
// CHECK:         %[[NUMBER:.+]] = arith.divui %{{.+}}, %c64
// CHECK:         %[[ROUNDED:.+]] = arith.muli %[[NUMBER]], %c64
// CHECK:         %[[OFFSET:.+]] = arith.remui %[[ROUNDED]], %[[THREADS]]
// CHECK:         arith.cmpi ult, %[[OWN]], %[[OFFSET]]
func.func private @block(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %x: memref<?xindex>, %y: memref<?xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %x[%i] : memref<?xindex>
  }
  scf.parallel (%i, %j) = (%c0, %c0) to (%n, %c64) step (%c1, %c1) {
    memref.store %i, %y[%i] : memref<?xindex>
    gpu.barrier {condcomp.block_threads = 64 : index}
  }
  return
}

// -----

// What a choice has handed out depends on it.
// CHECK-LABEL: func.func private @choice(
// CHECK-SAME:    %[[THREAD:[a-z0-9]+]]: index, %[[THREADS:[a-z0-9]+]]: index
// CHECK:         %[[COUNT:.+]] = scf.if %{{.+}} -> (index) {
// CHECK:           scf.for %{{.+}} = %[[THREAD]] to
// CHECK:           scf.yield %[[OWN:.+]] : index
// CHECK:         } else {
// CHECK-NOT:       scf.for
// CHECK:           scf.yield %c0{{.*}} : index
// CHECK:         arith.addi %[[COUNT]], %c31
// CHECK:         %[[OFFSET:.+]] = arith.remui %{{.+}}, %[[THREADS]]
// CHECK:         arith.cmpi ult, %[[THREAD]], %[[OFFSET]]
func.func private @choice(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %if: i1, %x: memref<?xindex>, %y: memref<?xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.if %if {
    scf.parallel (%i) = (%c0) to (%n) step (%c1) {
      memref.store %i, %x[%i] : memref<?xindex>
    }
  }
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %i, %y[%i] : memref<?xindex>
  }
  return
}
