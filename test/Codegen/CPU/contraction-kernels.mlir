// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=512" | FileCheck %s
// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=256" | FileCheck %s --check-prefix=AVX2
// RUN: cc-opt %s --condcomp-to-cpu="vector-bits=512" | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// LLVM leaves the loops over terms as they are: unrolled further, the larger tiles
// would spill.
// LLVM: define internal void @condcomp_kernel_r_f32(
// LLVM: br label {{.*}}, !llvm.loop ![[LOOP:[0-9]+]]
// LLVM: ![[LOOP]] = distinct !{![[LOOP]], ![[DISABLE:[0-9]+]]}
// LLVM: ![[DISABLE]] = !{!"llvm.loop.unroll.disable"}

// CHECK: #[[DISABLED:.*]] = #llvm.loop_unroll<disable = true>
// CHECK: #[[ONCE:.*]] = #llvm.loop_annotation<unroll = #[[DISABLED]]>

// The slice of the right-hand side lies on the stack.

// CHECK-LABEL: func.func private @condcomp_panel_rcr_f32_f32_f32(
// CHECK:         memref.alloca() {{.*}} : memref<16384xf32>
// CHECK:         scf.for
// CHECK:           call @condcomp_pack_c_f32_f32
// CHECK:           call @condcomp_kernel_r_f32

// Register tiles of 1 to 8 rows by 2 vectors, of about one height; one fused
// multiply-add per element and term, as many terms per iteration as registers
// allow, the columns of the second vector masked.

// CHECK-LABEL: func.func private @condcomp_kernel_r_f32(
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>
// CHECK:         scf.if
// CHECK:         scf.index_switch
// CHECK:         case 1
// CHECK-COUNT-8:   math.fma {{.*}} : vector<16xf32>
// CHECK-NOT:       math.fma
// CHECK:           scf.yield
// CHECK:         case 8
// One term at a time, whose 10 vectors fit beside 16 sums in 32 registers; those
// of four terms, as in a tile of one row, would be spilled.
// CHECK:         scf.for {{.*}} step %{{.*}} iter_args
// CHECK-COUNT-16:  math.fma {{.*}} : vector<16xf32>
// CHECK-NOT:       math.fma
// CHECK:           scf.yield
// CHECK:         {loop_annotation = #[[ONCE]]}
// CHECK-NOT:     scf.for
// CHECK:         vector.store
// CHECK:         vector.maskedstore

// A transposed one is transposed in registers.

// CHECK-LABEL: func.func private @condcomp_pack_c_f32_f32(
// CHECK:         vector.load {{.*}} vector<16xf32>
// CHECK:         vector.shuffle

// Narrow vectors have a tile of 6 rows.
// AVX2-LABEL: func.func private @condcomp_kernel_r_f32(
// AVX2:          case 6
// AVX2-COUNT-12: math.fma {{.*}} : vector<8xf32>
// AVX2-NOT:      math.fma
// AVX2:          scf.yield
// AVX2-NOT:      case 7
func.func @f32(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                 affine_map<(m, n, k) -> (n, k)>,
                                 affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>)
      outs(%c : memref<?x?xf32>)
  return
}

// bf16 is summed in f32 and rounded once, after the last slice.
// CHECK-LABEL: func.func private @condcomp_panel_rrr_f32_bf16_bf16(
// CHECK:         memref.alloca() {{.*}} : memref<16384xf32>
// CHECK:         memref.alloca() {{.*}} : memref<32768xf32>
// CHECK:         scf.if
// CHECK:           call @condcomp_stream_f32_bf16
// CHECK:         else
// CHECK:           call @condcomp_pack_r_f32_bf16
// CHECK:           call @condcomp_kernel_r_f32
// CHECK:         arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>

// Up to six rows take it as it lies: per vector of columns, so many terms of
// each row, and one store.
// CHECK-LABEL: func.func private @condcomp_stream_f32_bf16(
// CHECK:         case 3
// CHECK:         scf.for {{.*}} step %c2
// CHECK:           memref.prefetch {{.*}} locality<2>
// CHECK-COUNT-2:   math.fma {{.*}} : vector<16xf32>
// CHECK:           vector.store
// CHECK-COUNT-2:   math.fma {{.*}} : vector<16xf32>
// CHECK:           vector.store
// CHECK-COUNT-2:   math.fma {{.*}} : vector<16xf32>
// CHECK:           vector.store

// A row-major right-hand side is read row by row, ahead of its use.
// CHECK-LABEL: func.func private @condcomp_pack_r_f32_bf16(
// CHECK:         memref.prefetch
// CHECK:         vector.load {{.*}} vector<16xbf16>
// CHECK:         arith.extf
func.func @bf16(%a: memref<?x?xbf16>, %b: memref<?x?xbf16>,
                %c: memref<?x?xbf16>) {
  linalg.matmul ins(%a, %b : memref<?x?xbf16>, memref<?x?xbf16>)
                outs(%c : memref<?x?xbf16>)
  return
}
