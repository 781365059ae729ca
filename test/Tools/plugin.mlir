// A stock mlir-opt with the plugin does what cc-opt does.

// UNSUPPORTED: sanitized

// RUN: cc-opt %s --condcomp-to-cpu="form=compact" > %t.ours.mlir
// RUN: mlir-opt --load-dialect-plugin=%condcomp_plugin --load-pass-plugin=%condcomp_plugin %s --pass-pipeline='builtin.module(condcomp-to-cpu{form=compact})' > %t.stock.mlir
// RUN: diff %t.ours.mlir %t.stock.mlir
// RUN: FileCheck %s < %t.stock.mlir

// The dialect alone.
// RUN: mlir-opt --load-dialect-plugin=%condcomp_plugin %s | FileCheck %s --check-prefix=PARSE

// CHECK: llvm.func @route(
// PARSE: condcomp.top_k
func.func @route(%scores: tensor<?x4xf32>, %x: tensor<?x8xf32>, %w: tensor<4x8x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x8xf32>
  %empty = tensor.empty(%rows) : tensor<?x8xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x8xf32>) -> tensor<?x8xf32>
  %r = condcomp.top_k %scores, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 2> rows(%x : tensor<?x8xf32>) params(%w : tensor<4x8x8xf32>)
      outs(%init : tensor<?x8xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x8xf32>, %we: tensor<8x8xf32>):
    %n = tensor.dim %xe, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %m = linalg.matmul ins(%xe, %we : tensor<?x8xf32>, tensor<8x8xf32>) outs(%f : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %m : tensor<?x8xf32>
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
