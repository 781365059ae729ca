// Made by export_blocks.py.
#map = affine_map<(d0, d1) -> (d0, d1)>
  func.func @mixing_flip(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = arith.subi %dim, %c1 : index
    %1 = tensor.empty(%dim) : tensor<?x16xf32>
    %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0 : tensor<?x16xf32>) outs(%2 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %4 = linalg.index 0 : index
      %5 = linalg.index 1 : index
      %6 = arith.subi %0, %4 : index
      %extracted = tensor.extract %arg0[%6, %5] : tensor<?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x16xf32>
    return %3 : tensor<?x16xf32>
  }
