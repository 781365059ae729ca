// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func @uniform
func.func @uniform(%r: !condcomp.routing<3x?x64, f32, exactly 8>) {
  // CHECK: condcomp.row_sizes %{{.*}} : !condcomp.routing<3x?x64, f32, exactly 8> -> tensor<3x?xindex>
  %0 = condcomp.row_sizes %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<3x?xindex>
  // CHECK: condcomp.module_sizes %{{.*}} -> tensor<3x64xindex>
  %1 = condcomp.module_sizes %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<3x64xindex>
  // CHECK: condcomp.num_entries %{{.*}} : !condcomp.routing<3x?x64, f32, exactly 8>
  %2 = condcomp.num_entries %r : !condcomp.routing<3x?x64, f32, exactly 8>
  // CHECK: condcomp.row_offsets %{{.*}} -> tensor<?xindex>
  %3 = condcomp.row_offsets %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<?xindex>
  // CHECK: condcomp.weights %{{.*}} -> tensor<3x?x8xf32>
  %4 = condcomp.weights %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<3x?x8xf32>
  // CHECK: condcomp.indices %{{.*}} -> tensor<3x?x8xindex>
  %5 = condcomp.indices %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<3x?x8xindex>
  // CHECK: condcomp.to_dense %{{.*}} -> tensor<3x?x64xf32>
  %6 = condcomp.to_dense %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<3x?x64xf32>
  // CHECK: condcomp.to_mask %{{.*}} -> tensor<3x?x64xi1>
  %7 = condcomp.to_mask %r : !condcomp.routing<3x?x64, f32, exactly 8>
    -> tensor<3x?x64xi1>
  return
}

// Entries of rows that differ in number are packed over all batch indices.
// CHECK-LABEL: func @packed
func.func @packed(%r: !condcomp.routing<3x5x64, f64, at_most 8>) {
  // CHECK: condcomp.row_offsets %{{.*}} -> tensor<16xindex>
  %0 = condcomp.row_offsets %r : !condcomp.routing<3x5x64, f64, at_most 8>
    -> tensor<16xindex>
  // CHECK: condcomp.weights %{{.*}} -> tensor<?xf64>
  %1 = condcomp.weights %r : !condcomp.routing<3x5x64, f64, at_most 8>
    -> tensor<?xf64>
  // CHECK: condcomp.indices %{{.*}} -> tensor<?xindex>
  %2 = condcomp.indices %r : !condcomp.routing<3x5x64, f64, at_most 8>
    -> tensor<?xindex>
  return
}

// CHECK-LABEL: func @trace
func.func @trace(%r: !condcomp.routing<4x?x64, f32, exactly 8>, %ids: tensor<?xindex>) {
  // CHECK: condcomp.trace %{{.*}} "layer 3" : !condcomp.routing<4x?x64, f32, exactly 8>
  condcomp.trace %r "layer 3" : !condcomp.routing<4x?x64, f32, exactly 8>
  // CHECK: condcomp.trace %{{.*}} "inner" ids(%{{.*}} : tensor<?xindex>) : !condcomp.routing<4x?x64, f32, exactly 8>
  condcomp.trace %r "inner" ids(%ids : tensor<?xindex>)
    : !condcomp.routing<4x?x64, f32, exactly 8>
  return
}
