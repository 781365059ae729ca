// RUN: cc-opt %s --condcomp-lower-convolutions="vector-bits=512" --canonicalize --cse | FileCheck %s
// RUN: cc-opt %s --condcomp-lower-convolutions="vector-bits=512 parallel=false" | FileCheck %s --check-prefix=SERIAL
// RUN: cc-opt %s --condcomp-lower-convolutions --condcomp-lower-contractions --condcomp-vectorize-loops --remarks-filter=condcomp --remark-format=emitRemark -o /dev/null 2>&1 | count 0

// SERIAL-NOT: scf.parallel

// Filters are rows, 54 x 54 pixels columns: what is gathered is the image, by
// tables of the 576 terms and of the 54 lines.
// CHECK-LABEL: func.func @nchw(
// CHECK-DAG:     %[[TERMS:.+]] = memref.alloc() {{.*}} : memref<64x3x3xindex>
// CHECK-DAG:     %[[LINES:.+]] = memref.alloc() {{.*}} : memref<54xindex>
// CHECK-NOT:     linalg.fill
// CHECK:         scf.parallel
// CHECK:           call @condcomp_panel_rgr_1_f32_f32_f32(
// CHECK-DAG:     memref.dealloc %[[TERMS]]
// CHECK-DAG:     memref.dealloc %[[LINES]]
// CHECK-NOT:     linalg.conv
func.func @nchw(%x: memref<?x64x56x56xf32>, %w: memref<64x64x3x3xf32>,
                %y: memref<?x64x54x54xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%y : memref<?x64x54x54xf32>)
  linalg.conv_2d_nchw_fchw
      ins(%x, %w : memref<?x64x56x56xf32>, memref<64x64x3x3xf32>)
      outs(%y : memref<?x64x54x54xf32>)
  return
}

// Pixels of all samples are rows. A line of the window is one run of terms.
// CHECK-LABEL: func.func @nhwc(
// CHECK-DAG:     memref.alloc(%{{.*}}) {{.*}} : memref<?x54x54xindex>
// CHECK-DAG:     memref.alloc() {{.*}} : memref<3xindex>
// CHECK:         call @condcomp_panel_grr_1_f32_f32_f32_f32({{.*}}, %c192, %c1, {{.*}}, %true)
func.func @nhwc(%x: memref<?x56x56x64xf32>, %w: memref<3x3x64x64xf32>,
                %y: memref<?x54x54x64xf32>) {
  linalg.conv_2d_nhwc_hwcf
      ins(%x, %w : memref<?x56x56x64xf32>, memref<3x3x64x64xf32>)
      outs(%y : memref<?x54x54x64xf32>)
  return
}

// A dilated window has a run per element.
// CHECK-LABEL: func.func @dilated(
// CHECK:         memref.alloc() {{.*}} : memref<3x3xindex>
// CHECK:         call @condcomp_panel_gcr_1_bf16_f32_bf16_bf16({{.*}}, %c64, %c1, {{.*}}, %true)
func.func @dilated(%x: memref<?x56x56x64xbf16>, %w: memref<64x3x3x64xbf16>,
                   %y: memref<?x52x52x64xbf16>) {
  linalg.conv_2d_nhwc_fhwc {dilations = dense<2> : tensor<2xi64>}
      ins(%x, %w : memref<?x56x56x64xbf16>, memref<64x3x3x64xbf16>)
      outs(%y : memref<?x52x52x64xbf16>)
  return
}

// Every other pixel, also of a window of one.
// CHECK-LABEL: func.func @strided(
// CHECK:         call @condcomp_panel_rgr_2_f32_f32_f32(
func.func @strided(%x: memref<?x64x56x56xf32>, %w: memref<128x64x1x1xf32>,
                   %y: memref<?x128x28x28xf32>) {
  linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
      ins(%x, %w : memref<?x64x56x56xf32>, memref<128x64x1x1xf32>)
      outs(%y : memref<?x128x28x28xf32>)
  return
}

// Terms are taken in the order of the filters, whatever that of the loops.
// CHECK-LABEL: func.func @generic(
// CHECK:         memref.alloc() {{.*}} : memref<3x3x64xindex>
// CHECK:         call @condcomp_panel_sgr_1_f32_f32_f32(
func.func @generic(%x: memref<?x64x56x56xf32>, %w: memref<3x3x64x64xf32>,
                   %y: memref<?x64x54x54xf32>) {
  linalg.generic {
      indexing_maps = [
        affine_map<(n, f, h, w, c, p, q) -> (n, c, h + p, w + q)>,
        affine_map<(n, f, h, w, c, p, q) -> (p, q, c, f)>,
        affine_map<(n, f, h, w, c, p, q) -> (n, f, h, w)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel",
                        "reduction", "reduction", "reduction"]}
      ins(%x, %w : memref<?x64x56x56xf32>, memref<3x3x64x64xf32>)
      outs(%y : memref<?x64x54x54xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %s, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// Groups are a batch.
// CHECK-LABEL: func.func @grouped(
// CHECK:         call @condcomp_panel_rgr_1_f32_f32_f32(
func.func @grouped(%x: memref<?x4x16x16x16xf32>, %w: memref<4x16x16x3x3xf32>,
                   %y: memref<?x4x16x14x14xf32>) {
  linalg.conv_2d_ngchw_gfchw
      ins(%x, %w : memref<?x4x16x16x16xf32>, memref<4x16x16x3x3xf32>)
      outs(%y : memref<?x4x16x14x14xf32>)
  return
}

// The terms of one operand do not lie together, and a rounded result is not
// stored in between.
// CHECK-LABEL: func.func @rounded(
// CHECK:         call @condcomp_panel_grr_1_bf16_f32_bf16_bf16(
func.func @rounded(%x: memref<?x12x8x64xbf16>, %w: memref<12x64x768xbf16>,
                   %y: memref<?x8x768xbf16>) {
  linalg.generic {
      indexing_maps = [affine_map<(n, t, j, h, c) -> (n, h, t, c)>,
                       affine_map<(n, t, j, h, c) -> (h, c, j)>,
                       affine_map<(n, t, j, h, c) -> (n, t, j)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction",
                        "reduction"]}
      ins(%x, %w : memref<?x12x8x64xbf16>, memref<12x64x768xbf16>)
      outs(%y : memref<?x8x768xbf16>) {
  ^bb0(%a: bf16, %b: bf16, %s: bf16):
    %0 = arith.mulf %a, %b : bf16
    %1 = arith.addf %s, %0 : bf16
    linalg.yield %1 : bf16
  }
  return
}

// No windows: left to condcomp-lower-contractions.
// CHECK-LABEL: func.func @one_by_one(
// CHECK:         linalg.conv_2d_nchw_fchw
func.func @one_by_one(%x: memref<?x64x56x56xf32>, %w: memref<64x64x1x1xf32>,
                      %y: memref<?x64x56x56xf32>) {
  linalg.conv_2d_nchw_fchw
      ins(%x, %w : memref<?x64x56x56xf32>, memref<64x64x1x1xf32>)
      outs(%y : memref<?x64x56x56xf32>)
  return
}

// A filter per channel: left to condcomp-vectorize-loops.
// CHECK-LABEL: func.func @depthwise(
// CHECK:         linalg.depthwise_conv_2d_nchw_chw
func.func @depthwise(%x: memref<?x64x56x56xf32>, %w: memref<64x3x3xf32>,
                     %y: memref<?x64x54x54xf32>) {
  linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : memref<?x64x56x56xf32>, memref<64x3x3xf32>)
      outs(%y : memref<?x64x54x54xf32>)
  return
}

// One function per kind.
// CHECK-COUNT-1: func.func private @condcomp_gather_1_f32_f32(
// CHECK-NOT:     func.func private @condcomp_gather_1_f32_f32(
