// RUN: cc-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(condcomp-collapse-weights))" | FileCheck %s
// RUN: cc-opt %s --split-input-file --condcomp-prepack=vector-bits=256 | FileCheck %s --check-prefix=PACKED

// The projection to heads of an attention, and back: one loop of 96 columns, one
// of 96 terms. The weights, which were expanded for the heads, are plain again.

// CHECK-DAG: #[[ROWS:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[COLUMNS:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[RESULT:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @to_heads
// CHECK-SAME: (%[[X:.*]]: tensor<?x7x40xf32>, %[[W:.*]]: tensor<96x40xf32>
// CHECK: %[[FILL:.*]] = linalg.fill {{.*}} -> tensor<?x7x96xf32>
// CHECK: %[[Y:.*]] = linalg.generic {indexing_maps = [#[[ROWS]], #[[COLUMNS]], #[[RESULT]]]
// CHECK-SAME: ins(%[[X]], %[[W]] : {{.*}}) outs(%[[FILL]] : tensor<?x7x96xf32>)
// CHECK: tensor.expand_shape %[[Y]] {{\[\[}}0], [1], [2, 3]] {{.*}} into tensor<?x7x6x16xf32>
// PACKED: linalg.pack {{.*}} : tensor<96x40xf32> -> tensor<6x40x16xf32>
#x = affine_map<(b, n, h, d, k) -> (b, n, k)>
#w = affine_map<(b, n, h, d, k) -> (h, d, k)>
#y = affine_map<(b, n, h, d, k) -> (b, n, h, d)>
func.func @to_heads(%x: tensor<?x7x40xf32>, %w: tensor<96x40xf32> {condcomp.constant}) -> tensor<?x7x6x16xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %x, %c0 : tensor<?x7x40xf32>
  %heads = tensor.expand_shape %w [[0, 1], [2]] output_shape [6, 16, 40] : tensor<96x40xf32> into tensor<6x16x40xf32>
  %e = tensor.empty(%b) : tensor<?x7x6x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x7x6x16xf32>) -> tensor<?x7x6x16xf32>
  %r = linalg.generic {indexing_maps = [#x, #w, #y],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %heads : tensor<?x7x40xf32>, tensor<6x16x40xf32>) outs(%f : tensor<?x7x6x16xf32>) {
  ^bb0(%a: f32, %c: f32, %o: f32):
    %p = arith.mulf %a, %c : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x7x6x16xf32>
  return %r : tensor<?x7x6x16xf32>
}

// CHECK-LABEL: func.func @from_heads
// CHECK-SAME: (%[[X:.*]]: tensor<?x6x16xf32>, %[[W:.*]]: tensor<40x6x16xf32>
// CHECK-DAG: %[[XC:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0], [1, 2]]
// CHECK-DAG: %[[WC:.*]] = tensor.collapse_shape %[[W]] {{\[\[}}0], [1, 2]]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK-SAME: ins(%[[XC]], %[[WC]] :
// PACKED: linalg.pack {{.*}} : tensor<40x96xf32> -> tensor<3x96x16xf32>
#x2 = affine_map<(m, n, h, d) -> (m, h, d)>
#w2 = affine_map<(m, n, h, d) -> (n, h, d)>
#y2 = affine_map<(m, n, h, d) -> (m, n)>
func.func @from_heads(%x: tensor<?x6x16xf32>, %w: tensor<40x6x16xf32> {condcomp.constant}, %o: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %r = linalg.generic {indexing_maps = [#x2, #w2, #y2],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : tensor<?x6x16xf32>, tensor<40x6x16xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a: f32, %c: f32, %s: f32):
    %p = arith.mulf %a, %c : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x40xf32>
  return %r : tensor<?x40xf32>
}

// -----

// The weights are expanded in a branch, as in a stage of a cascade.
// CHECK-LABEL: func.func @in_branch
// CHECK-SAME: %[[W:arg[0-9]+]]: tensor<40x96xf32> {condcomp.constant}
// CHECK: scf.if
// CHECK-NOT: expand_shape
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK-SAME: %[[W]]
// PACKED-LABEL: func.func @in_branch$prepack
// PACKED: linalg.pack {{.*}} : tensor<40x96xf32> -> tensor<3x96x16xf32>
#x = affine_map<(m, n, h, d) -> (m, h, d)>
#w = affine_map<(m, n, h, d) -> (n, h, d)>
#y = affine_map<(m, n, h, d) -> (m, n)>
func.func @in_branch(%x: tensor<?x6x16xf32>, %w: tensor<40x96xf32> {condcomp.constant}, %o: tensor<?x40xf32>, %c: i1) -> tensor<?x40xf32> {
  %y = scf.if %c -> tensor<?x40xf32> {
    %e = tensor.expand_shape %w [[0], [1, 2]] output_shape [40, 6, 16] : tensor<40x96xf32> into tensor<40x6x16xf32>
    %r = linalg.generic {indexing_maps = [#x, #w, #y],
        iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
        ins(%x, %e : tensor<?x6x16xf32>, tensor<40x6x16xf32>) outs(%o : tensor<?x40xf32>) {
    ^bb0(%a: f32, %b: f32, %s: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %s, %p : f32
      linalg.yield %t : f32
    } -> tensor<?x40xf32>
    scf.yield %r : tensor<?x40xf32>
  } else {
    scf.yield %o : tensor<?x40xf32>
  }
  return %y : tensor<?x40xf32>
}

// -----

// The terms lie in another order in the rows: they are no one loop there.
// CHECK-LABEL: func.func @other_order
// CHECK-NOT: collapse_shape
// CHECK: iterator_types = ["parallel", "parallel", "reduction", "reduction"]
#x = affine_map<(m, n, h, d) -> (m, d, h)>
#w = affine_map<(m, n, h, d) -> (n, h, d)>
#y = affine_map<(m, n, h, d) -> (m, n)>
func.func @other_order(%x: tensor<?x16x6xf32>, %w: tensor<40x6x16xf32> {condcomp.constant}, %o: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %r = linalg.generic {indexing_maps = [#x, #w, #y],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : tensor<?x16x6xf32>, tensor<40x6x16xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a: f32, %c: f32, %s: f32):
    %p = arith.mulf %a, %c : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x40xf32>
  return %r : tensor<?x40xf32>
}

// -----

// No weights: nothing will be packed, and the loops of both operands are merged
// in memory later. Loops that all operands share are a batch and stay apart.
// CHECK-LABEL: func.func @no_constant
// CHECK-NOT: collapse_shape
// CHECK-LABEL: func.func @batch
// CHECK-NOT: collapse_shape
#x = affine_map<(m, n, h, d) -> (m, h, d)>
#w = affine_map<(m, n, h, d) -> (n, h, d)>
#y = affine_map<(m, n, h, d) -> (m, n)>
func.func @no_constant(%x: tensor<?x6x16xf32>, %w: tensor<40x6x16xf32>, %o: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %r = linalg.generic {indexing_maps = [#x, #w, #y],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x, %w : tensor<?x6x16xf32>, tensor<40x6x16xf32>) outs(%o : tensor<?x40xf32>) {
  ^bb0(%a: f32, %c: f32, %s: f32):
    %p = arith.mulf %a, %c : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x40xf32>
  return %r : tensor<?x40xf32>
}

#xb = affine_map<(g, h, m, n, k) -> (g, h, m, k)>
#wb = affine_map<(g, h, m, n, k) -> (g, h, k, n)>
#yb = affine_map<(g, h, m, n, k) -> (g, h, m, n)>
func.func @batch(%x: tensor<2x3x?x16xf32>, %w: tensor<2x3x16x40xf32> {condcomp.constant}, %o: tensor<2x3x?x40xf32>) -> tensor<2x3x?x40xf32> {
  %r = linalg.generic {indexing_maps = [#xb, #wb, #yb],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<2x3x?x16xf32>, tensor<2x3x16x40xf32>) outs(%o : tensor<2x3x?x40xf32>) {
  ^bb0(%a: f32, %c: f32, %s: f32):
    %p = arith.mulf %a, %c : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x3x?x40xf32>
  return %r : tensor<2x3x?x40xf32>
}
