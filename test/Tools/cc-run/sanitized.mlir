// A compiler that is built with AddressSanitizer instruments what it compiles: an
// access behind the end of a buffer is seen, to the element. (What is not in a function's
// first block may not run at all, and is not checked beforehand.)

// REQUIRES: sanitized

// RUN: cc-run %s --function=read --input=7xf32=1 --input=index=6 | FileCheck %s --check-prefix=INSIDE
// RUN: not cc-run %s --function=read --input=7xf32=1 --input=index=7 2>&1 | FileCheck %s

// INSIDE: result 0: f32=1
// CHECK: AddressSanitizer: heap-buffer-overflow
// CHECK: READ of size 4
func.func @read(%x: tensor<?xf32>, %i: index) -> f32 {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %any = arith.cmpi ne, %i, %c0 : index
  %y = scf.if %any -> f32 {
    %e = tensor.extract %x[%i] : tensor<?xf32>
    scf.yield %e : f32
  } else {
    scf.yield %zero : f32
  }
  return %y : f32
}
