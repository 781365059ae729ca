// RUN: cc-opt %s --condcomp-sink-into-conditions | FileCheck %s

!skip = !condcomp.routing<?x1, f32>
#vector = affine_map<(r, d) -> (r, d)>
#column = affine_map<(r, d) -> (r)>
#bias = affine_map<(r, d) -> (d)>

// What only the rows that run need is computed for these: the scaled rows, their
// projection, and the zeros that it begins with. The weights are captured whole.
// CHECK-LABEL: func @projection(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[S:.*]]: tensor<?xf32>, %[[W:.*]]: tensor<8x4xf32>
// CHECK-NOT: linalg.generic
// CHECK: condcomp.apply {{.*}} rows(%[[X]], %[[S]] : tensor<?x8xf32>, tensor<?xf32>)
// CHECK: ^bb0(%[[XE:.*]]: tensor<?x8xf32>, %[[SE:.*]]: tensor<?xf32>):
// CHECK: %[[N:.*]] = tensor.dim %[[XE]], %{{.*}} : tensor<?x8xf32>
// CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x8xf32>
// CHECK: %[[SCALED:.*]] = linalg.generic {{.*}} ins(%[[XE]], %[[SE]] {{.*}} outs(%[[E]]
// CHECK: %[[E2:.*]] = tensor.empty(%[[N]]) : tensor<?x4xf32>
// CHECK: %[[ZERO:.*]] = linalg.fill {{.*}} outs(%[[E2]]
// CHECK: %[[H:.*]] = linalg.matmul ins(%[[SCALED]], %[[W]] {{.*}} outs(%[[ZERO]]
// CHECK: %[[T:.*]] = math.tanh %[[H]]
// CHECK: condcomp.yield %[[T]]
func.func @projection(%x: tensor<?x8xf32>, %s: tensor<?xf32>, %w: tensor<8x4xf32>,
                      %r: !skip, %o: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %scaled = linalg.generic {indexing_maps = [#vector, #column, #vector],
                            iterator_types = ["parallel", "parallel"]}
      ins(%x, %s : tensor<?x8xf32>, tensor<?xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    linalg.yield %m : f32
  } -> tensor<?x8xf32>
  // Asking for a size is no use of the rows.
  %n1 = tensor.dim %scaled, %c0 : tensor<?x8xf32>
  %e2 = tensor.empty(%n1) : tensor<?x4xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e2 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %h = linalg.matmul ins(%scaled, %w : tensor<?x8xf32>, tensor<8x4xf32>)
    outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = condcomp.apply %r : !skip rows(%h : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%he: tensor<?x4xf32>):
    %t = math.tanh %he : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Into every body, where modules have one each and rows go to one at most.
// CHECK-LABEL: func @branches(
// CHECK-NEXT: condcomp.apply
// CHECK: math.exp
// CHECK: }, {
// CHECK: math.exp
func.func @branches(%x: tensor<8x4xf32>, %r: !condcomp.routing<8x2, f32, at_most 1>)
    -> tensor<8x4xf32> {
  %h = math.exp %x : tensor<8x4xf32>
  %y = condcomp.apply %r : !condcomp.routing<8x2, f32, at_most 1>
      rows(%h : tensor<8x4xf32>) outs(%x : tensor<8x4xf32>) combine(replace) {
  ^bb0(%a: tensor<?x4xf32>):
    condcomp.yield %a : tensor<?x4xf32>
  }, {
  ^bb0(%a: tensor<?x4xf32>):
    %t = math.tanh %a : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}

// Past the exits: what the first stage computes for those that stay is computed in the
// second one, and what only that needs of the rows moves there through the first.
// CHECK-LABEL: func @exits(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[L:.*]]: tensor<?x8xf32>, %[[D:.*]]: tensor<?xi1>, %[[W:.*]]: tensor<8x8xf32>
// CHECK-NOT: math.exp
// CHECK: condcomp.cascade rows(%[[L]], %[[D]], %[[X]]
// CHECK: ^bb0(%[[L0:.*]]: tensor<?x8xf32>, %[[D0:.*]]: tensor<?xi1>, %[[X0:.*]]: tensor<?x8xf32>):
// CHECK-NEXT: condcomp.exit %[[D0]] {{.*}} results(%[[L0]] : {{.*}}) carry(%[[X0]] : tensor<?x8xf32>)
// CHECK: ^bb0(%[[X1:.*]]: tensor<?x8xf32>):
// CHECK: %[[E:.*]] = math.exp %[[X1]]
// CHECK: %[[N:.*]] = tensor.dim
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]])
// CHECK: %[[Z:.*]] = linalg.fill {{.*}} outs(%[[EMPTY]]
// CHECK: %[[T:.*]] = linalg.matmul ins(%[[E]], %[[W]] {{.*}} outs(%[[Z]]
// CHECK: condcomp.yield %[[T]]
func.func @exits(%x: tensor<?x8xf32>, %l: tensor<?x8xf32>, %d: tensor<?xi1>,
                 %w: tensor<8x8xf32>) -> (tensor<?x8xf32>, tensor<?xi32>) {
  %h = math.exp %x : tensor<?x8xf32>
  %y, %at = condcomp.cascade rows(%h, %l, %d : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi1>) {
  ^bb0(%h0: tensor<?x8xf32>, %l0: tensor<?x8xf32>, %d0: tensor<?xi1>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %d0, %c0 : tensor<?xi1>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %t = linalg.matmul ins(%h0, %w : tensor<?x8xf32>, tensor<8x8xf32>)
      outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.exit %d0 : tensor<?xi1> results(%l0 : tensor<?x8xf32>)
      carry(%t : tensor<?x8xf32>)
  }, {
  ^bb0(%h1: tensor<?x8xf32>):
    condcomp.yield %h1 : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %at : tensor<?x8xf32>, tensor<?xi32>
}

// A constant of the stage that the work's payload uses goes in front. Another number that
// only the stage has is not there in the next one: work that uses it stays.
// CHECK-LABEL: func @payload(
// CHECK: %[[C:.*]] = arith.constant 3.0
// CHECK: ^bb0
// CHECK-NEXT: condcomp.exit
// CHECK: ^bb0
// CHECK: linalg.generic
// CHECK: arith.mulf %{{.*}}, %[[C]]
// CHECK-LABEL: func @captured(
// CHECK: ^bb0
// CHECK: linalg.generic
// CHECK: arith.mulf
// CHECK: condcomp.exit
func.func @payload(%x: tensor<?x8xf32>, %d: tensor<?xi1>)
    -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x8xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x8xf32>, %dh: tensor<?xi1>):
    %three = arith.constant 3.0 : f32
    %t = linalg.generic {indexing_maps = [#vector, #vector],
                         iterator_types = ["parallel", "parallel"]}
        ins(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb1(%a: f32, %o: f32):
      %m = arith.mulf %a, %three : f32
      linalg.yield %m : f32
    } -> tensor<?x8xf32>
    condcomp.exit %dh : tensor<?xi1> results(%h : tensor<?x8xf32>)
      carry(%t : tensor<?x8xf32>)
  }, {
  ^bb0(%h: tensor<?x8xf32>):
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %at : tensor<?x8xf32>, tensor<?xi32>
}

func.func @captured(%x: tensor<?x8xf32>, %d: tensor<?xi1>, %f: f32)
    -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x8xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x8xf32>, %dh: tensor<?xi1>):
    %g = func.call @number(%f) : (f32) -> f32
    %t = linalg.generic {indexing_maps = [#vector, #vector],
                         iterator_types = ["parallel", "parallel"]}
        ins(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb1(%a: f32, %o: f32):
      %m = arith.mulf %a, %g : f32
      linalg.yield %m : f32
    } -> tensor<?x8xf32>
    condcomp.exit %dh : tensor<?xi1> results(%h : tensor<?x8xf32>)
      carry(%t : tensor<?x8xf32>)
  }, {
  ^bb0(%h: tensor<?x8xf32>):
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %at : tensor<?x8xf32>, tensor<?xi32>
}
func.func private @number(f32) -> f32

// Not where rows without an entry show the work too: they keep it.
// CHECK-LABEL: func @also_kept(
// CHECK-NEXT: math.exp
// CHECK-NEXT: condcomp.apply
func.func @also_kept(%x: tensor<?x4xf32>, %r: !skip) -> tensor<?x4xf32> {
  %h = math.exp %x : tensor<?x4xf32>
  %y = condcomp.apply %r : !skip rows(%h : tensor<?x4xf32>) outs(%h : tensor<?x4xf32>)
      combine(replace) {
  ^bb0(%a: tensor<?x4xf32>):
    %t = math.tanh %a : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not where a row runs for each of its entries: the work would be done twice.
// CHECK-LABEL: func @two_entries(
// CHECK-NEXT: math.exp
func.func @two_entries(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>,
                       %r: !condcomp.routing<?x3, f32, at_most 2>) -> tensor<?x4xf32> {
  %h = math.exp %x : tensor<?x4xf32>
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32, at_most 2>
      rows(%h : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a: tensor<?x4xf32>):
    condcomp.yield %a : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not where every row has an entry: there is nothing to save.
// CHECK-LABEL: func @all_rows(
// CHECK-NEXT: math.exp
func.func @all_rows(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>,
                    %r: !condcomp.routing<?x3, f32, exactly 1>) -> tensor<?x4xf32> {
  %h = math.exp %x : tensor<?x4xf32>
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32, exactly 1>
      rows(%h : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%a: tensor<?x4xf32>):
    condcomp.yield %a : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not where weights are multiplied with what is gathered: exp(w x) is not w exp(x).
// CHECK-LABEL: func @scaled_rows(
// CHECK-NEXT: math.exp
func.func @scaled_rows(%x: tensor<?x4xf32>, %o: tensor<?x4xf32>, %r: !skip)
    -> tensor<?x4xf32> {
  %h = math.exp %x : tensor<?x4xf32>
  %y = condcomp.apply %r : !skip rows(%h : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>)
      weights(input) {
  ^bb0(%a: tensor<?x4xf32>):
    condcomp.yield %a : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not what mixes rows (a sum over them), what asks where a row is, nor what would make
// more to gather than it saves (three tensors in place of one).
// CHECK-LABEL: func @not_row_wise(
// CHECK: linalg.generic
// CHECK: linalg.generic
// CHECK: arith.addf
// CHECK: condcomp.apply
// CHECK-NOT: linalg.generic
// CHECK-NOT: arith.addf
// CHECK: return
func.func @not_row_wise(%x: tensor<?x4xf32>, %v: tensor<?x4xf32>, %o: tensor<?x4xf32>,
                        %r: !skip) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %e1 = tensor.empty() : tensor<4xf32>
  %z1 = linalg.fill ins(%f0 : f32) outs(%e1 : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.generic {indexing_maps = [#vector, #bias],
                         iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<?x4xf32>) outs(%z1 : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %at = linalg.generic {indexing_maps = [#bias, #vector],
                        iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<4xf32>) outs(%e : tensor<?x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %i : index to i32
    %f = arith.sitofp %j : i32 to f32
    %m = arith.mulf %a, %f : f32
    linalg.yield %m : f32
  } -> tensor<?x4xf32>
  %xv = arith.addf %x, %v : tensor<?x4xf32>
  %y = condcomp.apply %r : !skip
      rows(%at, %xv : tensor<?x4xf32>, tensor<?x4xf32>)
      outs(%o : tensor<?x4xf32>) combine(replace) {
  ^bb0(%a: tensor<?x4xf32>, %b: tensor<?x4xf32>):
    %t = arith.mulf %a, %b : tensor<?x4xf32>
    condcomp.yield %t : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not what rows leave with, or what decides whether they do.
// CHECK-LABEL: func @leaves_with_it(
// CHECK: ^bb0
// CHECK-NEXT: math.exp
// CHECK-NEXT: condcomp.exit
func.func @leaves_with_it(%x: tensor<?x4xf32>, %d: tensor<?xi1>)
    -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x4xf32>, tensor<?xi1>) {
  ^bb0(%h0: tensor<?x4xf32>, %d0: tensor<?xi1>):
    %t = math.exp %h0 : tensor<?x4xf32>
    condcomp.exit %d0 : tensor<?xi1> results(%t : tensor<?x4xf32>)
      carry(%t : tensor<?x4xf32>)
  }, {
  ^bb0(%h1: tensor<?x4xf32>):
    condcomp.yield %h1 : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}
