// RUN: cc-opt %s --condcomp-gpu-emulate-grid="threads=6 block-size=3" | FileCheck %s

// CHECK-LABEL: llvm.func internal @k$thread(
// CHECK-SAME:    %[[ARGS:.+]]: !llvm.ptr, %[[THREAD:.+]]: i64, %[[THREADS:.+]]: i64)
// CHECK-DAG:     %[[T:.+]] = builtin.unrealized_conversion_cast %[[THREAD]] : i64 to index
// CHECK-DAG:     %[[N:.+]] = builtin.unrealized_conversion_cast %[[THREADS]] : i64 to index
// CHECK:         call @k(%[[T]], %[[N]], %{{.+}}, %{{.+}}, %{{.+}})
func.func private @k(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %f: f32) attributes {condcomp.kernel} {
  return
}

// CHECK-LABEL: func.func @f(
// CHECK:         %[[ARRAY:.+]] = llvm.alloca %{{.+}} x !llvm.ptr
// CHECK-COUNT-3: llvm.getelementptr %[[ARRAY]]
// CHECK:         %[[CODE:.+]] = llvm.mlir.addressof @k$thread
// CHECK-DAG:     %[[COUNT:.+]] = llvm.mlir.constant(6 : i64)
// CHECK-DAG:     %[[BLOCK:.+]] = llvm.mlir.constant(3 : i64)
// CHECK:         llvm.call @condcomp_emulate_grid(%[[COUNT]], %[[BLOCK]], %[[CODE]], %[[ARRAY]])
// CHECK-NOT:     call @k(
func.func @f(%w: memref<?xi8>, %r: memref<4xi64>, %f: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @k(%c0, %c1, %w, %r, %f) : (index, index, memref<?xi8>, memref<4xi64>, f32) -> ()
  return
}
