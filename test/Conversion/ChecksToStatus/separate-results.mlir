// RUN: cc-opt %s --condcomp-separate-results | FileCheck %s
// RUN: cc-run %s --function=views --input=2x3xf32=0 --report-memory | FileCheck %s --check-prefix=OWN

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
