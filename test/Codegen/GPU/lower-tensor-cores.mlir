// RUN: cc-opt %s --condcomp-gpu-lower-tensor-cores | FileCheck %s
// RUN: cc-opt %s --condcomp-gpu-lower-tensor-cores=emulate | FileCheck %s --check-prefix=EMULATE

// Two numbers are a register of the intrinsic, which knows bf16 as integers.
// CHECK-LABEL: func.func @bf16(
// CHECK-SAME:    %[[A:.+]]: vector<4x2xbf16>, %[[B:.+]]: vector<2x2xbf16>, %[[C:.+]]: vector<2x2xf32>
// CHECK:         %[[PAIR:.+]] = vector.extract %[[A]][0] : vector<2xbf16> from vector<4x2xbf16>
// CHECK:         %[[WORDS:.+]] = vector.bitcast %[[PAIR]] : vector<2xbf16> to vector<1xi32>
// CHECK:         vector.extract %[[WORDS]][0]
// CHECK:         vector.extract %[[C]][1, 1]
// CHECK:         %[[D:.+]] = llvm.call @llvm.nvvm.mma.m16n8k16.row.col.bf16({{.*}}) {convergent} : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
// CHECK-COUNT-4: llvm.extractvalue %[[D]]
// CHECK:         vector.from_elements {{.*}} : vector<2x2xf32>

// EMULATE-LABEL: func.func @bf16(
// EMULATE:         %[[COUNT:.+]] = llvm.mlir.constant(10 : i64)
// EMULATE:         %[[REGISTERS:.+]] = llvm.alloca %[[COUNT]] x i32
// EMULATE-COUNT-6: llvm.store {{.*}} : i32
// EMULATE-COUNT-4: llvm.store {{.*}} : f32
// EMULATE:         llvm.call @condcomp_emulate_mma_bf16(%[[REGISTERS]])
// EMULATE-COUNT-4: llvm.load {{.*}} -> f32
func.func @bf16(%a: vector<4x2xbf16>, %b: vector<2x2xbf16>, %c: vector<2x2xf32>) -> vector<2x2xf32> {
  %d = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 16]}
      : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>
  return %d : vector<2x2xf32>
}

// CHECK-LABEL: func.func @f16(
// CHECK-NOT:     vector.bitcast
// CHECK:         llvm.call @llvm.nvvm.mma.m16n8k16.row.col.f32.f32({{.*}}) {convergent} : (vector<2xf16>, {{.*}}, f32) ->
// EMULATE:       llvm.call @condcomp_emulate_mma_f16(
func.func @f16(%a: vector<4x2xf16>, %b: vector<2x2xf16>, %c: vector<2x2xf32>) -> vector<2x2xf32> {
  %d = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 16]}
      : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
  return %d : vector<2x2xf32>
}

// What a block shares is the run-time library's when emulated, else upstream's to
// convert.
// CHECK-LABEL: func.func @shared(
// CHECK:         nvgpu.device_async_copy
// EMULATE-LABEL: func.func @shared(
// EMULATE-SAME:    %[[X:.+]]: memref<?xbf16>, %[[I:.+]]: index, %[[N:.+]]: index
// EMULATE:         %[[MEMORY:.+]] = llvm.call @condcomp_emulate_shared_memory() : () -> !llvm.ptr
// EMULATE:         llvm.addrspacecast %[[MEMORY]] : !llvm.ptr to !llvm.ptr<3>
// EMULATE:         %[[ALL:.+]] = llvm.mlir.constant(16 : i64)
// EMULATE:         %[[SOME:.+]] = llvm.mul
// EMULATE:         llvm.call @condcomp_emulate_copy(%{{.+}}, %{{.+}}, %[[ALL]], %[[SOME]]) : (!llvm.ptr, !llvm.ptr, i64, i64) -> ()
// EMULATE:         llvm.call @condcomp_emulate_commit_copies()
// EMULATE:         %[[BUT:.+]] = llvm.mlir.constant(1 : i64)
// EMULATE:         llvm.call @condcomp_emulate_wait_for_copies(%[[BUT]])
// EMULATE:         llvm.call @condcomp_emulate_block_barrier()
// EMULATE:         llvm.call @condcomp_emulate_ldmatrix_x4_trans(%{{.+}}, %[[WORDS:.+]]) : (!llvm.ptr, !llvm.ptr) -> ()
// EMULATE-COUNT-4: llvm.load %{{.+}} : !llvm.ptr -> vector<2xbf16>
// EMULATE-NOT:     memref.alloca
func.func @shared(%x: memref<?xbf16>, %i: index, %n: index) -> vector<4x2xbf16> {
  %c0 = arith.constant 0 : index
  %m = memref.alloca() {alignment = 16 : i64} : memref<64xi8, 3>
  %v = memref.view %m[%c0][] : memref<64xi8, 3> to memref<32xbf16, 3>
  %t = nvgpu.device_async_copy %x[%i], %v[%i], 8, %n {bypassL1} : memref<?xbf16> to memref<32xbf16, 3>
  nvvm.cp.async.commit.group
  nvvm.cp.async.wait.group 1
  gpu.barrier
  %y = nvgpu.ldmatrix %v[%i] {numTiles = 4 : i32, transpose = true} : memref<32xbf16, 3> -> vector<4x2xbf16>
  return %y : vector<4x2xbf16>
}

// f32 is rounded to TF32: of every register, one number.
// CHECK-LABEL: func.func @tf32(
// CHECK-COUNT-6: llvm.call @llvm.nvvm.f2tf32.rna({{.*}}) : (f32) -> i32
// CHECK:         llvm.call @llvm.nvvm.mma.m16n8k8.row.col.tf32({{.*}}) {convergent} : (i32, i32, i32, i32, i32, i32, f32, f32, f32, f32) ->
// EMULATE:       llvm.call @condcomp_emulate_mma_tf32(
func.func @tf32(%a: vector<4x1xf32>, %b: vector<2x1xf32>, %c: vector<2x2xf32>) -> vector<2x2xf32> {
  %d = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 8], tf32Enabled}
      : (vector<4x1xf32>, vector<2x1xf32>, vector<2x2xf32>) -> vector<2x2xf32>
  return %d : vector<2x2xf32>
}
