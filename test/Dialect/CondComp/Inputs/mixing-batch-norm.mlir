// Made by export_blocks.py.
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (0, d1)>
  func.func @mixing_batch_norm(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f64
    %cst_0 = arith.constant 0.000000e+00 : f32
    %cst_1 = arith.constant 1.000000e-05 : f64
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = tensor.empty(%dim) : tensor<?x16xf64>
    %1 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0 : tensor<?x16xf32>) outs(%0 : tensor<?x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %21 = arith.extf %in : f32 to f64
      linalg.yield %21 : f64
    } -> tensor<?x16xf64>
    %2 = tensor.empty() : tensor<1x16xf64>
    %3 = linalg.fill ins(%cst : f64) outs(%2 : tensor<1x16xf64>) -> tensor<1x16xf64>
    %4 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["reduction", "parallel"]} ins(%1 : tensor<?x16xf64>) outs(%3 : tensor<1x16xf64>) {
    ^bb0(%in: f64, %out: f64):
      %21 = arith.addf %in, %out : f64
      linalg.yield %21 : f64
    } -> tensor<1x16xf64>
    %5 = arith.index_cast %dim : index to i64
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%4 : tensor<1x16xf64>) outs(%2 : tensor<1x16xf64>) {
    ^bb0(%in: f64, %out: f64):
      %21 = arith.sitofp %5 : i64 to f64
      %22 = arith.divf %in, %21 : f64
      linalg.yield %22 : f64
    } -> tensor<1x16xf64>
    %7 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%1, %6 : tensor<?x16xf64>, tensor<1x16xf64>) outs(%0 : tensor<?x16xf64>) {
    ^bb0(%in: f64, %in_2: f64, %out: f64):
      %21 = arith.subf %in, %in_2 : f64
      linalg.yield %21 : f64
    } -> tensor<?x16xf64>
    %8 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]} ins(%7, %7 : tensor<?x16xf64>, tensor<?x16xf64>) outs(%0 : tensor<?x16xf64>) {
    ^bb0(%in: f64, %in_2: f64, %out: f64):
      %21 = arith.mulf %in, %in_2 : f64
      linalg.yield %21 : f64
    } -> tensor<?x16xf64>
    %9 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["reduction", "parallel"]} ins(%8 : tensor<?x16xf64>) outs(%3 : tensor<1x16xf64>) {
    ^bb0(%in: f64, %out: f64):
      %21 = arith.addf %in, %out : f64
      linalg.yield %21 : f64
    } -> tensor<1x16xf64>
    %10 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%9 : tensor<1x16xf64>) outs(%2 : tensor<1x16xf64>) {
    ^bb0(%in: f64, %out: f64):
      %21 = arith.sitofp %5 : i64 to f64
      %22 = arith.divf %in, %21 : f64
      linalg.yield %22 : f64
    } -> tensor<1x16xf64>
    %11 = tensor.empty() : tensor<1x16xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%10 : tensor<1x16xf64>) outs(%11 : tensor<1x16xf32>) {
    ^bb0(%in: f64, %out: f32):
      %21 = arith.truncf %in : f64 to f32
      linalg.yield %21 : f32
    } -> tensor<1x16xf32>
    %13 = linalg.fill ins(%cst_0 : f32) outs(%11 : tensor<1x16xf32>) -> tensor<1x16xf32>
    %14 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["reduction", "parallel"]} ins(%arg0 : tensor<?x16xf32>) outs(%13 : tensor<1x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.addf %in, %out : f32
      linalg.yield %21 : f32
    } -> tensor<1x16xf32>
    %15 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%14 : tensor<1x16xf32>) outs(%11 : tensor<1x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.sitofp %5 : i64 to f32
      %22 = arith.divf %in, %21 : f32
      linalg.yield %22 : f32
    } -> tensor<1x16xf32>
    %16 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%12 : tensor<1x16xf32>) outs(%11 : tensor<1x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = arith.truncf %cst_1 : f64 to f32
      %22 = arith.addf %in, %21 : f32
      linalg.yield %22 : f32
    } -> tensor<1x16xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]} ins(%16 : tensor<1x16xf32>) outs(%11 : tensor<1x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %21 = math.rsqrt %in : f32
      linalg.yield %21 : f32
    } -> tensor<1x16xf32>
    %18 = tensor.empty(%dim) : tensor<?x16xf32>
    %19 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%arg0, %15 : tensor<?x16xf32>, tensor<1x16xf32>) outs(%18 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %21 = arith.subf %in, %in_2 : f32
      linalg.yield %21 : f32
    } -> tensor<?x16xf32>
    %20 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%19, %17 : tensor<?x16xf32>, tensor<1x16xf32>) outs(%18 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_2: f32, %out: f32):
      %21 = arith.mulf %in, %in_2 : f32
      linalg.yield %21 : f32
    } -> tensor<?x16xf32>
    return %20 : tensor<?x16xf32>
  }
