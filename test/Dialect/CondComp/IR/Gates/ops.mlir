// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func @top_k
func.func @top_k(%a: tensor<?x64xf32>, %b: tensor<4x?x16xbf16>,
    %c: tensor<8x8xf64>, %k: index) {
  // CHECK: condcomp.top_k %{{.*}}, 8 : tensor<?x64xf32> -> !condcomp.routing<?x64, f32, exactly 8>
  %0 = condcomp.top_k %a, 8 : tensor<?x64xf32>
    -> !condcomp.routing<?x64, f32, exactly 8>
  // CHECK: condcomp.top_k %{{.*}}, %{{.*}} : tensor<4x?x16xbf16> -> !condcomp.routing<4x?x16, f32, exactly ?>
  %1 = condcomp.top_k %b, %k : tensor<4x?x16xbf16>
    -> !condcomp.routing<4x?x16, f32, exactly ?>
  // CHECK: condcomp.top_k %{{.*}}, 0 : tensor<8x8xf64> -> !condcomp.routing<8x8, f64, exactly 0>
  %2 = condcomp.top_k %c, 0 : tensor<8x8xf64>
    -> !condcomp.routing<8x8, f64, exactly 0>
  return
}

// CHECK-LABEL: func @threshold
func.func @threshold(%a: tensor<?x64xf16>, %b: tensor<0x3xf64>, %t: f32,
    %u: f64) {
  // CHECK: condcomp.threshold %{{.*}}, %{{.*}} : tensor<?x64xf16>, f32 -> !condcomp.routing<?x64, f32>
  %0 = condcomp.threshold %a, %t : tensor<?x64xf16>, f32
    -> !condcomp.routing<?x64, f32>
  // CHECK: condcomp.threshold %{{.*}}, %{{.*}} : tensor<0x3xf64>, f64 -> !condcomp.routing<0x3, f64>
  %1 = condcomp.threshold %b, %u : tensor<0x3xf64>, f64
    -> !condcomp.routing<0x3, f64>
  return
}

// CHECK-LABEL: func @assign
func.func @assign(%a: tensor<?x2xindex>, %b: tensor<4x?x?xi64>,
    %w: tensor<?x2xf32>, %m: index) {
  // CHECK: condcomp.assign %{{.*}} : tensor<?x2xindex> -> !condcomp.routing<?x16, f32, exactly 2>
  %0 = condcomp.assign %a : tensor<?x2xindex>
    -> !condcomp.routing<?x16, f32, exactly 2>
  // CHECK: condcomp.assign %{{.*}} weights(%{{.*}} : tensor<?x2xf32>) modules(%{{.*}}) out_of_range(drop) : tensor<?x2xindex> -> !condcomp.routing<?x?, f32, at_most 2>
  %1 = condcomp.assign %a weights(%w : tensor<?x2xf32>) modules(%m)
    out_of_range(drop) : tensor<?x2xindex>
    -> !condcomp.routing<?x?, f32, at_most 2>
  // CHECK: condcomp.assign %{{.*}} : tensor<4x?x?xi64> -> !condcomp.routing<4x?x8, f64, exactly ?>
  %2 = condcomp.assign %b : tensor<4x?x?xi64>
    -> !condcomp.routing<4x?x8, f64, exactly ?>
  // CHECK: condcomp.assign %{{.*}} out_of_range(drop) : tensor<4x?x?xi64> -> !condcomp.routing<4x?x8, f32>
  %3 = condcomp.assign %b out_of_range(drop) : tensor<4x?x?xi64>
    -> !condcomp.routing<4x?x8, f32>
  return
}

// CHECK-LABEL: func @from_mask
func.func @from_mask(%a: tensor<?x64xi1>, %w: tensor<?x64xf64>) {
  // CHECK: condcomp.from_mask %{{.*}} : tensor<?x64xi1> -> !condcomp.routing<?x64, f32>
  %0 = condcomp.from_mask %a : tensor<?x64xi1> -> !condcomp.routing<?x64, f32>
  // CHECK: condcomp.from_mask %{{.*}} weights(%{{.*}} : tensor<?x64xf64>) : tensor<?x64xi1> -> !condcomp.routing<?x64, f64>
  %1 = condcomp.from_mask %a weights(%w : tensor<?x64xf64>) : tensor<?x64xi1>
    -> !condcomp.routing<?x64, f64>
  return
}

// CHECK-LABEL: func @from_offsets
func.func @from_offsets(%a: tensor<33xindex>, %b: tensor<?xindex>) {
  // CHECK: condcomp.from_offsets %{{.*}} : tensor<33xindex> -> !condcomp.routing<?x32, f32, exactly 1>
  %0 = condcomp.from_offsets %a : tensor<33xindex>
    -> !condcomp.routing<?x32, f32, exactly 1>
  // CHECK: condcomp.from_offsets %{{.*}} : tensor<?xindex> -> !condcomp.routing<100x?, f32, exactly 1>
  %1 = condcomp.from_offsets %b : tensor<?xindex>
    -> !condcomp.routing<100x?, f32, exactly 1>
  return
}

// CHECK-LABEL: func @match_tokens
func.func @match_tokens(%a: tensor<8x99x98xf32>, %b: tensor<?x?xf64>, %r: index) {
  // CHECK: condcomp.match_tokens %{{.*}}, 16 : tensor<8x99x98xf32> -> !condcomp.routing<8x197x181, f32, exactly 1>
  %0 = condcomp.match_tokens %a, 16 : tensor<8x99x98xf32>
    -> !condcomp.routing<8x197x181, f32, exactly 1>
  // CHECK: condcomp.match_tokens %{{.*}}, %{{.*}} : tensor<?x?xf64> -> !condcomp.routing<?x?, f64, exactly 1>
  %1 = condcomp.match_tokens %b, %r : tensor<?x?xf64>
    -> !condcomp.routing<?x?, f64, exactly 1>
  return
}

// CHECK-LABEL: func @top_p
func.func @top_p(%a: tensor<?x64xbf16>, %b: tensor<4x?x16xf64>, %p: f32,
    %q: f64, %i: index, %j: index) {
  // CHECK: condcomp.top_p %{{.*}}, %{{.*}} : tensor<?x64xbf16>, f32 -> !condcomp.routing<?x64, f32>
  %0 = condcomp.top_p %a, %p : tensor<?x64xbf16>, f32
    -> !condcomp.routing<?x64, f32>
  // CHECK: condcomp.top_p %{{.*}}, %{{.*}} min(2) max(8) : tensor<?x64xbf16>, f32 -> !condcomp.routing<?x64, f32, at_most 8>
  %1 = condcomp.top_p %a, %p min(2) max(8) : tensor<?x64xbf16>, f32
    -> !condcomp.routing<?x64, f32, at_most 8>
  // CHECK: condcomp.top_p %{{.*}}, %{{.*}} min(%{{.*}}) max(%{{.*}}) : tensor<4x?x16xf64>, f64 -> !condcomp.routing<4x?x16, f64>
  %2 = condcomp.top_p %b, %q min(%i) max(%j) : tensor<4x?x16xf64>, f64
    -> !condcomp.routing<4x?x16, f64>
  // CHECK: condcomp.top_p %{{.*}}, %{{.*}} max(%{{.*}}) : tensor<4x?x16xf64>, f64 -> !condcomp.routing<4x?x16, f64>
  %3 = condcomp.top_p %b, %q max(%j) : tensor<4x?x16xf64>, f64
    -> !condcomp.routing<4x?x16, f64>
  return
}

// CHECK-LABEL: func @expert_choice
func.func @expert_choice(%a: tensor<8x512x64xf16>, %b: tensor<?x16xf64>,
    %c: index) {
  // CHECK: condcomp.expert_choice %{{.*}}, 32 : tensor<8x512x64xf16> -> !condcomp.routing<8x512x64, f32, per_module exactly 32>
  %0 = condcomp.expert_choice %a, 32 : tensor<8x512x64xf16>
    -> !condcomp.routing<8x512x64, f32, per_module exactly 32>
  // CHECK: condcomp.expert_choice %{{.*}}, %{{.*}} : tensor<?x16xf64> -> !condcomp.routing<?x16, f64, per_module exactly ?>
  %1 = condcomp.expert_choice %b, %c : tensor<?x16xf64>
    -> !condcomp.routing<?x16, f64, per_module exactly ?>
  return
}

// CHECK-LABEL: func @sample
func.func @sample(%a: tensor<?x64xf32>, %b: tensor<4x?x16xf64>, %k: index,
    %key: i64, %step: index, %ids: tensor<4x?xindex>) {
  // CHECK: condcomp.sample %{{.*}}, 2 key(%{{.*}}) : tensor<?x64xf32> -> !condcomp.routing<?x64, f32, exactly 2>
  %0 = condcomp.sample %a, 2 key(%key) : tensor<?x64xf32>
    -> !condcomp.routing<?x64, f32, exactly 2>
  // CHECK: condcomp.sample %{{.*}}, %{{.*}} key(%{{.*}}) step(%{{.*}}) ids(%{{.*}} : tensor<4x?xindex>) : tensor<4x?x16xf64> -> !condcomp.routing<4x?x16, f64, exactly ?>
  %1 = condcomp.sample %b, %k key(%key) step(%step) ids(%ids : tensor<4x?xindex>)
    : tensor<4x?x16xf64> -> !condcomp.routing<4x?x16, f64, exactly ?>
  return
}

// CHECK-LABEL: func @limit_groups
func.func @limit_groups(%a: tensor<?x256xf32>, %b: tensor<4x?x?xbf16>, %f: f32,
    %g: bf16, %n: index) {
  // CHECK: condcomp.limit_groups %{{.*}} groups(8) keep(4) sum_of(2) fill(%{{.*}}) : tensor<?x256xf32>
  %0 = condcomp.limit_groups %a groups(8) keep(4) sum_of(2) fill(%f)
    : tensor<?x256xf32>
  // CHECK: condcomp.limit_groups %{{.*}} groups(3) keep(%{{.*}}) fill(%{{.*}}) : tensor<4x?x?xbf16>
  %1 = condcomp.limit_groups %b groups(3) keep(%n) fill(%g)
    : tensor<4x?x?xbf16>
  return
}
