// RUN: cc-opt %s --condcomp-read-rows-in-place --canonicalize --cse | FileCheck %s

#row = affine_map<(r, t, d) -> (r)>
#all = affine_map<(r, t, d) -> (r, t, d)>
#query = affine_map<(r, t, d) -> (r, d)>
#score = affine_map<(r, t, d) -> (r, t)>

// The cache of each row, where it lies. A single row is left to all threads.
// CHECK-LABEL: func @rows(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[CACHE:.*]]: tensor<?x?x8xf32>, %[[IDS:.*]]: tensor<?xindex>
// CHECK-NOT: tensor.extract %[[CACHE]]
// CHECK: scf.if
// CHECK: scf.for
// CHECK-NOT: tensor.extract %[[CACHE]]
// CHECK: scf.forall (%[[R:.*]]) in
// CHECK-DAG: %[[QUERY:.*]] = tensor.extract_slice %[[X]][%[[R]], 0] [1, 8]
// CHECK-DAG: %[[MY:.*]] = tensor.extract_slice %[[IDS]][%[[R]]] [1]
// CHECK-DAG: %[[ID:.*]] = tensor.extract %[[MY]][%{{.*}}]
// CHECK-DAG: %[[MINE:.*]] = tensor.extract_slice %[[CACHE]][%[[ID]], 0, 0] [1, %{{.*}}, 8]
// CHECK: linalg.fill
// CHECK: linalg.generic {{.*}} ins(%[[QUERY]], %[[MINE]] :
// CHECK: tensor.parallel_insert_slice
func.func @rows(%x: tensor<?x8xf32>, %cache: tensor<?x?x8xf32>, %ids: tensor<?xindex>)
    -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %ids, %c0 : tensor<?xindex>
  %t = tensor.dim %cache, %c1 : tensor<?x?x8xf32>
  %e = tensor.empty(%n, %t) : tensor<?x?x8xf32>
  %mine = linalg.generic {indexing_maps = [#row, #all],
                          iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?xindex>) outs(%e : tensor<?x?x8xf32>) {
  ^bb0(%id: index, %o: f32):
    %i = linalg.index 1 : index
    %j = linalg.index 2 : index
    %v = tensor.extract %cache[%id, %i, %j] : tensor<?x?x8xf32>
    linalg.yield %v : f32
  } -> tensor<?x?x8xf32>
  %se = tensor.empty(%n, %t) : tensor<?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%se : tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = linalg.generic {indexing_maps = [#query, #all, #score],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %mine : tensor<?x8xf32>, tensor<?x?x8xf32>) outs(%z : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %sum = arith.addf %o, %p : f32
    linalg.yield %sum : f32
  } -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}

#pair = affine_map<(r, j, d, h) -> (r, j)>
#expert = affine_map<(r, j, d, h) -> (r, j, d, h)>
#entry = affine_map<(r, j, h, d) -> (r, j, d)>
#vector = affine_map<(r, j, h, d) -> (r, d)>
#matrix = affine_map<(r, j, h, d) -> (r, j, d, h)>
#result = affine_map<(r, j, h, d) -> (r, j, h)>

// A matrix for each of two indices, with a dim of one element for each.
// CHECK-LABEL: func @entries(
// CHECK-SAME: %[[W:.*]]: tensor<5x6x7xf32>
// CHECK: scf.forall (%[[R:.*]], %[[J:.*]]) in (4, 3)
// CHECK: %[[MY:.*]] = tensor.extract_slice %{{.*}}[%[[R]], %[[J]]] [1, 1] {{.*}} tensor<4x3xindex>
// CHECK: %[[ID:.*]] = tensor.extract %[[MY]][%{{.*}}, %{{.*}}]
// CHECK: %[[ONE:.*]] = tensor.extract_slice %[[W]][%[[ID]], 0, 0] [1, 6, 7]
// CHECK: tensor.expand_shape %[[ONE]] {{\[\[}}0, 1], [2], [3]] output_shape [1, 1, 6, 7]
func.func @entries(%w: tensor<5x6x7xf32>, %at: tensor<4x3xindex>, %x: tensor<4x3x6xf32>,
                   %out: tensor<4x3x7xf32>) -> tensor<4x3x7xf32> {
  %e = tensor.empty() : tensor<4x3x6x7xf32>
  %mine = linalg.generic {indexing_maps = [#pair, #expert],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%at : tensor<4x3xindex>) outs(%e : tensor<4x3x6x7xf32>) {
  ^bb0(%id: index, %o: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %v = tensor.extract %w[%id, %i, %j] : tensor<5x6x7xf32>
    linalg.yield %v : f32
  } -> tensor<4x3x6x7xf32>
  %y = linalg.generic {indexing_maps = [#entry, #matrix, #result],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %mine : tensor<4x3x6xf32>, tensor<4x3x6x7xf32>) outs(%out : tensor<4x3x7xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %sum = arith.addf %o, %p : f32
    linalg.yield %sum : f32
  } -> tensor<4x3x7xf32>
  return %y : tensor<4x3x7xf32>
}

// One product of a row takes all of its matrices: they are copied, those of one
// row at a time.
// CHECK-LABEL: func @columns(
// CHECK: scf.forall (%[[R:.*]]) in (4)
// CHECK: %[[COPY:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<1x3x6x7xf32>)
// CHECK: tensor.extract
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[COPY]] :
func.func @columns(%w: tensor<5x6x7xf32>, %at: tensor<4x3xindex>, %x: tensor<4x6xf32>,
                   %out: tensor<4x3x7xf32>) -> tensor<4x3x7xf32> {
  %e = tensor.empty() : tensor<4x3x6x7xf32>
  %mine = linalg.generic {indexing_maps = [#pair, #expert],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%at : tensor<4x3xindex>) outs(%e : tensor<4x3x6x7xf32>) {
  ^bb0(%id: index, %o: f32):
    %i = linalg.index 2 : index
    %j = linalg.index 3 : index
    %v = tensor.extract %w[%id, %i, %j] : tensor<5x6x7xf32>
    linalg.yield %v : f32
  } -> tensor<4x3x6x7xf32>
  %y = linalg.generic {indexing_maps = [#vector, #matrix, #result],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%x, %mine : tensor<4x6xf32>, tensor<4x3x6x7xf32>) outs(%out : tensor<4x3x7xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %sum = arith.addf %o, %p : f32
    linalg.yield %sum : f32
  } -> tensor<4x3x7xf32>
  return %y : tensor<4x3x7xf32>
}

#i = affine_map<(i, k) -> (i)>
#ik = affine_map<(i, k) -> (i, k)>

// Not rows that are gathered for one matrix: as a product of each row alone
// they would read the matrix again and again. Nor a vector for each index.
// CHECK-LABEL: func @others(
// CHECK-NOT: scf.forall
func.func @others(%x: tensor<9x6xf32>, %ids: tensor<4xindex>, %w: tensor<6x7xf32>,
                  %v: tensor<4x6xf32>, %out: tensor<4x7xf32>, %dots: tensor<4xf32>)
    -> (tensor<4x7xf32>, tensor<4xf32>) {
  %e = tensor.empty() : tensor<4x6xf32>
  %mine = linalg.generic {indexing_maps = [#i, #ik], iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<4xindex>) outs(%e : tensor<4x6xf32>) {
  ^bb0(%id: index, %o: f32):
    %k = linalg.index 1 : index
    %r = tensor.extract %x[%id, %k] : tensor<9x6xf32>
    linalg.yield %r : f32
  } -> tensor<4x6xf32>
  %y = linalg.matmul ins(%mine, %w : tensor<4x6xf32>, tensor<6x7xf32>)
      outs(%out : tensor<4x7xf32>) -> tensor<4x7xf32>
  %dot = linalg.generic {indexing_maps = [#ik, #ik, #i],
                         iterator_types = ["parallel", "reduction"]}
      ins(%mine, %v : tensor<4x6xf32>, tensor<4x6xf32>) outs(%dots : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %sum = arith.addf %o, %p : f32
    linalg.yield %sum : f32
  } -> tensor<4xf32>
  return %y, %dot : tensor<4x7xf32>, tensor<4xf32>
}
