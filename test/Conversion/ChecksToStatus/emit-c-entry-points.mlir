// RUN: cc-opt %s --condcomp-lower-checks --condcomp-emit-c-entry-points --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-DAG: llvm.func @condcomp_call(!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32

// The implementation, without a status: it can't fail.
// CHECK-LABEL: func.func private @plain$impl(
// CHECK-SAME: memref<?x4xf32>, %{{.*}}: i1) -> (memref<?x4xf32>, i1)
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>

// CHECK-LABEL: llvm.func internal @plain$packed(
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> i8
// CHECK: llvm.trunc %{{.*}} : i8 to i1
// CHECK: call @plain$impl
// CHECK-NOT: llvm.cond_br
// CHECK: llvm.zext %{{.*}} : i1 to i8

// CHECK-LABEL: llvm.func @plain(
// CHECK-SAME: %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: i1 {llvm.zeroext}, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK: llvm.mlir.addressof @plain$packed
// CHECK: llvm.call @condcomp_call
func.func @plain(%x: memref<?x4xf32>, %b: i1) -> (memref<?x4xf32>, i1) {
  return %x, %b : memref<?x4xf32>, i1
}

// Results are stored on success only.
// CHECK-LABEL: func.func private @checked$impl(
// CHECK-SAME: !llvm.ptr
// CHECK-NOT: condcomp.status
// CHECK-LABEL: llvm.func internal @checked$packed(
// CHECK: call @checked$impl(%arg0,
// CHECK: llvm.cond_br %{{.*}}, ^[[GOOD:.+]], ^[[BAD:.+]]
// CHECK: ^[[GOOD]]:
// CHECK: llvm.store
// CHECK: ^[[BAD]]:
// CHECK-NOT: llvm.store
// CHECK: llvm.return
func.func @checked(%x: bf16, %ok: i1) -> bf16 {
  cf.assert %ok, "must hold"
  return %x : bf16
}

// Private functions keep their names.
// CHECK-LABEL: func.func private @helper()
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
func.func private @helper() {
  return
}

// -----

// expected-error @below {{argument 1 of the public function has type 'vector<4xf32>', which C can't pass}}
func.func @f(%a: f32, %v: vector<4xf32>) {
  return
}

// -----

func.func private @g$impl() {
  return
}
// expected-error @below {{needs the name 'g$impl', which is taken}}
func.func @g() {
  return
}
