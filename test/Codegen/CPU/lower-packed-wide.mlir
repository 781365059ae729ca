// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=512" | FileCheck %s
// RUN: cc-opt %s --condcomp-lower-contractions="vector-bits=512 prefetch-packed=false" | FileCheck %s --check-prefix=GUESSED

// Where the processor is left to guess, any number of rows take 2048 terms at a time.
// GUESSED-NOT:     memref.prefetch
// GUESSED-LABEL: func.func private @condcomp_panel_rpr_f32_f32_f32(
// GUESSED-NOT:     scf.if
// GUESSED:         scf.for
// GUESSED:           arith.constant 2048 : index
// GUESSED:           call @condcomp_kernel_r_f32(
// GUESSED-NOT:     call
// GUESSED:         return
// GUESSED-NOT:     memref.prefetch

// With vectors of 512 bits, up to forty rows read one panel after another from end to
// end, 64 terms at a time, and ask for what lies 8 KiB behind each term: 64 rows of a
// panel of 32 columns.
// CHECK-LABEL: func.func @packed(
// CHECK-NOT:     linalg
// CHECK:         call @condcomp_panel_rpr_f32_f32_f32(
func.func @packed(%a: memref<?x2048xf32>, %b: memref<3x2048x32xf32>, %c: memref<?x70xf32>) {
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
        affine_map<(m, n, k) -> (n floordiv 32, k, n mod 32)>,
        affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %b : memref<?x2048xf32>, memref<3x2048x32xf32>) outs(%c : memref<?x70xf32>) {
  ^bb0(%x: f32, %w: f32, %y: f32):
    %p = arith.mulf %x, %w : f32
    %s = arith.addf %y, %p : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK-LABEL: func.func private @condcomp_panel_rpr_f32_f32_f32(
// CHECK-DAG:     %[[STEP:.*]] = arith.constant 64 : index
// CHECK-DAG:     %[[FORTY:.*]] = arith.constant 40 : index
// CHECK-DAG:     arith.cmpi ule, %{{.*}}, %[[FORTY]]
// CHECK:         call @condcomp_kernel_r_f32_ahead(
// CHECK:         call @condcomp_kernel_r_f32_next_f32(
// CHECK-NOT:     streams

// CHECK-LABEL: func.func private @condcomp_kernel_r_f32_ahead(
// Of 8 KiB later, each tile of rows asks for its share.
// CHECK:         %[[TILES:.*]] = arith.maxui
// CHECK:         scf.for %[[TILE:.*]] =
// CHECK:           %[[LINES:.*]] = arith.constant 2 : index
// CHECK-NEXT:      %[[ALL:.*]] = arith.muli %{{.*}}, %[[LINES]] : index
// CHECK-NEXT:      %[[BEFORE:.*]] = arith.muli %[[TILE]], %[[ALL]] : index
// CHECK-NEXT:      %[[FIRST:.*]] = arith.divui %[[BEFORE]], %[[TILES]] : index
// CHECK:           %[[SHARE:.*]] = arith.divui %{{.*}}, %[[TILES]] : index
// CHECK:           scf.for %[[K:.*]] =
// CHECK:             %[[PART:.*]] = arith.muli %{{.*}}, %[[SHARE]] : index
// CHECK:             %[[LINE:.*]] = arith.addi %[[FIRST]], %{{.*}} : index
// CHECK:             %[[AHEAD:.*]] = arith.constant 2048 : index
// CHECK:             %[[LATER:.*]] = arith.addi %{{.*}}, %[[AHEAD]] : index
// CHECK:             memref.prefetch %{{.*}}[%{{.*}}, %[[LATER]]], read, locality<3>, data
// CHECK:             memref.prefetch %{{.*}}, read, locality<3>, data
// CHECK:             math.fma
