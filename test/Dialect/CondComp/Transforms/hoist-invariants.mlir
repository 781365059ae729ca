// RUN: cc-opt %s --condcomp-hoist-invariants | FileCheck %s

#matrix = affine_map<(d, e) -> (d, e)>

// Every step of the loop would dequantize the same matrix. What a step writes into
// stays: outside, it would have to be copied for each.
// CHECK-LABEL: func @dequantize(
// CHECK-SAME: %{{.*}}: tensor<?x8xf32>, %[[Q:.*]]: tensor<8x8xi8>
// CHECK: tensor.empty() : tensor<8x8xf32>
// CHECK: %[[W:.*]] = linalg.generic {{.*}} ins(%[[Q]]
// CHECK: condcomp.iterate
// CHECK-NOT: ins(%[[Q]]
// CHECK: linalg.fill
// CHECK: linalg.matmul ins(%{{.*}}, %[[W]]
func.func @dequantize(%x: tensor<?x8xf32>, %q: tensor<8x8xi8>, %d: tensor<?xi1>,
                      %limit: index) -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %at = condcomp.iterate steps(%limit) rows(%x, %d : tensor<?x8xf32>, tensor<?xi1>)
      outs(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>, %dh: tensor<?xi1>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %e0 = tensor.empty() : tensor<8x8xf32>
    %w = linalg.generic {indexing_maps = [#matrix, #matrix],
                         iterator_types = ["parallel", "parallel"]}
        ins(%q : tensor<8x8xi8>) outs(%e0 : tensor<8x8xf32>) {
    ^bb1(%i: i8, %o: f32):
      %f = arith.sitofp %i : i8 to f32
      linalg.yield %f : f32
    } -> tensor<8x8xf32>
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %m = linalg.matmul ins(%h, %w : tensor<?x8xf32>, tensor<8x8xf32>)
      outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.exit %dh : tensor<?xi1> results(%m : tensor<?x8xf32>)
      carry(%m, %dh : tensor<?x8xf32>, tensor<?xi1>)
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %at : tensor<?x8xf32>, tensor<?xi32>
}

// Out of the body that all modules share, also out of one body in another.
// CHECK-LABEL: func @modules(
// CHECK: math.exp %{{.*}} : tensor<4xf32>
// CHECK: condcomp.apply
// CHECK-NOT: math.exp
// CHECK: return
func.func @modules(%x: tensor<?x4xf32>, %b: tensor<4xf32>,
                   %r: !condcomp.routing<?x3, f32, exactly 2>) -> tensor<?x4xf32> {
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32, exactly 2>
      rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %q = condcomp.top_k %h, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
    %z = condcomp.apply %q : !condcomp.routing<?x4, f32, exactly 2>
        rows(%h : tensor<?x4xf32>) outs(%h : tensor<?x4xf32>) {
    ^bb1(%g: tensor<?x4xf32>):
      %s = math.exp %b : tensor<4xf32>
      %c0 = arith.constant 0 : index
      %n = tensor.dim %g, %c0 : tensor<?x4xf32>
      %e = tensor.empty(%n) : tensor<?x4xf32>
      %v = linalg.broadcast ins(%s : tensor<4xf32>) outs(%e : tensor<?x4xf32>) dimensions = [0]
      %a = arith.addf %g, %v : tensor<?x4xf32>
      condcomp.yield %a : tensor<?x4xf32>
    } -> tensor<?x4xf32>
    condcomp.yield %z : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Not out of a stage or of a single module's body: they run once, or not at all.
// CHECK-LABEL: func @once(
// CHECK-NEXT: condcomp.cascade
// CHECK: condcomp.apply
// CHECK: math.exp
func.func @once(%x: tensor<?x4xf32>, %d: tensor<?xi1>, %b: tensor<4xf32>,
                %r: !condcomp.routing<?x1, f32>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x4xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x4xf32>, %dh: tensor<?xi1>):
    condcomp.exit %dh : tensor<?xi1> results(%h : tensor<?x4xf32>) carry(%h : tensor<?x4xf32>)
  }, {
  ^bb0(%h: tensor<?x4xf32>):
    %s = math.exp %b : tensor<4xf32>
    %g = func.call @add(%h, %s) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    condcomp.yield %g : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  %z = condcomp.apply %r : !condcomp.routing<?x1, f32> rows(%x : tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %s = math.exp %b : tensor<4xf32>
    %g = func.call @add(%h, %s) : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    condcomp.yield %g : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y, %z, %at : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>
}
func.func private @add(tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>

// Not what may fail, or what rows or params have part in.
// CHECK-LABEL: func @stays(
// CHECK-NEXT: condcomp.apply
func.func @stays(%x: tensor<?x4xf32>, %p: tensor<3x4xf32>, %scores: tensor<1x4xf32>,
                 %k: index, %r: !condcomp.routing<?x3, f32, exactly 2>) -> tensor<?x4xf32> {
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32, exactly 2>
      rows(%x : tensor<?x4xf32>) params(%p : tensor<3x4xf32>) outs(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>, %b: tensor<4xf32>):
    %s = math.exp %b : tensor<4xf32>
    %q = condcomp.top_k %scores, %k : tensor<1x4xf32> -> !condcomp.routing<1x4, f32, exactly ?>
    %w = condcomp.to_dense %q : !condcomp.routing<1x4, f32, exactly ?> -> tensor<1x4xf32>
    %g = func.call @use(%h, %s, %w)
      : (tensor<?x4xf32>, tensor<4xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
    condcomp.yield %g : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func private @use(tensor<?x4xf32>, tensor<4xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
