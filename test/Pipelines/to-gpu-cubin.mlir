// REQUIRES: ptxas
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_80 format=cubin' | FileCheck %s
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_90a format=fatbin' | FileCheck %s --check-prefix=FATBIN

// ptxas takes the kernel.
// CHECK: gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_80">{{.*}}, bin = "\7FELF
// FATBIN: gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_90a">
func.func @cascade(%x: tensor<?x4xf32>, %theta: f32) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %left = condcomp.cascade rows(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %top = condcomp.confidence max_prob %h : tensor<?x4xf32> -> tensor<?xf32>
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x4xf32>
    %e = tensor.empty(%n) : tensor<?xi1>
    %done = linalg.generic {
        indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
        iterator_types = ["parallel"]}
        ins(%top : tensor<?xf32>) outs(%e : tensor<?xi1>) {
    ^bb0(%p: f32, %o: i1):
      %sure = arith.cmpf oge, %p, %theta : f32
      linalg.yield %sure : i1
    } -> tensor<?xi1>
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x4xf32>) carry(%h : tensor<?x4xf32>)
  }, {
  ^bb0(%h: tensor<?x4xf32>):
    %d = arith.addf %h, %h : tensor<?x4xf32>
    condcomp.yield %d : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %left : tensor<?x4xf32>, tensor<?xi32>
}
