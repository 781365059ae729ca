// A compiler that is built with AddressSanitizer instruments what it compiles: an
// access behind the end of a buffer is seen, to the byte.

// REQUIRES: sanitized

// RUN: cc-run %s --function=read --input=6 | FileCheck %s --check-prefix=INSIDE
// RUN: not cc-run %s --function=read --input=7 2>&1 | FileCheck %s

// INSIDE: result 0: f32=1
// CHECK: AddressSanitizer: heap-buffer-overflow
// CHECK: READ of size 4
func.func @read(%i: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c7 = arith.constant 7 : index
  %c1 = arith.constant 1 : index
  %v = arith.constant 1.0 : f32
  %m = memref.alloc(%c7) : memref<?xf32>
  scf.for %j = %c0 to %c7 step %c1 {
    memref.store %v, %m[%j] : memref<?xf32>
  }
  %x = memref.load %m[%i] : memref<?xf32>
  memref.dealloc %m : memref<?xf32>
  return %x : f32
}
