// RUN: cc-opt %s --condcomp-gpu-export-threads | FileCheck %s

// The number of threads is parameter 0, which the caller says otherwise; a
// memref has a pointer for each of its pieces.
// CHECK-LABEL: func.func private @k$body(
// CHECK-LABEL: llvm.func @k(
// CHECK-SAME:    %[[PARAMETERS:.+]]: !llvm.ptr, %[[THREAD:.+]]: i64, %[[THREADS:.+]]: i64)
// CHECK-DAG:     builtin.unrealized_conversion_cast %[[THREAD]] : i64 to index
// CHECK-DAG:     builtin.unrealized_conversion_cast %[[THREADS]] : i64 to index
// CHECK:         llvm.getelementptr %[[PARAMETERS]][1]
// CHECK:         llvm.load %{{.+}} : !llvm.ptr -> !llvm.ptr
// CHECK:         llvm.getelementptr %[[PARAMETERS]][5]
// CHECK:         llvm.getelementptr %[[PARAMETERS]][11]
// CHECK:         llvm.load %{{.+}} : !llvm.ptr -> f32
// CHECK:         call @k$body(
// CHECK-NOT:   @f
func.func private @k(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %f: f32) attributes {condcomp.kernel} {
  return
}

func.func @f(%w: memref<?xi8>, %r: memref<4xi64>, %f: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @k(%c0, %c1, %w, %r, %f) : (index, index, memref<?xi8>, memref<4xi64>, f32) -> ()
  return
}
