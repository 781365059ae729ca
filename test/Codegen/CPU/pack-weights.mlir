// RUN: cc-opt %s --pass-pipeline="builtin.module(func.func(condcomp-pack-weights{vector-bits=256}))" | FileCheck %s
// RUN: cc-opt %s --pass-pipeline="builtin.module(func.func(condcomp-pack-weights{vector-bits=512}))" | FileCheck %s --check-prefix=WIDE

#rows = affine_map<(m, n, k) -> (m, k)>
#cols = affine_map<(m, n, k) -> (k, n)>
#cols_t = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>

// CHECK-DAG: #[[F32:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 16, d2, d1 mod 16)>
// CHECK-DAG: #[[BF16:.*]] = affine_map<(d0, d1, d2) -> (d1 floordiv 16, d2 floordiv 2, d1 mod 16, d2 mod 2)>

// An expert's weights: the stack is packed once, the body takes a slice of it.
// CHECK-LABEL: func.func @experts
// CHECK-SAME: (%[[X:.*]]: tensor<?x24xf32>, %[[W:.*]]: tensor<4x24x40xf32> {condcomp.constant}
// CHECK: %[[P:.*]] = linalg.pack %[[W]] padding_value(%{{.*}} : f32) outer_dims_perm = [0, 2, 1] inner_dims_pos = [2] inner_tiles = [16] into %{{.*}} : tensor<4x24x40xf32> -> tensor<4x3x24x16xf32>
// CHECK: scf.for %[[I:[a-z0-9]+]] =
// CHECK-NOT: tensor.extract_slice %[[W]]
// CHECK: %[[S:.*]] = tensor.extract_slice %[[P]][%[[I]], 0, 0, 0] [1, 3, 24, 16] [1, 1, 1, 1]
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[F32]], #{{.*}}]
// CHECK-SAME: ins(%[[X]], %[[S]]
// WIDE: inner_tiles = [32] into %{{.*}} : tensor<4x24x40xf32> -> tensor<4x2x24x32xf32>
func.func @experts(%x: tensor<?x24xf32>, %w: tensor<4x24x40xf32> {condcomp.constant},
                   %o: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%acc = %o) -> tensor<?x40xf32> {
    %we = tensor.extract_slice %w[%i, 0, 0] [1, 24, 40] [1, 1, 1] : tensor<4x24x40xf32> to tensor<24x40xf32>
    %next = linalg.generic {indexing_maps = [#rows, #cols, #out],
        iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %we : tensor<?x24xf32>, tensor<24x40xf32>) outs(%acc : tensor<?x40xf32>) {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %c, %p : f32
      linalg.yield %s : f32
    } -> tensor<?x40xf32>
    scf.yield %next : tensor<?x40xf32>
  }
  return %y : tensor<?x40xf32>
}

// Terms of bf16 lie in pairs; stored as [N, K] there is nothing to permute. The
// packed operand comes second.
// CHECK-LABEL: func.func @pairs
// CHECK-SAME: (%[[W:.*]]: tensor<32x25xbf16> {condcomp.constant}, %[[X:.*]]: tensor<?x25xbf16>
// CHECK: %[[P:.*]] = linalg.pack %[[W]] padding_value({{.*}}) outer_dims_perm = [0, 1] inner_dims_pos = [0, 1] inner_tiles = [16, 2] into %{{.*}} : tensor<32x25xbf16> -> tensor<2x13x16x2xbf16>
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[BF16]], #{{.*}}]
// CHECK-SAME: ins(%[[X]], %[[P]]
func.func @pairs(%w: tensor<32x25xbf16> {condcomp.constant}, %x: tensor<?x25xbf16>,
                 %o: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %y = linalg.generic {indexing_maps = [#cols_t, #rows, #out],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%w, %x : tensor<32x25xbf16>, tensor<?x25xbf16>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%a: bf16, %b: bf16, %c: f32):
    %e = arith.extf %a : bf16 to f32
    %f = arith.extf %b : bf16 to f32
    %p = arith.mulf %e, %f : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Not where the argument may change, nor where a panel would be mostly padding.
// CHECK-LABEL: func.func @stay
// CHECK-NOT: linalg.pack
// CHECK: return
func.func @stay(%x: tensor<?x24xf32>, %w: tensor<24x32xf32>, %v: tensor<24x4xf32> {condcomp.constant},
                %o: tensor<?x32xf32>, %u: tensor<?x4xf32>) -> (tensor<?x32xf32>, tensor<?x4xf32>) {
  %y = linalg.generic {indexing_maps = [#rows, #cols, #out],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x24xf32>, tensor<24x32xf32>) outs(%o : tensor<?x32xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x32xf32>
  %z = linalg.generic {indexing_maps = [#rows, #cols, #out],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %v : tensor<?x24xf32>, tensor<24x4xf32>) outs(%u : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  return %y, %z : tensor<?x32xf32>, tensor<?x4xf32>
}
