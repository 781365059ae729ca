// Libraries for NVIDIA GPUs hold machine code, or PTX where no ptxas is.

// RUN: %if ptxas %{ cc-compile %s -o %t.so --target=cuda --chip=sm_80 | FileCheck %s --check-prefix=CUBIN %}
// CUBIN: .so: machine code for sm_80
// RUN: cc-compile %s -o %t.ll --pass-pipeline='builtin.module(condcomp-to-cuda{chip=sm_80 ptx})'
// RUN: FileCheck %s --check-prefix=PTX < %t.ll
// PTX: @condcomp_cuda_image = internal {{.*}}.target sm_80{{.*}}.visible .entry f$kernel(

// RUN: not cc-compile %s -o %t.so --target=cuda 2>&1 | FileCheck %s --check-prefix=NO-CHIP
// NO-CHIP: error: {{.*}}cuda.mlir: --target=cuda needs a --chip, such as sm_80 or sm_90a
// RUN: not cc-compile %s -o %t.so --target=cuda --chip=sm_9 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: {{.*}}cuda.mlir: 'sm_9' is no NVIDIA GPU of LLVM's, which are called sm_80, sm_90a, ...
// RUN: not cc-compile %s -o %t.so --chip=sm_80 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: --chip needs --target=cuda
// RUN: not cc-compile %s -o %t.so --target=cuda --chip=sm_80 --cpu=x86-64,x86-64-v3 2>&1 | FileCheck %s --check-prefix=CPUS
// CPUS: error: with --target=cuda, --cpu names one CPU, that of the code that launches kernels

func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = arith.addf %x, %x : tensor<?xf32>
  return %y : tensor<?xf32>
}
