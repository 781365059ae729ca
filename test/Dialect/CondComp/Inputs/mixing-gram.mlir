// Made by export_blocks.py.
  func.func @mixing_gram(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = tensor.empty(%dim) : tensor<16x?xf32>
    %transposed = linalg.transpose ins(%arg0 : tensor<?x16xf32>) outs(%0 : tensor<16x?xf32>) permutation = [1, 0] 
    %1 = tensor.empty(%dim, %dim) : tensor<?x?xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<?x?xf32>) -> tensor<?x?xf32>
    %3 = linalg.matmul ins(%arg0, %transposed : tensor<?x16xf32>, tensor<16x?xf32>) outs(%2 : tensor<?x?xf32>) -> tensor<?x?xf32>
    %4 = tensor.empty(%dim) : tensor<?x16xf32>
    %5 = linalg.fill ins(%cst : f32) outs(%4 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %6 = linalg.matmul ins(%3, %arg0 : tensor<?x?xf32>, tensor<?x16xf32>) outs(%5 : tensor<?x16xf32>) -> tensor<?x16xf32>
    return %6 : tensor<?x16xf32>
  }
