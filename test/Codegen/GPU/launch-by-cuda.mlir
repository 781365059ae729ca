// RUN: cc-opt %s --condcomp-gpu-launch-by-cuda='chip=sm_80 format=cubin block-size=64' | FileCheck %s
// RUN: cc-opt %s --condcomp-gpu-launch-by-cuda | FileCheck %s --check-prefix=LATE
// RUN: cc-opt %s --condcomp-gpu-launch-by-cuda --condcomp-gpu-embed-kernels=file=%s | FileCheck %s --check-prefix=FILE
// RUN: not cc-opt %s --condcomp-gpu-launch-by-cuda --condcomp-gpu-embed-kernels 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not cc-opt %s --condcomp-gpu-launch-by-cuda --condcomp-gpu-embed-kernels=file=%t-no 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not cc-opt %s --condcomp-gpu-embed-kernels=file=%s 2>&1 | FileCheck %s --check-prefix=UNUSED

// What the library has to know of the kernel: its name, code, chip and format,
// and the ranks and element sizes of its arguments; 64 threads, 4 words.
// CHECK-DAG:   llvm.mlir.global internal constant @k$kinds("f428s1\00")
// CHECK-DAG:   llvm.mlir.global internal constant @k$name("k\00")
// CHECK-DAG:   llvm.mlir.global internal constant @condcomp_cuda_chip("sm_80\00")
// CHECK-DAG:   llvm.mlir.global internal constant @condcomp_cuda_format("cubin\00")
// CHECK-LABEL: llvm.mlir.global internal constant @k$description()
// CHECK-DAG:     llvm.mlir.constant(64 : i64)
// CHECK-DAG:     llvm.mlir.constant(4 : i64)
// It has to be waited for.
// CHECK-COUNT-2: llvm.mlir.zero : !llvm.ptr
// CHECK:         llvm.return
// CHECK:       llvm.mlir.global {{.*}}constant @condcomp_cuda_image()
// CHECK:       llvm.mlir.global {{.*}}constant @condcomp_cuda_image_id()

// Another one need not be: the dynamic sizes of its results, and its checks.
// LATE-DAG:    llvm.mlir.global internal constant @late$kinds("s8\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$results("10\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$check0("{{.*}}launch-by-cuda.mlir:[[#]]:3\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$check1("{0} is {1}\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$check2("if\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$check4("no\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$check5("\00")
// LATE-DAG:    llvm.mlir.global internal constant @late$checks() {{.*}} : !llvm.array<6 x ptr>

// FILE:        llvm.mlir.global internal constant @condcomp_cuda_image("// {{RUN}}: {{.*}}\00"){{.*}}alignment = 64
// Its name is a hash of it.
// FILE-NEXT:   llvm.mlir.global internal constant @condcomp_cuda_image_id("{{[0-9a-f]+}}\00")
// FILE-NOT:    @k(

// NONE:        error: has no gpu.binary, or several
// MISSING:     error: {{.*}}-no: No such file or directory
// UNUSED:      error: no kernel is launched
func.func private @k(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %f: f32, %x: memref<?x?xf64>, %b: i1) attributes {condcomp.kernel} {
  return
}

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %{{.+}}: memref<?xi8>, %[[R:.+]]: memref<4xi64>, %[[F:.+]]: f32, %[[X:.+]]: memref<?x?xf64>
// CHECK:         %[[KERNEL:.+]] = llvm.mlir.addressof @k$description
// CHECK:         memref.extract_aligned_pointer_as_index %[[R]]
// CHECK:         %[[REPORT:.+]] = llvm.inttoptr
// CHECK:         %[[ARRAY:.+]] = llvm.alloca %{{.+}} x !llvm.ptr
// CHECK:         llvm.store %[[F]], %{{.+}} : f32
// CHECK:         builtin.unrealized_conversion_cast %[[X]]
// CHECK:         llvm.call @condcomp_cuda_launch(%[[KERNEL]], %[[REPORT]], %[[ARRAY]])
// CHECK-NOT:     call @k(
func.func @f(%w: memref<?xi8>, %r: memref<4xi64>, %f: f32, %x: memref<?x?xf64>, %b: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @k(%c0, %c1, %w, %r, %f, %x, %b) : (index, index, memref<?xi8>, memref<4xi64>, f32, memref<?x?xf64>, i1) -> ()
  return
}

func.func private @late(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %n: index, %a: memref<?xi8>, %b: memref<?xi8>, %f: memref<4xi64>) attributes {condcomp.kernel, condcomp.destinations = 3 : i64} {
  return
}
func.func @h(%w: memref<?xi8>, %r: memref<4xi64>, %n: index, %x: f32, %good: i1, %y: memref<?xf32>, %z: memref<4xf32>) -> (memref<?xf32>, memref<4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @late(%c0, %c1, %w, %r, %n, %w, %w, %r) : (index, index, memref<?xi8>, memref<4xi64>, index, memref<?xi8>, memref<?xi8>, memref<4xi64>) -> ()
  condcomp.check %good, "{0} is {1}"(%n, %x) : index, f32 {condcomp.check = 1 : i64}
  cf.assert %good, "no" {condcomp.check = 2 : i64}
  return %y, %z : memref<?xf32>, memref<4xf32>
}

// A result is a descriptor around the address that the library returns.
// CHECK-LABEL: func.func @g(
// CHECK-SAME:    %{{.+}}: index, %{{.+}}: index, %[[N:.+]]: index)
// CHECK:         %[[TAKEN:.+]] = call @condcomp_cuda_take(
// CHECK:         %[[WORD:.+]] = builtin.unrealized_conversion_cast %[[TAKEN]] : index to i64
// CHECK:         %[[ADDRESS:.+]] = llvm.inttoptr %[[WORD]] : i64 to !llvm.ptr
// CHECK-DAG:     %[[ROWS:.+]] = builtin.unrealized_conversion_cast %[[N]] : index to i64
// CHECK-DAG:     %[[COLUMNS:.+]] = llvm.mlir.constant(3 : i64)
// CHECK-DAG:     %[[ONE:.+]] = llvm.mlir.constant(1 : i64)
// CHECK:         %[[STRIDE:.+]] = llvm.mul %[[ONE]], %[[COLUMNS]]
// CHECK:         llvm.insertvalue %[[ADDRESS]], %{{.+}}[0]
// CHECK:         llvm.insertvalue %[[ADDRESS]], %{{.+}}[1]
// CHECK:         llvm.insertvalue %[[ROWS]], %{{.+}}[3, 0]
// CHECK:         llvm.insertvalue %[[STRIDE]], %{{.+}}[4, 0]
// CHECK:         llvm.insertvalue %[[COLUMNS]], %{{.+}}[3, 1]
// CHECK:         llvm.insertvalue %[[ONE]], %{{.+}}[4, 1]
// CHECK:         builtin.unrealized_conversion_cast %{{.+}} to memref<?x3xf32>
func.func private @condcomp_cuda_take(index, index) -> index
func.func @g(%offset: index, %bytes: index, %n: index) -> memref<?x3xf32> {
  %a = call @condcomp_cuda_take(%offset, %bytes) : (index, index) -> index
  %y = builtin.unrealized_conversion_cast %a, %n : index, index to memref<?x3xf32>
  return %y : memref<?x3xf32>
}
