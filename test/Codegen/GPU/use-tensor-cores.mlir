// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-use-tensor-cores,canonicalize,cse))' --split-input-file | FileCheck %s
// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-use-tensor-cores{block-size=64}))' --split-input-file | FileCheck %s --check-prefix=WARPS
// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-use-tensor-cores{tf32=true},canonicalize,cse))' --split-input-file | FileCheck %s --check-prefix=TF32
// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-gpu-use-tensor-cores))' --split-input-file --remarks-filter=condcomp-gpu-use-tensor-cores 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// The threads of a warp are the innermost loop: each tile has all of them. What
// is aligned is loaded by 16 bytes of terms, and by four columns. Tiles of few rows
// have one block of rows, and load two slices before they multiply. Rows of the
// result are not aligned: there are no tiles of blocks.
// CHECK-LABEL: func.func private @contraction(
// CHECK-SAME:    %[[A:.+]]: memref<?x168xbf16>, %[[B:.+]]: memref<168x96xbf16>, %[[C:.+]]: memref<?x96xf32, strided<[98, 1]>>
// CHECK-DAG:     %[[M:.+]] = memref.dim %[[A]]
// CHECK-DAG:     %[[ALIGNED:.+]] = arith.andi
// CHECK:         %[[TILES:.+]] = arith.divui %{{.+}}, %c32
// CHECK:         scf.parallel (%[[I:.+]], %[[J:.+]], %[[LANE:.+]]) = (%c0, %c0, %c0) to (%[[TILES]], %c3, %c32)
// CHECK-DAG:       %[[MEMBER:.+]] = arith.remui %[[LANE]], %c4
// CHECK-DAG:       %[[GROUP:.+]] = arith.divui %[[LANE]], %c4
// CHECK:           scf.if %[[ALIGNED]] {
// CHECK:             %[[MANY:.+]] = arith.cmpi ugt, %{{.+}}, %c16
// CHECK:             scf.if %[[MANY]] {
// CHECK-NOT:           memref.load
// CHECK:               %[[SUMS:.+]]:8 = scf.for %{{.+}} = %c0 to %c160 step %c32 iter_args(%{{.+}} = %cst
// CHECK-COUNT-4:         vector.load %[[A]]{{.*}} {alignment = 16 : i64} : memref<?x168xbf16>, vector<8xbf16>
// CHECK-COUNT-8:         vector.load %[[B]]{{.*}} {alignment = 8 : i64} : memref<168x96xbf16>, vector<4xbf16>
// CHECK-COUNT-16:        nvgpu.mma.sync({{.*}}) {mmaShape = [16, 8, 16]} : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>

// The last slice: terms that there are not are zero on both sides.
// CHECK:               %[[INSIDE:.+]] = arith.cmpi ult, %{{.+}}, %c168
// CHECK:               %[[LEFT:.+]] = memref.load %[[A]]
// CHECK:               arith.select %[[INSIDE]], %[[LEFT]], %{{.+}} : bf16
// CHECK-COUNT-16:      nvgpu.mma.sync
// CHECK-COUNT-8:       arith.addf %{{.+}} : vector<2x2xf32>
// CHECK:               scf.if
// CHECK-NEXT:            memref.store %{{.+}}, %[[C]]
// CHECK:             } else {
// CHECK:               scf.for {{.*}} = %c0 to %c128 step %c64 {{.*}} -> (vector<2x2xf32>, vector<2x2xf32>, vector<2x2xf32>, vector<2x2xf32>) {
// CHECK-NOT:             nvgpu.mma.sync
// CHECK-COUNT-2:         vector.load %[[A]]
// CHECK-COUNT-8:         vector.load %[[B]]
// CHECK-COUNT-2:         vector.load %[[A]]
// CHECK-COUNT-8:         vector.load %[[B]]
// CHECK-COUNT-16:        nvgpu.mma.sync
// CHECK:               scf.for {{.*}} = %c128 to %c168 step %c32
// CHECK-COUNT-8:         nvgpu.mma.sync
// CHECK:           } else {
// CHECK-COUNT-32:      memref.load
// CHECK:               nvgpu.mma.sync
// CHECK-NOT:     linalg.
func.func private @contraction(%a: memref<?x168xbf16>, %b: memref<168x96xbf16>, %c: memref<?x96xf32, strided<[98, 1]>>) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x96xf32, strided<[98, 1]>>)
  linalg.matmul ins(%a, %b : memref<?x168xbf16>, memref<168x96xbf16>) outs(%c : memref<?x96xf32, strided<[98, 1]>>)
  return
}

// -----

// Batch loops stay loops; the result is rounded once, and is added to.
// CHECK-LABEL: func.func private @batch(
// CHECK:         scf.parallel (%[[B:.+]], %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}) = (%c0, %c0, %c0, %c0, %c0) to (%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %c32)
// CHECK:           %[[OLD:.+]] = memref.load %arg4[%[[B]],
// CHECK:           arith.extf %[[OLD]] : f16 to f32
// CHECK:           nvgpu.mma.sync{{.*}}vector<4x2xf16>
// CHECK:           arith.truncf {{.*}} : f32 to f16
// CHECK:           memref.store
func.func private @batch(%thread: index, %threads: index, %a: memref<?x?x?xf16>, %b: memref<?x?x?xf16>, %c: memref<?x?x?xf16>) attributes {condcomp.kernel} {
  linalg.batch_matmul ins(%a, %b : memref<?x?x?xf16>, memref<?x?x?xf16>) outs(%c : memref<?x?x?xf16>)
  return
}

// -----

// At most 16 rows: one block. Nothing lies together: nothing is loaded by fours.
// CHECK-LABEL: func.func private @strided(
// CHECK:         scf.parallel (%{{.+}}) = (%c0) to (%c32)
// CHECK-NOT:       vector.load
// CHECK-COUNT-8:   nvgpu.mma.sync
// CHECK-NOT:       nvgpu.mma.sync
// CHECK-LABEL: func.func private @f32(
// CHECK-NEXT:    linalg.matmul

// Four elements of f32 are 16 bytes.
// TF32-LABEL:  func.func private @f32(
// TF32:          vector.load %arg0{{.*}} {alignment = 16 : i64} : memref<?x16xf32>, vector<4xf32>
// TF32:          vector.load %arg1{{.*}} {alignment = 16 : i64} : memref<16x4xf32>, vector<4xf32>
// TF32-COUNT-16: nvgpu.mma.sync({{.*}}) {mmaShape = [16, 8, 8], tf32Enabled} : (vector<4x1xf32>, vector<2x1xf32>, vector<2x2xf32>) -> vector<2x2xf32>
func.func private @strided(%a: memref<7x16xbf16, strided<[40, 2]>>, %b: memref<16x32xbf16, strided<[?, ?]>>, %c: memref<7x32xbf16>) attributes {condcomp.kernel} {
  linalg.matmul ins(%a, %b : memref<7x16xbf16, strided<[40, 2]>>, memref<16x32xbf16, strided<[?, ?]>>) outs(%c : memref<7x32xbf16>)
  return
}
func.func private @f32(%a: memref<?x16xf32>, %b: memref<16x4xf32>, %c: memref<?x4xf32>) attributes {condcomp.kernel} {
  linalg.matmul ins(%a, %b : memref<?x16xf32>, memref<16x4xf32>) outs(%c : memref<?x4xf32>)
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

// -----

// Rows that may be many: a tile of the threads of a block, if it is worthwhile.
// Two stages are on their way while one is multiplied.
// WARPS-NOT:   nvgpu.device_async_copy
// CHECK-LABEL: func.func private @rows(
// CHECK-SAME:    %[[A:.+]]: memref<?x128xbf16>, %[[B:.+]]: memref<128x96xbf16>, %[[C:.+]]: memref<?x96xbf16>
// CHECK:         %[[MEMORY:.+]] = memref.alloca() {alignment = 128 : i64} : memref<49152xi8, 3>
// CHECK:         %[[M:.+]] = memref.dim %[[A]]
// CHECK:         %[[REST:.+]] = arith.remui %{{.+}}, %c16
// CHECK:         %[[ALIGNED:.+]] = arith.cmpi eq, %[[REST]], %c0
// CHECK:         %[[MANY:.+]] = arith.cmpi uge, %[[M]], %c64
// CHECK:         %[[WORTHWHILE:.+]] = arith.andi %[[ALIGNED]], %[[MANY]]
// CHECK:         scf.if %[[WORTHWHILE]] {
// CHECK:           %[[SHARED:.+]] = memref.view %[[MEMORY]][%c0][] : memref<49152xi8, 3> to memref<24576xbf16, 3>
// CHECK:           scf.parallel (%{{.+}}, %{{.+}}) = (%c0, %c0) to (%{{.+}}, %c256)
// CHECK:             gpu.barrier {condcomp.block_threads = 256 : index}
// CHECK-COUNT-4:     nvgpu.device_async_copy %{{.+}}[{{.+}}], %[[SHARED]][{{.+}}], 8, %{{.+}} {bypassL1}
// CHECK:             nvvm.cp.async.commit.group
// CHECK-COUNT-4:     nvgpu.device_async_copy
// CHECK:             nvvm.cp.async.commit.group
// CHECK:             scf.for %[[STAGE:.+]] = %c0 to %c4 step %c1
// CHECK-NEXT:          nvvm.cp.async.wait.group 1
// CHECK-NEXT:          gpu.barrier {condcomp.block_threads = 256 : index}
// CHECK-NEXT:          %[[NEXT:.+]] = arith.addi %[[STAGE]], %c2
// CHECK-NEXT:          %[[MORE:.+]] = arith.cmpi ult, %[[NEXT]], %c4
// CHECK-NEXT:          scf.if %[[MORE]] {
// CHECK-COUNT-4:         nvgpu.device_async_copy {{.*}} to memref<24576xbf16, 3>
// CHECK-NEXT:          }
// CHECK-NEXT:          nvvm.cp.async.commit.group
// CHECK:               scf.if %{{.+}} -> (vector<2x2xf32>
// CHECK-COUNT-4:         nvgpu.ldmatrix %[[SHARED]]{{.*}} {numTiles = 4 : i32, transpose = true}
// CHECK-COUNT-2:         vector.load %[[SHARED]]{{.*}} {alignment = 16 : i64} : memref<24576xbf16, 3>, vector<8xbf16>
// CHECK-COUNT-8:         nvgpu.mma.sync
// CHECK-COUNT-2:         vector.load
// CHECK-COUNT-8:         nvgpu.mma.sync
// CHECK-COUNT-2:         vector.load
// CHECK-COUNT-8:         nvgpu.mma.sync
// CHECK-COUNT-2:         vector.load
// CHECK-COUNT-8:         nvgpu.mma.sync
// CHECK-NOT:             nvgpu.mma.sync
// CHECK-COUNT-16:    arith.addf %{{.+}} : vector<2x2xf32>
// CHECK:             scf.if
// CHECK:               vector.store %{{.+}}, %[[C]]{{.*}} {alignment = 4 : i64} : memref<?x96xbf16>, vector<2xbf16>
// CHECK:         } else {
// CHECK:           scf.parallel {{.*}} to (%{{.+}}, %c3, %c32)
func.func private @rows(%a: memref<?x128xbf16>, %b: memref<128x96xbf16>, %c: memref<?x96xbf16>) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : bf16
  linalg.fill ins(%zero : bf16) outs(%c : memref<?x96xbf16>)
  linalg.matmul ins(%a, %b : memref<?x128xbf16>, memref<128x96xbf16>) outs(%c : memref<?x96xbf16>)
  return
}

// -----

// Two chunks of terms. Fewer tiles than every other warp: each warp has a chunk
// of a tile, stores its sums, and counts itself; the last one adds them up.
// CHECK-LABEL: func.func private @shared(
// CHECK-SAME:    %{{.+}}: index, %[[THREADS:.+]]: index, %[[A:.+]]: memref<?x1024xbf16>
// CHECK:         %[[COUNTERS:.+]] = memref.alloc(%[[THREADS]]) : memref<?xi32>
// CHECK:         scf.parallel (%[[T:.+]]) = (%c0) to (%[[THREADS]])
// CHECK:           memref.store %c0_i32, %[[COUNTERS]][%[[T]]]
// CHECK:         %[[TILES:.+]] = arith.divui %{{.+}}, %c32
// CHECK:         %[[PAIRS:.+]] = arith.muli %[[TILES]], %c64
// CHECK:         %[[SPLIT:.+]] = arith.cmpi ule, %[[PAIRS]], %[[THREADS]]
// CHECK:         %[[PARTS:.+]] = arith.select %[[SPLIT]], %c2, %c1
// CHECK:         %[[PLACES:.+]] = arith.select %[[SPLIT]], %[[TILES]], %c0
// CHECK:         %[[BUFFER:.+]] = memref.alloc(%[[PLACES]]) : memref<?x2x8x32x2x2xf32>
// CHECK:         scf.parallel (%[[TILE:.+]], %[[PART:.+]], %[[LANE:.+]]) = (%c0, %c0, %c0) to (%[[TILES]], %[[PARTS]], %c32)
// CHECK:           %[[NEXT:.+]] = arith.addi %[[PART]], %c1
// CHECK:           %[[END:.+]] = arith.select %[[SPLIT]], %[[NEXT]], %c2
// CHECK:           %[[SUMS:.+]]:8 = scf.for %[[CHUNK:.+]] = %[[PART]] to %[[END]] step %c1
// CHECK:             %[[BEGIN:.+]] = arith.muli %[[CHUNK]], %c512
// CHECK:             %[[STOP:.+]] = arith.addi %[[BEGIN]], %c512
// CHECK:             scf.for %{{.+}} = %[[BEGIN]] to %[[STOP]] step %c32 iter_args(%{{.+}} = %cst
// CHECK:           %[[OWN:.+]]:9 = scf.if %[[SPLIT]]
// CHECK:             vector.store %{{.+}}, %[[BUFFER]][%[[TILE]], %[[PART]], %c0, %[[LANE]], %c0, %c0] {alignment = 16 : i64}
// CHECK:             vector.store %{{.+}}, %[[BUFFER]][%[[TILE]], %[[PART]], %c0, %[[LANE]], %c1, %c0] {alignment = 8 : i64}
// CHECK-COUNT-14:    vector.store %{{.+}}, %[[BUFFER]][%[[TILE]], %[[PART]], %{{.+}}, %[[LANE]],
// CHECK:             llvm.fence syncscope("device") acq_rel
// CHECK:             %[[BEFORE:.+]] = memref.atomic_rmw addi %c1_i32, %[[COUNTERS]]
// CHECK:             %[[LAST:.+]] = arith.cmpi eq, %[[BEFORE]], %c1_i32
// CHECK:             scf.if %[[LAST]]
// CHECK:               llvm.fence syncscope("device") acq_rel
// CHECK:               memref.store %c0_i32, %[[COUNTERS]]
// CHECK:               scf.for %[[OTHER:.+]] = %c0 to %c2 step %c1
// CHECK-COUNT-16:        vector.load %[[BUFFER]][%[[TILE]], %[[OTHER]], %{{.+}}, %[[LANE]],
// CHECK:             } else {
// CHECK-NEXT:          scf.yield %[[SUMS]]#0
// CHECK:             scf.yield %{{.+}}, %[[LAST]]
// CHECK:           } else {
// CHECK:             scf.yield %[[SUMS]]#0, {{.*}}, %true
// CHECK:           scf.if %[[OWN]]#8
func.func private @shared(%thread: index, %threads: index, %a: memref<?x1024xbf16>, %b: memref<1024x32xbf16>, %c: memref<?x32xf32>) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<?x32xf32>)
  linalg.matmul ins(%a, %b : memref<?x1024xbf16>, memref<1024x32xbf16>) outs(%c : memref<?x32xf32>)
  return
}

// -----

// Never: an odd number of columns, rows that are not aligned, few terms, few
// rows, terms apart.
// CHECK-LABEL: func.func private @unfit(
// CHECK-NOT:     nvgpu.device_async_copy
func.func private @unfit(%a: memref<?x128xbf16>, %b: memref<128x97xbf16, strided<[104, 1]>>, %c: memref<?x97xbf16, strided<[104, 1]>>, %k: memref<128x100xbf16>, %l: memref<?x100xbf16>, %d: memref<?x48xbf16>, %e: memref<48x128xbf16>, %f: memref<63x128xbf16>, %g: memref<?x128xbf16>, %h: memref<128x128xbf16, strided<[256, 2]>>) attributes {condcomp.kernel} {
  linalg.matmul ins(%a, %b : memref<?x128xbf16>, memref<128x97xbf16, strided<[104, 1]>>) outs(%c : memref<?x97xbf16, strided<[104, 1]>>)
  linalg.matmul ins(%a, %k : memref<?x128xbf16>, memref<128x100xbf16>) outs(%l : memref<?x100xbf16>)
  linalg.matmul ins(%d, %e : memref<?x48xbf16>, memref<48x128xbf16>) outs(%g : memref<?x128xbf16>)
  linalg.matmul ins(%f, %h : memref<63x128xbf16>, memref<128x128xbf16, strided<[256, 2]>>) outs(%f : memref<63x128xbf16>)
  linalg.matmul ins(%a, %h : memref<?x128xbf16>, memref<128x128xbf16, strided<[256, 2]>>) outs(%g : memref<?x128xbf16>)
  return
}

// -----

// Tiles of all blocks are counted ahead of the loop over blocks, as many as a
// block can have.
// CHECK-LABEL: func.func private @blocks(
// CHECK-SAME:    %[[COUNT:[^:]+]]: index) attributes
// CHECK:         %[[PAIRS:.+]] = arith.muli %[[COUNT]], %c64
// CHECK:         arith.cmpi ule, %[[PAIRS]], %{{.+}}
// CHECK:         %[[BUFFER:.+]] = memref.alloc(%{{.+}}, %{{.+}}) : memref<?x?x8x32x2x2xf32>
// CHECK:         scf.forall (%[[BLOCK:.+]]) in (%[[COUNT]])
// CHECK:           %[[TILE:.+]] = arith.addi %[[BLOCK]],
// CHECK:           vector.store %{{.+}}, %[[BUFFER]][%[[TILE]],
func.func private @blocks(%thread: index, %threads: index, %begins: memref<?xindex>, %sizes: memref<?xindex>, %a: memref<?x?xbf16>, %b: memref<?x32xbf16>, %c: memref<?x32xf32>, %count: index) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %k = memref.dim %a, %c1 : memref<?x?xbf16>
  scf.forall (%block) in (%count) {
    %begin = memref.load %begins[%block] : memref<?xindex>
    %size = memref.load %sizes[%block] : memref<?xindex>
    %rows = arith.minui %size, %c32 : index
    %x = memref.subview %a[%begin, 0] [%rows, %k] [1, 1] : memref<?x?xbf16> to memref<?x?xbf16, strided<[?, 1], offset: ?>>
    %y = memref.subview %c[%begin, 0] [%rows, 32] [1, 1] : memref<?x32xf32> to memref<?x32xf32, strided<[32, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%y : memref<?x32xf32, strided<[32, 1], offset: ?>>)
    linalg.matmul ins(%x, %b : memref<?x?xbf16, strided<[?, 1], offset: ?>>, memref<?x32xbf16>) outs(%y : memref<?x32xf32, strided<[32, 1], offset: ?>>)
  }
  return
}

// -----

// A block's own number of terms is not known ahead of it.
// CHECK-LABEL: func.func private @unknown(
// CHECK-NOT:     memref.atomic_rmw
// REMARK: warps share no terms of a contraction: its sizes depend on the block of rows
func.func private @unknown(%thread: index, %threads: index, %lengths: memref<?xindex>, %a: memref<?x?xbf16>, %b: memref<?x32xbf16>, %c: memref<?x32xf32>, %count: index) attributes {condcomp.kernel} {
  %zero = arith.constant 0.0 : f32
  scf.forall (%block) in (%count) {
    %k = memref.load %lengths[%block] : memref<?xindex>
    %x = memref.subview %a[0, 0] [1, %k] [1, 1] : memref<?x?xbf16> to memref<1x?xbf16, strided<[?, 1]>>
    %w = memref.subview %b[0, 0] [%k, 32] [1, 1] : memref<?x32xbf16> to memref<?x32xbf16, strided<[32, 1]>>
    %y = memref.subview %c[%block, 0] [1, 32] [1, 1] : memref<?x32xf32> to memref<1x32xf32, strided<[32, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%y : memref<1x32xf32, strided<[32, 1], offset: ?>>)
    linalg.matmul ins(%x, %w : memref<1x?xbf16, strided<[?, 1]>>, memref<?x32xbf16, strided<[32, 1]>>) outs(%y : memref<1x32xf32, strided<[32, 1], offset: ?>>)
  }
  return
}
