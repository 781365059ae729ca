// RUN: cc-opt %s --condcomp-to-cpu | FileCheck %s
// RUN: cc-opt %s --condcomp-to-cpu="parallel=false vector-bits=256" | FileCheck %s --check-prefix=SERIAL
// RUN: cc-opt %s --condcomp-to-cpu="vector-bits=512" | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// A plain linalg module compiles as it is; nothing but LLVM is left.

// CHECK-NOT:     {{[^"](func\.func|memref\.|omp\.|linalg\.|builtin.unrealized)}}
// CHECK-LABEL: llvm.func internal @dense$impl(
// CHECK:         llvm.call @condcomp_parallel_for(
// SERIAL-LABEL: llvm.func internal @dense$impl(
// SERIAL-NOT:    condcomp_parallel_for
// LLVM:          call <16 x float> @llvm.fma.v16f32
func.func @dense(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>,
                 %bias: tensor<?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %w, %c1 : tensor<?x?xf32>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?xf32>)
      -> tensor<?x?xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                       affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%y, %bias : tensor<?x?xf32>, tensor<?xf32>)
      outs(%empty : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %s = arith.addf %a, %b : f32
    %t = math.tanh %s : f32
    linalg.yield %t : f32
  } -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}
