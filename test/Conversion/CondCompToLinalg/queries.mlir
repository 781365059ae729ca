// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,COMPACT
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,MASKED

// Compact holds the offsets and the entries, masked the matrices: the other form asks
// for a conversion.
// CHECK-LABEL: func.func @sizes
// CHECK: scf.for
// CHECK: tensor.expand_shape %{{.*}} {{\[}}[0, 1]] output_shape [2, %{{.*}}]
// CHECK: tensor.expand_shape %{{.*}} {{\[}}[0, 1]] output_shape [2, 4]
func.func @sizes(%m: tensor<2x?x4xi1>)
    -> (tensor<2x?xindex>, tensor<2x4xindex>, index, tensor<?xindex>) {
  %r = condcomp.from_mask %m : tensor<2x?x4xi1> -> !condcomp.routing<2x?x4, f32>
  %0 = condcomp.row_sizes %r : !condcomp.routing<2x?x4, f32> -> tensor<2x?xindex>
  %1 = condcomp.module_sizes %r : !condcomp.routing<2x?x4, f32> -> tensor<2x4xindex>
  %2 = condcomp.num_entries %r : !condcomp.routing<2x?x4, f32>
  %3 = condcomp.row_offsets %r : !condcomp.routing<2x?x4, f32> -> tensor<?xindex>
  return %0, %1, %2, %3 : tensor<2x?xindex>, tensor<2x4xindex>, index, tensor<?xindex>
}

// CHECK-LABEL: func.func @entries
// CHECK: scf.for
// CHECK: tensor.extract_slice
func.func @entries(%m: tensor<2x?x4xi1>) -> (tensor<?xf32>, tensor<?xindex>) {
  %r = condcomp.from_mask %m : tensor<2x?x4xi1> -> !condcomp.routing<2x?x4, f32>
  %0 = condcomp.weights %r : !condcomp.routing<2x?x4, f32> -> tensor<?xf32>
  %1 = condcomp.indices %r : !condcomp.routing<2x?x4, f32> -> tensor<?xindex>
  return %0, %1 : tensor<?xf32>, tensor<?xindex>
}

// Weights are 0 where there is no entry, by selection. Masked needs no loop.
// CHECK-LABEL: func.func @matrices
// COMPACT: scf.for
// MASKED-NOT: scf.for
// CHECK: arith.select
// CHECK: return
func.func @matrices(%m: tensor<2x?x4xi1>) -> (tensor<2x?x4xf32>, tensor<2x?x4xi1>) {
  %r = condcomp.from_mask %m : tensor<2x?x4xi1> -> !condcomp.routing<2x?x4, f32>
  %0 = condcomp.to_dense %r : !condcomp.routing<2x?x4, f32> -> tensor<2x?x4xf32>
  %1 = condcomp.to_mask %r : !condcomp.routing<2x?x4, f32> -> tensor<2x?x4xi1>
  return %0, %1 : tensor<2x?x4xf32>, tensor<2x?x4xi1>
}

// Entries are packed only if somebody listens.
// CHECK-LABEL: func.func @trace
// CHECK: %[[ON:.*]] = call @condcomp_is_tracing() : () -> i64
// CHECK: arith.cmpi ne, %[[ON]]
// CHECK: scf.if
// CHECK: condcomp.check %{{.*}}, "trace C2: {0} ids for {1} rows"
// CHECK: call @condcomp_trace_f32
func.func @trace(%m: tensor<?x8xi1>, %ids: tensor<?xindex>) -> tensor<?x8xi1> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  condcomp.trace %r "r" ids(%ids : tensor<?xindex>) : !condcomp.routing<?x8, f32>
  return %m : tensor<?x8xi1>
}
