// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-parallelize-loops))' --split-input-file | FileCheck %s
// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-parallelize-loops))' --split-input-file --remarks-filter=condcomp-gpu-parallelize-loops 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// With enough tiles of 4 rows and 4 columns, a thread computes one; else an
// element. It sums in ascending order, in f32, and rounds once. Columns of a
// tile are 16 apart: those of neighboring threads lie together.
// CHECK-LABEL: func.func private @contraction(
// CHECK-SAME:    %[[THREADS:[a-z0-9]+]]: index, %{{[a-z0-9]+}}: memref<?xi8>
// CHECK-SAME:    %[[A:[a-z0-9]+]]: memref<?x8xbf16>, %[[B:[a-z0-9]+]]: memref<8x64xbf16>, %[[C:[a-z0-9]+]]: memref<?x64xbf16>
// CHECK:         %[[ROWS:.+]] = arith.divui %{{.+}}, %c4
// CHECK:         %[[MANY:.+]] = arith.cmpi uge, %{{.+}}, %[[THREADS]]
// CHECK:         scf.if %[[MANY]] {
// CHECK:           scf.parallel (%{{.+}}, %[[J:.+]]) = (%{{.+}}, %{{.+}}) to (%[[ROWS]], %c16{{.*}})
// CHECK:             %[[J1:.+]] = arith.addi %[[J]], %c16{{.*}} :
// CHECK-COUNT-16:    memref.load %[[C]]
// CHECK:             scf.for %[[K:.+]] = %c0{{.*}} to %c8{{.*}} step %c1
// CHECK-COUNT-4:       memref.load %[[A]][%{{.+}}, %[[K]]]
// CHECK-COUNT-4:       memref.load %[[B]][%[[K]], %{{.+}}]
// CHECK-COUNT-16:      math.fma
// CHECK:             scf.if
// CHECK-NEXT:          arith.truncf
// CHECK-NEXT:          memref.store
// CHECK:         } else {
// CHECK:           scf.parallel (%[[I:.+]], %[[J:.+]]) = (%{{.+}}, %{{.+}}) to (%{{.+}}, %c64{{.*}})
// CHECK:             %[[FIRST:.+]] = memref.load %[[C]][%[[I]], %[[J]]]
// CHECK:             %[[START:.+]] = arith.extf %[[FIRST]] : bf16 to f32
// CHECK:             %[[SUM:.+]] = scf.for %[[K:.+]] = %c0{{.*}} to %c8{{.*}} step %c1{{.*}} iter_args(%[[ACC:.+]] = %[[START]]) -> (f32)
// CHECK:               memref.load %[[A]][%[[I]], %[[K]]]
// CHECK:               memref.load %[[B]][%[[K]], %[[J]]]
// CHECK:               %[[NEXT:.+]] = math.fma %{{.+}}, %{{.+}}, %[[ACC]] : f32
// CHECK:               scf.yield %[[NEXT]]
// CHECK:             %[[ROUNDED:.+]] = arith.truncf %[[SUM]] : f32 to bf16
// CHECK:             memref.store %[[ROUNDED]], %[[C]][%[[I]], %[[J]]]
func.func private @contraction(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %a: memref<?x8xbf16>, %b: memref<8x64xbf16>, %c: memref<?x64xbf16>) attributes {condcomp.kernel} {
  linalg.matmul ins(%a, %b : memref<?x8xbf16>, memref<8x64xbf16>) outs(%c : memref<?x64xbf16>)
  return
}

// -----

// A fill with zeros is taken in. A single column is no reason for tiles of four.
// CHECK-LABEL: func.func private @filled(
// CHECK:         scf.parallel
// CHECK-NOT:       memref.load %[[C]]
// CHECK:           scf.for %{{.+}} iter_args(%{{.+}} = %cst{{.*}}, %{{.+}} = %cst{{.*}}, %{{.+}} = %cst{{.*}}, %{{.+}} = %cst{{.*}}) -> (f32, f32, f32, f32)
// CHECK:         else
// CHECK:         scf.parallel
// CHECK-NOT:       memref.load %[[C]]
// CHECK:           scf.for %{{.+}} iter_args(%{{.+}} = %cst{{.*}}) -> (f32)
// CHECK-NOT:     scf.parallel
func.func private @filled(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %a: memref<?x8xf32>, %b: memref<8x1xf32>, %n: index) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : f32
  %c = memref.alloc(%n) : memref<?x1xf32>
  linalg.fill ins(%zero : f32) outs(%c : memref<?x1xf32>)
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x1xf32>) outs(%c : memref<?x1xf32>)
  return
}

// -----

// What is not read is not loaded; indices are those of the loops.
// CHECK-LABEL: func.func private @indices(
// CHECK-SAME:    %[[X:.+]]: memref<5x?xindex>
// CHECK:         scf.parallel (%[[I:.+]], %[[J:.+]]) =
// CHECK-NOT:       memref.load
// CHECK:           %[[V:.+]] = arith.addi %[[I]], %[[J]]
// CHECK:           memref.store %[[V]], %[[X]][%[[I]], %[[J]]]
func.func private @indices(%x: memref<5x?xindex>) attributes {condcomp.kernel} {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>],
                  iterator_types = ["parallel", "parallel"]}
      outs(%x : memref<5x?xindex>) {
  ^bb0(%o: index):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %v = arith.addi %i, %j : index
    linalg.yield %v : index
  }
  return
}

// -----

// CHECK-LABEL: func.func private @copy(
// CHECK:         scf.parallel (%[[I:.+]]) =
// CHECK:           %[[V:.+]] = memref.load %{{.+}}[%[[I]]]
// CHECK:           memref.store %[[V]], %{{.+}}[%[[I]]]
func.func private @copy(%x: memref<?xf32, strided<[?]>>, %y: memref<?xf32>) attributes {condcomp.kernel} {
  memref.copy %x, %y : memref<?xf32, strided<[?]>> to memref<?xf32>
  return
}

// -----

// An assertion ends the kernel, so all threads have to come to it.
// CHECK-LABEL: func.func private @assertion(
// CHECK-NOT:     scf.parallel
// CHECK:         scf.for
// CHECK:           cf.assert
// REMARK: elements of linalg.generic are run one after another: its body can fail
func.func private @assertion(%x: memref<?xf32>, %y: memref<?xf32>) attributes {condcomp.kernel} {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%v: f32, %o: f32):
    %zero = arith.constant 0.0 : f32
    %good = arith.cmpf oge, %v, %zero : f32
    cf.assert %good, "negative"
    linalg.yield %v : f32
  }
  return
}

// -----

// CHECK-LABEL: func.func private @independent(
// CHECK:         scf.parallel (%[[I:.+]]) = (%c0{{.*}}) to (%{{.+}}) step (%c1{{.*}})
// CHECK-NEXT:      %[[AT:.+]] = memref.load %{{.+}}[%[[I]]]
// CHECK-NEXT:      memref.store %[[I]], %{{.+}}[%[[AT]]]
// CHECK-NEXT:      scf.reduce
func.func private @independent(%at: memref<?xindex>, %y: memref<?xindex>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %to = memref.load %at[%i] : memref<?xindex>
    memref.store %i, %y[%to] : memref<?xindex>
  } {condcomp.independent}
  return
}

// -----

// A buffer per iteration is one that all threads have to place.
// CHECK-LABEL: func.func private @allocates(
// CHECK-NOT:     scf.parallel (%{{.+}}) = (%c0{{.*}}) to (%arg
// CHECK:         scf.for
// REMARK: independent iterations are run one after another: the loop carries values, or its body allocates or checks
func.func private @allocates(%y: memref<?xindex>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc(%i) : memref<?xindex>
    memref.store %i, %a[%c0] : memref<?xindex>
    %v = memref.load %a[%c0] : memref<?xindex>
    memref.store %v, %y[%i] : memref<?xindex>
  } {condcomp.independent}
  return
}

// -----

// Only kernels are shared among the threads of a grid.
// CHECK-LABEL: func.func @host(
// CHECK-NEXT:    memref.copy
func.func @host(%x: memref<?xf32>, %y: memref<?xf32>) {
  memref.copy %x, %y : memref<?xf32> to memref<?xf32>
  return
}

// -----

// In a loop over blocks, tiles or elements are chosen by the tiles of all
// blocks, alike in each of them: 4 rows are one tile.
// CHECK-LABEL: func.func private @blocks(
// CHECK-SAME:    %[[THREADS:[a-z0-9]+]]: index, %{{[a-z0-9]+}}: memref<?xi8>, %{{.+}}, %[[BLOCKS:[a-z0-9]+]]: index)
// CHECK:         scf.forall (%{{.+}}) in (%[[BLOCKS]]) {
// CHECK:           %[[TILES:.+]] = arith.muli %[[BLOCKS]], %c16
// CHECK:           %[[TWICE:.+]] = arith.muli %[[TILES]], %c2
// CHECK:           %[[MANY:.+]] = arith.cmpi uge, %[[TWICE]], %[[THREADS]]
// CHECK:           scf.if %[[MANY]] {
func.func private @blocks(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %a: memref<?x8xf32>, %b: memref<8x64xf32>, %c: memref<?x64xf32>, %lengths: memref<?xindex>, %blocks: index) attributes {condcomp.kernel} {
  %c4 = arith.constant 4 : index
  scf.forall (%block) in (%blocks) {
    %length = memref.load %lengths[%block] : memref<?xindex>
    %rows = arith.minui %length, %c4 : index
    %begin = arith.muli %block, %c4 : index
    %x = memref.subview %a[%begin, 0] [%rows, 8] [1, 1] : memref<?x8xf32> to memref<?x8xf32, strided<[8, 1], offset: ?>>
    %y = memref.subview %c[%begin, 0] [%rows, 64] [1, 1] : memref<?x64xf32> to memref<?x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul ins(%x, %b : memref<?x8xf32, strided<[8, 1], offset: ?>>, memref<8x64xf32>) outs(%y : memref<?x64xf32, strided<[64, 1], offset: ?>>)
  }
  return
}

// -----

// CHECK-LABEL: func.func private @itself(
// CHECK-NEXT:    return
func.func private @itself(%x: memref<?xf32>) attributes {condcomp.kernel} {
  memref.copy %x, %x : memref<?xf32> to memref<?xf32>
  return
}
