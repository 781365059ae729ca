// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-share-scalars))' | FileCheck %s

// One thread counts, all go on with the number.
// CHECK-LABEL: func.func private @count(
// CHECK-NEXT:    %[[SLOT:.+]] = memref.alloc() : memref<index>
// CHECK:         scf.execute_region
// CHECK-NEXT:      %[[COUNT:.+]] = scf.for
// CHECK:           }
// CHECK-NEXT:      memref.store %[[COUNT]], %[[SLOT]][]
// CHECK-NEXT:      scf.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[SHARED:.+]] = memref.load %[[SLOT]][]
// CHECK-NEXT:    scf.parallel (%{{.+}}) = (%{{.+}}) to (%[[SHARED]])
func.func private @count(%x: memref<?xi1>, %y: memref<?xindex>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = scf.for %i = %c0 to %n step %c1 iter_args(%at = %c0) -> index {
    memref.store %i, %y[%at] : memref<?xindex>
    %b = memref.load %x[%i] : memref<?xi1>
    %one = arith.index_castui %b : i1 to index
    %next = arith.addi %at, %one : index
    scf.yield %next : index
  }
  scf.parallel (%i) = (%c0) to (%count) step (%c1) {
    memref.store %i, %y[%i] : memref<?xindex>
  }
  return
}

// What only reads is computed by every thread.
// CHECK-LABEL: func.func private @reads(
// CHECK-NOT:     memref.alloc
func.func private @reads(%x: memref<?xindex>, %n: index) -> index attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> index {
    %v = memref.load %x[%i] : memref<?xindex>
    %next = arith.addi %s, %v : index
    scf.yield %next : index
  }
  return %sum : index
}
