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
