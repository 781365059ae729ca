// A function of the program that has the name of one of the C library, which it uses.
// RUN: cc-run %s --function=cosf --input=2xf32=0 | FileCheck %s
// CHECK: result 0: 2xf32=1,1

func.func @cosf(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = math.cos %x : tensor<2xf32>
  return %y : tensor<2xf32>
}
