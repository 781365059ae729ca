// RUN: cc-opt %s --condcomp-elementwise-to-linalg | FileCheck %s
// RUN: cc-opt %s --condcomp-to-portable-linalg | FileCheck %s --check-prefix=PORTABLE
// RUN: cc-run %s --function=same --input=3xi32=5 --input=2x1xf32=nan | FileCheck %s --check-prefix=VALUES
// RUN: cc-run %s --function=same --input=0xi32= --input=2x0xf32= | FileCheck %s --check-prefix=EMPTY

// Folded, these would be constants of dynamic sizes. Bodies are converted too.

// CHECK-LABEL: func.func @same
// CHECK:         linalg.generic
// CHECK:           arith.xori
// CHECK:         linalg.generic
// CHECK:           arith.cmpi eq
// CHECK:         linalg.generic
// CHECK:           arith.subi
// CHECK:         linalg.generic
// CHECK:           arith.cmpf une
// CHECK:         condcomp.cascade
// CHECK:           linalg.generic
// CHECK:             arith.ori
// PORTABLE-LABEL: func.func @same
// PORTABLE-NOT:     arith.constant dense{{.*}} : tensor<?
// PORTABLE:         return
// VALUES: result 0: 3xi32=0,0,0
// VALUES: result 1: 3xi1=true,true,true
// VALUES: result 2: 3xi32=0,0,0
// VALUES: result 3: 2x1xi1=true,true
// VALUES: result 4: 3xi32=-1,-1,-1
// EMPTY: result 0: 0xi32=
// EMPTY: result 3: 2x0xi1=
func.func @same(%x: tensor<?xi32>, %f: tensor<?x?xf32>)
    -> (tensor<?xi32>, tensor<?xi1>, tensor<?xi32>, tensor<?x?xi1>, tensor<?xi32>) {
  %zero = arith.xori %x, %x : tensor<?xi32>
  %true = arith.cmpi eq, %x, %x : tensor<?xi32>
  %none = arith.subi %x, %x : tensor<?xi32>
  %nan = arith.cmpf une, %f, %f : tensor<?x?xf32>
  %ones, %left_at = condcomp.cascade rows(%x : tensor<?xi32>) {
  ^bb0(%y: tensor<?xi32>):
    %all = arith.constant dense<-1> : tensor<1xi32>
    %c0 = arith.constant 0 : index
    %n = tensor.dim %y, %c0 : tensor<?xi32>
    %e = tensor.empty(%n) : tensor<?xi32>
    %b = linalg.generic {indexing_maps = [affine_map<(i) -> (0)>, affine_map<(i) -> (i)>],
                         iterator_types = ["parallel"]}
        ins(%all : tensor<1xi32>) outs(%e : tensor<?xi32>) {
    ^bb0(%one: i32, %o: i32):
      linalg.yield %one : i32
    } -> tensor<?xi32>
    %or = arith.ori %y, %b : tensor<?xi32>
    condcomp.yield %or : tensor<?xi32>
  } -> tensor<?xi32>, tensor<?xi32>
  return %zero, %true, %none, %nan, %ones
      : tensor<?xi32>, tensor<?xi1>, tensor<?xi32>, tensor<?x?xi1>, tensor<?xi32>
}

// Scalars, and what is no elementwise op, stay.
// CHECK-LABEL: func.func @others
// CHECK-NEXT:    arith.addi {{.*}} : index
// CHECK-NEXT:    arith.constant dense<0>
// CHECK-NEXT:    return
func.func @others(%n: index) -> (index, tensor<4xi32>) {
  %twice = arith.addi %n, %n : index
  %c = arith.constant dense<0> : tensor<4xi32>
  return %twice, %c : index, tensor<4xi32>
}
