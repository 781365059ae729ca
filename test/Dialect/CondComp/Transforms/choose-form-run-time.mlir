// RUN: cc-opt %s --condcomp-choose-form | FileCheck %s
// RUN: cc-opt %s --condcomp-choose-form=run-time-choice=false | FileCheck %s --check-prefix=OFF
// RUN: cc-opt %s --condcomp-choose-form=form=compact | FileCheck %s --check-prefix=OFF

// OFF-NOT: condcomp.all_rows_from
// OFF-NOT: condcomp.compact_from

!skip = !condcomp.routing<?x1, f32>

// A row costs 2 * 64 * 64 operations and moves 1024 bytes, in all what takes as long as
// moving 1843 bytes; gathering it moves 512.
// CHECK-LABEL: func @layer(
// CHECK: condcomp.apply {{.*}} attributes {condcomp.all_rows_from = 783 : i64}
func.func @layer(%x: tensor<?x64xf32>, %w: tensor<64x64xf32>, %r: !skip)
    -> tensor<?x64xf32> {
  %y = condcomp.apply %r : !skip rows(%x : tensor<?x64xf32>) outs(%x : tensor<?x64xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x64xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x64xf32>
    %e = tensor.empty(%n) : tensor<?x64xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    %m = linalg.matmul ins(%h, %w : tensor<?x64xf32>, tensor<64x64xf32>)
      outs(%z : tensor<?x64xf32>) -> tensor<?x64xf32>
    condcomp.yield %m : tensor<?x64xf32>
  } -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// All rows or none where a row's cost is open, where the body may fail on a row that it
// should not see, and where it mixes rows.
// CHECK-LABEL: func @careful(
// CHECK-COUNT-3: attributes {condcomp.all_rows_from = 1000 : i64}
func.func @careful(%x: tensor<?x?xf32>, %s: tensor<?x4xf32>, %k: index, %r: !skip)
    -> (tensor<?x?xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = condcomp.apply %r : !skip rows(%x : tensor<?x?xf32>) outs(%x : tensor<?x?xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x?xf32>):
    %e = math.exp %h : tensor<?x?xf32>
    condcomp.yield %e : tensor<?x?xf32>
  } -> tensor<?x?xf32>
  %b = condcomp.apply %r : !skip rows(%s : tensor<?x4xf32>) outs(%s : tensor<?x4xf32>)
      combine(replace) weights(none) {
  ^bb0(%h: tensor<?x4xf32>):
    %q = condcomp.top_k %h, %k : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly ?>
    %d = condcomp.to_dense %q : !condcomp.routing<?x4, f32, exactly ?> -> tensor<?x4xf32>
    condcomp.yield %d : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %c = condcomp.apply %r : !skip rows(%s : tensor<?x4xf32>) outs(%s : tensor<?x4xf32>)
      combine(replace) weights(none) scope(group) {
  ^bb0(%h: tensor<?x4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %a, %b, %c : tensor<?x?xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// Not with several modules, where the type says that every row runs (masked), or where
// gathered rows are multiplied with weights.
// CHECK-LABEL: func @others(
// CHECK-NOT: condcomp.all_rows_from
func.func @others(%x: tensor<?x4xf32>, %r: !condcomp.routing<?x2, f32>, %s: !skip,
                  %q: !condcomp.routing<?x1, f32, exactly 1>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = condcomp.apply %r : !condcomp.routing<?x2, f32> rows(%x : tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %b = condcomp.apply %q : !condcomp.routing<?x1, f32, exactly 1>
      rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %c = condcomp.apply %s : !skip rows(%x : tensor<?x4xf32>) outs(%x : tensor<?x4xf32>)
      weights(input) {
  ^bb0(%h: tensor<?x4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %a, %b, %c : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// A stage of one operation per element: moving a row costs as much as running it. With
// a stage that multiplies by a matrix of 512 columns, survivors are gathered at once.
// CHECK-LABEL: func @cheap_stage(
// CHECK: condcomp.cascade {{.*}} attributes {condcomp.compact_from = array<i64: {{[1-9][0-9][0-9]}}, 0>, form
// CHECK-LABEL: func @costly_stage(
// CHECK-NOT: condcomp.compact_from
func.func @cheap_stage(%x: tensor<?x512xf32>, %d: tensor<?xi1>)
    -> (tensor<?x512xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x512xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x512xf32>, %dh: tensor<?xi1>):
    condcomp.exit %dh : tensor<?xi1> results(%h : tensor<?x512xf32>)
      carry(%h : tensor<?x512xf32>)
  }, {
  ^bb0(%h: tensor<?x512xf32>):
    %e = math.exp %h : tensor<?x512xf32>
    condcomp.yield %e : tensor<?x512xf32>
  } -> tensor<?x512xf32>, tensor<?xi32>
  return %y, %at : tensor<?x512xf32>, tensor<?xi32>
}
func.func @costly_stage(%x: tensor<?x512xf32>, %d: tensor<?xi1>, %w: tensor<512x4096xf32>,
                        %o: tensor<?x4096xf32>) -> (tensor<?x4096xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %o, %d : tensor<?x512xf32>, tensor<?x4096xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x512xf32>, %g: tensor<?x4096xf32>, %dh: tensor<?xi1>):
    condcomp.exit %dh : tensor<?xi1> results(%g : tensor<?x4096xf32>)
      carry(%h : tensor<?x512xf32>)
  }, {
  ^bb0(%h: tensor<?x512xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x512xf32>
    %e = tensor.empty(%n) : tensor<?x4096xf32>
    %m = linalg.matmul ins(%h, %w : tensor<?x512xf32>, tensor<512x4096xf32>)
      outs(%e : tensor<?x4096xf32>) -> tensor<?x4096xf32>
    condcomp.yield %m : tensor<?x4096xf32>
  } -> tensor<?x4096xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4096xf32>, tensor<?xi32>
}
