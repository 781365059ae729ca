// Constant arguments are prepared once; results are those of the plain function, bit
// for bit.
// RUN: cc-run %s --function=f --input=3x24xf32=0.3 --input=3x4xf32=1,2,3,4,4,3,2,1,1,4,2,3 --input=4x24x36xf32=0.7 --input=24x4xf32=1 --input=36xf32=0.1 --input=36x36xf32=-0.3 --threads=1 --output=@%t.npy
// RUN: cc-run %s --prepack --function=f --input=3x24xf32=0.3 --input=3x4xf32=1,2,3,4,4,3,2,1,1,4,2,3 --input=4x24x36xf32=0.7 --input=24x4xf32=1 --input=36xf32=0.1 --input=36x36xf32=-0.3 --threads=1 --report-memory --expected-output=@%t.npy --rtol=0 --atol=0 | FileCheck %s
// CHECK: leaked 0 bytes

// The same by hand, through files: what @f$prepack makes can be kept.
// RUN: cc-opt %s --condcomp-prepack -o %t.mlir
// RUN: cc-run %t.mlir '--function=f$prepack' --input=4x24x36xf32=0.7 --input=24x4xf32=1 --input=36xf32=0.1 --input=36x36xf32=-0.3 --output=@%t.bias.npy --output=@%t.w.npy --output=@%t.t.npy
// RUN: cc-run %t.mlir --function=f --input=3x24xf32=0.3 --input=3x4xf32=1,2,3,4,4,3,2,1,1,4,2,3 --input=@%t.bias.npy --input=@%t.w.npy --input=@%t.t.npy --threads=1 --expected-output=@%t.npy --rtol=0 --atol=0

// RUN: not cc-run %s --prepack --function=plain --input=f32=1 2>&1 | FileCheck %s --check-prefix=PLAIN
// PLAIN: 'plain' has no argument marked condcomp.constant

func.func @plain(%x: f32) -> f32 {
  return %x : f32
}

func.func @f(%x: tensor<?x24xf32>, %s: tensor<?x4xf32>, %w: tensor<4x24x36xf32> {condcomp.constant}, %r: tensor<24x4xf32> {condcomp.constant}, %b: tensor<36xf32> {condcomp.constant},
     %t: tensor<36x36xf32> {condcomp.constant}) -> tensor<?x36xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x24xf32>
  %y0 = tensor.empty(%n) : tensor<?x36xf32>
  %bb = linalg.broadcast ins(%b : tensor<36xf32>) outs(%y0 : tensor<?x36xf32>) dimensions = [0]
  %z = linalg.fill ins(%zero : f32) outs(%y0 : tensor<?x36xf32>) -> tensor<?x36xf32>
  %rt = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  %y = condcomp.apply %rt : !condcomp.routing<?x4, f32, exactly 2>
      rows(%x : tensor<?x24xf32>) params(%w : tensor<4x24x36xf32>) outs(%bb : tensor<?x36xf32>) {
  ^bb0(%xe: tensor<?x24xf32>, %we: tensor<24x36xf32>):
    %m = tensor.dim %xe, %c0 : tensor<?x24xf32>
    %e = tensor.empty(%m) : tensor<?x36xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x36xf32>) -> tensor<?x36xf32>
    %h = linalg.matmul ins(%xe, %we : tensor<?x24xf32>, tensor<24x36xf32>)
      outs(%f : tensor<?x36xf32>) -> tensor<?x36xf32>
    condcomp.yield %h : tensor<?x36xf32>
  } -> tensor<?x36xf32>
  %et = tensor.empty() : tensor<36x36xf32>
  %tt = linalg.transpose ins(%t : tensor<36x36xf32>) outs(%et : tensor<36x36xf32>) permutation = [1, 0]
  %o = linalg.matmul ins(%y, %tt : tensor<?x36xf32>, tensor<36x36xf32>)
      outs(%z : tensor<?x36xf32>) -> tensor<?x36xf32>
  return %o : tensor<?x36xf32>
}
