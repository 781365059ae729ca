// RUN: cc-opt %s --condcomp-leave-rows-in-place | FileCheck %s

#rows = affine_map<(r) -> (r)>
#query = affine_map<(r, t, d) -> (r, d)>
#keys = affine_map<(r, t, d) -> (r, t, d)>
#score = affine_map<(r, t, d) -> (r, t)>
#plain = affine_map<(r, t) -> (r, t)>

func.func private @done(tensor<?x4xf32>) -> tensor<?xi1>

// Keys, of which the first stage reads nothing and the second one reads what
// belongs to its rows.
// CHECK-LABEL: func @cascade(
// CHECK-SAME: %[[H:.*]]: tensor<9x4xf32>, %[[KEYS:.*]]: tensor<9x?x4xf32>
// CHECK: condcomp.cascade rows(%[[H]] : tensor<9x4xf32>) outs({{.*}}) with_ids
// CHECK-NEXT: ^bb0(%[[H0:.*]]: tensor<?x4xf32>, %{{.*}}: tensor<?xindex>):
// CHECK: condcomp.exit {{.*}} carry(%[[H0]] : tensor<?x4xf32>)
// CHECK: ^bb0(%[[H1:.*]]: tensor<?x4xf32>, %[[IDS:.*]]: tensor<?xindex>):
// CHECK: %[[MINE:.*]] = linalg.generic {{.*}} ins(%[[IDS]] : tensor<?xindex>)
// CHECK: tensor.extract %[[KEYS]][%{{.*}}, %{{.*}}, %{{.*}}] : tensor<9x?x4xf32>
// CHECK: linalg.generic {{.*}} ins(%[[H1]], %[[MINE]] :
func.func @cascade(%h: tensor<9x4xf32>, %keys: tensor<9x?x4xf32>, %outs: tensor<9x?xf32>)
    -> (tensor<9x?xf32>, tensor<9xi32>) {
  %y, %at = condcomp.cascade rows(%h, %keys : tensor<9x4xf32>, tensor<9x?x4xf32>)
      outs(%outs : tensor<9x?xf32>) {
  ^bb0(%h0: tensor<?x4xf32>, %k0: tensor<?x?x4xf32>):
    %d = func.call @done(%h0) : (tensor<?x4xf32>) -> tensor<?xi1>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %k0, %c0 : tensor<?x?x4xf32>
    %t = tensor.dim %k0, %c1 : tensor<?x?x4xf32>
    %e = tensor.empty(%n, %t) : tensor<?x?xf32>
    condcomp.exit %d : tensor<?xi1> results(%e : tensor<?x?xf32>)
      carry(%h0, %k0 : tensor<?x4xf32>, tensor<?x?x4xf32>)
  }, {
  ^bb0(%h1: tensor<?x4xf32>, %k1: tensor<?x?x4xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %k1, %c0 : tensor<?x?x4xf32>
    %t = tensor.dim %k1, %c1 : tensor<?x?x4xf32>
    %e = tensor.empty(%n, %t) : tensor<?x?xf32>
    %s = linalg.generic {indexing_maps = [#query, #keys, #score],
                         iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%h1, %k1 : tensor<?x4xf32>, tensor<?x?x4xf32>) outs(%e : tensor<?x?xf32>) {
    ^bb1(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      %sum = arith.addf %o, %p : f32
      linalg.yield %sum : f32
    } -> tensor<?x?xf32>
    condcomp.yield %s : tensor<?x?xf32>
  } -> tensor<9x?xf32>, tensor<9xi32>
  return %y, %at : tensor<9x?xf32>, tensor<9xi32>
}

// The body of an iterate reads them in every step.
// CHECK-LABEL: func @iterate(
// CHECK-SAME: %[[LIMIT:.*]]: index, %[[H:.*]]: tensor<?x4xf32>, %[[KEYS:.*]]: tensor<?x4x4xf32>
// CHECK: condcomp.iterate steps(%[[LIMIT]]) rows(%[[H]] : tensor<?x4xf32>)
// CHECK-SAME: with_ids with_step
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x4xf32>, %[[IDS:.*]]: tensor<?xindex>, %{{.*}}: index):
// CHECK: linalg.generic {{.*}} ins(%[[IDS]] : tensor<?xindex>)
// CHECK: tensor.extract %[[KEYS]]
// CHECK: condcomp.exit {{.*}} carry(%{{.*}} : tensor<?x4xf32>)
func.func @iterate(%limit: index, %h: tensor<?x4xf32>, %keys: tensor<?x4x4xf32>)
    -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.iterate steps(%limit) rows(%h, %keys : tensor<?x4xf32>, tensor<?x4x4xf32>)
      outs(%h : tensor<?x4xf32>) with_step {
  ^bb0(%h0: tensor<?x4xf32>, %k0: tensor<?x4x4xf32>, %step: index):
    %d = func.call @done(%h0) : (tensor<?x4xf32>) -> tensor<?xi1>
    %s = linalg.batch_matvec ins(%k0, %h0 : tensor<?x4x4xf32>, tensor<?x4xf32>)
        outs(%h0 : tensor<?x4xf32>) -> tensor<?x4xf32>
    condcomp.exit %d : tensor<?xi1> results(%s : tensor<?x4xf32>)
      carry(%s, %k0 : tensor<?x4xf32>, tensor<?x4x4xf32>)
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}

// Not what is changed on the way.
// CHECK-LABEL: func @changed(
// CHECK: condcomp.iterate {{.*}} rows(%{{.*}}, %{{.*}} :
// CHECK-NOT: with_ids
// CHECK: return
func.func @changed(%limit: index, %h: tensor<?x4xf32>, %keys: tensor<?x4x4xf32>)
    -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.iterate steps(%limit) rows(%h, %keys : tensor<?x4xf32>, tensor<?x4x4xf32>)
      outs(%h : tensor<?x4xf32>) {
  ^bb0(%h0: tensor<?x4xf32>, %k0: tensor<?x4x4xf32>):
    %d = func.call @done(%h0) : (tensor<?x4xf32>) -> tensor<?xi1>
    %s = linalg.batch_matvec ins(%k0, %h0 : tensor<?x4x4xf32>, tensor<?x4xf32>)
        outs(%h0 : tensor<?x4xf32>) -> tensor<?x4xf32>
    %next = math.tanh %k0 : tensor<?x4x4xf32>
    condcomp.exit %d : tensor<?xi1> results(%s : tensor<?x4xf32>)
      carry(%s, %next : tensor<?x4xf32>, tensor<?x4x4xf32>)
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}

// Nor what another op than a product of each row reads: it would have to be
// copied for it in every step, not only when rows leave. Nor rows that are
// vectors, which move in no time.
// CHECK-LABEL: func @read(
// CHECK: condcomp.iterate {{.*}} rows(%{{.*}}, %{{.*}}, %{{.*}} :
// CHECK-NOT: with_ids
// CHECK: return
func.func @read(%limit: index, %h: tensor<?x4xf32>, %keys: tensor<?x4x4xf32>,
                %bias: tensor<?x4xf32>) -> (tensor<?x4x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.iterate steps(%limit)
      rows(%h, %keys, %bias : tensor<?x4xf32>, tensor<?x4x4xf32>, tensor<?x4xf32>)
      outs(%keys : tensor<?x4x4xf32>) {
  ^bb0(%h0: tensor<?x4xf32>, %k0: tensor<?x4x4xf32>, %b0: tensor<?x4xf32>):
    %d = func.call @done(%h0) : (tensor<?x4xf32>) -> tensor<?xi1>
    %s = arith.addf %h0, %b0 : tensor<?x4xf32>
    %e = math.exp %k0 : tensor<?x4x4xf32>
    condcomp.exit %d : tensor<?xi1> results(%e : tensor<?x4x4xf32>)
      carry(%s, %k0, %b0 : tensor<?x4xf32>, tensor<?x4x4xf32>, tensor<?x4xf32>)
  } -> tensor<?x4x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4x4xf32>, tensor<?xi32>
}

// Nor what the rows that stay are handed out with.
// CHECK-LABEL: func @open(
// CHECK: condcomp.cascade rows(%{{.*}}, %{{.*}} :
// CHECK-NOT: with_ids
// CHECK: return
func.func @open(%h: tensor<?x4xf32>, %keys: tensor<?x4x4xf32>) -> tensor<?x4x4xf32> {
  %y, %at, %ids, %h_on, %keys_on = condcomp.cascade
      rows(%h, %keys : tensor<?x4xf32>, tensor<?x4x4xf32>) outs(%h : tensor<?x4xf32>) {
  ^bb0(%h0: tensor<?x4xf32>, %k0: tensor<?x4x4xf32>):
    %d = func.call @done(%h0) : (tensor<?x4xf32>) -> tensor<?xi1>
    condcomp.exit %d : tensor<?xi1> results(%h0 : tensor<?x4xf32>)
      carry(%h0, %k0 : tensor<?x4xf32>, tensor<?x4x4xf32>)
  } -> tensor<?x4xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x4xf32>, tensor<?x4x4xf32>
  return %keys_on : tensor<?x4x4xf32>
}
