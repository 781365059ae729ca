// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=512" | FileCheck %s
// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=256 parallel=false" | FileCheck %s --check-prefix=SERIAL

// CHECK-LABEL: func.func @dynamic(
// CHECK-NOT:     linalg
// CHECK:         scf.parallel
// CHECK:           func.call @condcomp_panel_rrr_f32_f32_f32({{.*}}, %true{{.*}}) :
// SERIAL-LABEL: func.func @dynamic(
// SERIAL-NOT:    scf.parallel
// SERIAL:        scf.for
func.func @dynamic(%a: memref<?x?xf32>, %b: memref<?x?xf32>,
                   %c: memref<?x?xf32>) {
  linalg.matmul ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>)
                outs(%c : memref<?x?xf32>)
  return
}

// A preceding zero fill is no pass over memory.
// CHECK-LABEL: func.func @from_zero(
// CHECK-NOT:     linalg.fill
// CHECK:         call @condcomp_panel_rrr_f32_f32_f32({{.*}}, %false{{.*}}) :
func.func @from_zero(%a: memref<8x16xf32>, %b: memref<16x32xf32>,
                     %c: memref<8x32xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<8x32xf32>)
  linalg.matmul ins(%a, %b : memref<8x16xf32>, memref<16x32xf32>)
                outs(%c : memref<8x32xf32>)
  return
}

// -0.0 + x is not 0.0 + x, and another value is no start from zero either.
// CHECK-LABEL: func.func @from_negative_zero(
// CHECK:         linalg.fill
// CHECK:         call @condcomp_panel_rrr_f32_f32_f32({{.*}}, %true{{.*}}) :
func.func @from_negative_zero(%a: memref<8x16xf32>, %b: memref<16x32xf32>,
                              %c: memref<8x32xf32>) {
  %zero = arith.constant -0.0 : f32
  linalg.fill ins(%zero : f32) outs(%c : memref<8x32xf32>)
  linalg.matmul ins(%a, %b : memref<8x16xf32>, memref<16x32xf32>)
                outs(%c : memref<8x32xf32>)
  return
}

// The fill must stay when something in between may read the buffer.
// CHECK-LABEL: func.func @read_in_between(
// CHECK:         linalg.fill
// CHECK:         memref.load
// CHECK:         call @condcomp_panel_rrr_f32_f32_f32({{.*}}, %true{{.*}}) :
func.func @read_in_between(%a: memref<8x16xf32>, %b: memref<16x32xf32>,
                           %c: memref<8x32xf32>) -> f32 {
  %zero = arith.constant 0.0 : f32
  %i = arith.constant 0 : index
  linalg.fill ins(%zero : f32) outs(%c : memref<8x32xf32>)
  %x = memref.load %c[%i, %i] : memref<8x32xf32>
  linalg.matmul ins(%a, %b : memref<8x16xf32>, memref<16x32xf32>)
                outs(%c : memref<8x32xf32>)
  return %x : f32
}

// Small and static: no threads.
// CHECK-LABEL: func.func @transposed_rhs(
// CHECK-NOT:     scf.parallel
// CHECK:         call @condcomp_panel_rcr_f32_bf16_bf16(
func.func @transposed_rhs(%a: memref<8x16xbf16>, %b: memref<32x16xbf16>,
                          %c: memref<8x32xbf16>) {
  linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                 affine_map<(m, n, k) -> (n, k)>,
                                 affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : memref<8x16xbf16>, memref<32x16xbf16>)
      outs(%c : memref<8x32xbf16>)
  return
}

// [b, s, k] x [k, n]: batch and rows are one dim of b * s rows.
// CHECK-LABEL: func.func @folded_rows(
// CHECK:         %[[ROWS:.+]] = arith.constant 12544 : index
// CHECK:         scf.parallel
// CHECK:         reinterpret_cast {{.*}} strides: [%{{.*}}, 1]
func.func @folded_rows(%a: memref<256x49x64xf32>, %b: memref<64x64xf32>,
                       %c: memref<256x49x64xf32>) {
  linalg.generic {
      indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>,
                       affine_map<(b, m, n, k) -> (k, n)>,
                       affine_map<(b, m, n, k) -> (b, m, n)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<256x49x64xf32>, memref<64x64xf32>)
      outs(%c : memref<256x49x64xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %0 = arith.mulf %x, %y : f32
    %1 = arith.addf %z, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// A matrix times a vector is a row times the transposed matrix.
// CHECK-LABEL: func.func @matvec(
// CHECK:         call @condcomp_panel_rcr_f32_f32_f32(
func.func @matvec(%a: memref<?x?xf32>, %x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.matvec ins(%a, %x : memref<?x?xf32>, memref<?xf32>)
                outs(%y : memref<?xf32>)
  return
}

// Not a multiply-add: the activation would be applied to each term.
// CHECK-LABEL: func.func @not_a_contraction(
// CHECK:         linalg.generic
func.func @not_a_contraction(%a: memref<8x16xf32>, %b: memref<16x32xf32>,
                             %c: memref<8x32xf32>) {
  linalg.generic {
      indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                       affine_map<(m, n, k) -> (k, n)>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<8x16xf32>, memref<16x32xf32>)
      outs(%c : memref<8x32xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %e = math.exp %x : f32
    %0 = arith.mulf %e, %y : f32
    %1 = arith.addf %z, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// CHECK-LABEL: func.func @integers(
// CHECK:         linalg.matmul
func.func @integers(%a: memref<8x16xi32>, %b: memref<16x32xi32>,
                    %c: memref<8x32xi32>) {
  linalg.matmul ins(%a, %b : memref<8x16xi32>, memref<16x32xi32>)
                outs(%c : memref<8x32xi32>)
  return
}

// One function per kind, however many contractions use it.
// CHECK-COUNT-1: func.func private @condcomp_panel_rrr_f32_f32_f32(
// CHECK-NOT:     func.func private @condcomp_panel_rrr_f32_f32_f32(
