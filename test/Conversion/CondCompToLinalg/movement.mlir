// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s

// Tokens of each image, `[B, T, d]` to `[B, k, d]`: one gather of whole rows.
// CHECK-LABEL: func.func @select_pairs
// CHECK-SAME: (%[[T:.*]]: tensor<4x16x8xf32>
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %[[T]] {{\[}}[0, 1], [2]] : tensor<4x16x8xf32> into tensor<64x8xf32>
// CHECK: tensor.extract %[[FLAT]][
// CHECK: tensor.expand_shape %{{.*}} {{\[}}[0, 1], [2]] output_shape [4, 6, 8]
func.func @select_pairs(%t: tensor<4x16x8xf32>, %s: tensor<4x16xf32>) -> tensor<4x6x8xf32> {
  %r = condcomp.top_k %s, 6 : tensor<4x16xf32> -> !condcomp.routing<4x16, f32, exactly 6>
  %e = condcomp.select %r from pairs(%t : tensor<4x16x8xf32>)
    : !condcomp.routing<4x16, f32, exactly 6> -> tensor<4x6x8xf32>
  return %e : tensor<4x6x8xf32>
}

// A row's entries are summed in ascending order into one f32 accumulator and rounded
// once.
// CHECK-LABEL: func.func @combine_bf16
// CHECK: arith.extf
// CHECK: iterator_types = ["parallel", "reduction", "parallel"]
// CHECK: arith.extf
// CHECK: arith.mulf %{{.*}} : f32
// CHECK: arith.addf %{{.*}} : f32
// CHECK: arith.truncf
func.func @combine_bf16(%e: tensor<?x2x8xbf16>, %s: tensor<?x4xf32>, %o: tensor<?x8xbf16>)
    -> tensor<?x8xbf16> {
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  %y = condcomp.combine sum %r entries(%e : tensor<?x2x8xbf16>) outs(%o : tensor<?x8xbf16>)
    : !condcomp.routing<?x4, f32, exactly 2>
  return %y : tensor<?x8xbf16>
}

// Pairs without an entry keep outs: by selection.
// CHECK-LABEL: func.func @restore
// CHECK: condcomp.check %{{.*}}, "restore C1: the entry tensor has {0} entries, the routing {1}"
// CHECK: arith.cmpi sge
// CHECK: arith.select
func.func @restore(%e: tensor<?x8xf32>, %m: tensor<?x4xi1>, %o: tensor<?x4x8xf32>)
    -> tensor<?x4x8xf32> {
  %r = condcomp.from_mask %m : tensor<?x4xi1> -> !condcomp.routing<?x4, f32>
  %y = condcomp.restore replace %r entries(%e : tensor<?x8xf32>) outs(%o : tensor<?x4x8xf32>)
    : !condcomp.routing<?x4, f32>
  return %y : tensor<?x4x8xf32>
}

// State at ids: upstream's ops along dim 0 are lowered, with a check.
// CHECK-LABEL: func.func @state
// CHECK: condcomp.check %{{.*}}, "tensor.gather: index {0} is not below the number of rows, {1}"
// CHECK-NOT: tensor.gather {{.*}}gather_dims
// CHECK-NOT: tensor.scatter {{.*}}scatter_dims
// CHECK: return
func.func @state(%s: tensor<?x8xf32>, %ids: tensor<?x1xindex>) -> tensor<?x8xf32> {
  %g = tensor.gather %s[%ids] gather_dims([0])
    : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
  %u = math.exp %g : tensor<?x8xf32>
  %n = tensor.scatter %u into %s[%ids] scatter_dims([0]) unique
    : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
  return %n : tensor<?x8xf32>
}

// A full routing is a dense matrix, any other is walked by modules.
// CHECK-LABEL: func.func @pool
// CHECK: condcomp.check %{{.*}}, "pool C1: the source has size {0} in dim 0, expected {1}"
// CHECK: scf.if
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: else
// CHECK: scf.forall
// CHECK: math.fma
func.func @pool(%m: tensor<?x4xi1>, %w: tensor<?x4xf32>, %x: tensor<?x8xf32>,
    %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %r = condcomp.from_mask %m weights(%w : tensor<?x4xf32>) : tensor<?x4xi1>
    -> !condcomp.routing<?x4, f32>
  %y = condcomp.pool sum %r from rows(%x : tensor<?x8xf32>)
    outs(%o : tensor<4x8xf32>) : !condcomp.routing<?x4, f32>
  return %y : tensor<4x8xf32>
}

// What a bound excludes is not compiled.
// CHECK-LABEL: func.func @mix
// CHECK-NOT: scf.if {{.*}} -> (tensor
// CHECK: scf.forall
// CHECK-NOT: scf.if {{.*}} -> (tensor
// CHECK: return
func.func @mix(%s: tensor<?x4xf32>, %w: tensor<4x8xf32>, %o: tensor<?x8xf32>)
    -> tensor<?x8xf32> {
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  %y = condcomp.mix %r from modules(%w : tensor<4x8xf32>)
    outs(%o : tensor<?x8xf32>) : !condcomp.routing<?x4, f32, exactly 2>
  return %y : tensor<?x8xf32>
}
