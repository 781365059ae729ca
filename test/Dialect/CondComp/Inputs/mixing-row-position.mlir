// Made by export_blocks.py.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1) -> (d0, 0)>
  func.func @mixing_row_position(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = arith.sitofp %0 : i64 to f32
    %2 = math.ceil %1 : f32
    %3 = arith.fptoui %2 : f32 to i64
    %4 = arith.index_cast %3 : i64 to index
    %5 = tensor.empty(%4) : tensor<?xf32>
    %6 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%5 : tensor<?xf32>) {
    ^bb0(%out: f32):
      %10 = linalg.index 0 : index
      %11 = arith.index_cast %10 : index to i64
      %12 = arith.sitofp %11 : i64 to f32
      %13 = arith.addf %12, %cst : f32
      linalg.yield %13 : f32
    } -> tensor<?xf32>
    %expanded = tensor.expand_shape %6 [[0, 1]] output_shape [%4, 1] : tensor<?xf32> into tensor<?x1xf32>
    %7 = arith.cmpi eq, %dim, %4 : index
    cf.assert %7, "mismatched size for broadcast"
    %8 = tensor.empty(%dim) : tensor<?x16xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel"]} ins(%arg0, %expanded : tensor<?x16xf32>, tensor<?x1xf32>) outs(%8 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %10 = arith.addf %in, %in_0 : f32
      linalg.yield %10 : f32
    } -> tensor<?x16xf32>
    return %9 : tensor<?x16xf32>
  }
