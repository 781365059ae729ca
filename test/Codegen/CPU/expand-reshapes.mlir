// RUN: cc-opt %s --condcomp-expand-reshapes --canonicalize | FileCheck %s
// RUN: cc-opt %s --condcomp-expand-reshapes --expand-strided-metadata

// Both parts of a dim have run-time sizes: strides follow from the sizes.
// CHECK-LABEL: func.func @two_sizes(
// CHECK-SAME: %[[X:.*]]: memref<?xf32>, %[[A:.*]]: index, %[[B:.*]]: index)
// CHECK-NOT: memref.expand_shape
// CHECK: memref.reinterpret_cast %[[X]] to offset: [0], sizes: [%[[A]], %[[B]]], strides: [%[[B]], 1]
func.func @two_sizes(%x: memref<?xf32>, %a: index, %b: index) -> memref<?x?xf32> {
  %y = memref.expand_shape %x [[0, 1]] output_shape [%a, %b]
    : memref<?xf32> into memref<?x?xf32>
  return %y : memref<?x?xf32>
}

// Offsets and strides of a part of a larger buffer are kept.
// CHECK-LABEL: func.func @strided(
// CHECK-SAME: %[[X:.*]]: memref<?x8xf32, strided<[16, 2], offset: ?>>,
// CHECK: %{{.*}}, %[[OFFSET:.*]], %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[X]]
// CHECK: %[[STRIDE:.*]] = arith.muli %{{.*}}, %{{.*}} : index
// CHECK: memref.reinterpret_cast %[[X]] to offset: [%[[OFFSET]]], sizes: [%{{.*}}, %{{.*}}, 2, 4], strides: [%[[STRIDE]], 16, 8, 2]
func.func @strided(%x: memref<?x8xf32, strided<[16, 2], offset: ?>>, %a: index, %b: index)
    -> memref<?x?x2x4xf32, strided<[?, 16, 8, 2], offset: ?>> {
  %y = memref.expand_shape %x [[0, 1], [2, 3]] output_shape [%a, %b, 2, 4]
    : memref<?x8xf32, strided<[16, 2], offset: ?>>
    into memref<?x?x2x4xf32, strided<[?, 16, 8, 2], offset: ?>>
  return %y : memref<?x?x2x4xf32, strided<[?, 16, 8, 2], offset: ?>>
}

// Upstream's pass takes these: one size of the group is unknown.
// CHECK-LABEL: func.func @one_size(
// CHECK: memref.expand_shape
func.func @one_size(%x: memref<?xf32>, %a: index) -> memref<?x4xf32> {
  %y = memref.expand_shape %x [[0, 1]] output_shape [%a, 4]
    : memref<?xf32> into memref<?x4xf32>
  return %y : memref<?x4xf32>
}
