// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-flatten-foralls),canonicalize,cse)' --split-input-file | FileCheck %s
// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-flatten-foralls))' --split-input-file --remarks-filter=condcomp-gpu-flatten-foralls 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// Blocks have up to 32 rows, in up to 4 groups of 8: what a block does not have
// of them ends at once. Columns are the same in all blocks.
// CHECK-LABEL: func.func private @ragged(
// CHECK-SAME:    %[[LENGTHS:.+]]: memref<?xindex>, %[[BLOCKS:[a-z0-9]+]]: index, %[[COLUMNS:[a-z0-9]+]]: index)
// CHECK:         %[[X:.+]] = memref.alloc
// CHECK:         scf.parallel (%[[BLOCK:.+]], %[[I:.+]], %[[J:.+]]) = (%c0, %c0, %c0) to (%[[BLOCKS]], %c4, %[[COLUMNS]]) step (%c1, %c1, %c1)
// CHECK:           %[[LENGTH:.+]] = memref.load %[[LENGTHS]][%[[BLOCK]]]
// CHECK:           %[[GROUPS:.+]] = arith.divui
// CHECK:           %[[INSIDE:.+]] = arith.cmpi slt, %[[I]], %[[GROUPS]]
// CHECK:           scf.if %[[INSIDE]] {
// CHECK-NEXT:        memref.store %[[LENGTH]], %[[X]][%[[I]], %[[J]]]
// CHECK-NOT:     scf.for
func.func private @ragged(%lengths: memref<?xindex>, %blocks: index, %columns: index) -> memref<?x?xindex> attributes {condcomp.kernel} {
  %x = memref.alloc(%columns, %columns) : memref<?x?xindex>
  scf.forall (%block) in (%blocks) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c7 = arith.constant 7 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    %length = memref.load %lengths[%block] : memref<?xindex>
    %rows = arith.minui %length, %c32 : index
    %sum = arith.addi %rows, %c7 : index
    %groups = arith.divui %sum, %c8 : index
    scf.parallel (%i, %j) = (%c0, %c0) to (%groups, %columns) step (%c1, %c1) {
      memref.store %length, %x[%i, %j] : memref<?x?xindex>
    }
  }
  return %x : memref<?x?xindex>
}

// -----

// Blocks have a height that is not known before the program runs, but the same
// for all.
// CHECK-LABEL: func.func private @height(
// CHECK-SAME:    %[[LENGTHS:.+]]: memref<?xindex>, %[[BLOCKS:[a-z0-9]+]]: index, %[[HEIGHT:[a-z0-9]+]]: index)
// CHECK:         %[[SUM:.+]] = arith.addi %[[HEIGHT]], %c7
// CHECK:         %[[MOST:.+]] = arith.divui %[[SUM]], %c8
// CHECK:         scf.parallel (%[[BLOCK:.+]], %[[I:.+]], %{{.+}}) = (%c0, %c0, %c0) to (%[[BLOCKS]], %[[MOST]], %c64)
// CHECK:           arith.minui %{{.+}}, %[[HEIGHT]]
func.func private @height(%lengths: memref<?xindex>, %blocks: index, %height: index) -> memref<?xindex> attributes {condcomp.kernel} {
  %x = memref.alloc(%height) : memref<?xindex>
  scf.forall (%block) in (%blocks) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c7 = arith.constant 7 : index
    %c8 = arith.constant 8 : index
    %c64 = arith.constant 64 : index
    %length = memref.load %lengths[%block] : memref<?xindex>
    %rows = arith.minui %length, %height : index
    %sum = arith.addi %rows, %c7 : index
    %groups = arith.divui %sum, %c8 : index
    scf.parallel (%i, %thread) = (%c0, %c0) to (%groups, %c64) step (%c1, %c1) {
      memref.store %length, %x[%i] : memref<?xindex>
    }
  }
  return %x : memref<?xindex>
}

// -----

// Each loop of the body is one of all blocks: a barrier may stand between them.
// CHECK-LABEL: func.func private @fission(
// CHECK-COUNT-2: scf.parallel (%{{.+}}, %{{.+}}) = (%c0, %c0) to (%{{.+}}, %c5) step (%c1, %c1)
// CHECK-NOT:     scf.parallel
func.func private @fission(%x: memref<?x5xindex>, %y: memref<?x5xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%block) in (%blocks) {
    %own = memref.subview %x[%block, 0] [1, 5] [1, 1] : memref<?x5xindex> to memref<5xindex, strided<[1], offset: ?>>
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      memref.store %i, %own[%i] : memref<5xindex, strided<[1], offset: ?>>
    }
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      %v = memref.load %own[%i] : memref<5xindex, strided<[1], offset: ?>>
      memref.store %v, %y[%block, %i] : memref<?x5xindex>
    }
  }
  return
}

// -----

// A choice that is the same in all blocks is made once.
// CHECK-LABEL: func.func private @choice(
// CHECK-SAME:    %[[BLOCKS:[a-z0-9]+]]: index)
// CHECK:         %[[MANY:.+]] = arith.cmpi uge, %[[BLOCKS]], %c100
// CHECK:         scf.if %[[MANY]] {
// CHECK-NEXT:      scf.parallel (%{{.+}}, %{{.+}}) = (%c0, %c0) to (%[[BLOCKS]], %c2)
// CHECK:         } else {
// CHECK-NEXT:      scf.parallel (%{{.+}}, %{{.+}}) = (%c0, %c0) to (%[[BLOCKS]], %c8)
func.func private @choice(%x: memref<?x8xindex>, %blocks: index) attributes {condcomp.kernel} {
  scf.forall (%block) in (%blocks) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c100 = arith.constant 100 : index
    %many = arith.cmpi uge, %blocks, %c100 : index
    scf.if %many {
      %c2 = arith.constant 2 : index
      scf.parallel (%i) = (%c0) to (%c2) step (%c1) {
        memref.store %i, %x[%block, %i] : memref<?x8xindex>
      }
    } else {
      %c8 = arith.constant 8 : index
      scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
        memref.store %i, %x[%block, %i] : memref<?x8xindex>
      }
    }
  }
  return
}

// -----

// CHECK-LABEL: func.func private @nested(
// CHECK:         scf.parallel (%{{.+}}, %{{.+}}, %{{.+}}) = (%c0, %c0, %c0) to (%{{.+}}, %c3, %c5)
func.func private @nested(%x: memref<?x3x5xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%block) in (%blocks) {
    scf.forall (%part) in (3) {
      scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
        memref.store %i, %x[%block, %part, %i] : memref<?x3x5xindex>
      }
    }
  }
  return
}

// -----

// No bound is known for what a block has: one would be far too many.
// CHECK-LABEL: func.func private @unbounded(
// CHECK:         scf.for
// CHECK:           scf.parallel
// REMARK: blocks are run one after another: scf.parallel has bounds that depend on the block
func.func private @unbounded(%lengths: memref<?xindex>, %x: memref<?xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.forall (%block) in (%blocks) {
    %length = memref.load %lengths[%block] : memref<?xindex>
    scf.parallel (%i) = (%c0) to (%length) step (%c1) {
      memref.store %i, %x[%i] : memref<?xindex>
    }
  }
  return
}

// -----

// A buffer of each block would be needed for all at once.
// CHECK-LABEL: func.func private @buffer(
// CHECK:         scf.for
// CHECK-NEXT:      memref.alloc
// REMARK: blocks are run one after another: memref.alloc allocates or writes, or is a check
func.func private @buffer(%x: memref<?x5xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%block) in (%blocks) {
    %own = memref.alloc() : memref<5xindex>
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      memref.store %i, %own[%i] : memref<5xindex>
    }
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      %v = memref.load %own[%i] : memref<5xindex>
      memref.store %v, %x[%block, %i] : memref<?x5xindex>
    }
  }
  return
}

// -----

// CHECK-LABEL: func.func private @sequential(
// CHECK:         scf.for
// CHECK-NEXT:      scf.for
// REMARK: blocks are run one after another: scf.for is no parallel loop
func.func private @sequential(%x: memref<?x5xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%block) in (%blocks) {
    scf.for %i = %c0 to %c5 step %c1 {
      memref.store %i, %x[%block, %i] : memref<?x5xindex>
    }
  }
  return
}

// -----

// Whether there is something to do differs from block to block.
// CHECK-LABEL: func.func private @varying(
// CHECK:         scf.for
// CHECK:           scf.if
// REMARK: blocks are run one after another: scf.if depends on the block
func.func private @varying(%lengths: memref<?xindex>, %x: memref<?x5xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%block) in (%blocks) {
    %length = memref.load %lengths[%block] : memref<?xindex>
    %some = arith.cmpi ne, %length, %c0 : index
    scf.if %some {
      scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
        memref.store %i, %x[%block, %i] : memref<?x5xindex>
      }
    }
  }
  return
}

// -----

// The second loop would read what the first one has written.
// CHECK-LABEL: func.func private @changed(
// CHECK:         scf.for
// REMARK: blocks are run one after another: scf.forall reads what it writes
func.func private @changed(%x: memref<?x5xindex>, %y: memref<?x5xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.forall (%block) in (%blocks) {
    %v = memref.load %x[%block, %c0] : memref<?x5xindex>
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      memref.store %i, %x[%block, %i] : memref<?x5xindex>
    }
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      memref.store %v, %y[%block, %i] : memref<?x5xindex>
    }
  }
  return
}

// -----

// CHECK-LABEL: func.func private @inside(
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             scf.parallel
// REMARK: blocks are run one after another: scf.forall is in a loop that one thread runs
func.func private @inside(%x: memref<?x3x5xindex>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  scf.parallel (%row) = (%c0) to (%n) step (%c1) {
    scf.forall (%part) in (3) {
      scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
        memref.store %i, %x[%row, %part, %i] : memref<?x3x5xindex>
      }
    }
  }
  return
}
