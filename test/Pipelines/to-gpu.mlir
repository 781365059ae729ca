// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_90a format=ptx' | FileCheck %s --check-prefix=PTX
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_80 format=llvm form=masked' | FileCheck %s --check-prefix=LLVM
// RUN: cc-opt %s --condcomp-to-gpu='chip=gfx942 format=ptx' | FileCheck %s --check-prefix=AMD

// The function that calls the kernel checks what it reports.
// PTX:       gpu.binary @kernels [#gpu.object<#nvvm.target<chip = "sm_90a">
// PTX-SAME:    {{\.target sm_90a.*fence\.acq_rel\.gpu.*\.visible \.entry layer\$kernel.*\.maxntid 256.*fma\.rn\.f32}}
// PTX-LABEL: func.func @layer(
// PTX:         gpu.launch_func @kernels::@layer$kernel blocks in ({{.*}}) threads in ({{.*}}) args(
// PTX:         condcomp.check

// A barrier: one thread of each block counts, and waits for the others.
// LLVM:      llvm.func @condcomp_grid_barrier(
// LLVM:        nvvm.barrier
// LLVM:        llvm.atomicrmw add
// LLVM:        llvm.atomicrmw add
// LLVM:        nvvm.barrier
// LLVM:      llvm.func @layer$kernel(
// LLVM-SAME:   nvvm.kernel
// LLVM:        llvm.call @condcomp_grid_barrier

// AMD:       gpu.binary @kernels [#gpu.object<#rocdl.target<chip = "gfx942">
// AMD-SAME:    {{buffer_wbl2 sc1.*layer\$kernel.*v_fma}}

// Each row goes to the two modules with the best scores, whose results are added.
func.func @layer(%x: tensor<?x8xf32>, %scores: tensor<?x4xf32>, %w: tensor<4x8x8xf32>, %k: index) -> tensor<?x8xf32> {
  %r = condcomp.top_k %scores, %k : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly ?>
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly ?>
      rows(%x : tensor<?x8xf32>) params(%w : tensor<4x8x8xf32>)
      outs(%x : tensor<?x8xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x8xf32>, %we: tensor<8x8xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %h = linalg.matmul ins(%xe, %we : tensor<?x8xf32>, tensor<8x8xf32>)
      outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
