// Made by export_blocks.py.
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d1)>
  func.func @mixing_first_row(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c0 = arith.constant 0 : index
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = arith.minsi %0, %c0_i64 : i64
    %2 = arith.index_cast %1 : i64 to index
    %extracted_slice = tensor.extract_slice %arg0[%2, 0] [1, 16] [1, 1] : tensor<?x16xf32> to tensor<1x16xf32>
    %collapsed = tensor.collapse_shape %extracted_slice [[0, 1]] : tensor<1x16xf32> into tensor<16xf32>
    %3 = tensor.empty(%dim) : tensor<?x16xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0, %collapsed : tensor<?x16xf32>, tensor<16xf32>) outs(%3 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %5 = arith.addf %in, %in_0 : f32
      linalg.yield %5 : f32
    } -> tensor<?x16xf32>
    return %4 : tensor<?x16xf32>
  }
