// Libraries for NVIDIA GPUs, where none is: their kernels run on a stand-in for
// the driver, or an error says why they do not run.

// RUN: cc-compile %s -o %t.so --target=cuda --chip=emulated --header=%t.h
// RUN: cc-compile %s -o %t-cpu.so --header=%t-cpu.h
// RUN: rm -f %t.log
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda FAKE_CUDA=log=%t.log cc-run-aot %t.so --function=chosen --input=3x4xf32=1,2,3,4,8,7,6,5,1,9,9,1 --input=index=2 | FileCheck %s
// CHECK: result 0: 3x4xf32=0,0,3,4,8,7,0,0,0,9,9,0

// One launch, of as many blocks as the device holds.
// RUN: FileCheck %s --check-prefix=LOG < %t.log
// LOG:     cuModuleLoadDataEx
// LOG:     cuMemcpyHtoDAsync_v2 48
// LOG:     cuLaunchCooperativeKernel chosen$kernel 2x32
// LOG-NOT: cuLaunchCooperativeKernel
// LOG:     cuMemcpyDtoHAsync_v2 48

// Arguments that are on the GPU are copied once, however often they are used.
// RUN: rm -f %t.log
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda FAKE_CUDA=log=%t.log cc-run-aot %t.so --function=chosen --input=3x4xf32=1,2,3,4,8,7,6,5,1,9,9,1 --input=index=2 --inputs-on-gpu --benchmark --expected-output=3x4xf32=0,0,3,4,8,7,0,0,0,9,9,0
// RUN: FileCheck %s --check-prefix=ONCE --implicit-check-not='HtoDAsync_v2 48' < %t.log
// ONCE: cuMemcpyHtoDAsync_v2 48
// RUN: not cc-run-aot %t-cpu.so --function=chosen --input=3x4xf32=1 --input=index=2 --inputs-on-gpu 2>&1 | FileCheck %s --check-prefix=NOT-FOR-GPUS
// NOT-FOR-GPUS: error: --inputs-on-gpu: the library is not for GPUs

// The header is that of the library for CPUs, and so are errors.
// RUN: FileCheck %s --check-prefix=HEADER < %t.h
// RUN: FileCheck %s --check-prefix=HEADER < %t-cpu.h
// HEADER:      (tensor<?x4xf32>, index) -> (tensor<?x4xf32>) */
// HEADER-NEXT: int32_t chosen(
// HEADER-NEXT: condcomp_context *context,
// HEADER-NEXT: const condcomp_memref_2 *argument0,
// HEADER-NEXT: int64_t argument1,
// HEADER-NEXT: condcomp_memref_2 *result0);
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=5 2>&1 | FileCheck %s --check-prefix=FAILED
// RUN: not cc-run-aot %t-cpu.so --function=chosen --input=3x4xf32=1 --input=index=5 2>&1 | FileCheck %s --check-prefix=FAILED
// FAILED: error: {{.*}}cuda.mlir:[[#]]:8: top_k C3: k = 5 must be between 0 and the number of modules, 4

// RUN: env CONDCOMP_CUDA_DRIVER=libno-such.so.1 not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=2 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: error: no NVIDIA driver: its library can't be opened (libno-such.so.1: cannot open shared object file
// RUN: env CONDCOMP_CUDA_DRIVER=libm.so.6 not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=2 2>&1 | FileCheck %s --check-prefix=OLD
// OLD: error: the NVIDIA driver is too old: libm.so.6 lacks cuInit; its version is unknown, and CUDA 11.2 or later is needed
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda FAKE_CUDA=no-device not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=2 2>&1 | FileCheck %s --check-prefix=DEVICE
// DEVICE: error: no GPU: cuInit of {{.*}} says CUDA_ERROR_NO_DEVICE
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda FAKE_CUDA=no-cooperative not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=2 2>&1 | FileCheck %s --check-prefix=COOPERATIVE
// COOPERATIVE: error: GPU 0 (stand-in, sm_90) can't launch kernels cooperatively
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda CONDCOMP_CUDA_DEVICE=3 not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=2 2>&1 | FileCheck %s --check-prefix=ORDINAL
// ORDINAL: error: no GPU 3: the driver {{.*}} has 1 of them
// RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda CONDCOMP_CUDA_DEVICE=one not cc-run-aot %t.so --function=chosen --input=3x4xf32=1 --input=index=2 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: error: CONDCOMP_CUDA_DEVICE is 'one', not the number of a GPU

// What is needed: the library that launches, and no LLVM.
// RUN: llvm-readelf -d %t.so | FileCheck %s --check-prefix=NEEDED
// NEEDED: NEEDED{{.*}}libcondcomp_cuda.so
// RUN: ldd %t.so | FileCheck %s --check-prefix=NO-LLVM
// NO-LLVM-NOT: LLVM
// NO-LLVM-NOT: MLIR

// Each row keeps its k largest elements.
func.func @chosen(%x: tensor<?x4xf32>, %k: index) -> tensor<?x4xf32> {
  %r = condcomp.top_k %x, %k : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly ?>
  %y = condcomp.to_dense %r : !condcomp.routing<?x4, f32, exactly ?> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
