// RUN: cc-opt %s --condcomp-gpu-outline-kernels --split-input-file --verify-diagnostics | FileCheck %s
// RUN: cc-opt %s --condcomp-gpu-outline-kernels=device-memory --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=DEVICE

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
