// RUN: cc-opt %s --condcomp-gpu-outline-kernels --split-input-file --verify-diagnostics | FileCheck %s
// RUN: cc-opt %s --condcomp-gpu-outline-kernels=device-memory --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=DEVICE
// RUN: not cc-opt %s --condcomp-gpu-outline-kernels=device-memory --split-input-file --remarks-filter=condcomp-gpu-outline-kernels 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

// CHECK-LABEL: func.func private @f$kernel(
// CHECK-SAME:    %{{.+}}: index, %{{.+}}: index, %[[WORKSPACE:.+]]: memref<?xi8>, %[[REPORT:.+]]: memref<5xi64>, %[[X:.+]]: memref<?xf32>, %[[K:.+]]: index)
// CHECK-SAME:    condcomp.kernel
// CHECK:         condcomp.check %{{.+}}, "{0} of {1}"({{.+}}) : index, index {condcomp.check = 1 : i64}
// CHECK:         %[[START:.+]] = memref.extract_aligned_pointer_as_index %[[WORKSPACE]]
// The result: its offset and its size; a number.
// CHECK:         %[[ADDRESS:.+]] = memref.extract_aligned_pointer_as_index
// CHECK:         arith.subi %[[ADDRESS]], %[[START]]
// CHECK:         memref.store %{{.+}}, %[[REPORT]][%c2
// CHECK:         memref.store %{{.+}}, %[[REPORT]][%c3
// CHECK:         memref.store %{{.+}}, %[[REPORT]][%c4
// CHECK-NEXT:    return

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[X:.+]]: memref<?xf32>, %[[K:.+]]: index) -> (memref<?xf32>, index)
// CHECK:         %[[REPORT:.+]] = memref.alloc() : memref<5xi64>
// CHECK:         %[[SPACE:.+]]:2 = scf.while
// CHECK:           %[[TRY:.+]] = memref.alloc(%{{.+}}) {{.*}} : memref<?xi8>
// CHECK:           call @f$kernel(%{{.+}}, %{{.+}}, %[[TRY]], %[[REPORT]], %[[X]], %[[K]])
// CHECK:           %[[FULL:.+]] = arith.cmpi eq, %{{.+}}, %c-1
// CHECK:           scf.condition(%[[FULL]]) %[[TRY]], %{{.+}}
// CHECK:           memref.dealloc
// CHECK:         %[[GOOD:.+]] = arith.cmpi ne, %{{.+}}, %c1
// CHECK:         condcomp.check %[[GOOD]], "{0} of {1}"
// CHECK:         %[[VIEW:.+]] = memref.view %[[SPACE]]#0
// CHECK:         %[[RESULT:.+]] = memref.alloc
// CHECK:         memref.copy %[[VIEW]], %[[RESULT]]
// CHECK:         memref.dealloc %[[SPACE]]#0
// CHECK:         memref.dealloc %[[REPORT]]
// CHECK:         return %[[RESULT]], %{{.+}}

// On a device, a library has the workspace: the kernel is called once, and
// results are copied by their place and size.
// DEVICE-LABEL: func.func private @f$kernel(
// DEVICE-NOT:     condcomp.destinations
// REMARK:       calls of 'f' wait for the GPU: result 1 is a number
// DEVICE-LABEL: func.func @f(
// DEVICE:         %[[REPORT:.+]] = memref.alloc() : memref<5xi64>
// DEVICE-NOT:     scf.while
// DEVICE:         call @f$kernel(
// DEVICE:         condcomp.check
// DEVICE:         %[[BYTES:.+]] = arith.muli %c4{{.*}}, %{{.+}} : index
// DEVICE:         %[[ADDRESS:.+]] = call @condcomp_cuda_take(%{{.+}}, %[[BYTES]]) : (index, index) -> index
// DEVICE:         %[[RESULT:.+]] = builtin.unrealized_conversion_cast %[[ADDRESS]], %{{.+}} : index, index to memref<?xf32>
// DEVICE:         call @condcomp_cuda_release()
// DEVICE:         return %[[RESULT]], %{{.+}}
func.func @f(%x: memref<?xf32>, %k: index) -> (memref<?xf32>, index) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %good = arith.cmpi ule, %k, %n : index
  condcomp.check %good, "{0} of {1}"(%k, %n) : index, index
  %y = memref.alloc(%k) : memref<?xf32>
  return %y, %n : memref<?xf32>, index
}

// -----

// What is not a buffer of the workspace becomes one.
// CHECK-LABEL: func.func private @argument$kernel(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: memref<4xf32>)
// CHECK:         %[[COPY:.+]] = memref.alloc() : memref<4xf32>
// CHECK:         memref.copy %[[X]], %[[COPY]]
// CHECK:         memref.extract_aligned_pointer_as_index %[[COPY]]
func.func @argument(%x: memref<4xf32>) -> memref<4xf32> {
  return %x : memref<4xf32>
}

// -----

func.func private @g(memref<4xf32>)
func.func @calls(%x: memref<4xf32>) {
  // expected-error @+1 {{is not inlined: a kernel calls no functions}}
  call @g(%x) : (memref<4xf32>) -> ()
  return
}

// -----

// expected-error @+1 {{has 2 blocks: a kernel is made of structured control flow}}
func.func @blocks(%x: memref<4xf32>) {
  cf.br ^next
^next:
  return
}

// -----

// A call need not be waited for if @g can compute what it expects: bytes and
// sizes. The kernel has places for results, and for what fails.
// DEVICE-LABEL: func.func private @g$kernel(
// DEVICE-SAME:    %[[REPORT:[a-z0-9]+]]: memref<6xi64>, %{{[a-z0-9]+}}: memref<?xf32>, %{{[a-z0-9]+}}: index, %{{[a-z0-9]+}}: memref<?xi8>, %{{[a-z0-9]+}}: memref<?xi8>, %{{[a-z0-9]+}}: memref<6xi64>)
// DEVICE-SAME:    condcomp.destinations = 3
// DEVICE:         memref.extract_aligned_pointer_as_index %{{.+}} : memref<?xf32> -> index {condcomp.destination = 0 : i64}
// DEVICE:         memref.extract_aligned_pointer_as_index %{{.+}} : memref<2x?xi32> -> index {condcomp.destination = 1 : i64}
// DEVICE-LABEL: func.func @g(
// DEVICE-SAME:    %[[X:[a-z0-9]+]]: memref<?xf32>, %[[K:[a-z0-9]+]]: index)
// DEVICE:         %[[EXPECTED:.+]] = memref.alloc() : memref<6xi64>
// DEVICE:         %[[Y:.+]] = arith.muli %c4{{.*}}, %[[K]]
// DEVICE:         %[[N:.+]] = memref.dim %[[X]]
// DEVICE:         %[[M:.+]] = arith.addi %[[K]], %[[N]]
// DEVICE:         %[[Z:.+]] = arith.muli %c8{{.*}}, %[[M]]
// DEVICE:         %[[W0:.+]] = arith.index_cast %[[Y]]
// DEVICE:         memref.store %[[W0]], %[[EXPECTED]][%c2
// DEVICE:         %[[W1:.+]] = arith.index_cast %[[K]]
// DEVICE:         memref.store %[[W1]], %[[EXPECTED]][%c3
// DEVICE:         %[[W2:.+]] = arith.index_cast %[[Z]]
// DEVICE:         memref.store %[[W2]], %[[EXPECTED]][%c4
// DEVICE:         %[[W3:.+]] = arith.index_cast %[[M]]
// DEVICE:         memref.store %[[W3]], %[[EXPECTED]][%c5
// DEVICE:         call @g$kernel(%{{.+}}, %{{.+}}, %[[NONE:.+]], %[[EXPECTED]], %[[X]], %[[K]], %[[NONE]], %[[NONE]], %[[EXPECTED]])
// DEVICE:         condcomp.check %{{.+}} {condcomp.check = 1 : i64}
func.func @g(%x: memref<?xf32>, %k: index) -> (memref<?xf32>, memref<2x?xi32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  %good = arith.cmpi ule, %k, %n : index
  condcomp.check %good, "{0} of {1}"(%k, %n) : index, index
  %m = arith.addi %k, %n : index
  %y = memref.alloc(%k) : memref<?xf32>
  %z = memref.alloc(%m) : memref<2x?xi32>
  return %y, %z : memref<?xf32>, memref<2x?xi32>
}

// -----

// Sizes of views, and a buffer that is two results.
// DEVICE-LABEL: func.func private @views$kernel(
// DEVICE:         memref.copy %{{.+}}, %[[COPY:[a-z0-9_]+]] :
// DEVICE:         memref.extract_aligned_pointer_as_index %[[COPY]] : memref<?x4xf32> -> index {condcomp.destination = 1 : i64}
// DEVICE-LABEL: func.func @views(
// DEVICE-SAME:    %[[X:[a-z0-9]+]]: memref<?x4xf32>)
// DEVICE:         %[[N:.+]] = memref.dim %[[X]]
// DEVICE:         %[[ROWS:.+]] = arith.muli %{{.+}}, %[[N]]
// DEVICE:         %[[FOUR:.+]] = arith.constant 4 : index
// DEVICE:         %[[ALL:.+]] = arith.muli %[[ROWS]], %[[FOUR]]
// DEVICE:         %[[BYTES:.+]] = arith.muli %c4{{.*}}, %[[ALL]]
func.func @views(%x: memref<?x4xf32>) -> (memref<?xf32>, memref<?x4xf32>) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  %y = memref.alloc(%n) : memref<?x4xf32>
  %z = memref.collapse_shape %y [[0, 1]] : memref<?x4xf32> into memref<?xf32>
  return %z, %y : memref<?xf32>, memref<?x4xf32>
}

// -----

// REMARK:       calls of 'data' wait for the GPU: result 0 has a size in dim 0 that follows from data
// DEVICE-LABEL: func.func private @data$kernel(
// DEVICE-NOT:     condcomp.destinations
// DEVICE:       func.func @data(
func.func @data(%x: memref<4xindex>) -> memref<?xf32> {
  %c0 = arith.constant 0 : index
  %n = memref.load %x[%c0] : memref<4xindex>
  %y = memref.alloc(%n) : memref<?xf32>
  return %y : memref<?xf32>
}

// -----

// What could fail, only the kernel does.
// REMARK:       calls of 'division' wait for the GPU: result 0 has a size in dim 0 that follows from data
// DEVICE-LABEL: func.func @division(
func.func @division(%n: index, %m: index) -> memref<?xf32> {
  %k = arith.divsi %n, %m : index
  %y = memref.alloc(%k) : memref<?xf32>
  return %y : memref<?xf32>
}
