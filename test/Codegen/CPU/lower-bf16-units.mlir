// RUN: cc-opt %s --condcomp-lower-contractions="bf16-unit=amx-bf16" | FileCheck %s --check-prefixes=CHECK,AMX
// RUN: cc-opt %s --condcomp-lower-contractions="bf16-unit=avx512bf16" | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: cc-opt %s --condcomp-lower-contractions="bf16-unit=avx512bf16 prefetch-packed=false" | FileCheck %s --check-prefix=GUESSED
// RUN: cc-opt %s --condcomp-lower-contractions | FileCheck %s --check-prefix=NONE
// RUN: not cc-opt %s --condcomp-lower-contractions="bf16-unit=amx-bf16 vector-bits=256" 2>&1 | FileCheck %s --check-prefix=WIDTH
// RUN: cc-opt %s --condcomp-to-cpu="vector-bits=512 bf16-unit=amx-bf16" | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM
// RUN: cc-opt %s --condcomp-to-cpu="vector-bits=512" | FileCheck %s --check-prefix=VECTORS

// WIDTH: condcomp-lower-contractions: bf16-unit=amx-bf16 needs vector-bits=512, not 256

// Kernels have the feature of the unit to themselves and are not inlined.
// LLVM: define internal void @condcomp_kernel_amx_bf16({{.*}} #[[KERNEL:[0-9]+]] {
// LLVM: attributes #[[KERNEL]] = { noinline {{.*}}"target-features"="+amx-bf16"
// A width of vectors that is given says nothing of units.
// VECTORS-NOT: amx

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>

// Weights in their plain layout are packed in pairs of rows.
// CHECK-LABEL: func.func @plain(
// CHECK-NOT:     memref.alloc
// CHECK:         call @condcomp_panel_rrr_bf16_bf16_bf16(
// NONE-LABEL:  func.func @plain(
// NONE:          call @condcomp_panel_rrr_f32_bf16_bf16(
func.func @plain(%a: memref<?x64xbf16>, %b: memref<64x37xbf16>, %c: memref<?x37xbf16>) {
  linalg.matmul ins(%a, %b : memref<?x64xbf16>, memref<64x37xbf16>) outs(%c : memref<?x37xbf16>)
  return
}

// Packed ones are read where they lie.
// CHECK-LABEL: func.func @packed(
// CHECK:         call @condcomp_panel_rqr_bf16_bf16_f32(
func.func @packed(%a: memref<?x65xbf16>, %b: memref<2x33x32x2xbf16>, %c: memref<?x64xf32>) {
  linalg.generic {indexing_maps = [#mk,
        affine_map<(m, n, k) -> (n floordiv 32, k floordiv 2, n mod 32, k mod 2)>, #mn],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x65xbf16>, memref<2x33x32x2xbf16>) outs(%c : memref<?x64xf32>) {
  ^bb0(%x: bf16, %w: bf16, %y: f32):
    %u = arith.extf %x : bf16 to f32
    %v = arith.extf %w : bf16 to f32
    %p = arith.mulf %u, %v : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// Both sides have to be bf16.
// CHECK-LABEL: func.func @mixed(
// CHECK:         call @condcomp_panel_rrr_f32_bf16_f32(
func.func @mixed(%a: memref<?x64xf32>, %b: memref<64x37xbf16>, %c: memref<?x37xf32>) {
  linalg.generic {indexing_maps = [#mk, #kn, #mn],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x64xf32>, memref<64x37xbf16>) outs(%c : memref<?x37xf32>) {
  ^bb0(%x: f32, %w: bf16, %y: f32):
    %v = arith.extf %w : bf16 to f32
    %p = arith.mulf %x, %v : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// Terms that do not lie together would be summed in another order than those
// that do: they stay with f32.
// CHECK-LABEL: func.func @apart(
// CHECK:         call @condcomp_panel_srr_f32_bf16_f32(
func.func @apart(%a: memref<?x6x64xbf16>, %b: memref<64x6x37xbf16>, %c: memref<?x37xf32>) {
  linalg.generic {indexing_maps = [
        affine_map<(m, n, h, k) -> (m, h, k)>, affine_map<(m, n, h, k) -> (k, h, n)>,
        affine_map<(m, n, h, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%a, %b : memref<?x6x64xbf16>, memref<64x6x37xbf16>) outs(%c : memref<?x37xf32>) {
  ^bb0(%x: bf16, %w: bf16, %y: f32):
    %u = arith.extf %x : bf16 to f32
    %v = arith.extf %w : bf16 to f32
    %p = arith.mulf %u, %v : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// With AMX, four sums in tiles, of blocks of 16 rows by panels of 32 columns.
// AMX-LABEL: func.func private @condcomp_kernel_amx_bf16(
// AMX-COUNT-4: llvm.call_intrinsic "llvm.x86.tilezero.internal"
// AMX:         scf.for
// AMX-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// AMX-COUNT-4: llvm.call_intrinsic "llvm.x86.tilestored64.internal"
// AMX-LABEL: func.func private @condcomp_kernel_amx_bf16_block(
// AMX-COUNT-4:   llvm.call_intrinsic "llvm.x86.tdpbf16ps.internal"
// AMX:       func.func private @condcomp_pack_rows_r_bf16(
// AMX:       func.func private @condcomp_pack_pairs_r_bf16(

// Where the processor is left to guess, kernels ask for nothing and take 64 steps.
// GUESSED-LABEL: func.func private @condcomp_kernel_avx512bf16(
// GUESSED:         arith.constant 64 : index
// GUESSED-NOT:     memref.prefetch
// GUESSED:       func.func private

// DOT-LABEL: func.func private @condcomp_kernel_avx512bf16(
// DOT:         vector.broadcast %{{.*}} : vector<1xi32> to vector<16xi32>
// DOT:         llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// DOT-SAME:      (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
