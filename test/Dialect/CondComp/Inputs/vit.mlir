// Made by export_blocks.py.
#map = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map2 = affine_map<(d0, d1, d2) -> (d2)>
#map3 = affine_map<()[s0] -> (s0 * 6)>
#map4 = affine_map<(d0, d1) -> (d0, d1)>
#map5 = affine_map<(d0, d1) -> (d1)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map7 = affine_map<()[s0] -> (s0 * 4)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map10 = affine_map<(d0, d1, d2, d3) -> ()>
#map11 = affine_map<(d0, d1, d2) -> (d1, d2)>
  func.func @vit(%arg0: tensor<?x6x16xf32>) -> tensor<?x6x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %c6 = arith.constant 6 : index
    %cst = arith.constant 0.000000e+00 : f64
    %cst_0 = arith.constant 0.000000e+00 : f32
    %c4 = arith.constant 4 : index
    %cst_1 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_2 = arith.constant 1.000000e+00 : f32
    %cst_3 = arith.constant 5.000000e-01 : f32
    %cst_4 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_5 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_6 = arith.constant dense<0.0> : tensor<16x32xf32>
    %cst_7 = arith.constant dense<0.0> : tensor<32xf32>
    %cst_8 = arith.constant dense<0.0> : tensor<32x16xf32>
    %cst_9 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_10 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_11 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_12 = arith.constant dense<0.0> : tensor<16x16xf32>
    %cst_13 = arith.constant 0xFFF0000000000000 : f64
    %cst_14 = arith.constant 0.70710678118654757 : f64
    %cst_15 = arith.constant dense<0.0> : tensor<48xf32>
    %cst_16 = arith.constant dense<0.0> : tensor<48x16xf32>
    %cst_17 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_18 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_19 = arith.constant 1.000000e-05 : f64
    %cst_20 = arith.constant 1.600000e+01 : f64
    %cst_21 = arith.constant 1.600000e+01 : f32
    %cst_22 = arith.constant 1.41421354 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x6x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty(%dim) : tensor<?x6x16xf64>
    %2 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0 : tensor<?x6x16xf32>) outs(%1 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %115 = arith.extf %in : f32 to f64
      linalg.yield %115 : f64
    } -> tensor<?x6x16xf64>
    %3 = tensor.empty(%dim) : tensor<?x6x1xf64>
    %4 = linalg.fill ins(%cst : f64) outs(%3 : tensor<?x6x1xf64>) -> tensor<?x6x1xf64>
    %5 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%2 : tensor<?x6x16xf64>) outs(%4 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.addf %in, %out : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%5 : tensor<?x6x1xf64>) outs(%3 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.divf %in, %cst_20 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %7 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%2, %6 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%1 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_46: f64, %out: f64):
      %115 = arith.subf %in, %in_46 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x16xf64>
    %8 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%7, %7 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%1 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_46: f64, %out: f64):
      %115 = arith.mulf %in, %in_46 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x16xf64>
    %9 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%8 : tensor<?x6x16xf64>) outs(%4 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.addf %in, %out : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %10 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%9 : tensor<?x6x1xf64>) outs(%3 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.divf %in, %cst_20 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %11 = tensor.empty(%dim) : tensor<?x6x1xf32>
    %12 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%10 : tensor<?x6x1xf64>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %115 = arith.truncf %in : f64 to f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %13 = linalg.fill ins(%cst_0 : f32) outs(%11 : tensor<?x6x1xf32>) -> tensor<?x6x1xf32>
    %14 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0 : tensor<?x6x16xf32>) outs(%13 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.addf %in, %out : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %15 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%14 : tensor<?x6x1xf32>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.divf %in, %cst_21 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %16 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%12 : tensor<?x6x1xf32>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.truncf %cst_19 : f64 to f32
      %116 = arith.addf %in, %115 : f32
      linalg.yield %116 : f32
    } -> tensor<?x6x1xf32>
    %17 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%16 : tensor<?x6x1xf32>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = math.rsqrt %in : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %18 = tensor.empty(%dim) : tensor<?x6x16xf32>
    %19 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0, %15 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.subf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %20 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%19, %17 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.mulf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %21 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%20, %cst_18 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.mulf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %22 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%21, %cst_17 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %collapsed = tensor.collapse_shape %22 [[0, 1], [2]] : tensor<?x6x16xf32> into tensor<?x16xf32>
    %23 = tensor.empty() : tensor<16x48xf32>
    %transposed = linalg.transpose ins(%cst_16 : tensor<48x16xf32>) outs(%23 : tensor<16x48xf32>) permutation = [1, 0] 
    %24 = affine.apply #map3()[%dim]
    %25 = tensor.empty(%24) : tensor<?x48xf32>
    %26 = linalg.fill ins(%cst_0 : f32) outs(%25 : tensor<?x48xf32>) -> tensor<?x48xf32>
    %27 = linalg.matmul ins(%collapsed, %transposed : tensor<?x16xf32>, tensor<16x48xf32>) outs(%26 : tensor<?x48xf32>) -> tensor<?x48xf32>
    %28 = linalg.generic {indexing_maps = [#map4, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%27, %cst_15 : tensor<?x48xf32>, tensor<48xf32>) outs(%25 : tensor<?x48xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x48xf32>
    %29 = arith.divsi %24, %c6 : index
    %expanded = tensor.expand_shape %28 [[0, 1], [2, 3, 4]] output_shape [%29, 6, 3, 4, 4] : tensor<?x48xf32> into tensor<?x6x3x4x4xf32>
    %30 = tensor.empty(%29) : tensor<3x?x4x6x4xf32>
    %transposed_23 = linalg.transpose ins(%expanded : tensor<?x6x3x4x4xf32>) outs(%30 : tensor<3x?x4x6x4xf32>) permutation = [2, 0, 3, 1, 4] 
    %extracted_slice = tensor.extract_slice %transposed_23[0, 0, 0, 0, 0] [1, %29, 4, 6, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x6x4xf32> to tensor<1x?x4x6x4xf32>
    %extracted_slice_24 = tensor.extract_slice %transposed_23[1, 0, 0, 0, 0] [1, %29, 4, 6, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x6x4xf32> to tensor<1x?x4x6x4xf32>
    %extracted_slice_25 = tensor.extract_slice %transposed_23[2, 0, 0, 0, 0] [1, %29, 4, 6, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x6x4xf32> to tensor<1x?x4x6x4xf32>
    %collapsed_26 = tensor.collapse_shape %extracted_slice [[0, 1], [2], [3], [4]] : tensor<1x?x4x6x4xf32> into tensor<?x4x6x4xf32>
    %collapsed_27 = tensor.collapse_shape %extracted_slice_24 [[0, 1], [2], [3], [4]] : tensor<1x?x4x6x4xf32> into tensor<?x4x6x4xf32>
    %collapsed_28 = tensor.collapse_shape %extracted_slice_25 [[0, 1], [2], [3], [4]] : tensor<1x?x4x6x4xf32> into tensor<?x4x6x4xf32>
    %31 = tensor.empty(%29) : tensor<?x4x6x4xf32>
    %32 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_26 : tensor<?x4x6x4xf32>) outs(%31 : tensor<?x4x6x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.truncf %cst_14 : f64 to f32
      %116 = arith.mulf %in, %115 : f32
      linalg.yield %116 : f32
    } -> tensor<?x4x6x4xf32>
    %33 = tensor.empty(%29) : tensor<?x4x4x6xf32>
    %transposed_29 = linalg.transpose ins(%collapsed_27 : tensor<?x4x6x4xf32>) outs(%33 : tensor<?x4x4x6xf32>) permutation = [0, 1, 3, 2] 
    %34 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_29 : tensor<?x4x4x6xf32>) outs(%33 : tensor<?x4x4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.truncf %cst_14 : f64 to f32
      %116 = arith.mulf %in, %115 : f32
      linalg.yield %116 : f32
    } -> tensor<?x4x4x6xf32>
    %35 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    %36 = tensor.empty(%dim) : tensor<?x4x6x4xf32>
    %37 = linalg.generic {indexing_maps = [#map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%36 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %115 = linalg.index 0 : index
      %116 = linalg.index 1 : index
      %117 = linalg.index 2 : index
      %118 = linalg.index 3 : index
      %119 = arith.cmpi eq, %29, %c1 : index
      %120 = arith.select %119, %c0, %115 : index
      %extracted = tensor.extract %32[%120, %116, %117, %118] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_30 = tensor.collapse_shape %37 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    %38 = tensor.empty(%dim) : tensor<?x4x4x6xf32>
    %39 = linalg.generic {indexing_maps = [#map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%38 : tensor<?x4x4x6xf32>) {
    ^bb0(%out: f32):
      %115 = linalg.index 0 : index
      %116 = linalg.index 1 : index
      %117 = linalg.index 2 : index
      %118 = linalg.index 3 : index
      %119 = arith.cmpi eq, %29, %c1 : index
      %120 = arith.select %119, %c0, %115 : index
      %extracted = tensor.extract %34[%120, %116, %117, %118] : tensor<?x4x4x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x6xf32>
    %collapsed_31 = tensor.collapse_shape %39 [[0, 1], [2], [3]] : tensor<?x4x4x6xf32> into tensor<?x4x6xf32>
    %40 = affine.apply #map7()[%dim]
    %41 = tensor.empty(%40) : tensor<?x6x6xf32>
    %42 = linalg.fill ins(%cst_0 : f32) outs(%41 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %43 = linalg.batch_matmul ins(%collapsed_30, %collapsed_31 : tensor<?x6x4xf32>, tensor<?x4x6xf32>) outs(%42 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %44 = arith.divsi %40, %c4 : index
    %expanded_32 = tensor.expand_shape %43 [[0, 1], [2], [3]] output_shape [%44, 4, 6, 6] : tensor<?x6x6xf32> into tensor<?x4x6x6xf32>
    %45 = tensor.empty(%44) : tensor<?x4x6xi64>
    %46 = linalg.fill ins(%c0_i64 : i64) outs(%45 : tensor<?x4x6xi64>) -> tensor<?x4x6xi64>
    %47 = tensor.empty(%44) : tensor<?x4x6xf32>
    %48 = linalg.fill ins(%cst_1 : f32) outs(%47 : tensor<?x4x6xf32>) -> tensor<?x4x6xf32>
    %49:2 = linalg.generic {indexing_maps = [#map6, #map8, #map8], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%expanded_32 : tensor<?x4x6x6xf32>) outs(%48, %46 : tensor<?x4x6xf32>, tensor<?x4x6xi64>) {
    ^bb0(%in: f32, %out: f32, %out_46: i64):
      %115 = linalg.index 3 : index
      %116 = arith.index_cast %115 : index to i64
      %117 = arith.maximumf %in, %out : f32
      %118 = arith.cmpf ogt, %in, %out : f32
      %119 = arith.select %118, %116, %out_46 : i64
      linalg.yield %117, %119 : f32, i64
    } -> (tensor<?x4x6xf32>, tensor<?x4x6xi64>)
    %expanded_33 = tensor.expand_shape %49#0 [[0], [1], [2, 3]] output_shape [%44, 4, 6, 1] : tensor<?x4x6xf32> into tensor<?x4x6x1xf32>
    %50 = tensor.empty(%44) : tensor<?x4x6x6xf32>
    %51 = linalg.generic {indexing_maps = [#map6, #map9, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_32, %expanded_33 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%50 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.subf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x4x6x6xf32>
    %52 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%51 : tensor<?x4x6x6xf32>) outs(%50 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = math.exp %in : f32
      linalg.yield %115 : f32
    } -> tensor<?x4x6x6xf32>
    %53 = tensor.empty(%44) : tensor<?x4x6x1xf32>
    %54 = linalg.fill ins(%cst_0 : f32) outs(%53 : tensor<?x4x6x1xf32>) -> tensor<?x4x6x1xf32>
    %55 = linalg.generic {indexing_maps = [#map6, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%52 : tensor<?x4x6x6xf32>) outs(%54 : tensor<?x4x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.addf %in, %out : f32
      linalg.yield %115 : f32
    } -> tensor<?x4x6x1xf32>
    %56 = linalg.generic {indexing_maps = [#map6, #map9, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%52, %55 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%50 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.divf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x4x6x6xf32>
    %57 = tensor.empty(%44) : tensor<?x4x6x6xi1>
    %58 = linalg.generic {indexing_maps = [#map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_32 : tensor<?x4x6x6xf32>) outs(%57 : tensor<?x4x6x6xi1>) {
    ^bb0(%in: f32, %out: i1):
      %115 = arith.extf %in : f32 to f64
      %116 = arith.cmpf oeq, %115, %cst_13 : f64
      linalg.yield %116 : i1
    } -> tensor<?x4x6x6xi1>
    %59 = tensor.empty(%44) : tensor<?x4x6x1xi1>
    %60 = linalg.fill ins(%true : i1) outs(%59 : tensor<?x4x6x1xi1>) -> tensor<?x4x6x1xi1>
    %61 = linalg.generic {indexing_maps = [#map6, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%58 : tensor<?x4x6x6xi1>) outs(%60 : tensor<?x4x6x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %115 = arith.andi %in, %out : i1
      linalg.yield %115 : i1
    } -> tensor<?x4x6x1xi1>
    %62 = arith.index_cast %44 : index to i64
    %63 = arith.cmpi sge, %62, %c0_i64 : i64
    cf.assert %63, "negative values not allowed in new dimensions"
    %64 = tensor.empty(%44) : tensor<?x4x6x6xf32>
    %65 = linalg.generic {indexing_maps = [#map10, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_4 : tensor<f32>) outs(%64 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %true, "mismatched size for broadcast"
    %66 = linalg.generic {indexing_maps = [#map9, #map6, #map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%61, %65, %56 : tensor<?x4x6x1xi1>, tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>) outs(%50 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: i1, %in_46: f32, %in_47: f32, %out: f32):
      %115 = arith.select %in, %in_46, %in_47 : f32
      linalg.yield %115 : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    %67 = tensor.empty(%dim) : tensor<?x4x6x6xf32>
    %68 = linalg.generic {indexing_maps = [#map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%67 : tensor<?x4x6x6xf32>) {
    ^bb0(%out: f32):
      %115 = linalg.index 0 : index
      %116 = linalg.index 1 : index
      %117 = linalg.index 2 : index
      %118 = linalg.index 3 : index
      %119 = arith.cmpi eq, %44, %c1 : index
      %120 = arith.select %119, %c0, %115 : index
      %extracted = tensor.extract %66[%120, %116, %117, %118] : tensor<?x4x6x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x6xf32>
    %collapsed_34 = tensor.collapse_shape %68 [[0, 1], [2], [3]] : tensor<?x4x6x6xf32> into tensor<?x6x6xf32>
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    %69 = linalg.generic {indexing_maps = [#map6], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%36 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %115 = linalg.index 0 : index
      %116 = linalg.index 1 : index
      %117 = linalg.index 2 : index
      %118 = linalg.index 3 : index
      %119 = arith.cmpi eq, %29, %c1 : index
      %120 = arith.select %119, %c0, %115 : index
      %extracted = tensor.extract %collapsed_28[%120, %116, %117, %118] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_35 = tensor.collapse_shape %69 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    %70 = tensor.empty(%40) : tensor<?x6x4xf32>
    %71 = linalg.fill ins(%cst_0 : f32) outs(%70 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %72 = linalg.batch_matmul ins(%collapsed_34, %collapsed_35 : tensor<?x6x6xf32>, tensor<?x6x4xf32>) outs(%71 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %expanded_36 = tensor.expand_shape %72 [[0, 1], [2], [3]] output_shape [%44, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %73 = tensor.empty(%44) : tensor<?x6x4x4xf32>
    %transposed_37 = linalg.transpose ins(%expanded_36 : tensor<?x4x6x4xf32>) outs(%73 : tensor<?x6x4x4xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_38 = tensor.collapse_shape %transposed_37 [[0], [1], [2, 3]] : tensor<?x6x4x4xf32> into tensor<?x6x16xf32>
    %74 = tensor.empty() : tensor<16x16xf32>
    %transposed_39 = linalg.transpose ins(%cst_12 : tensor<16x16xf32>) outs(%74 : tensor<16x16xf32>) permutation = [1, 0] 
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    %75 = tensor.empty(%dim) : tensor<?x6x16xf32>
    %76 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel"]} outs(%75 : tensor<?x6x16xf32>) {
    ^bb0(%out: f32):
      %115 = linalg.index 0 : index
      %116 = linalg.index 1 : index
      %117 = linalg.index 2 : index
      %118 = arith.cmpi eq, %44, %c1 : index
      %119 = arith.select %118, %c0, %115 : index
      %extracted = tensor.extract %collapsed_38[%119, %116, %117] : tensor<?x6x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x6x16xf32>
    cf.assert %35, "negative values not allowed in new dimensions"
    %77 = tensor.empty(%dim) : tensor<?x16x16xf32>
    %78 = linalg.generic {indexing_maps = [#map11, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_39 : tensor<16x16xf32>) outs(%77 : tensor<?x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x16x16xf32>
    %79 = linalg.fill ins(%cst_0 : f32) outs(%75 : tensor<?x6x16xf32>) -> tensor<?x6x16xf32>
    %80 = linalg.batch_matmul ins(%76, %78 : tensor<?x6x16xf32>, tensor<?x16x16xf32>) outs(%79 : tensor<?x6x16xf32>) -> tensor<?x6x16xf32>
    %81 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%80, %cst_11 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%75 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    cf.assert %true, "mismatched size for broadcast"
    %82 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0, %81 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %83 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%82 : tensor<?x6x16xf32>) outs(%1 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %115 = arith.extf %in : f32 to f64
      linalg.yield %115 : f64
    } -> tensor<?x6x16xf64>
    %84 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%83 : tensor<?x6x16xf64>) outs(%4 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.addf %in, %out : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %85 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%84 : tensor<?x6x1xf64>) outs(%3 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.divf %in, %cst_20 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %86 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%83, %85 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%1 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_46: f64, %out: f64):
      %115 = arith.subf %in, %in_46 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x16xf64>
    %87 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%86, %86 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%1 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_46: f64, %out: f64):
      %115 = arith.mulf %in, %in_46 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x16xf64>
    %88 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%87 : tensor<?x6x16xf64>) outs(%4 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.addf %in, %out : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %89 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%88 : tensor<?x6x1xf64>) outs(%3 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %115 = arith.divf %in, %cst_20 : f64
      linalg.yield %115 : f64
    } -> tensor<?x6x1xf64>
    %90 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89 : tensor<?x6x1xf64>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %115 = arith.truncf %in : f64 to f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %91 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "reduction"]} ins(%82 : tensor<?x6x16xf32>) outs(%13 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.addf %in, %out : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %92 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%91 : tensor<?x6x1xf32>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.divf %in, %cst_21 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %93 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%90 : tensor<?x6x1xf32>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.truncf %cst_19 : f64 to f32
      %116 = arith.addf %in, %115 : f32
      linalg.yield %116 : f32
    } -> tensor<?x6x1xf32>
    %94 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%93 : tensor<?x6x1xf32>) outs(%11 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = math.rsqrt %in : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x1xf32>
    %95 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%82, %92 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.subf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %96 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%95, %94 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.mulf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %97 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%96, %cst_10 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.mulf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %98 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%97, %cst_9 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    %collapsed_40 = tensor.collapse_shape %98 [[0, 1], [2]] : tensor<?x6x16xf32> into tensor<?x16xf32>
    %99 = tensor.empty() : tensor<16x32xf32>
    %transposed_41 = linalg.transpose ins(%cst_8 : tensor<32x16xf32>) outs(%99 : tensor<16x32xf32>) permutation = [1, 0] 
    %100 = tensor.empty(%24) : tensor<?x32xf32>
    %101 = linalg.fill ins(%cst_0 : f32) outs(%100 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %102 = linalg.matmul ins(%collapsed_40, %transposed_41 : tensor<?x16xf32>, tensor<16x32xf32>) outs(%101 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %103 = linalg.generic {indexing_maps = [#map4, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%102, %cst_7 : tensor<?x32xf32>, tensor<32xf32>) outs(%100 : tensor<?x32xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x32xf32>
    %expanded_42 = tensor.expand_shape %103 [[0, 1], [2]] output_shape [%29, 6, 32] : tensor<?x32xf32> into tensor<?x6x32xf32>
    %104 = tensor.empty(%29) : tensor<?x6x32xf32>
    %105 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_42 : tensor<?x6x32xf32>) outs(%104 : tensor<?x6x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %115 = arith.divf %in, %cst_22 : f32
      %116 = math.erf %115 : f32
      %117 = arith.addf %116, %cst_2 : f32
      %118 = arith.mulf %117, %cst_3 : f32
      %119 = arith.mulf %in, %118 : f32
      linalg.yield %119 : f32
    } -> tensor<?x6x32xf32>
    %collapsed_43 = tensor.collapse_shape %105 [[0, 1], [2]] : tensor<?x6x32xf32> into tensor<?x32xf32>
    %106 = tensor.empty() : tensor<32x16xf32>
    %transposed_44 = linalg.transpose ins(%cst_6 : tensor<16x32xf32>) outs(%106 : tensor<32x16xf32>) permutation = [1, 0] 
    %107 = affine.apply #map3()[%29]
    %108 = tensor.empty(%107) : tensor<?x16xf32>
    %109 = linalg.fill ins(%cst_0 : f32) outs(%108 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %110 = linalg.matmul ins(%collapsed_43, %transposed_44 : tensor<?x32xf32>, tensor<32x16xf32>) outs(%109 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %111 = linalg.generic {indexing_maps = [#map4, #map5, #map4], iterator_types = ["parallel", "parallel"]} ins(%110, %cst_5 : tensor<?x16xf32>, tensor<16xf32>) outs(%108 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x16xf32>
    %112 = arith.divsi %107, %c6 : index
    %expanded_45 = tensor.expand_shape %111 [[0, 1], [2]] output_shape [%112, 6, 16] : tensor<?x16xf32> into tensor<?x6x16xf32>
    %113 = arith.cmpi eq, %dim, %112 : index
    cf.assert %113, "mismatched size for broadcast"
    %114 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%82, %expanded_45 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%18 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_46: f32, %out: f32):
      %115 = arith.addf %in, %in_46 : f32
      linalg.yield %115 : f32
    } -> tensor<?x6x16xf32>
    return %114 : tensor<?x6x16xf32>
  }
