// RUN: cc-opt %s --condcomp-separate-results | FileCheck %s
// RUN: cc-run %s --function=views --input=2x3xf32=0 --report-memory | FileCheck %s --check-prefix=OWN

// RUN: cc-run %s --function=choice --input=i1=1 --input=2xf32=0 --input=2xf32=5 --input=index=2 --report-memory | FileCheck %s --check-prefix=CHOICE

// RUN: cc-run %s --function=arguments --input=i1=1 --input=2xf32=0 --input=2xf32=5 --report-memory | FileCheck %s --check-prefix=ARGUMENTS

// CHECK-LABEL: func.func @views(
// CHECK: %[[Y:.+]] = linalg.exp
// CHECK: %[[FLAT:.+]] = tensor.collapse_shape %[[Y]]
// CHECK: %[[SLICE:.+]] = tensor.extract_slice %[[Y]]
// CHECK: %[[SAME:.+]] = bufferization.alloc_tensor() copy(%[[Y]])
// CHECK: %[[OWN_FLAT:.+]] = bufferization.alloc_tensor() copy(%[[FLAT]])
// CHECK: %[[OWN_SLICE:.+]] = bufferization.alloc_tensor() copy(%[[SLICE]])
// CHECK: return %[[Y]], %[[SAME]], %[[OWN_FLAT]], %[[OWN_SLICE]], %{{.*}}

// OWN: result 0: 2x3xf32=1,1,1,1,1,1
// OWN: result 1: 2x3xf32=1,1,1,1,1,1
// OWN: result 2: 6xf32=1,1,1,1,1,1
// OWN: result 3: 1x3xf32=1,1,1
// OWN: result 4: 2x3xf32=0,0,0,0,0,0
// OWN: leaked 0 bytes
func.func @views(%x: tensor<2x3xf32>)
    -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<6xf32>, tensor<1x3xf32>, tensor<2x3xf32>) {
  %empty = tensor.empty() : tensor<2x3xf32>
  %y = linalg.exp ins(%x : tensor<2x3xf32>) outs(%empty : tensor<2x3xf32>) -> tensor<2x3xf32>
  %flat = tensor.collapse_shape %y [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
  %slice = tensor.extract_slice %y[0, 0] [1, 3] [1, 1] : tensor<2x3xf32> to tensor<1x3xf32>
  return %y, %y, %flat, %slice, %x
      : tensor<2x3xf32>, tensor<2x3xf32>, tensor<6xf32>, tensor<1x3xf32>, tensor<2x3xf32>
}

// A tensor without elements, returned beside what an op writes into the same one.
// CHECK-LABEL: func.func @empty
// CHECK: %[[COPY:.*]] = bufferization.alloc_tensor() copy(%{{.*}}) : tensor<0xf32>
// CHECK: return %[[COPY]], %{{.*}}
func.func @empty(%x: tensor<0xf32>) -> (tensor<0xf32>, tensor<0xf32>) {
  %e = tensor.empty() : tensor<0xf32>
  %n = linalg.negf ins(%x : tensor<0xf32>) outs(%e : tensor<0xf32>) -> tensor<0xf32>
  return %e, %n : tensor<0xf32>, tensor<0xf32>
}

// A tensor beside what is perhaps the same one, by a choice, a branch or a loop.
// CHECK-LABEL: func.func @choice
// CHECK: %[[Y:.+]] = linalg.exp
// CHECK: %[[SELECTED:.+]] = arith.select
// CHECK: %[[BRANCH:.+]] = scf.if
// CHECK: %[[LOOP:.+]]:2 = scf.for
// CHECK: %[[A:.+]] = bufferization.alloc_tensor() copy(%[[SELECTED]])
// CHECK: %[[B:.+]] = bufferization.alloc_tensor() copy(%[[BRANCH]])
// CHECK: %[[C:.+]] = bufferization.alloc_tensor() copy(%[[LOOP]]#0)
// CHECK: return %[[Y]], %[[A]], %[[B]], %[[C]], %{{.*}}
// CHOICE: result 0: 2xf32=1,1
// CHOICE: result 1: 2xf32=1,1
// CHOICE: result 2: 2xf32=1,1
// CHOICE: result 3: 2xf32=1,1
// CHOICE: result 4: 2xf32=1,1
// CHOICE: leaked 0 bytes
func.func @choice(%c: i1, %x: tensor<2xf32>, %z: tensor<2xf32>, %n: index)
    -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %empty = tensor.empty() : tensor<2xf32>
  %y = linalg.exp ins(%x : tensor<2xf32>) outs(%empty : tensor<2xf32>) -> tensor<2xf32>
  %selected = arith.select %c, %y, %z : tensor<2xf32>
  %branch = scf.if %c -> (tensor<2xf32>) {
    scf.yield %y : tensor<2xf32>
  } else {
    %negative = linalg.negf ins(%z : tensor<2xf32>) outs(%empty : tensor<2xf32>) -> tensor<2xf32>
    scf.yield %negative : tensor<2xf32>
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %loop, %other = scf.for %i = %c0 to %n step %c1 iter_args(%a = %z, %b = %y) -> (tensor<2xf32>, tensor<2xf32>) {
    scf.yield %b, %b : tensor<2xf32>, tensor<2xf32>
  }
  // Written by the loop from its first step on: its own memory.
  %own = scf.for %i = %c0 to %n step %c1 iter_args(%a = %empty) -> (tensor<2xf32>) {
    %next = linalg.exp ins(%x : tensor<2xf32>) outs(%a : tensor<2xf32>) -> tensor<2xf32>
    scf.yield %next : tensor<2xf32>
  }
  return %y, %selected, %branch, %loop, %own
      : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// Arguments: what turns out to be one is copied by who would free it.
// CHECK-LABEL: func.func @arguments
// CHECK-NOT: alloc_tensor
// CHECK: return
// ARGUMENTS: result 0: 2xf32=0,0
// ARGUMENTS: result 1: 2xf32=0,0
// ARGUMENTS: leaked 0 bytes
func.func @arguments(%c: i1, %x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %e0 = tensor.empty() : tensor<2xf32>
  %a = linalg.exp ins(%y : tensor<2xf32>) outs(%e0 : tensor<2xf32>) -> tensor<2xf32>
  %e1 = tensor.empty() : tensor<2xf32>
  %b = linalg.negf ins(%y : tensor<2xf32>) outs(%e1 : tensor<2xf32>) -> tensor<2xf32>
  %first = arith.select %c, %x, %a : tensor<2xf32>
  %second = arith.select %c, %x, %b : tensor<2xf32>
  return %first, %second : tensor<2xf32>, tensor<2xf32>
}

// Two results of a loop that hands on one tensor without elements: of what a loop
// starts from it makes its own, of what it hands on it does not.
// CHECK-LABEL: func.func @without_elements
// CHECK: %[[LOOP:.+]]:2 = scf.for
// CHECK: %[[COPY:.+]] = bufferization.alloc_tensor() copy(%[[LOOP]]#1)
// CHECK: return %[[LOOP]]#0, %[[COPY]]
func.func @without_elements(%x: tensor<0x9xf32>, %y: tensor<0x9xf32>, %n: index)
    -> (tensor<0x9xf32>, tensor<0x9xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a, %b = scf.for %i = %c0 to %n step %c1 iter_args(%p = %x, %q = %y)
      -> (tensor<0x9xf32>, tensor<0x9xf32>) {
    %empty = tensor.empty() : tensor<0x9xf32>
    scf.yield %empty, %empty : tensor<0x9xf32>, tensor<0x9xf32>
  }
  return %a, %b : tensor<0x9xf32>, tensor<0x9xf32>
}
