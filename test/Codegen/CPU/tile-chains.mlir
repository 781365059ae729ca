// RUN: cc-opt %s --split-input-file --condcomp-tile-chains --canonicalize --cse | FileCheck %s

// Attention of 4 heads of 64 rows: scores, their maximum, softmax and the sum of
// values of a head in one task. What is scaled before goes with it; the maximum and
// the sum read the same scores.

// CHECK-LABEL: func.func @attention
// CHECK-SAME: (%[[Q:.*]]: tensor<?x4x64x32xf32>, %[[K:[^:]*]]: tensor<?x4x64x32xf32>, %[[V:[^:]*]]: tensor<?x4x64x32xf32>)
// CHECK-NOT: linalg.generic
// CHECK: %[[R:.*]] = scf.forall (%[[B:.*]], %[[H:.*]]) = (0, 0) to (%{{.*}}, 4) step (1, 2)
// CHECK: %[[SCALED:.*]] = linalg.generic
// CHECK: } -> tensor<1x2x64x32xf32>
// CHECK: tensor.empty() : tensor<1x2x64x64xf32>
// CHECK: %[[SCORES:.*]] = linalg.generic {{.*}} ins(%[[SCALED]], %{{.*}}
// CHECK: } -> tensor<1x2x64x64xf32>
// CHECK: linalg.generic {{.*}} ins(%[[SCORES]] :
// CHECK: arith.maximumf
// CHECK: linalg.generic {{.*}} ins(%[[SCORES]], %{{.*}}
// CHECK: math.exp
// CHECK-NOT: math.exp
// CHECK: arith.divf
// CHECK: } -> tensor<1x2x64x32xf32>
// CHECK: tensor.parallel_insert_slice
// CHECK-NOT: linalg.generic
// CHECK: return %[[R]]
#qk_q = affine_map<(b, h, m, n, k) -> (b, h, m, k)>
#qk_k = affine_map<(b, h, m, n, k) -> (b, h, n, k)>
#qk_s = affine_map<(b, h, m, n, k) -> (b, h, m, n)>
#id = affine_map<(b, h, m, n) -> (b, h, m, n)>
#row = affine_map<(b, h, m, n) -> (b, h, m)>
#pv_v = affine_map<(b, h, m, n, k) -> (b, h, k, n)>
func.func @attention(%q: tensor<?x4x64x32xf32>, %k: tensor<?x4x64x32xf32>, %v: tensor<?x4x64x32xf32>) -> tensor<?x4x64x32xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %scale = arith.constant 0.125 : f32
  %b = tensor.dim %q, %c0 : tensor<?x4x64x32xf32>
  %eq = tensor.empty(%b) : tensor<?x4x64x32xf32>
  %es = tensor.empty(%b) : tensor<?x4x64x64xf32>
  %er = tensor.empty(%b) : tensor<?x4x64xf32>
  %scaled = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%q : tensor<?x4x64x32xf32>) outs(%eq : tensor<?x4x64x32xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.mulf %x, %scale : f32
    linalg.yield %y : f32
  } -> tensor<?x4x64x32xf32>
  %zs = linalg.fill ins(%zero : f32) outs(%es : tensor<?x4x64x64xf32>) -> tensor<?x4x64x64xf32>
  %s = linalg.generic {indexing_maps = [#qk_q, #qk_k, #qk_s], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%scaled, %k : tensor<?x4x64x32xf32>, tensor<?x4x64x32xf32>) outs(%zs : tensor<?x4x64x64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %o, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x4x64x64xf32>
  %lows = linalg.fill ins(%low : f32) outs(%er : tensor<?x4x64xf32>) -> tensor<?x4x64xf32>
  %max = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%s : tensor<?x4x64x64xf32>) outs(%lows : tensor<?x4x64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.maximumf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<?x4x64xf32>
  %e = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s, %max : tensor<?x4x64x64xf32>, tensor<?x4x64xf32>) outs(%es : tensor<?x4x64x64xf32>) {
  ^bb0(%x: f32, %m: f32, %o: f32):
    %d = arith.subf %x, %m : f32
    %y = math.exp %d : f32
    linalg.yield %y : f32
  } -> tensor<?x4x64x64xf32>
  %zr = linalg.fill ins(%zero : f32) outs(%er : tensor<?x4x64xf32>) -> tensor<?x4x64xf32>
  %sum = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%e : tensor<?x4x64x64xf32>) outs(%zr : tensor<?x4x64xf32>) {
  ^bb0(%x: f32, %o: f32):
    %y = arith.addf %x, %o : f32
    linalg.yield %y : f32
  } -> tensor<?x4x64xf32>
  %p = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%e, %sum : tensor<?x4x64x64xf32>, tensor<?x4x64xf32>) outs(%es : tensor<?x4x64x64xf32>) {
  ^bb0(%x: f32, %m: f32, %o: f32):
    %y = arith.divf %x, %m : f32
    linalg.yield %y : f32
  } -> tensor<?x4x64x64xf32>
  %zo = linalg.fill ins(%zero : f32) outs(%eq : tensor<?x4x64x32xf32>) -> tensor<?x4x64x32xf32>
  %r = linalg.generic {indexing_maps = [#qk_q, #pv_v, #qk_s], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%p, %v : tensor<?x4x64x64xf32>, tensor<?x4x64x32xf32>) outs(%zo : tensor<?x4x64x32xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %t = arith.addf %o, %m : f32
    linalg.yield %t : f32
  } -> tensor<?x4x64x32xf32>
  return %r : tensor<?x4x64x32xf32>
}

// -----

// Scores of run-time size: rows are cut into tasks of 96, too.
// CHECK-LABEL: func.func @many_rows
// CHECK: scf.forall (%{{.*}}, %{{.*}}) =
// CHECK: %[[S:.*]] = linalg.generic
// CHECK: } -> tensor<?x?x?xf32>
// CHECK: linalg.generic {{.*}} ins(%[[S]], %{{.*}}
// CHECK: } -> tensor<?x?x32xf32>

// Scores that are a result as well are needed whole.
// CHECK-LABEL: func.func @other_use
// CHECK-NOT: scf.forall

// What all samples share, here the weights of the first product, would be packed by
// every task.
// CHECK-LABEL: func.func @shared_weights
// CHECK-NOT: scf.forall
#l = affine_map<(b, m, n, k) -> (b, m, k)>
#r = affine_map<(b, m, n, k) -> (b, k, n)>
#w = affine_map<(b, m, n, k) -> (k, n)>
#o = affine_map<(b, m, n, k) -> (b, m, n)>
func.func @many_rows(%q: tensor<?x?x32xf32>, %k: tensor<?x32x?xf32>, %v: tensor<?x?x32xf32>, %s0: tensor<?x?x?xf32>, %r0: tensor<?x?x32xf32>) -> tensor<?x?x32xf32> {
  %s = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<?x?x32xf32>, tensor<?x32x?xf32>) outs(%s0 : tensor<?x?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %a: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %a, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x?x?xf32>
  %r = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%s, %v : tensor<?x?x?xf32>, tensor<?x?x32xf32>) outs(%r0 : tensor<?x?x32xf32>) {
  ^bb0(%x: f32, %y: f32, %a: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %a, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x?x32xf32>
  return %r : tensor<?x?x32xf32>
}

func.func @other_use(%q: tensor<2x8x32xf32>, %k: tensor<2x32x8xf32>, %v: tensor<2x8x32xf32>, %s0: tensor<2x8x8xf32>, %r0: tensor<2x8x32xf32>) -> (tensor<2x8x32xf32>, tensor<2x8x8xf32>) {
  %s = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x8x32xf32>, tensor<2x32x8xf32>) outs(%s0 : tensor<2x8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %a: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %a, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x8x8xf32>
  %r = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%s, %v : tensor<2x8x8xf32>, tensor<2x8x32xf32>) outs(%r0 : tensor<2x8x32xf32>) {
  ^bb0(%x: f32, %y: f32, %a: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %a, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x8x32xf32>
  return %r, %s : tensor<2x8x32xf32>, tensor<2x8x8xf32>
}

func.func @shared_weights(%q: tensor<2x8x32xf32>, %w: tensor<32x8xf32>, %v: tensor<2x8x32xf32>, %s0: tensor<2x8x8xf32>, %r0: tensor<2x8x32xf32>) -> tensor<2x8x32xf32> {
  %s = linalg.generic {indexing_maps = [#l, #w, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %w : tensor<2x8x32xf32>, tensor<32x8xf32>) outs(%s0 : tensor<2x8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %a: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %a, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x8x8xf32>
  %r = linalg.generic {indexing_maps = [#l, #r, #o], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%s, %v : tensor<2x8x8xf32>, tensor<2x8x32xf32>) outs(%r0 : tensor<2x8x32xf32>) {
  ^bb0(%x: f32, %y: f32, %a: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %a, %p : f32
    linalg.yield %t : f32
  } -> tensor<2x8x32xf32>
  return %r : tensor<2x8x32xf32>
}
