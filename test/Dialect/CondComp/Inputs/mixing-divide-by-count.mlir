// Made by export_blocks.py.
#map = affine_map<(d0, d1) -> (d0, d1)>
  func.func @mixing_divide_by_count(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c0 = arith.constant 0 : index
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty(%dim) : tensor<?x16xf32>
    %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0 : tensor<?x16xf32>) outs(%1 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %3 = arith.sitofp %0 : i64 to f32
      %4 = arith.divf %in, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<?x16xf32>
    return %2 : tensor<?x16xf32>
  }
