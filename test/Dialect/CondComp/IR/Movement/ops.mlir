// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func @select
func.func @select(%s: !condcomp.routing<32x196, f32, exactly 138>,
    %t: !condcomp.routing<4x?x8, f32>, %tokens: tensor<32x196x384xf32>,
    %rows: tensor<4x?x16xbf16>, %modules: tensor<4x8xi8>,
    %pairs: tensor<4x?x8x2xf64>) {
  // CHECK: condcomp.select %{{.*}} from pairs(%{{.*}} : tensor<32x196x384xf32>) : !condcomp.routing<32x196, f32, exactly 138> -> tensor<32x138x384xf32>
  %0 = condcomp.select %s from pairs(%tokens : tensor<32x196x384xf32>)
    : !condcomp.routing<32x196, f32, exactly 138> -> tensor<32x138x384xf32>
  // CHECK: condcomp.select %{{.*}} from rows(%{{.*}} : tensor<4x?x16xbf16>) : !condcomp.routing<4x?x8, f32> -> tensor<?x16xbf16>
  %1 = condcomp.select %t from rows(%rows : tensor<4x?x16xbf16>)
    : !condcomp.routing<4x?x8, f32> -> tensor<?x16xbf16>
  // CHECK: condcomp.select %{{.*}} from modules(%{{.*}} : tensor<4x8xi8>) : !condcomp.routing<4x?x8, f32> -> tensor<?xi8>
  %2 = condcomp.select %t from modules(%modules : tensor<4x8xi8>)
    : !condcomp.routing<4x?x8, f32> -> tensor<?xi8>
  // CHECK: condcomp.select %{{.*}} from pairs(%{{.*}} : tensor<4x?x8x2xf64>)
  %3 = condcomp.select %t from pairs(%pairs : tensor<4x?x8x2xf64>)
    : !condcomp.routing<4x?x8, f32> -> tensor<?x2xf64>
  return
}

// CHECK-LABEL: func @combine
func.func @combine(%r: !condcomp.routing<?x8, f32, exactly 2>,
    %p: !condcomp.routing<?x8, f32, at_most 1>, %e: tensor<?x2x16xbf16>,
    %o: tensor<?x16xbf16>, %i: tensor<?xi32>, %oi: tensor<?xi32>,
    %s: tensor<?x8x16xbf16>) {
  // CHECK: condcomp.combine sum %{{.*}} entries(%{{.*}} : tensor<?x2x16xbf16>) outs(%{{.*}} : tensor<?x16xbf16>) : !condcomp.routing<?x8, f32, exactly 2>
  %0 = condcomp.combine sum %r entries(%e : tensor<?x2x16xbf16>)
    outs(%o : tensor<?x16xbf16>) : !condcomp.routing<?x8, f32, exactly 2>
  // CHECK: condcomp.combine mean
  %1 = condcomp.combine mean %r entries(%e : tensor<?x2x16xbf16>)
    outs(%o : tensor<?x16xbf16>) : !condcomp.routing<?x8, f32, exactly 2>
  // CHECK: condcomp.combine max %{{.*}} entries(%{{.*}} : tensor<?x2x16xbf16>) outs(%{{.*}} : tensor<?x16xbf16>) weights(none) : !condcomp.routing<?x8, f32, exactly 2>
  %2 = condcomp.combine max %r entries(%e : tensor<?x2x16xbf16>)
    outs(%o : tensor<?x16xbf16>) weights(none)
    : !condcomp.routing<?x8, f32, exactly 2>
  // CHECK: condcomp.combine replace %{{.*}} entries(%{{.*}} : tensor<?xi32>) outs(%{{.*}} : tensor<?xi32>) weights(none) : !condcomp.routing<?x8, f32, at_most 1>
  %3 = condcomp.combine replace %p entries(%i : tensor<?xi32>)
    outs(%oi : tensor<?xi32>) weights(none)
    : !condcomp.routing<?x8, f32, at_most 1>
  // CHECK: condcomp.combine stack %{{.*}} outs(%{{.*}} : tensor<?x8x16xbf16>)
  %4 = condcomp.combine stack %r entries(%e : tensor<?x2x16xbf16>)
    outs(%s : tensor<?x8x16xbf16>) : !condcomp.routing<?x8, f32, exactly 2>
  return
}

// One module is at most one entry, whatever the bound.
// CHECK-LABEL: func @replace_of_one_module
func.func @replace_of_one_module(%r: !condcomp.routing<?x1, f32>, %e: tensor<?x16xf32>,
    %o: tensor<?x16xf32>) -> tensor<?x16xf32> {
  // CHECK: condcomp.combine replace
  %0 = condcomp.combine replace %r entries(%e : tensor<?x16xf32>)
    outs(%o : tensor<?x16xf32>) weights(none) : !condcomp.routing<?x1, f32>
  return %0 : tensor<?x16xf32>
}

// CHECK-LABEL: func @restore
func.func @restore(%r: !condcomp.routing<32x196, f32, exactly 138>,
    %e: tensor<32x138x4xf32>, %o: tensor<32x196x4xf32>) {
  // CHECK: condcomp.restore replace %{{.*}} entries(%{{.*}} : tensor<32x138x4xf32>) outs(%{{.*}} : tensor<32x196x4xf32>) : !condcomp.routing<32x196, f32, exactly 138>
  %0 = condcomp.restore replace %r entries(%e : tensor<32x138x4xf32>)
    outs(%o : tensor<32x196x4xf32>)
    : !condcomp.routing<32x196, f32, exactly 138>
  // CHECK: condcomp.restore sum
  %1 = condcomp.restore sum %r entries(%e : tensor<32x138x4xf32>)
    outs(%o : tensor<32x196x4xf32>)
    : !condcomp.routing<32x196, f32, exactly 138>
  return
}

// CHECK-LABEL: func @pool
func.func @pool(%r: !condcomp.routing<8x?x181, f32, exactly 1>,
    %x: tensor<8x?x4xbf16>, %o: tensor<8x181x4xbf16>, %i: tensor<8x?xi32>,
    %oi: tensor<8x181xi32>) {
  // CHECK: condcomp.pool sum %{{.*}} from rows(%{{.*}} : tensor<8x?x4xbf16>) outs(%{{.*}} : tensor<8x181x4xbf16>) : !condcomp.routing<8x?x181, f32, exactly 1>
  %0 = condcomp.pool sum %r from rows(%x : tensor<8x?x4xbf16>)
    outs(%o : tensor<8x181x4xbf16>) : !condcomp.routing<8x?x181, f32, exactly 1>
  // CHECK: condcomp.pool mean
  %1 = condcomp.pool mean %r from rows(%x : tensor<8x?x4xbf16>)
    outs(%o : tensor<8x181x4xbf16>) : !condcomp.routing<8x?x181, f32, exactly 1>
  // CHECK: condcomp.pool max %{{.*}} from rows(%{{.*}} : tensor<8x?xi32>) outs(%{{.*}} : tensor<8x181xi32>) weights(none)
  %2 = condcomp.pool max %r from rows(%i : tensor<8x?xi32>)
    outs(%oi : tensor<8x181xi32>) weights(none)
    : !condcomp.routing<8x?x181, f32, exactly 1>
  return
}

// CHECK-LABEL: func @mix
func.func @mix(%r: !condcomp.routing<?x8, f32>, %w: tensor<8x16x32xf32>,
    %o: tensor<?x16x32xf32>) {
  // CHECK: condcomp.mix %{{.*}} from modules(%{{.*}} : tensor<8x16x32xf32>) outs(%{{.*}} : tensor<?x16x32xf32>) : !condcomp.routing<?x8, f32>
  %0 = condcomp.mix %r from modules(%w : tensor<8x16x32xf32>)
    outs(%o : tensor<?x16x32xf32>) : !condcomp.routing<?x8, f32>
  // CHECK: condcomp.mix %{{.*}} weights(none) : !condcomp.routing<?x8, f32>
  %1 = condcomp.mix %r from modules(%w : tensor<8x16x32xf32>)
    outs(%o : tensor<?x16x32xf32>) weights(none) : !condcomp.routing<?x8, f32>
  return
}
