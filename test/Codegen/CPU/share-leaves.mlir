// RUN: cc-opt %s --condcomp-share-leaves --split-input-file | FileCheck %s

// Two layers are two calls; the zero fill goes with its contraction, constants are
// the function's own.
// CHECK-LABEL: func @layers
// CHECK-SAME: (%[[X:.*]]: memref<?x4xf32>, %[[U:.*]]: memref<4x4xf32>, %[[V:.*]]: memref<4x4xf32>
// CHECK-NOT: linalg
// CHECK: %[[A:.*]] = memref.alloc
// CHECK-NEXT: call @[[MATMUL:.*]](%[[A]], %[[X]], %[[U]])
// CHECK: %[[B:.*]] = memref.alloc
// CHECK-NEXT: call @[[MATMUL]](%[[B]], %[[A]], %[[V]])
// CHECK-NEXT: call @[[COPY:.*]](%[[B]], %[[X]])
// CHECK-NEXT: call @[[COPY]](%[[A]], %[[X]])
// CHECK: func private @[[MATMUL]](%[[R:.*]]: memref<?x4xf32>, %[[L:.*]]: memref<?x4xf32>, %[[W:.*]]: memref<4x4xf32>)
// CHECK: %[[ZERO:.*]] = arith.constant 0.0
// CHECK-NEXT: linalg.fill ins(%[[ZERO]] : f32) outs(%[[R]]
// CHECK-NEXT: linalg.matmul ins(%[[L]], %[[W]] {{.*}}) outs(%[[R]]
// CHECK: func private @[[COPY]](
// CHECK-NEXT: memref.copy
func.func @layers(%x: memref<?x4xf32>, %u: memref<4x4xf32>, %v: memref<4x4xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %x, %c0 : memref<?x4xf32>
  %a = memref.alloc(%n) : memref<?x4xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<?x4xf32>)
  linalg.matmul ins(%x, %u : memref<?x4xf32>, memref<4x4xf32>) outs(%a : memref<?x4xf32>)
  %b = memref.alloc(%n) : memref<?x4xf32>
  linalg.fill ins(%zero : f32) outs(%b : memref<?x4xf32>)
  linalg.matmul ins(%a, %v : memref<?x4xf32>, memref<4x4xf32>) outs(%b : memref<?x4xf32>)
  memref.copy %b, %x : memref<?x4xf32> to memref<?x4xf32>
  memref.copy %a, %x : memref<?x4xf32> to memref<?x4xf32>
  memref.dealloc %a : memref<?x4xf32>
  memref.dealloc %b : memref<?x4xf32>
  return
}

// -----

// Not equal: another constant, another type, the same tensor twice, another order.
// CHECK-LABEL: func @unlike
// CHECK-NOT: call
// CHECK-COUNT-6: linalg.map
// CHECK: return
func.func @unlike(%x: memref<8xf32>, %y: memref<8xf32>, %z: memref<8xf64>) {
  %one = arith.constant 1.0 : f32
  %two = arith.constant 2.0 : f32
  linalg.map ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) (%a: f32, %o: f32) {
    %r = arith.addf %a, %one : f32
    linalg.yield %r : f32
  }
  linalg.map ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) (%a: f32, %o: f32) {
    %r = arith.addf %a, %two : f32
    linalg.yield %r : f32
  }
  linalg.map ins(%z : memref<8xf64>) outs(%z : memref<8xf64>) (%a: f64, %o: f64) {
    %r = arith.addf %a, %a : f64
    linalg.yield %r : f64
  }
  linalg.map ins(%x, %y : memref<8xf32>, memref<8xf32>) outs(%y : memref<8xf32>)
      (%a: f32, %b: f32, %o: f32) {
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  }
  linalg.map ins(%x, %y : memref<8xf32>, memref<8xf32>) outs(%x : memref<8xf32>)
      (%a: f32, %b: f32, %o: f32) {
    %r = arith.subf %a, %b : f32
    linalg.yield %r : f32
  }
  linalg.map ins(%x, %y : memref<8xf32>, memref<8xf32>) outs(%y : memref<8xf32>)
      (%a: f32, %b: f32, %o: f32) {
    %r = arith.subf %b, %a : f32
    linalg.yield %r : f32
  }
  return
}

// -----

// Each layer reads a row of its own of one tensor.
// CHECK-LABEL: func @rows_of_one_tensor
// CHECK: %[[A:.*]] = memref.cast %{{.*}} : memref<4xf32, strided<[1], offset: 4>> to memref<4xf32, strided<[1], offset: ?>>
// CHECK-NEXT: call @[[ADD:.*]](%[[A]], %{{.*}})
// CHECK: %[[B:.*]] = memref.cast %{{.*}} : memref<4xf32, strided<[1], offset: 8>> to memref<4xf32, strided<[1], offset: ?>>
// CHECK-NEXT: call @[[ADD]](%[[B]], %{{.*}})
// CHECK: func private @[[ADD]]({{.*}}: memref<4xf32, strided<[1], offset: ?>>, {{.*}}: memref<4xf32>)
func.func @rows_of_one_tensor(%x: memref<3x4xf32>, %y: memref<4xf32>) {
  %a = memref.subview %x[1, 0] [1, 4] [1, 1] : memref<3x4xf32> to memref<4xf32, strided<[1], offset: 4>>
  linalg.exp ins(%a : memref<4xf32, strided<[1], offset: 4>>) outs(%y : memref<4xf32>)
  %b = memref.subview %x[2, 0] [1, 4] [1, 1] : memref<3x4xf32> to memref<4xf32, strided<[1], offset: 8>>
  linalg.exp ins(%b : memref<4xf32, strided<[1], offset: 8>>) outs(%y : memref<4xf32>)
  return
}

// -----

// A check ends the function that it is in: it stays in the caller.
// CHECK-LABEL: func @checks
// CHECK-NOT: call
// CHECK-COUNT-2: cf.assert
func.func @checks(%x: memref<8xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.map outs(%x : memref<8xf32>) (%a: f32) {
    %b = arith.cmpf oge, %a, %zero : f32
    cf.assert %b, "negative"
    linalg.yield %a : f32
  }
  linalg.map outs(%x : memref<8xf32>) (%a: f32) {
    %b = arith.cmpf oge, %a, %zero : f32
    cf.assert %b, "negative"
    linalg.yield %a : f32
  }
  return
}

// -----

// A parallel loop is one whole: what is in it runs on one thread.
// CHECK-LABEL: func @loops
// CHECK: call @[[LOOP:.*]](%{{.*}}, %{{.*}}) : (index, memref<?x8xf32>) -> ()
// CHECK-NEXT: call @[[LOOP]]
// CHECK: func private @[[LOOP]]
// CHECK: scf.forall
// CHECK: linalg.fill
func.func @loops(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    %row = memref.subview %x[%i, 0] [1, 8] [1, 1]
      : memref<?x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%row : memref<1x8xf32, strided<[8, 1], offset: ?>>)
  }
  scf.forall (%i) in (%n) {
    %row = memref.subview %y[%i, 0] [1, 8] [1, 1]
      : memref<?x8xf32> to memref<1x8xf32, strided<[8, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%row : memref<1x8xf32, strided<[8, 1], offset: ?>>)
  }
  return
}
