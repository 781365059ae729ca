// RUN: cc-opt %s --condcomp-mask-halves-as-integers | FileCheck %s

// CHECK-LABEL: llvm.func @copy(
// CHECK:         %[[PASS:.+]] = llvm.bitcast %{{.*}} : vector<16xbf16> to vector<16xi16>
// CHECK:         %[[LOADED:.+]] = llvm.intr.masked.load %{{.*}}, %{{.*}}, %[[PASS]] {alignment = 2 : i32} : {{.*}} -> vector<16xi16>
// CHECK:         llvm.bitcast %[[LOADED]] : vector<16xi16> to vector<16xbf16>
// CHECK:         llvm.intr.masked.store %{{.*}} {alignment = 2 : i32} : vector<16xi16>, vector<16xi1> into !llvm.ptr
llvm.func @copy(%from: !llvm.ptr, %to: !llvm.ptr, %mask: vector<16xi1>, %pass: vector<16xbf16>) {
  %0 = llvm.intr.masked.load %from, %mask, %pass {alignment = 2 : i32} : (!llvm.ptr, vector<16xi1>, vector<16xbf16>) -> vector<16xbf16>
  llvm.intr.masked.store %0, %to, %mask {alignment = 2 : i32} : vector<16xbf16>, vector<16xi1> into !llvm.ptr
  llvm.return
}

// Others are machine instructions as they are.
// CHECK-LABEL: llvm.func @words(
// CHECK-NOT:     llvm.bitcast
llvm.func @words(%from: !llvm.ptr, %to: !llvm.ptr, %mask: vector<16xi1>, %pass: vector<16xf32>) {
  %0 = llvm.intr.masked.load %from, %mask, %pass {alignment = 4 : i32} : (!llvm.ptr, vector<16xi1>, vector<16xf32>) -> vector<16xf32>
  llvm.intr.masked.store %0, %to, %mask {alignment = 4 : i32} : vector<16xf32>, vector<16xi1> into !llvm.ptr
  llvm.return
}
