// RUN: cc-opt %s --pass-pipeline='builtin.module(gpu.module(condcomp-gpu-use-instructions))' | FileCheck %s

gpu.module @kernels {
  llvm.func @__nv_floorf(f32) -> f32
  llvm.func @__nv_fmaf(f32, f32, f32) -> f32
  llvm.func @__ocml_sqrt_f64(f64) -> f64
  llvm.func @__nv_sinf(f32) -> f32

  // CHECK-LABEL: llvm.func @f(
  // CHECK-NEXT:    llvm.intr.floor
  // CHECK-NEXT:    llvm.intr.sqrt
  // CHECK-NEXT:    llvm.intr.fma
  // A sine takes a library.
  // CHECK-NEXT:    llvm.call @__nv_sinf
  llvm.func @f(%x: f32, %y: f64) -> f64 {
    %a = llvm.call @__nv_floorf(%x) : (f32) -> f32
    %b = llvm.call @__ocml_sqrt_f64(%y) : (f64) -> f64
    %fma = llvm.call @__nv_fmaf(%x, %a, %x) : (f32, f32, f32) -> f32
    %c = llvm.call @__nv_sinf(%a) : (f32) -> f32
    llvm.return %b : f64
  }
}
