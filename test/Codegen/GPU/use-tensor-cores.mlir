// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-use-tensor-cores,canonicalize,cse))' --split-input-file | FileCheck %s
// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-use-tensor-cores))' --split-input-file --remarks-filter=condcomp-gpu-use-tensor-cores 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// The threads of a warp are the innermost loop: each tile has all of them. What
// is aligned is loaded by fours. Tiles of few rows have one block of rows.
// CHECK-LABEL: func.func private @contraction(
// CHECK-SAME:    %[[A:.+]]: memref<?x40xbf16>, %[[B:.+]]: memref<40x96xbf16>, %[[C:.+]]: memref<?x96xf32>
// CHECK:         %[[M:.+]] = memref.dim %[[A]]
// CHECK:         %[[ALIGNED:.+]] = arith.andi
// CHECK:         %[[TILES:.+]] = arith.divui %{{.+}}, %c32
// CHECK:         scf.parallel (%[[I:.+]], %[[J:.+]], %[[LANE:.+]]) = (%c0, %c0, %c0) to (%[[TILES]], %c3, %c32)
// CHECK-DAG:       %[[MEMBER:.+]] = arith.remui %[[LANE]], %c4
// CHECK-DAG:       %[[GROUP:.+]] = arith.divui %[[LANE]], %c4
// CHECK:           scf.if %[[ALIGNED]] {
// CHECK:             %[[MANY:.+]] = arith.cmpi ugt, %{{.+}}, %c16
// CHECK:             scf.if %[[MANY]] {
// CHECK-NOT:           memref.load
// CHECK:               %[[SUMS:.+]]:8 = scf.for %{{.+}} = %c0 to %c32 step %c16 iter_args(%{{.+}} = %cst
// CHECK-COUNT-4:         vector.load %[[A]]{{.*}} {alignment = 8 : i64} : memref<?x40xbf16>, vector<4xbf16>
// CHECK-COUNT-4:         vector.load %[[B]]{{.*}} {alignment = 8 : i64} : memref<40x96xbf16>, vector<4xbf16>
// CHECK-COUNT-8:         nvgpu.mma.sync({{.*}}) {mmaShape = [16, 8, 16]} : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>

// The last step: terms that there are not are zero on both sides.
// CHECK:               %[[INSIDE:.+]] = arith.cmpi ult, %{{.+}}, %c40
// CHECK:               %[[LEFT:.+]] = memref.load %[[A]]
// CHECK:               arith.select %[[INSIDE]], %[[LEFT]], %{{.+}} : bf16
// CHECK-COUNT-8:       nvgpu.mma.sync
// CHECK:               scf.if
// CHECK-NEXT:            memref.store %{{.+}}, %[[C]]
// CHECK:             } else {
// CHECK:               scf.for {{.*}} -> (vector<2x2xf32>, vector<2x2xf32>, vector<2x2xf32>, vector<2x2xf32>) {
// CHECK-COUNT-4:         nvgpu.mma.sync
// CHECK:           } else {
// CHECK-COUNT-32:      memref.load
// CHECK:               nvgpu.mma.sync
// CHECK-NOT:     linalg.
func.func private @contraction(%a: memref<?x40xbf16>, %b: memref<40x96xbf16>, %c: memref<?x96xf32>) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x96xf32>)
  linalg.matmul ins(%a, %b : memref<?x40xbf16>, memref<40x96xbf16>) outs(%c : memref<?x96xf32>)
  return
}

// -----

// Batch loops stay loops; the result is rounded once, and is added to.
// CHECK-LABEL: func.func private @batch(
// CHECK:         scf.parallel (%[[B:.+]], %{{.+}}, %{{.+}}, %{{.+}}) = (%c0, %c0, %c0, %c0) to (%{{.+}}, %{{.+}}, %{{.+}}, %c32)
// CHECK:           %[[OLD:.+]] = memref.load %arg2[%[[B]],
// CHECK:           arith.extf %[[OLD]] : f16 to f32
// CHECK:           nvgpu.mma.sync{{.*}}vector<4x2xf16>
// CHECK:           arith.truncf {{.*}} : f32 to f16
// CHECK:           memref.store
func.func private @batch(%a: memref<?x?x?xf16>, %b: memref<?x?x?xf16>, %c: memref<?x?x?xf16>) attributes {condcomp.kernel} {
  linalg.batch_matmul ins(%a, %b : memref<?x?x?xf16>, memref<?x?x?xf16>) outs(%c : memref<?x?x?xf16>)
  return
}

// -----

// At most 16 rows: one block. Nothing lies together: nothing is loaded by fours.
// CHECK-LABEL: func.func private @strided(
// CHECK:         scf.parallel (%{{.+}}) = (%c0) to (%c32)
// CHECK-NOT:       vector.load
// CHECK-COUNT-4:   nvgpu.mma.sync
// CHECK-NOT:       nvgpu.mma.sync
// CHECK-LABEL: func.func private @f32(
// CHECK-NEXT:    linalg.matmul
func.func private @strided(%a: memref<7x16xbf16, strided<[40, 2]>>, %b: memref<16x32xbf16, strided<[?, ?]>>, %c: memref<7x32xbf16>) attributes {condcomp.kernel} {
  linalg.matmul ins(%a, %b : memref<7x16xbf16, strided<[40, 2]>>, memref<16x32xbf16, strided<[?, ?]>>) outs(%c : memref<7x32xbf16>)
  return
}
func.func private @f32(%a: memref<?x8xf32>, %b: memref<8x4xf32>, %c: memref<?x4xf32>) attributes {condcomp.kernel} {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x4xf32>) outs(%c : memref<?x4xf32>)
  return
}

// -----

// One thread is no warp.
// CHECK-LABEL: func.func private @independent(
// CHECK:         linalg.matmul
// REMARK: a contraction uses no tensor cores: one thread runs it
func.func private @independent(%a: memref<?x8xbf16>, %b: memref<8x4xbf16>, %c: memref<?x4xbf16>, %n: index) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    linalg.matmul ins(%a, %b : memref<?x8xbf16>, memref<8x4xbf16>) outs(%c : memref<?x4xbf16>)
  } {condcomp.independent}
  return
}
