// RUN: cc-opt %s --condcomp-fold-static-routings --canonicalize | FileCheck %s

!one = !condcomp.routing<4x3, f32, exactly 1>
!any = !condcomp.routing<?x3, f32, exactly 1>

// Every row uses module 2: its body and its share of the parameters, on the rows as
// they lie.
// CHECK-LABEL: func @same_module(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[W:.*]]: tensor<3x8xf32>, %[[O:.*]]: tensor<4x8xf32>
// CHECK-NOT: condcomp
// CHECK: %[[P:.*]] = tensor.extract_slice %[[W]][2, 0] [1, 8] [1, 1]
// CHECK: linalg.generic {{.*}} ins(%[[P]] : tensor<8xf32>) outs(%[[X]] : tensor<4x8xf32>)
// CHECK: %[[R:.*]] = arith.addf %[[O]], %{{.*}} : tensor<4x8xf32>
// CHECK: return %[[R]]
#rows = affine_map<(i, j) -> (i, j)>
#param = affine_map<(i, j) -> (j)>
func.func @same_module(%x: tensor<4x8xf32>, %w: tensor<3x8xf32>, %o: tensor<4x8xf32>)
    -> tensor<4x8xf32> {
  %two = arith.constant dense<2> : tensor<4x1xi32>
  %r = condcomp.assign %two : tensor<4x1xi32> -> !one
  %y = condcomp.apply %r : !one rows(%x : tensor<4x8xf32>) params(%w : tensor<3x8xf32>)
      outs(%o : tensor<4x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>, %p: tensor<8xf32>):
    %z = linalg.generic {indexing_maps = [#param, #rows],
                         iterator_types = ["parallel", "parallel"]}
        ins(%p : tensor<8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb0(%a: f32, %b: f32):
      %m = arith.mulf %a, %b : f32
      linalg.yield %m : f32
    } -> tensor<?x8xf32>
    condcomp.yield %z : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// A body per module; how many rows there are is checked as before.
// CHECK-LABEL: func @open_rows(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>
// CHECK: condcomp.check %{{.*}}, "apply C1: a rows operand has {0} rows, expected {1}"
// CHECK: condcomp.check %{{.*}}, "apply C7: an outs operand has {0} rows, expected {1}"
// CHECK-NOT: condcomp.apply
// CHECK: %[[Y:.*]] = math.tanh %[[X]]
// CHECK: return %[[Y]]
func.func @open_rows(%x: tensor<?x8xf32>, %n: index) -> tensor<?x8xf32> {
  %c1 = arith.constant 1 : i32
  %e = tensor.empty(%n) : tensor<?x1xi32>
  %i = linalg.fill ins(%c1 : i32) outs(%e : tensor<?x1xi32>) -> tensor<?x1xi32>
  %r = condcomp.assign %i : tensor<?x1xi32> -> !any
  %y = condcomp.apply %r : !any rows(%x : tensor<?x8xf32>) outs(%x : tensor<?x8xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x8xf32>):
    condcomp.yield %h : tensor<?x8xf32>
  }, {
  ^bb0(%h: tensor<?x8xf32>):
    %t = math.tanh %h : tensor<?x8xf32>
    condcomp.yield %t : tensor<?x8xf32>
  }, {
  ^bb0(%h: tensor<?x8xf32>):
    %t = math.exp %h : tensor<?x8xf32>
    condcomp.yield %t : tensor<?x8xf32>
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A layer that all rows skip, and one that none skips.
// CHECK-LABEL: func @masks(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>
// CHECK-NOT: condcomp
// CHECK: %[[T:.*]] = math.tanh
// CHECK: %[[Y:.*]] = tensor.cast %[[T]]
// CHECK: return %[[X]], %[[Y]]
func.func @masks(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %no = arith.constant dense<false> : tensor<4x1xi1>
  %yes = arith.constant dense<true> : tensor<4x1xi1>
  %r = condcomp.from_mask %no : tensor<4x1xi1> -> !condcomp.routing<4x1, f32>
  %s = condcomp.from_mask %yes : tensor<4x1xi1> -> !condcomp.routing<4x1, f32>
  %y = condcomp.apply %r : !condcomp.routing<4x1, f32> rows(%x : tensor<4x8xf32>)
      outs(%x : tensor<4x8xf32>) combine(replace) weights(none) {
  ^bb0(%h: tensor<?x8xf32>):
    %t = math.exp %h : tensor<?x8xf32>
    condcomp.yield %t : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  %z = condcomp.apply %s : !condcomp.routing<4x1, f32> rows(%x : tensor<4x8xf32>)
      outs(%x : tensor<4x8xf32>) combine(replace) {
  ^bb0(%h: tensor<?x8xf32>):
    %t = math.tanh %h : tensor<?x8xf32>
    condcomp.yield %t : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  return %y, %z : tensor<4x8xf32>, tensor<4x8xf32>
}

// Rows that choose differently, an index that is an error, weights that count, ids,
// and a sum that is rounded once.
// CHECK-LABEL: func @stay(
// CHECK-COUNT-5: condcomp.apply
func.func @stay(%x: tensor<4x8xf32>, %w: tensor<4x1xf32>, %h: tensor<4x8xbf16>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xbf16>) {
  %rows = arith.constant dense<[[0], [1], [2], [1]]> : tensor<4x1xi32>
  %r0 = condcomp.assign %rows : tensor<4x1xi32> -> !one
  %y0 = condcomp.apply %r0 : !one rows(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) {
  ^bb0(%a: tensor<?x8xf32>):
    condcomp.yield %a : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  %three = arith.constant dense<3> : tensor<4x1xi32>
  %r1 = condcomp.assign %three : tensor<4x1xi32> -> !one
  %y1 = condcomp.apply %r1 : !one rows(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) {
  ^bb0(%a: tensor<?x8xf32>):
    condcomp.yield %a : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  %two = arith.constant dense<2> : tensor<4x1xi32>
  %r2 = condcomp.assign %two weights(%w : tensor<4x1xf32>) : tensor<4x1xi32> -> !one
  %y2 = condcomp.apply %r2 : !one rows(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) {
  ^bb0(%a: tensor<?x8xf32>):
    condcomp.yield %a : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  %r3 = condcomp.assign %two : tensor<4x1xi32> -> !one
  %y3 = condcomp.apply %r3 : !one rows(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>)
      with_ids {
  ^bb0(%a: tensor<?x8xf32>, %ids: tensor<?xindex>):
    condcomp.yield %a : tensor<?x8xf32>
  } -> tensor<4x8xf32>
  %y4 = condcomp.apply %r3 : !one rows(%h : tensor<4x8xbf16>) outs(%h : tensor<4x8xbf16>) {
  ^bb0(%a: tensor<?x8xbf16>):
    condcomp.yield %a : tensor<?x8xbf16>
  } -> tensor<4x8xbf16>
  return %y0, %y1, %y2, %y3, %y4
      : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xbf16>
}
