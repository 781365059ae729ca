// RUN: cc-opt %s --condcomp-lower-checks --condcomp-emit-c-entry-points --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-DAG: llvm.func @condcomp_call(!llvm.ptr, !llvm.ptr, !llvm.ptr) -> i32

// The implementation, without a status: it can't fail.
// CHECK-LABEL: func.func private @plain$impl(
// CHECK-SAME: memref<?x4xf32>, %{{.*}}: i1) -> (memref<?x4xf32>, i1)
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>

// CHECK-LABEL: llvm.func internal @plain$packed(
// CHECK-NOT: optimize_none
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

// -----

// Unpacking many values is not worth LLVM's time.
// CHECK-LABEL: llvm.func internal @many$packed(
// CHECK-SAME: no_inline, optimize_none
func.func @many(%a0: i32, %a1: i32, %a2: i32, %a3: i32, %a4: i32, %a5: i32, %a6: i32, %a7: i32,
                %a8: i32, %a9: i32, %a10: i32, %a11: i32, %a12: i32, %a13: i32, %a14: i32, %a15: i32,
                %a16: i32, %a17: i32, %a18: i32, %a19: i32, %a20: i32, %a21: i32, %a22: i32, %a23: i32,
                %a24: i32, %a25: i32, %a26: i32, %a27: i32, %a28: i32, %a29: i32, %a30: i32, %a31: i32,
                %a32: i32, %a33: i32, %a34: i32, %a35: i32, %a36: i32, %a37: i32, %a38: i32, %a39: i32,
                %a40: i32, %a41: i32, %a42: i32, %a43: i32, %a44: i32, %a45: i32, %a46: i32, %a47: i32,
                %a48: i32, %a49: i32, %a50: i32, %a51: i32, %a52: i32, %a53: i32, %a54: i32, %a55: i32,
                %a56: i32, %a57: i32, %a58: i32, %a59: i32, %a60: i32, %a61: i32, %a62: i32, %a63: i32,
                %a64: i32) {
  return
}
