// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_80 format=ptx' | FileCheck %s --check-prefix=PTX
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_90a format=ptx form=masked' | FileCheck %s --check-prefix=PTX
// RUN: %if ptxas %{ cc-opt %s --condcomp-to-gpu='chip=sm_80 format=cubin' | FileCheck %s --check-prefix=CUBIN %}
// RUN: %if ptxas %{ cc-opt %s --condcomp-to-gpu='chip=sm_90a format=cubin' | FileCheck %s --check-prefix=CUBIN %}
// RUN: cc-opt %s --condcomp-to-cuda='chip=sm_80 ptx' | FileCheck %s --check-prefix=CUDA
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_80 format=ptx tf32=true' | FileCheck %s --check-prefix=TF32
// RUN: %if ptxas %{ cc-opt %s --condcomp-to-gpu='chip=sm_90a format=cubin tf32=true' | FileCheck %s --check-prefix=CUBIN %}

// No such unit, or not wanted, or no whole warps.
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_75 format=ptx' | FileCheck %s --check-prefix=NONE
// RUN: cc-opt %s --condcomp-to-gpu='chip=gfx942 format=llvm' | FileCheck %s --check-prefix=NONE
// RUN: cc-opt %s --condcomp-to-gpu='chip=sm_90a format=ptx tensor-cores=false tf32=true' | FileCheck %s --check-prefix=NONE
// RUN: cc-opt %s --condcomp-to-cuda='chip=sm_80 ptx block-size=48' | FileCheck %s --check-prefix=NONE

// RUN: cc-opt %s --condcomp-to-gpu-threads=tf32=true | FileCheck %s --check-prefix=EMULATED32
// RUN: cc-opt %s --condcomp-to-gpu-threads | FileCheck %s --check-prefix=EMULATED
// RUN: cc-opt %s --condcomp-to-gpu-emulated=threads=64 | FileCheck %s --check-prefix=EMULATED
// RUN: cc-opt %s --condcomp-to-gpu-emulated=threads=8 | FileCheck %s --check-prefix=NONE

// PTX:      .visible .entry layer$kernel
// PTX-SAME: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// PTX-SAME: fence.acq_rel.gpu
// PTX-SAME: {{atom(\.global)?\.add\.u32}}
// PTX-SAME: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CUBIN:    bin = "\7FELF
// TF32:     cvt.rna.tf32.f32
// TF32-SAME: mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
// CUDA:     @condcomp_cuda_image("{{.*}}mma.sync.aligned.m16n8k16

// Its rows may be many: its operands come through shared memory.
// PTX-SAME: .visible .entry many$kernel
// PTX-SAME: .shared .align 128 .b8 {{[^;]*}}[49152]
// PTX-SAME: cp.async.cg.shared.global [%rd{{[0-9]+}}], [%rd{{[0-9]+}}], 16, %r
// PTX-SAME: cp.async.commit_group
// PTX-SAME: cp.async.wait_group \091;\0A\09bar.sync \090;
// PTX-SAME: ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16

// NONE-NOT: mma.sync
// NONE-NOT: cp.async
// NONE-NOT: emulate_mma
// EMULATED: llvm.call @condcomp_emulate_mma_bf16
// EMULATED: llvm.call @condcomp_emulate_mma_f16
// EMULATED-NOT: emulate_mma_tf32
// EMULATED32: llvm.call @condcomp_emulate_mma_tf32
func.func @layer(%x: tensor<?x1040xbf16>, %scores: tensor<?x4xf32>, %w: tensor<4x1040x48xbf16>, %v: tensor<48x20xf16>, %u: tensor<20x12xf32>, %k: index) -> tensor<?x12xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %b0 = arith.constant 0.0 : bf16
  %n = tensor.dim %x, %c0 : tensor<?x1040xbf16>
  %b = tensor.empty(%n) : tensor<?x48xbf16>
  %o = linalg.fill ins(%b0 : bf16) outs(%b : tensor<?x48xbf16>) -> tensor<?x48xbf16>
  %r = condcomp.top_k %scores, %k : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly ?>
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly ?>
      rows(%x : tensor<?x1040xbf16>) params(%w : tensor<4x1040x48xbf16>)
      outs(%o : tensor<?x48xbf16>) combine(sum) {
  ^bb0(%xe: tensor<?x1040xbf16>, %we: tensor<1040x48xbf16>):
    %m = tensor.dim %xe, %c0 : tensor<?x1040xbf16>
    %e = tensor.empty(%m) : tensor<?x48xbf16>
    %z = linalg.fill ins(%b0 : bf16) outs(%e : tensor<?x48xbf16>) -> tensor<?x48xbf16>
    %h = linalg.matmul ins(%xe, %we : tensor<?x1040xbf16>, tensor<1040x48xbf16>)
      outs(%z : tensor<?x48xbf16>) -> tensor<?x48xbf16>
    condcomp.yield %h : tensor<?x48xbf16>
  } -> tensor<?x48xbf16>
  %l = arith.extf %y : tensor<?x48xbf16> to tensor<?x48xf32>
  %s = arith.truncf %l : tensor<?x48xf32> to tensor<?x48xf16>
  %e = tensor.empty(%n) : tensor<?x20xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x20xf32>) -> tensor<?x20xf32>
  %p = linalg.matmul ins(%s, %v : tensor<?x48xf16>, tensor<48x20xf16>) outs(%z : tensor<?x20xf32>) -> tensor<?x20xf32>
  %d = tensor.empty(%n) : tensor<?x12xf32>
  %a = linalg.fill ins(%f0 : f32) outs(%d : tensor<?x12xf32>) -> tensor<?x12xf32>
  %q = linalg.matmul ins(%p, %u : tensor<?x20xf32>, tensor<20x12xf32>) outs(%a : tensor<?x12xf32>) -> tensor<?x12xf32>
  return %q : tensor<?x12xf32>
}
func.func @many(%x: tensor<?x128xbf16>, %w: tensor<128x64xbf16>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x128xbf16>
  %e = tensor.empty(%n) : tensor<?x64xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x128xbf16>, tensor<128x64xbf16>) outs(%z : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
