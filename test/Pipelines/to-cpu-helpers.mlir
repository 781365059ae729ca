// RUN: cc-opt %s --condcomp-to-cpu | FileCheck %s

// A private helper for any number of tokens is compiled for the number that it
// is called with: nothing is left of it, nor of its sizes.

// CHECK-NOT:   llvm.func {{.*}}@tokens
// CHECK-LABEL: llvm.func @four(
// CHECK-NOT:     llvm.call {{.*}}@tokens
// CHECK:         llvm.return

func.func private @tokens(%rows: tensor<?x8xf32>, %t: index) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %n8 = tensor.dim %rows, %c0 : tensor<?x8xf32>
  %n = arith.divui %n8, %t : index
  %x = tensor.expand_shape %rows [[0, 1], [2]] output_shape [%n, %t, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  %f0 = arith.constant 0.0 : f32
  %e = tensor.empty(%n, %t) : tensor<?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %sum = linalg.reduce {arith.addf} ins(%x : tensor<?x?x8xf32>)
      outs(%z : tensor<?x?xf32>) dimensions = [2]
  return %sum : tensor<?x?xf32>
}

func.func @four(%rows: tensor<?x8xf32>) -> tensor<?x4xf32> {
  %c4 = arith.constant 4 : index
  %sum = call @tokens(%rows, %c4) : (tensor<?x8xf32>, index) -> tensor<?x?xf32>
  %out = tensor.cast %sum : tensor<?x?xf32> to tensor<?x4xf32>
  return %out : tensor<?x4xf32>
}
