// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func @experts
func.func @experts(%r: !condcomp.routing<3x?x64, f32, exactly 8>,
    %x: tensor<3x?x128xf32>, %e: tensor<3x?x8xi32>, %w: tensor<64x128x16xf32>,
    %o: tensor<3x?x16xf32>, %o2: tensor<3x?xf32>) {
  // CHECK: condcomp.apply %{{.*}} : !condcomp.routing<3x?x64, f32, exactly 8>
  // CHECK-SAME: rows(%{{.*}} : tensor<3x?x128xf32>) entries(%{{.*}} : tensor<3x?x8xi32>)
  // CHECK-SAME: params(%{{.*}} : tensor<64x128x16xf32>)
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<3x?x16xf32>, tensor<3x?xf32>)
  // CHECK-SAME: combine(max) weights(input) scope(group) with_ids with_module {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x128xf32>, %{{.*}}: tensor<?xi32>, %{{.*}}: tensor<128x16xf32>, %{{.*}}: tensor<?xindex>, %{{.*}}: index):
  // CHECK: } -> tensor<3x?x16xf32>, tensor<3x?xf32>
  %0:2 = condcomp.apply %r : !condcomp.routing<3x?x64, f32, exactly 8>
      rows(%x : tensor<3x?x128xf32>) entries(%e : tensor<3x?x8xi32>)
      params(%w : tensor<64x128x16xf32>)
      outs(%o, %o2 : tensor<3x?x16xf32>, tensor<3x?xf32>)
      combine(max) weights(input) scope(group) with_ids with_module {
  ^bb0(%xe: tensor<?x128xf32>, %ee: tensor<?xi32>, %we: tensor<128x16xf32>,
       %ids: tensor<?xindex>, %m: index):
    %f0 = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x128xf32>
    %y = tensor.splat %f0[%n] : tensor<?x16xf32>
    %z = tensor.splat %f0[%n] : tensor<?xf32>
    condcomp.yield %y, %z : tensor<?x16xf32>, tensor<?xf32>
  } -> tensor<3x?x16xf32>, tensor<3x?xf32>
  return
}

// A body per module; entry tensors as results; a packed routing.
// CHECK-LABEL: func @branches
func.func @branches(%r: !condcomp.routing<?x2, f32, at_most 1>,
    %x: tensor<?x4xbf16>, %p: tensor<?xf32>) {
  // CHECK: condcomp.apply
  // CHECK-SAME: combine(none) {
  // CHECK: }, {
  // CHECK: } -> tensor<?x4xbf16>
  %0 = condcomp.apply %r : !condcomp.routing<?x2, f32, at_most 1>
      rows(%x : tensor<?x4xbf16>) entries(%p : tensor<?xf32>) combine(none) {
  ^bb0(%h: tensor<?x4xbf16>, %q: tensor<?xf32>):
    condcomp.yield %h : tensor<?x4xbf16>
  }, {
  ^bb0(%h: tensor<?x4xbf16>, %q: tensor<?xf32>):
    %n = arith.negf %h : tensor<?x4xbf16>
    condcomp.yield %n : tensor<?x4xbf16>
  } -> tensor<?x4xbf16>
  return
}

// CHECK-LABEL: func @stages
func.func @stages(%h: tensor<?x8xf32>, %s: tensor<?x2xf32>, %d: tensor<?xi1>) {
  // CHECK: %{{.*}}:3 = condcomp.cascade rows(%{{.*}} : tensor<?x8xf32>) state(%{{.*}} : tensor<?x2xf32>) with_ids {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x8xf32>, %{{.*}}: tensor<?x2xf32>, %{{.*}}: tensor<?xindex>):
  // CHECK: condcomp.exit %{{.*}} : tensor<?xi1> results(%{{.*}} : tensor<?x8xf32>) carry(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?xi1>) state(%{{.*}} : tensor<?x2xf32>)
  // CHECK: }, {
  // CHECK: condcomp.yield %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<?x2xf32>
  // CHECK: } -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?xi32>
  %0:3 = condcomp.cascade rows(%h : tensor<?x8xf32>)
      state(%s : tensor<?x2xf32>) with_ids {
  ^bb0(%a: tensor<?x8xf32>, %st: tensor<?x2xf32>, %ids: tensor<?xindex>):
    condcomp.exit %d : tensor<?xi1> results(%a : tensor<?x8xf32>)
      carry(%a, %d : tensor<?x8xf32>, tensor<?xi1>) state(%st : tensor<?x2xf32>)
  }, {
  ^bb0(%a: tensor<?x8xf32>, %q: tensor<?xi1>, %st: tensor<?x2xf32>,
       %ids: tensor<?xindex>):
    condcomp.yield %a, %st : tensor<?x8xf32>, tensor<?x2xf32>
  } -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?xi32>
  return
}

// Rows may stay: outs, survivors; the probability of leaving.
// CHECK-LABEL: func @open
func.func @open(%h: tensor<?x?xf32>, %d: tensor<?xi1>, %g: tensor<?xf32>) {
  // CHECK: %{{.*}}:4 = condcomp.cascade rows(%{{.*}} : tensor<?x?xf32>) outs(%{{.*}} : tensor<?x?xf32>) {
  // CHECK: condcomp.exit %{{.*}} : tensor<?xi1> results(%{{.*}} : tensor<?x?xf32>) carry(%{{.*}} : tensor<?x?xf32>) soft(%{{.*}} : tensor<?xf32>)
  // CHECK: } -> tensor<?x?xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x?xf32>
  %0:4 = condcomp.cascade rows(%h : tensor<?x?xf32>) outs(%h : tensor<?x?xf32>) {
  ^bb0(%a: tensor<?x?xf32>):
    condcomp.exit %d : tensor<?xi1> results(%a : tensor<?x?xf32>)
      carry(%a : tensor<?x?xf32>) soft(%g : tensor<?xf32>)
  } -> tensor<?x?xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x?xf32>
  return
}

// CHECK-LABEL: func @steps
func.func @steps(%n: index, %h: tensor<?x8xf32>, %w: tensor<12x8xf32>,
    %s: tensor<?x2xf32>, %d: tensor<?xi1>) {
  // CHECK: %{{.*}}:3 = condcomp.iterate steps(%{{.*}}) rows(%{{.*}} : tensor<?x8xf32>) params(%{{.*}} : tensor<12x8xf32>) state(%{{.*}} : tensor<?x2xf32>) outs(%{{.*}} : tensor<?x8xf32>) with_ids with_step {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x8xf32>, %{{.*}}: tensor<8xf32>, %{{.*}}: tensor<?x2xf32>, %{{.*}}: tensor<?xindex>, %{{.*}}: index):
  // CHECK: } -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?xi32>
  %0:3 = condcomp.iterate steps(%n) rows(%h : tensor<?x8xf32>)
      params(%w : tensor<12x8xf32>) state(%s : tensor<?x2xf32>)
      outs(%h : tensor<?x8xf32>) with_ids with_step {
  ^bb0(%a: tensor<?x8xf32>, %ws: tensor<8xf32>, %t: tensor<?x2xf32>,
       %ids: tensor<?xindex>, %step: index):
    condcomp.exit %d : tensor<?xi1> results(%a : tensor<?x8xf32>)
      carry(%a : tensor<?x8xf32>) state(%t : tensor<?x2xf32>)
  } -> tensor<?x8xf32>, tensor<?x2xf32>, tensor<?xi32>
  return
}
