// RUN: cc-opt %s --condcomp-to-cuda='chip=sm_80 ptx' | FileCheck %s --check-prefixes=CHECK,PTX
// RUN: %if ptxas %{ cc-opt %s --condcomp-to-cuda='chip=sm_90a' | FileCheck %s --check-prefixes=CHECK,CUBIN %}
// RUN: cc-opt %s --condcomp-to-gpu-threads | FileCheck %s --check-prefix=THREADS

// A program with the C ABI of those for CPUs, and the kernels as data.
// CHECK-DAG:   llvm.mlir.global internal constant @scale$kernel$name("scale$kernel\00")
// CHECK-DAG:   llvm.mlir.global internal constant @scale$kernel$kinds("14f4\00")
// PTX-DAG:     llvm.mlir.global internal constant @condcomp_cuda_chip("sm_80\00")
// PTX-DAG:     llvm.mlir.global internal constant @condcomp_cuda_format("ptx\00")
// CHECK-DAG:   llvm.mlir.global internal constant @condcomp_cuda_image_id("{{[0-9a-f]+}}\00")
// PTX-DAG:     llvm.mlir.global internal constant @condcomp_cuda_image("{{.*}}.target sm_80{{.*}}.visible .entry scale$kernel({{.*}}\00")
// CUBIN-DAG:   llvm.mlir.global internal constant @condcomp_cuda_chip("sm_90a\00")
// CUBIN-DAG:   llvm.mlir.global internal constant @condcomp_cuda_format("cubin\00")
// CUBIN-DAG:   llvm.mlir.global internal constant @condcomp_cuda_image("\7FELF
// CHECK-LABEL: llvm.func internal @scale$impl(
// CHECK:         llvm.call @condcomp_cuda_launch(
// CHECK:         llvm.call @condcomp_cuda_take(
// CHECK:         llvm.call @condcomp_cuda_release(
// CHECK-LABEL: llvm.func @scale(
// CHECK-SAME:    %{{.+}}: !llvm.ptr, %{{.+}}: !llvm.ptr, %{{.+}}: f32, %{{.+}}: !llvm.ptr) -> i32

// THREADS:     llvm.func internal @scale$kernel$body(
// THREADS:     llvm.func @scale$kernel(%{{.+}}: !llvm.ptr, %{{.+}}: i64, %{{.+}}: i64)
// THREADS-NOT: llvm.func @scale(
func.func @scale(%x: tensor<?xf32>, %f: f32) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%v: f32, %o: f32):
    %w = arith.mulf %v, %f : f32
    linalg.yield %w : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}
