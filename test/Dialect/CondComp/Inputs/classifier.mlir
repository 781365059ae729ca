// Made by export_blocks.py.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map4 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map5 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map6 = affine_map<(d0, d1, d2) -> (0, d1, d2)>
#map7 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map8 = affine_map<(d0, d1, d2) -> (d2)>
#map9 = affine_map<()[s0] -> (s0 * 7)>
#map10 = affine_map<(d0, d1) -> (d0, d1)>
#map11 = affine_map<(d0, d1) -> (d1)>
#map12 = affine_map<()[s0] -> (s0 * 4)>
#map13 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map14 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map15 = affine_map<(d0, d1, d2, d3) -> ()>
#map16 = affine_map<(d0, d1) -> (d0)>
#map17 = affine_map<(d0, d1) -> (d0, 0)>
#map18 = affine_map<(d0, d1, d2) -> (d0, d2)>
  func.func @classifier(%arg0: tensor<?x6xi64>, %arg1: tensor<?x3x4x6xf32>) -> (tensor<?x10xf32>, tensor<?x16xf32>) {
    %c0_i64 = arith.constant 0 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 1.000000e+00 : f32
    %c11 = arith.constant 11 : index
    %c7 = arith.constant 7 : index
    %cst_1 = arith.constant 0.000000e+00 : f64
    %cst_2 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_3 = arith.constant 5.000000e-01 : f32
    %cst_4 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_5 = arith.constant dense<0.0> : tensor<10xf32>
    %cst_6 = arith.constant dense<0.0> : tensor<10x16xf32>
    %cst_7 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_8 = arith.constant dense<0.0> : tensor<16x32xf32>
    %cst_9 = arith.constant dense<0.0> : tensor<32xf32>
    %cst_10 = arith.constant dense<0.0> : tensor<32x16xf32>
    %cst_11 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_12 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_13 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_14 = arith.constant dense<0.0> : tensor<16x16xf32>
    %cst_15 = arith.constant 0xFFF0000000000000 : f64
    %cst_16 = arith.constant 0.70710678118654757 : f64
    %cst_17 = arith.constant dense<0.0> : tensor<48xf32>
    %cst_18 = arith.constant dense<0.0> : tensor<48x16xf32>
    %cst_19 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_20 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_21 = arith.constant dense<0.0> : tensor<1x7x16xf32>
    %cst_22 = arith.constant dense<0.0> : tensor<1x1x16xf32>
    %cst_23 = arith.constant dense<0.0> : tensor<11x16xf32>
    %cst_24 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_25 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_26 = arith.constant 1.000000e-05 : f64
    %cst_27 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_28 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_29 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_30 = arith.constant dense<0.0> : tensor<16x3x2x2xf32>
    %cst_31 = arith.constant 1.600000e+01 : f64
    %cst_32 = arith.constant 1.600000e+01 : f32
    %cst_33 = arith.constant 1.41421354 : f32
    %cst_34 = arith.constant 7.000000e+00 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x6xi64>
    %0 = arith.index_cast %dim : index to i64
    %dim_35 = tensor.dim %arg1, %c0 : tensor<?x3x4x6xf32>
    %1 = tensor.empty(%dim_35) : tensor<?x16x2x3xf32>
    %broadcasted = linalg.broadcast ins(%cst_29 : tensor<16xf32>) outs(%1 : tensor<?x16x2x3xf32>) dimensions = [0, 2, 3] 
    %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<2> : vector<2xi64>} ins(%arg1, %cst_30 : tensor<?x3x4x6xf32>, tensor<16x3x2x2xf32>) outs(%broadcasted : tensor<?x16x2x3xf32>) -> tensor<?x16x2x3xf32>
    %3 = tensor.empty() : tensor<16xf32>
    %4 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%cst_27 : tensor<16xf32>) outs(%3 : tensor<16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.truncf %cst_26 : f64 to f32
      %157 = arith.addf %in, %156 : f32
      linalg.yield %157 : f32
    } -> tensor<16xf32>
    %5 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%4 : tensor<16xf32>) outs(%3 : tensor<16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = math.sqrt %in : f32
      linalg.yield %156 : f32
    } -> tensor<16xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]} ins(%5 : tensor<16xf32>) outs(%3 : tensor<16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.cmpf one, %in, %cst : f32
      cf.assert %156, "unimplemented: tensor with zero element"
      %157 = arith.divf %cst_0, %in : f32
      linalg.yield %157 : f32
    } -> tensor<16xf32>
    %expanded = tensor.expand_shape %cst_28 [[0, 1, 2]] output_shape [16, 1, 1] : tensor<16xf32> into tensor<16x1x1xf32>
    %expanded_36 = tensor.expand_shape %6 [[0, 1, 2]] output_shape [16, 1, 1] : tensor<16xf32> into tensor<16x1x1xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%2, %expanded : tensor<?x16x2x3xf32>, tensor<16x1x1xf32>) outs(%1 : tensor<?x16x2x3xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.subf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x16x2x3xf32>
    %8 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%7, %expanded_36 : tensor<?x16x2x3xf32>, tensor<16x1x1xf32>) outs(%1 : tensor<?x16x2x3xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.mulf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x16x2x3xf32>
    %expanded_37 = tensor.expand_shape %cst_25 [[0, 1, 2]] output_shape [16, 1, 1] : tensor<16xf32> into tensor<16x1x1xf32>
    %9 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %expanded_37 : tensor<?x16x2x3xf32>, tensor<16x1x1xf32>) outs(%1 : tensor<?x16x2x3xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.mulf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x16x2x3xf32>
    %expanded_38 = tensor.expand_shape %cst_24 [[0, 1, 2]] output_shape [16, 1, 1] : tensor<16xf32> into tensor<16x1x1xf32>
    %10 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%9, %expanded_38 : tensor<?x16x2x3xf32>, tensor<16x1x1xf32>) outs(%1 : tensor<?x16x2x3xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x16x2x3xf32>
    %collapsed = tensor.collapse_shape %10 [[0], [1], [2, 3]] : tensor<?x16x2x3xf32> into tensor<?x16x6xf32>
    %11 = tensor.empty(%dim_35) : tensor<?x6x16xf32>
    %transposed = linalg.transpose ins(%collapsed : tensor<?x16x6xf32>) outs(%11 : tensor<?x6x16xf32>) permutation = [0, 2, 1] 
    %12 = tensor.empty(%dim) : tensor<?x6x16xf32>
    %13 = linalg.generic {indexing_maps = [#map3, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0 : tensor<?x6xi64>) outs(%12 : tensor<?x6x16xf32>) {
    ^bb0(%in: i64, %out: f32):
      %156 = arith.index_cast %in : i64 to index
      %157 = linalg.index 2 : index
      %158 = arith.cmpi slt, %156, %c11 : index
      cf.assert %158, "index must be smaller than dim size"
      %159 = arith.cmpi sge, %in, %c0_i64 : i64
      cf.assert %159, "index must be larger or equal to 0"
      %extracted = tensor.extract %cst_23[%156, %157] : tensor<11x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x6x16xf32>
    %14 = arith.cmpi eq, %dim_35, %dim : index
    cf.assert %14, "mismatched size for broadcast"
    %15 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed, %13 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%11 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x6x16xf32>
    %16 = arith.cmpi slt, %0, %c0_i64 : i64
    %17 = arith.select %16, %c1, %dim : index
    %18 = tensor.empty(%17) : tensor<?x1x16xf32>
    %collapsed_39 = tensor.collapse_shape %cst_22 [[0, 1], [2]] : tensor<1x1x16xf32> into tensor<1x16xf32>
    %19 = linalg.generic {indexing_maps = [#map5, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%collapsed_39 : tensor<1x16xf32>) outs(%18 : tensor<?x1x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x1x16xf32>
    %concat = tensor.concat dim(1) %19, %15 : (tensor<?x1x16xf32>, tensor<?x6x16xf32>) -> tensor<?x7x16xf32>
    %dim_40 = tensor.dim %19, %c0 : tensor<?x1x16xf32>
    %20 = tensor.empty(%dim_40) : tensor<?x7x16xf32>
    %21 = linalg.generic {indexing_maps = [#map4, #map6, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%concat, %cst_21 : tensor<?x7x16xf32>, tensor<1x7x16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %22 = tensor.empty(%dim_40) : tensor<?x7x16xf64>
    %23 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%21 : tensor<?x7x16xf32>) outs(%22 : tensor<?x7x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %156 = arith.extf %in : f32 to f64
      linalg.yield %156 : f64
    } -> tensor<?x7x16xf64>
    %24 = tensor.empty(%dim_40) : tensor<?x7x1xf64>
    %25 = linalg.fill ins(%cst_1 : f64) outs(%24 : tensor<?x7x1xf64>) -> tensor<?x7x1xf64>
    %26 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "reduction"]} ins(%23 : tensor<?x7x16xf64>) outs(%25 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.addf %in, %out : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %27 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%26 : tensor<?x7x1xf64>) outs(%24 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.divf %in, %cst_31 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %28 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%23, %27 : tensor<?x7x16xf64>, tensor<?x7x1xf64>) outs(%22 : tensor<?x7x16xf64>) {
    ^bb0(%in: f64, %in_71: f64, %out: f64):
      %156 = arith.subf %in, %in_71 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x16xf64>
    %29 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%28, %28 : tensor<?x7x16xf64>, tensor<?x7x16xf64>) outs(%22 : tensor<?x7x16xf64>) {
    ^bb0(%in: f64, %in_71: f64, %out: f64):
      %156 = arith.mulf %in, %in_71 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x16xf64>
    %30 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "reduction"]} ins(%29 : tensor<?x7x16xf64>) outs(%25 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.addf %in, %out : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %31 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%30 : tensor<?x7x1xf64>) outs(%24 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.divf %in, %cst_31 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %32 = tensor.empty(%dim_40) : tensor<?x7x1xf32>
    %33 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%31 : tensor<?x7x1xf64>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %156 = arith.truncf %in : f64 to f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %34 = linalg.fill ins(%cst : f32) outs(%32 : tensor<?x7x1xf32>) -> tensor<?x7x1xf32>
    %35 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "reduction"]} ins(%21 : tensor<?x7x16xf32>) outs(%34 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.addf %in, %out : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %36 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%35 : tensor<?x7x1xf32>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.divf %in, %cst_32 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %37 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%33 : tensor<?x7x1xf32>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.truncf %cst_26 : f64 to f32
      %157 = arith.addf %in, %156 : f32
      linalg.yield %157 : f32
    } -> tensor<?x7x1xf32>
    %38 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%37 : tensor<?x7x1xf32>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = math.rsqrt %in : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %39 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%21, %36 : tensor<?x7x16xf32>, tensor<?x7x1xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.subf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %40 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%39, %38 : tensor<?x7x16xf32>, tensor<?x7x1xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.mulf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %41 = linalg.generic {indexing_maps = [#map4, #map8, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%40, %cst_20 : tensor<?x7x16xf32>, tensor<16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.mulf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %42 = linalg.generic {indexing_maps = [#map4, #map8, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%41, %cst_19 : tensor<?x7x16xf32>, tensor<16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %collapsed_41 = tensor.collapse_shape %42 [[0, 1], [2]] : tensor<?x7x16xf32> into tensor<?x16xf32>
    %43 = tensor.empty() : tensor<16x48xf32>
    %transposed_42 = linalg.transpose ins(%cst_18 : tensor<48x16xf32>) outs(%43 : tensor<16x48xf32>) permutation = [1, 0] 
    %44 = affine.apply #map9()[%dim_40]
    %45 = tensor.empty(%44) : tensor<?x48xf32>
    %46 = linalg.fill ins(%cst : f32) outs(%45 : tensor<?x48xf32>) -> tensor<?x48xf32>
    %47 = linalg.matmul ins(%collapsed_41, %transposed_42 : tensor<?x16xf32>, tensor<16x48xf32>) outs(%46 : tensor<?x48xf32>) -> tensor<?x48xf32>
    %48 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%47, %cst_17 : tensor<?x48xf32>, tensor<48xf32>) outs(%45 : tensor<?x48xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x48xf32>
    %49 = arith.divsi %44, %c7 : index
    %expanded_43 = tensor.expand_shape %48 [[0, 1], [2, 3, 4]] output_shape [%49, 7, 3, 4, 4] : tensor<?x48xf32> into tensor<?x7x3x4x4xf32>
    %50 = tensor.empty(%49) : tensor<3x?x4x7x4xf32>
    %transposed_44 = linalg.transpose ins(%expanded_43 : tensor<?x7x3x4x4xf32>) outs(%50 : tensor<3x?x4x7x4xf32>) permutation = [2, 0, 3, 1, 4] 
    %extracted_slice = tensor.extract_slice %transposed_44[0, 0, 0, 0, 0] [1, %49, 4, 7, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x7x4xf32> to tensor<1x?x4x7x4xf32>
    %extracted_slice_45 = tensor.extract_slice %transposed_44[1, 0, 0, 0, 0] [1, %49, 4, 7, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x7x4xf32> to tensor<1x?x4x7x4xf32>
    %extracted_slice_46 = tensor.extract_slice %transposed_44[2, 0, 0, 0, 0] [1, %49, 4, 7, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x7x4xf32> to tensor<1x?x4x7x4xf32>
    %collapsed_47 = tensor.collapse_shape %extracted_slice [[0, 1], [2], [3], [4]] : tensor<1x?x4x7x4xf32> into tensor<?x4x7x4xf32>
    %collapsed_48 = tensor.collapse_shape %extracted_slice_45 [[0, 1], [2], [3], [4]] : tensor<1x?x4x7x4xf32> into tensor<?x4x7x4xf32>
    %collapsed_49 = tensor.collapse_shape %extracted_slice_46 [[0, 1], [2], [3], [4]] : tensor<1x?x4x7x4xf32> into tensor<?x4x7x4xf32>
    %51 = tensor.empty(%49) : tensor<?x4x7x4xf32>
    %52 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_47 : tensor<?x4x7x4xf32>) outs(%51 : tensor<?x4x7x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.truncf %cst_16 : f64 to f32
      %157 = arith.mulf %in, %156 : f32
      linalg.yield %157 : f32
    } -> tensor<?x4x7x4xf32>
    %53 = tensor.empty(%49) : tensor<?x4x4x7xf32>
    %transposed_50 = linalg.transpose ins(%collapsed_48 : tensor<?x4x7x4xf32>) outs(%53 : tensor<?x4x4x7xf32>) permutation = [0, 1, 3, 2] 
    %54 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_50 : tensor<?x4x4x7xf32>) outs(%53 : tensor<?x4x4x7xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.truncf %cst_16 : f64 to f32
      %157 = arith.mulf %in, %156 : f32
      linalg.yield %157 : f32
    } -> tensor<?x4x4x7xf32>
    %55 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %55, "unimplemented: dynamic negative broadcast sizes"
    %56 = tensor.empty(%dim) : tensor<?x4x7x4xf32>
    %57 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%56 : tensor<?x4x7x4xf32>) {
    ^bb0(%out: f32):
      %156 = linalg.index 0 : index
      %157 = linalg.index 1 : index
      %158 = linalg.index 2 : index
      %159 = linalg.index 3 : index
      %160 = arith.cmpi eq, %49, %c1 : index
      %161 = arith.select %160, %c0, %156 : index
      %extracted = tensor.extract %52[%161, %157, %158, %159] : tensor<?x4x7x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x7x4xf32>
    %collapsed_51 = tensor.collapse_shape %57 [[0, 1], [2], [3]] : tensor<?x4x7x4xf32> into tensor<?x7x4xf32>
    cf.assert %55, "unimplemented: dynamic negative broadcast sizes"
    %58 = tensor.empty(%dim) : tensor<?x4x4x7xf32>
    %59 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%58 : tensor<?x4x4x7xf32>) {
    ^bb0(%out: f32):
      %156 = linalg.index 0 : index
      %157 = linalg.index 1 : index
      %158 = linalg.index 2 : index
      %159 = linalg.index 3 : index
      %160 = arith.cmpi eq, %49, %c1 : index
      %161 = arith.select %160, %c0, %156 : index
      %extracted = tensor.extract %54[%161, %157, %158, %159] : tensor<?x4x4x7xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x7xf32>
    %collapsed_52 = tensor.collapse_shape %59 [[0, 1], [2], [3]] : tensor<?x4x4x7xf32> into tensor<?x4x7xf32>
    %60 = affine.apply #map12()[%dim]
    %61 = tensor.empty(%60) : tensor<?x7x7xf32>
    %62 = linalg.fill ins(%cst : f32) outs(%61 : tensor<?x7x7xf32>) -> tensor<?x7x7xf32>
    %63 = linalg.batch_matmul ins(%collapsed_51, %collapsed_52 : tensor<?x7x4xf32>, tensor<?x4x7xf32>) outs(%62 : tensor<?x7x7xf32>) -> tensor<?x7x7xf32>
    %64 = arith.divsi %60, %c4 : index
    %expanded_53 = tensor.expand_shape %63 [[0, 1], [2], [3]] output_shape [%64, 4, 7, 7] : tensor<?x7x7xf32> into tensor<?x4x7x7xf32>
    %65 = tensor.empty(%64) : tensor<?x4x7xi64>
    %66 = linalg.fill ins(%c0_i64 : i64) outs(%65 : tensor<?x4x7xi64>) -> tensor<?x4x7xi64>
    %67 = tensor.empty(%64) : tensor<?x4x7xf32>
    %68 = linalg.fill ins(%cst_2 : f32) outs(%67 : tensor<?x4x7xf32>) -> tensor<?x4x7xf32>
    %69:2 = linalg.generic {indexing_maps = [#map1, #map13, #map13], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%expanded_53 : tensor<?x4x7x7xf32>) outs(%68, %66 : tensor<?x4x7xf32>, tensor<?x4x7xi64>) {
    ^bb0(%in: f32, %out: f32, %out_71: i64):
      %156 = linalg.index 3 : index
      %157 = arith.index_cast %156 : index to i64
      %158 = arith.maximumf %in, %out : f32
      %159 = arith.cmpf ogt, %in, %out : f32
      %160 = arith.select %159, %157, %out_71 : i64
      linalg.yield %158, %160 : f32, i64
    } -> (tensor<?x4x7xf32>, tensor<?x4x7xi64>)
    %expanded_54 = tensor.expand_shape %69#0 [[0], [1], [2, 3]] output_shape [%64, 4, 7, 1] : tensor<?x4x7xf32> into tensor<?x4x7x1xf32>
    %70 = tensor.empty(%64) : tensor<?x4x7x7xf32>
    %71 = linalg.generic {indexing_maps = [#map1, #map14, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_53, %expanded_54 : tensor<?x4x7x7xf32>, tensor<?x4x7x1xf32>) outs(%70 : tensor<?x4x7x7xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.subf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x4x7x7xf32>
    %72 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%71 : tensor<?x4x7x7xf32>) outs(%70 : tensor<?x4x7x7xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = math.exp %in : f32
      linalg.yield %156 : f32
    } -> tensor<?x4x7x7xf32>
    %73 = tensor.empty(%64) : tensor<?x4x7x1xf32>
    %74 = linalg.fill ins(%cst : f32) outs(%73 : tensor<?x4x7x1xf32>) -> tensor<?x4x7x1xf32>
    %75 = linalg.generic {indexing_maps = [#map1, #map14], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%72 : tensor<?x4x7x7xf32>) outs(%74 : tensor<?x4x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.addf %in, %out : f32
      linalg.yield %156 : f32
    } -> tensor<?x4x7x1xf32>
    %76 = linalg.generic {indexing_maps = [#map1, #map14, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%72, %75 : tensor<?x4x7x7xf32>, tensor<?x4x7x1xf32>) outs(%70 : tensor<?x4x7x7xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.divf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x4x7x7xf32>
    %77 = tensor.empty(%64) : tensor<?x4x7x7xi1>
    %78 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_53 : tensor<?x4x7x7xf32>) outs(%77 : tensor<?x4x7x7xi1>) {
    ^bb0(%in: f32, %out: i1):
      %156 = arith.extf %in : f32 to f64
      %157 = arith.cmpf oeq, %156, %cst_15 : f64
      linalg.yield %157 : i1
    } -> tensor<?x4x7x7xi1>
    %79 = tensor.empty(%64) : tensor<?x4x7x1xi1>
    %80 = linalg.fill ins(%true : i1) outs(%79 : tensor<?x4x7x1xi1>) -> tensor<?x4x7x1xi1>
    %81 = linalg.generic {indexing_maps = [#map1, #map14], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%78 : tensor<?x4x7x7xi1>) outs(%80 : tensor<?x4x7x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %156 = arith.andi %in, %out : i1
      linalg.yield %156 : i1
    } -> tensor<?x4x7x1xi1>
    %82 = arith.index_cast %64 : index to i64
    %83 = arith.cmpi sge, %82, %c0_i64 : i64
    cf.assert %83, "negative values not allowed in new dimensions"
    %84 = tensor.empty(%64) : tensor<?x4x7x7xf32>
    %85 = linalg.generic {indexing_maps = [#map15, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_4 : tensor<f32>) outs(%84 : tensor<?x4x7x7xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x7x7xf32>
    cf.assert %true, "mismatched size for broadcast"
    %86 = linalg.generic {indexing_maps = [#map14, #map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%81, %85, %76 : tensor<?x4x7x1xi1>, tensor<?x4x7x7xf32>, tensor<?x4x7x7xf32>) outs(%70 : tensor<?x4x7x7xf32>) {
    ^bb0(%in: i1, %in_71: f32, %in_72: f32, %out: f32):
      %156 = arith.select %in, %in_71, %in_72 : f32
      linalg.yield %156 : f32
    } -> tensor<?x4x7x7xf32>
    cf.assert %55, "unimplemented: dynamic negative broadcast sizes"
    %87 = tensor.empty(%dim) : tensor<?x4x7x7xf32>
    %88 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%87 : tensor<?x4x7x7xf32>) {
    ^bb0(%out: f32):
      %156 = linalg.index 0 : index
      %157 = linalg.index 1 : index
      %158 = linalg.index 2 : index
      %159 = linalg.index 3 : index
      %160 = arith.cmpi eq, %64, %c1 : index
      %161 = arith.select %160, %c0, %156 : index
      %extracted = tensor.extract %86[%161, %157, %158, %159] : tensor<?x4x7x7xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x7x7xf32>
    %collapsed_55 = tensor.collapse_shape %88 [[0, 1], [2], [3]] : tensor<?x4x7x7xf32> into tensor<?x7x7xf32>
    cf.assert %55, "unimplemented: dynamic negative broadcast sizes"
    %89 = linalg.generic {indexing_maps = [#map1], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%56 : tensor<?x4x7x4xf32>) {
    ^bb0(%out: f32):
      %156 = linalg.index 0 : index
      %157 = linalg.index 1 : index
      %158 = linalg.index 2 : index
      %159 = linalg.index 3 : index
      %160 = arith.cmpi eq, %49, %c1 : index
      %161 = arith.select %160, %c0, %156 : index
      %extracted = tensor.extract %collapsed_49[%161, %157, %158, %159] : tensor<?x4x7x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x7x4xf32>
    %collapsed_56 = tensor.collapse_shape %89 [[0, 1], [2], [3]] : tensor<?x4x7x4xf32> into tensor<?x7x4xf32>
    %90 = tensor.empty(%60) : tensor<?x7x4xf32>
    %91 = linalg.fill ins(%cst : f32) outs(%90 : tensor<?x7x4xf32>) -> tensor<?x7x4xf32>
    %92 = linalg.batch_matmul ins(%collapsed_55, %collapsed_56 : tensor<?x7x7xf32>, tensor<?x7x4xf32>) outs(%91 : tensor<?x7x4xf32>) -> tensor<?x7x4xf32>
    %expanded_57 = tensor.expand_shape %92 [[0, 1], [2], [3]] output_shape [%64, 4, 7, 4] : tensor<?x7x4xf32> into tensor<?x4x7x4xf32>
    %93 = tensor.empty(%64) : tensor<?x7x4x4xf32>
    %transposed_58 = linalg.transpose ins(%expanded_57 : tensor<?x4x7x4xf32>) outs(%93 : tensor<?x7x4x4xf32>) permutation = [0, 2, 1, 3] 
    %collapsed_59 = tensor.collapse_shape %transposed_58 [[0], [1], [2, 3]] : tensor<?x7x4x4xf32> into tensor<?x7x16xf32>
    %94 = tensor.empty() : tensor<16x16xf32>
    %transposed_60 = linalg.transpose ins(%cst_14 : tensor<16x16xf32>) outs(%94 : tensor<16x16xf32>) permutation = [1, 0] 
    cf.assert %55, "unimplemented: dynamic negative broadcast sizes"
    %95 = tensor.empty(%dim) : tensor<?x7x16xf32>
    %96 = linalg.generic {indexing_maps = [#map4], iterator_types = ["parallel", "parallel", "parallel"]} outs(%95 : tensor<?x7x16xf32>) {
    ^bb0(%out: f32):
      %156 = linalg.index 0 : index
      %157 = linalg.index 1 : index
      %158 = linalg.index 2 : index
      %159 = arith.cmpi eq, %64, %c1 : index
      %160 = arith.select %159, %c0, %156 : index
      %extracted = tensor.extract %collapsed_59[%160, %157, %158] : tensor<?x7x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x7x16xf32>
    cf.assert %55, "negative values not allowed in new dimensions"
    %97 = tensor.empty(%dim) : tensor<?x16x16xf32>
    %98 = linalg.generic {indexing_maps = [#map5, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_60 : tensor<16x16xf32>) outs(%97 : tensor<?x16x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x16x16xf32>
    %99 = linalg.fill ins(%cst : f32) outs(%95 : tensor<?x7x16xf32>) -> tensor<?x7x16xf32>
    %100 = linalg.batch_matmul ins(%96, %98 : tensor<?x7x16xf32>, tensor<?x16x16xf32>) outs(%99 : tensor<?x7x16xf32>) -> tensor<?x7x16xf32>
    %101 = linalg.generic {indexing_maps = [#map4, #map8, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%100, %cst_13 : tensor<?x7x16xf32>, tensor<16xf32>) outs(%95 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %102 = arith.cmpi eq, %dim_40, %dim : index
    cf.assert %102, "mismatched size for broadcast"
    %103 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%21, %101 : tensor<?x7x16xf32>, tensor<?x7x16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %104 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%103 : tensor<?x7x16xf32>) outs(%22 : tensor<?x7x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %156 = arith.extf %in : f32 to f64
      linalg.yield %156 : f64
    } -> tensor<?x7x16xf64>
    %105 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "reduction"]} ins(%104 : tensor<?x7x16xf64>) outs(%25 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.addf %in, %out : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %106 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%105 : tensor<?x7x1xf64>) outs(%24 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.divf %in, %cst_31 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %107 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%104, %106 : tensor<?x7x16xf64>, tensor<?x7x1xf64>) outs(%22 : tensor<?x7x16xf64>) {
    ^bb0(%in: f64, %in_71: f64, %out: f64):
      %156 = arith.subf %in, %in_71 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x16xf64>
    %108 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%107, %107 : tensor<?x7x16xf64>, tensor<?x7x16xf64>) outs(%22 : tensor<?x7x16xf64>) {
    ^bb0(%in: f64, %in_71: f64, %out: f64):
      %156 = arith.mulf %in, %in_71 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x16xf64>
    %109 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "reduction"]} ins(%108 : tensor<?x7x16xf64>) outs(%25 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.addf %in, %out : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %110 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%109 : tensor<?x7x1xf64>) outs(%24 : tensor<?x7x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %156 = arith.divf %in, %cst_31 : f64
      linalg.yield %156 : f64
    } -> tensor<?x7x1xf64>
    %111 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%110 : tensor<?x7x1xf64>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %156 = arith.truncf %in : f64 to f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %112 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "reduction"]} ins(%103 : tensor<?x7x16xf32>) outs(%34 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.addf %in, %out : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %113 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%112 : tensor<?x7x1xf32>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.divf %in, %cst_32 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %114 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%111 : tensor<?x7x1xf32>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.truncf %cst_26 : f64 to f32
      %157 = arith.addf %in, %156 : f32
      linalg.yield %157 : f32
    } -> tensor<?x7x1xf32>
    %115 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%114 : tensor<?x7x1xf32>) outs(%32 : tensor<?x7x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = math.rsqrt %in : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x1xf32>
    %116 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%103, %113 : tensor<?x7x16xf32>, tensor<?x7x1xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.subf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %117 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%116, %115 : tensor<?x7x16xf32>, tensor<?x7x1xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.mulf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %118 = linalg.generic {indexing_maps = [#map4, #map8, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%117, %cst_12 : tensor<?x7x16xf32>, tensor<16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.mulf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %119 = linalg.generic {indexing_maps = [#map4, #map8, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%118, %cst_11 : tensor<?x7x16xf32>, tensor<16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %collapsed_61 = tensor.collapse_shape %119 [[0, 1], [2]] : tensor<?x7x16xf32> into tensor<?x16xf32>
    %120 = tensor.empty() : tensor<16x32xf32>
    %transposed_62 = linalg.transpose ins(%cst_10 : tensor<32x16xf32>) outs(%120 : tensor<16x32xf32>) permutation = [1, 0] 
    %121 = tensor.empty(%44) : tensor<?x32xf32>
    %122 = linalg.fill ins(%cst : f32) outs(%121 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %123 = linalg.matmul ins(%collapsed_61, %transposed_62 : tensor<?x16xf32>, tensor<16x32xf32>) outs(%122 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %124 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%123, %cst_9 : tensor<?x32xf32>, tensor<32xf32>) outs(%121 : tensor<?x32xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x32xf32>
    %expanded_63 = tensor.expand_shape %124 [[0, 1], [2]] output_shape [%49, 7, 32] : tensor<?x32xf32> into tensor<?x7x32xf32>
    %125 = tensor.empty(%49) : tensor<?x7x32xf32>
    %126 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_63 : tensor<?x7x32xf32>) outs(%125 : tensor<?x7x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.divf %in, %cst_33 : f32
      %157 = math.erf %156 : f32
      %158 = arith.addf %157, %cst_0 : f32
      %159 = arith.mulf %158, %cst_3 : f32
      %160 = arith.mulf %in, %159 : f32
      linalg.yield %160 : f32
    } -> tensor<?x7x32xf32>
    %collapsed_64 = tensor.collapse_shape %126 [[0, 1], [2]] : tensor<?x7x32xf32> into tensor<?x32xf32>
    %127 = tensor.empty() : tensor<32x16xf32>
    %transposed_65 = linalg.transpose ins(%cst_8 : tensor<16x32xf32>) outs(%127 : tensor<32x16xf32>) permutation = [1, 0] 
    %128 = affine.apply #map9()[%49]
    %129 = tensor.empty(%128) : tensor<?x16xf32>
    %130 = linalg.fill ins(%cst : f32) outs(%129 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %131 = linalg.matmul ins(%collapsed_64, %transposed_65 : tensor<?x32xf32>, tensor<32x16xf32>) outs(%130 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %132 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%131, %cst_7 : tensor<?x16xf32>, tensor<16xf32>) outs(%129 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x16xf32>
    %133 = arith.divsi %128, %c7 : index
    %expanded_66 = tensor.expand_shape %132 [[0, 1], [2]] output_shape [%133, 7, 16] : tensor<?x16xf32> into tensor<?x7x16xf32>
    %134 = arith.cmpi eq, %dim_40, %133 : index
    cf.assert %134, "mismatched size for broadcast"
    %135 = linalg.generic {indexing_maps = [#map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel"]} ins(%103, %expanded_66 : tensor<?x7x16xf32>, tensor<?x7x16xf32>) outs(%20 : tensor<?x7x16xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x7x16xf32>
    %extracted_slice_67 = tensor.extract_slice %135[0, 0, 0] [%dim_40, 1, 16] [1, 1, 1] : tensor<?x7x16xf32> to tensor<?x1x16xf32>
    %collapsed_68 = tensor.collapse_shape %extracted_slice_67 [[0, 1], [2]] : tensor<?x1x16xf32> into tensor<?x16xf32>
    %136 = tensor.empty() : tensor<16x10xf32>
    %transposed_69 = linalg.transpose ins(%cst_6 : tensor<10x16xf32>) outs(%136 : tensor<16x10xf32>) permutation = [1, 0] 
    %137 = tensor.empty(%dim_40) : tensor<?x10xf32>
    %138 = linalg.fill ins(%cst : f32) outs(%137 : tensor<?x10xf32>) -> tensor<?x10xf32>
    %139 = linalg.matmul ins(%collapsed_68, %transposed_69 : tensor<?x16xf32>, tensor<16x10xf32>) outs(%138 : tensor<?x10xf32>) -> tensor<?x10xf32>
    %140 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%139, %cst_5 : tensor<?x10xf32>, tensor<10xf32>) outs(%137 : tensor<?x10xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.addf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x10xf32>
    %141 = tensor.empty(%dim_40) : tensor<?xi64>
    %142 = linalg.fill ins(%c0_i64 : i64) outs(%141 : tensor<?xi64>) -> tensor<?xi64>
    %143 = tensor.empty(%dim_40) : tensor<?xf32>
    %144 = linalg.fill ins(%cst_2 : f32) outs(%143 : tensor<?xf32>) -> tensor<?xf32>
    %145:2 = linalg.generic {indexing_maps = [#map10, #map16, #map16], iterator_types = ["parallel", "reduction"]} ins(%140 : tensor<?x10xf32>) outs(%144, %142 : tensor<?xf32>, tensor<?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_71: i64):
      %156 = linalg.index 1 : index
      %157 = arith.index_cast %156 : index to i64
      %158 = arith.maximumf %in, %out : f32
      %159 = arith.cmpf ogt, %in, %out : f32
      %160 = arith.select %159, %157, %out_71 : i64
      linalg.yield %158, %160 : f32, i64
    } -> (tensor<?xf32>, tensor<?xi64>)
    %expanded_70 = tensor.expand_shape %145#0 [[0, 1]] output_shape [%dim_40, 1] : tensor<?xf32> into tensor<?x1xf32>
    %146 = linalg.generic {indexing_maps = [#map10, #map17, #map10], iterator_types = ["parallel", "parallel"]} ins(%140, %expanded_70 : tensor<?x10xf32>, tensor<?x1xf32>) outs(%137 : tensor<?x10xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.subf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x10xf32>
    %147 = linalg.generic {indexing_maps = [#map10, #map10], iterator_types = ["parallel", "parallel"]} ins(%146 : tensor<?x10xf32>) outs(%137 : tensor<?x10xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = math.exp %in : f32
      linalg.yield %156 : f32
    } -> tensor<?x10xf32>
    %148 = tensor.empty(%dim_40) : tensor<?x1xf32>
    %149 = linalg.fill ins(%cst : f32) outs(%148 : tensor<?x1xf32>) -> tensor<?x1xf32>
    %150 = linalg.generic {indexing_maps = [#map10, #map17], iterator_types = ["parallel", "reduction"]} ins(%147 : tensor<?x10xf32>) outs(%149 : tensor<?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.addf %in, %out : f32
      linalg.yield %156 : f32
    } -> tensor<?x1xf32>
    %151 = linalg.generic {indexing_maps = [#map10, #map17, #map10], iterator_types = ["parallel", "parallel"]} ins(%147, %150 : tensor<?x10xf32>, tensor<?x1xf32>) outs(%137 : tensor<?x10xf32>) {
    ^bb0(%in: f32, %in_71: f32, %out: f32):
      %156 = arith.divf %in, %in_71 : f32
      linalg.yield %156 : f32
    } -> tensor<?x10xf32>
    %152 = tensor.empty(%dim_40) : tensor<?x16xf32>
    %153 = linalg.fill ins(%cst : f32) outs(%152 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %154 = linalg.generic {indexing_maps = [#map4, #map18], iterator_types = ["parallel", "reduction", "parallel"]} ins(%135 : tensor<?x7x16xf32>) outs(%153 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.addf %in, %out : f32
      linalg.yield %156 : f32
    } -> tensor<?x16xf32>
    %155 = linalg.generic {indexing_maps = [#map10, #map10], iterator_types = ["parallel", "parallel"]} ins(%154 : tensor<?x16xf32>) outs(%152 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %out: f32):
      %156 = arith.divf %in, %cst_34 : f32
      linalg.yield %156 : f32
    } -> tensor<?x16xf32>
    return %151, %155 : tensor<?x10xf32>, tensor<?x16xf32>
  }
