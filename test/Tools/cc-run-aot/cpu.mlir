// Libraries for CPUs, run without LLVM.

// RUN: cc-compile %s -o %t.so
// RUN: cc-run-aot %t.so --function=scale --input=3xf32=1,2,3 --input=f32=2 | FileCheck %s
// CHECK: result 0: 3xf32=2,4,6
// CHECK-NEXT: result 1: index=3

// The flags are those of cc-run.
// RUN: cc-run-aot %t.so --function=scale --input=3xf32=1,2,3 --input=f32=2 --output=@%t.npy
// RUN: cc-run-aot %t.so --function=scale --input=@%t.npy --input=f32=0.5 --expected-output=3xf32=1,2,3
// RUN: cc-run-aot %t.so --function=scale --input=@%t.npy --input=f32=0.5 --benchmark --benchmark-repetitions=3 | FileCheck %s --check-prefix=TIME
// TIME: scale: min {{.*}} ms, median {{.*}} ms, 3 runs

// RUN: not cc-run-aot %t.so --function=scale --input=@%t.npy --input=f32=1 --expected-output=3xf32=1,2,3 2>&1 | FileCheck %s --check-prefix=DIFFER
// DIFFER: error: result 0 of 'scale': 3 of 3 elements differ; the worst is 6, expected 3, at [2]
// RUN: not cc-run-aot %t.so --function=scale --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: error: argument 0 of 'scale' is tensor<?xf32>, got 2x3xf32: rank 1 expected, not 2
// RUN: not cc-run-aot %t.so --function=scale --input=3xf32=1 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: error: 'scale' takes 2 arguments, got 1
// RUN: not cc-run-aot %t.so --function=other --input=3xf32=1 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: error: {{.*}}.so has no function 'other' that cc-compile made
// RUN: not cc-run-aot %t-no.so --function=scale 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: error: the library can't be loaded: {{.*}}-no.so: cannot open shared object file
// RUN: head -c 9000 %t.so > %t-cut.so && not cc-run-aot %t-cut.so --function=scale 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: error: {{.*}}-cut.so is not whole: it has 9000 bytes of at least {{[0-9]+}}
// RUN: echo text > %t-text.so && not cc-run-aot %t-text.so --function=scale 2>&1 | FileCheck %s --check-prefix=TEXT
// TEXT: error: the library can't be loaded: {{.*}}-text.so: file too short

// No library of LLVM is needed, neither by the program nor by what it loads.
// RUN: ldd %condcomp_tools_dir/cc-run-aot %t.so | FileCheck %s --check-prefix=NEEDED
// NEEDED-NOT: LLVM
// NEEDED-NOT: MLIR

func.func @scale(%x: tensor<?xf32>, %f: f32) -> (tensor<?xf32>, index) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %s = tensor.splat %f[%n] : tensor<?xf32>
  %y = arith.mulf %x, %s : tensor<?xf32>
  return %y, %n : tensor<?xf32>, index
}
