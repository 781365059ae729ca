// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=256" | FileCheck %s
// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=512" --remarks-filter="condcomp-lower-contractions" --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

#mk = affine_map<(m, n, k) -> (m, k)>
#mn = affine_map<(m, n, k) -> (m, n)>

// A packed right-hand side is read where it lies, and prefetched; columns need
// not fill the last panel.

// REMARK: the right-hand side is packed in panels of 16 columns, kernels take 32
// CHECK-LABEL: func.func @packed(
// CHECK-NOT:     linalg
// CHECK:         call @condcomp_panel_rpr_f32_f32_f32(
func.func @packed(%a: memref<?x64xf32>, %b: memref<3x64x16xf32>, %c: memref<?x37xf32>) {
  linalg.generic {indexing_maps = [#mk, affine_map<(m, n, k) -> (n floordiv 16, k, n mod 16)>, #mn],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x64xf32>, memref<3x64x16xf32>) outs(%c : memref<?x37xf32>) {
  ^bb0(%x: f32, %w: f32, %y: f32):
    %p = arith.mulf %x, %w : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// Pairs of bf16 are extended in registers.
// CHECK-LABEL: func.func @pairs(
// CHECK-NOT:     linalg.generic {{.*}}reduction
// CHECK:         call @condcomp_panel_rqr_f32_bf16_f32(
func.func @pairs(%a: memref<?x65xf32>, %b: memref<2x33x16x2xbf16>, %c: memref<?x32xf32>) {
  linalg.generic {indexing_maps = [#mk,
        affine_map<(m, n, k) -> (n floordiv 16, k floordiv 2, n mod 16, k mod 2)>, #mn],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x65xf32>, memref<2x33x16x2xbf16>) outs(%c : memref<?x32xf32>) {
  ^bb0(%x: f32, %w: bf16, %y: f32):
    %wide = arith.extf %w : bf16 to f32
    %p = arith.mulf %x, %wide : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// Panels that do not lie in one piece are not understood.
// CHECK-LABEL: func.func @strided(
// CHECK:         linalg.generic
func.func @strided(%a: memref<?x64xf32>, %b: memref<2x64x16xf32, strided<[2048, 32, 1]>>, %c: memref<?x32xf32>) {
  linalg.generic {indexing_maps = [#mk, affine_map<(m, n, k) -> (n floordiv 16, k, n mod 16)>, #mn],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x64xf32>, memref<2x64x16xf32, strided<[2048, 32, 1]>>) outs(%c : memref<?x32xf32>) {
  ^bb0(%x: f32, %w: f32, %y: f32):
    %p = arith.mulf %x, %w : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// One row takes four panels at a time; with many rows, what comes next is
// prefetched, and pairs are extended once.
// CHECK-DAG: func.func private @condcomp_kernel_r_f32_4panels(
// CHECK-DAG: func.func private @condcomp_kernel_r_f32_next_f32(
// CHECK-DAG: memref.prefetch
// CHECK-DAG: func.func private @condcomp_kernel_r_f32_bf16x2(
// CHECK-DAG: vector.bitcast %{{.*}} : vector<16xbf16> to vector<8xi32>
// CHECK-DAG: func.func private @condcomp_unpack_f32_bf16(
