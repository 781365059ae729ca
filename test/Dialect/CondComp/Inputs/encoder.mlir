// Made by export_blocks.py.
#map = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d2)>
#map3 = affine_map<()[s0] -> (s0 * 16)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map5 = affine_map<()[s0] -> (s0 * 4)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map8 = affine_map<(d0, d1, d2, d3) -> ()>
#map9 = affine_map<()[s0] -> (s0 * 6)>
#map10 = affine_map<(d0, d1) -> (d0, d1)>
#map11 = affine_map<(d0, d1) -> (d1)>
#map12 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
  func.func @encoder(%arg0: tensor<?x6x16xf32>) -> tensor<?x6x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c1 = arith.constant 1 : index
    %c6 = arith.constant 6 : index
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %c4 = arith.constant 4 : index
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant 0.000000e+00 : f64
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_4 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_5 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_6 = arith.constant dense<0.0> : tensor<16x32xf32>
    %cst_7 = arith.constant dense<0.0> : tensor<32xf32>
    %cst_8 = arith.constant dense<0.0> : tensor<32x16xf32>
    %cst_9 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_10 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_11 = arith.constant 1.000000e-05 : f64
    %cst_12 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_13 = arith.constant dense<0.0> : tensor<16x16xf32>
    %cst_14 = arith.constant 0xFFF0000000000000 : f64
    %cst_15 = arith.constant 0.70710678118654757 : f64
    %cst_16 = arith.constant dense<0.0> : tensor<48xf32>
    %cst_17 = arith.constant dense<0.0> : tensor<48x16xf32>
    %cst_18 = arith.constant 1.600000e+01 : f64
    %cst_19 = arith.constant 1.600000e+01 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x6x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty(%dim) : tensor<6x?x16xf32>
    %transposed = linalg.transpose ins(%arg0 : tensor<?x6x16xf32>) outs(%1 : tensor<6x?x16xf32>) permutation = [1, 0, 2] 
    %2 = tensor.empty() : tensor<16x48xf32>
    %transposed_20 = linalg.transpose ins(%cst_17 : tensor<48x16xf32>) outs(%2 : tensor<16x48xf32>) permutation = [1, 0] 
    %3 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %4 = tensor.empty(%dim) : tensor<6x?x16xf32>
    %5 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel"]} outs(%4 : tensor<6x?x16xf32>) {
    ^bb0(%out: f32):
      %125 = linalg.index 0 : index
      %126 = linalg.index 1 : index
      %127 = linalg.index 2 : index
      %128 = arith.cmpi eq, %dim, %c1 : index
      %129 = arith.select %128, %c0, %126 : index
      %extracted = tensor.extract %transposed[%125, %129, %127] : tensor<6x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<6x?x16xf32>
    %6 = tensor.empty() : tensor<6x16x48xf32>
    %7 = linalg.generic {indexing_maps = [#map1, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_20 : tensor<16x48xf32>) outs(%6 : tensor<6x16x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x16x48xf32>
    %8 = tensor.empty(%dim) : tensor<6x?x48xf32>
    %9 = linalg.fill ins(%cst : f32) outs(%8 : tensor<6x?x48xf32>) -> tensor<6x?x48xf32>
    %10 = linalg.batch_matmul ins(%5, %7 : tensor<6x?x16xf32>, tensor<6x16x48xf32>) outs(%9 : tensor<6x?x48xf32>) -> tensor<6x?x48xf32>
    %11 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%10, %cst_16 : tensor<6x?x48xf32>, tensor<48xf32>) outs(%8 : tensor<6x?x48xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<6x?x48xf32>
    %expanded = tensor.expand_shape %11 [[0, 1], [2], [3, 4]] output_shape [1, 6, %dim, 3, 16] : tensor<6x?x48xf32> into tensor<1x6x?x3x16xf32>
    %12 = tensor.empty(%dim) : tensor<3x6x?x1x16xf32>
    %transposed_21 = linalg.transpose ins(%expanded : tensor<1x6x?x3x16xf32>) outs(%12 : tensor<3x6x?x1x16xf32>) permutation = [3, 1, 2, 0, 4] 
    %collapsed = tensor.collapse_shape %transposed_21 [[0], [1], [2, 3], [4]] : tensor<3x6x?x1x16xf32> into tensor<3x6x?x16xf32>
    %extracted_slice = tensor.extract_slice %collapsed[0, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %extracted_slice_22 = tensor.extract_slice %collapsed[1, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %extracted_slice_23 = tensor.extract_slice %collapsed[2, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %collapsed_24 = tensor.collapse_shape %extracted_slice [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %13 = affine.apply #map3()[%dim]
    %14 = arith.divsi %13, %c4 : index
    %expanded_25 = tensor.expand_shape %collapsed_24 [[0], [1, 2]] output_shape [6, %14, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %15 = tensor.empty(%14) : tensor<?x6x4xf32>
    %transposed_26 = linalg.transpose ins(%expanded_25 : tensor<6x?x4xf32>) outs(%15 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %collapsed_27 = tensor.collapse_shape %extracted_slice_22 [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %expanded_28 = tensor.expand_shape %collapsed_27 [[0], [1, 2]] output_shape [6, %14, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %transposed_29 = linalg.transpose ins(%expanded_28 : tensor<6x?x4xf32>) outs(%15 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %collapsed_30 = tensor.collapse_shape %extracted_slice_23 [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %expanded_31 = tensor.expand_shape %collapsed_30 [[0], [1, 2]] output_shape [6, %14, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %transposed_32 = linalg.transpose ins(%expanded_31 : tensor<6x?x4xf32>) outs(%15 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %16 = arith.divsi %14, %c4 : index
    %expanded_33 = tensor.expand_shape %transposed_26 [[0, 1], [2], [3]] output_shape [%16, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %expanded_34 = tensor.expand_shape %transposed_29 [[0, 1], [2], [3]] output_shape [%16, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %expanded_35 = tensor.expand_shape %transposed_32 [[0, 1], [2], [3]] output_shape [%16, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %17 = tensor.empty(%16) : tensor<?x4x6x4xf32>
    %18 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_33 : tensor<?x4x6x4xf32>) outs(%17 : tensor<?x4x6x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.truncf %cst_15 : f64 to f32
      %126 = arith.mulf %in, %125 : f32
      linalg.yield %126 : f32
    } -> tensor<?x4x6x4xf32>
    %19 = tensor.empty(%16) : tensor<?x4x4x6xf32>
    %transposed_36 = linalg.transpose ins(%expanded_34 : tensor<?x4x6x4xf32>) outs(%19 : tensor<?x4x4x6xf32>) permutation = [0, 1, 3, 2] 
    %20 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_36 : tensor<?x4x4x6xf32>) outs(%19 : tensor<?x4x4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.truncf %cst_15 : f64 to f32
      %126 = arith.mulf %in, %125 : f32
      linalg.yield %126 : f32
    } -> tensor<?x4x4x6xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %21 = tensor.empty(%dim) : tensor<?x4x6x4xf32>
    %22 = linalg.generic {indexing_maps = [#map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%21 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %125 = linalg.index 0 : index
      %126 = linalg.index 1 : index
      %127 = linalg.index 2 : index
      %128 = linalg.index 3 : index
      %129 = arith.cmpi eq, %16, %c1 : index
      %130 = arith.select %129, %c0, %125 : index
      %extracted = tensor.extract %18[%130, %126, %127, %128] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_37 = tensor.collapse_shape %22 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %23 = tensor.empty(%dim) : tensor<?x4x4x6xf32>
    %24 = linalg.generic {indexing_maps = [#map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%23 : tensor<?x4x4x6xf32>) {
    ^bb0(%out: f32):
      %125 = linalg.index 0 : index
      %126 = linalg.index 1 : index
      %127 = linalg.index 2 : index
      %128 = linalg.index 3 : index
      %129 = arith.cmpi eq, %16, %c1 : index
      %130 = arith.select %129, %c0, %125 : index
      %extracted = tensor.extract %20[%130, %126, %127, %128] : tensor<?x4x4x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x6xf32>
    %collapsed_38 = tensor.collapse_shape %24 [[0, 1], [2], [3]] : tensor<?x4x4x6xf32> into tensor<?x4x6xf32>
    %25 = affine.apply #map5()[%dim]
    %26 = tensor.empty(%25) : tensor<?x6x6xf32>
    %27 = linalg.fill ins(%cst : f32) outs(%26 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %28 = linalg.batch_matmul ins(%collapsed_37, %collapsed_38 : tensor<?x6x4xf32>, tensor<?x4x6xf32>) outs(%27 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %29 = arith.divsi %25, %c4 : index
    %expanded_39 = tensor.expand_shape %28 [[0, 1], [2], [3]] output_shape [%29, 4, 6, 6] : tensor<?x6x6xf32> into tensor<?x4x6x6xf32>
    %30 = tensor.empty(%29) : tensor<?x4x6xi64>
    %31 = linalg.fill ins(%c0_i64 : i64) outs(%30 : tensor<?x4x6xi64>) -> tensor<?x4x6xi64>
    %32 = tensor.empty(%29) : tensor<?x4x6xf32>
    %33 = linalg.fill ins(%cst_0 : f32) outs(%32 : tensor<?x4x6xf32>) -> tensor<?x4x6xf32>
    %34:2 = linalg.generic {indexing_maps = [#map4, #map6, #map6], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%expanded_39 : tensor<?x4x6x6xf32>) outs(%33, %31 : tensor<?x4x6xf32>, tensor<?x4x6xi64>) {
    ^bb0(%in: f32, %out: f32, %out_55: i64):
      %125 = linalg.index 3 : index
      %126 = arith.index_cast %125 : index to i64
      %127 = arith.maximumf %in, %out : f32
      %128 = arith.cmpf ogt, %in, %out : f32
      %129 = arith.select %128, %126, %out_55 : i64
      linalg.yield %127, %129 : f32, i64
    } -> (tensor<?x4x6xf32>, tensor<?x4x6xi64>)
    %expanded_40 = tensor.expand_shape %34#0 [[0], [1], [2, 3]] output_shape [%29, 4, 6, 1] : tensor<?x4x6xf32> into tensor<?x4x6x1xf32>
    %35 = tensor.empty(%29) : tensor<?x4x6x6xf32>
    %36 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_39, %expanded_40 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%35 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.subf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x4x6x6xf32>
    %37 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%36 : tensor<?x4x6x6xf32>) outs(%35 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = math.exp %in : f32
      linalg.yield %125 : f32
    } -> tensor<?x4x6x6xf32>
    %38 = tensor.empty(%29) : tensor<?x4x6x1xf32>
    %39 = linalg.fill ins(%cst : f32) outs(%38 : tensor<?x4x6x1xf32>) -> tensor<?x4x6x1xf32>
    %40 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%37 : tensor<?x4x6x6xf32>) outs(%39 : tensor<?x4x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.addf %in, %out : f32
      linalg.yield %125 : f32
    } -> tensor<?x4x6x1xf32>
    %41 = linalg.generic {indexing_maps = [#map4, #map7, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%37, %40 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%35 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.divf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x4x6x6xf32>
    %42 = tensor.empty(%29) : tensor<?x4x6x6xi1>
    %43 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_39 : tensor<?x4x6x6xf32>) outs(%42 : tensor<?x4x6x6xi1>) {
    ^bb0(%in: f32, %out: i1):
      %125 = arith.extf %in : f32 to f64
      %126 = arith.cmpf oeq, %125, %cst_14 : f64
      linalg.yield %126 : i1
    } -> tensor<?x4x6x6xi1>
    %44 = tensor.empty(%29) : tensor<?x4x6x1xi1>
    %45 = linalg.fill ins(%true : i1) outs(%44 : tensor<?x4x6x1xi1>) -> tensor<?x4x6x1xi1>
    %46 = linalg.generic {indexing_maps = [#map4, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%43 : tensor<?x4x6x6xi1>) outs(%45 : tensor<?x4x6x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %125 = arith.andi %in, %out : i1
      linalg.yield %125 : i1
    } -> tensor<?x4x6x1xi1>
    %47 = arith.index_cast %29 : index to i64
    %48 = arith.cmpi sge, %47, %c0_i64 : i64
    cf.assert %48, "negative values not allowed in new dimensions"
    %49 = tensor.empty(%29) : tensor<?x4x6x6xf32>
    %50 = linalg.generic {indexing_maps = [#map8, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_2 : tensor<f32>) outs(%49 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %true, "mismatched size for broadcast"
    %51 = linalg.generic {indexing_maps = [#map7, #map4, #map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%46, %50, %41 : tensor<?x4x6x1xi1>, tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>) outs(%35 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: i1, %in_55: f32, %in_56: f32, %out: f32):
      %125 = arith.select %in, %in_55, %in_56 : f32
      linalg.yield %125 : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %52 = tensor.empty(%dim) : tensor<?x4x6x6xf32>
    %53 = linalg.generic {indexing_maps = [#map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%52 : tensor<?x4x6x6xf32>) {
    ^bb0(%out: f32):
      %125 = linalg.index 0 : index
      %126 = linalg.index 1 : index
      %127 = linalg.index 2 : index
      %128 = linalg.index 3 : index
      %129 = arith.cmpi eq, %29, %c1 : index
      %130 = arith.select %129, %c0, %125 : index
      %extracted = tensor.extract %51[%130, %126, %127, %128] : tensor<?x4x6x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x6xf32>
    %collapsed_41 = tensor.collapse_shape %53 [[0, 1], [2], [3]] : tensor<?x4x6x6xf32> into tensor<?x6x6xf32>
    cf.assert %3, "unimplemented: dynamic negative broadcast sizes"
    %54 = linalg.generic {indexing_maps = [#map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%21 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %125 = linalg.index 0 : index
      %126 = linalg.index 1 : index
      %127 = linalg.index 2 : index
      %128 = linalg.index 3 : index
      %129 = arith.cmpi eq, %16, %c1 : index
      %130 = arith.select %129, %c0, %125 : index
      %extracted = tensor.extract %expanded_35[%130, %126, %127, %128] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_42 = tensor.collapse_shape %54 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    %55 = tensor.empty(%25) : tensor<?x6x4xf32>
    %56 = linalg.fill ins(%cst : f32) outs(%55 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %57 = linalg.batch_matmul ins(%collapsed_41, %collapsed_42 : tensor<?x6x6xf32>, tensor<?x6x4xf32>) outs(%56 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %expanded_43 = tensor.expand_shape %57 [[0, 1], [2], [3]] output_shape [%29, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %58 = tensor.empty(%29) : tensor<6x?x4x4xf32>
    %transposed_44 = linalg.transpose ins(%expanded_43 : tensor<?x4x6x4xf32>) outs(%58 : tensor<6x?x4x4xf32>) permutation = [2, 0, 1, 3] 
    %collapsed_45 = tensor.collapse_shape %transposed_44 [[0, 1], [2, 3]] : tensor<6x?x4x4xf32> into tensor<?x16xf32>
    %59 = tensor.empty() : tensor<16x16xf32>
    %transposed_46 = linalg.transpose ins(%cst_13 : tensor<16x16xf32>) outs(%59 : tensor<16x16xf32>) permutation = [1, 0] 
    %60 = affine.apply #map9()[%29]
    %61 = tensor.empty(%60) : tensor<?x16xf32>
    %62 = linalg.fill ins(%cst : f32) outs(%61 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %63 = linalg.matmul ins(%collapsed_45, %transposed_46 : tensor<?x16xf32>, tensor<16x16xf32>) outs(%62 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %64 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%63, %cst_12 : tensor<?x16xf32>, tensor<16xf32>) outs(%61 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x16xf32>
    %65 = arith.divsi %60, %c6 : index
    %expanded_47 = tensor.expand_shape %64 [[0, 1], [2]] output_shape [6, %65, 16] : tensor<?x16xf32> into tensor<6x?x16xf32>
    %66 = tensor.empty(%65) : tensor<?x6x16xf32>
    %transposed_48 = linalg.transpose ins(%expanded_47 : tensor<6x?x16xf32>) outs(%66 : tensor<?x6x16xf32>) permutation = [1, 0, 2] 
    %67 = arith.cmpi eq, %dim, %65 : index
    cf.assert %67, "mismatched size for broadcast"
    %68 = tensor.empty(%dim) : tensor<?x6x16xf32>
    %69 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0, %transposed_48 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %70 = tensor.empty(%dim) : tensor<?x6x16xf64>
    %71 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%69 : tensor<?x6x16xf32>) outs(%70 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %125 = arith.extf %in : f32 to f64
      linalg.yield %125 : f64
    } -> tensor<?x6x16xf64>
    %72 = tensor.empty(%dim) : tensor<?x6x1xf64>
    %73 = linalg.fill ins(%cst_1 : f64) outs(%72 : tensor<?x6x1xf64>) -> tensor<?x6x1xf64>
    %74 = linalg.generic {indexing_maps = [#map, #map12], iterator_types = ["parallel", "parallel", "reduction"]} ins(%71 : tensor<?x6x16xf64>) outs(%73 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.addf %in, %out : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %75 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%74 : tensor<?x6x1xf64>) outs(%72 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.divf %in, %cst_18 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %76 = linalg.generic {indexing_maps = [#map, #map12, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%71, %75 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%70 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_55: f64, %out: f64):
      %125 = arith.subf %in, %in_55 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x16xf64>
    %77 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%76, %76 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%70 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_55: f64, %out: f64):
      %125 = arith.mulf %in, %in_55 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x16xf64>
    %78 = linalg.generic {indexing_maps = [#map, #map12], iterator_types = ["parallel", "parallel", "reduction"]} ins(%77 : tensor<?x6x16xf64>) outs(%73 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.addf %in, %out : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %79 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%78 : tensor<?x6x1xf64>) outs(%72 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.divf %in, %cst_18 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %80 = tensor.empty(%dim) : tensor<?x6x1xf32>
    %81 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%79 : tensor<?x6x1xf64>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %125 = arith.truncf %in : f64 to f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %82 = linalg.fill ins(%cst : f32) outs(%80 : tensor<?x6x1xf32>) -> tensor<?x6x1xf32>
    %83 = linalg.generic {indexing_maps = [#map, #map12], iterator_types = ["parallel", "parallel", "reduction"]} ins(%69 : tensor<?x6x16xf32>) outs(%82 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.addf %in, %out : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %84 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%83 : tensor<?x6x1xf32>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.divf %in, %cst_19 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %85 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%81 : tensor<?x6x1xf32>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.truncf %cst_11 : f64 to f32
      %126 = arith.addf %in, %125 : f32
      linalg.yield %126 : f32
    } -> tensor<?x6x1xf32>
    %86 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%85 : tensor<?x6x1xf32>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = math.rsqrt %in : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %87 = linalg.generic {indexing_maps = [#map, #map12, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%69, %84 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.subf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %88 = linalg.generic {indexing_maps = [#map, #map12, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%87, %86 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.mulf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %89 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%88, %cst_10 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.mulf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %90 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %cst_9 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %collapsed_49 = tensor.collapse_shape %90 [[0, 1], [2]] : tensor<?x6x16xf32> into tensor<?x16xf32>
    %91 = tensor.empty() : tensor<16x32xf32>
    %transposed_50 = linalg.transpose ins(%cst_8 : tensor<32x16xf32>) outs(%91 : tensor<16x32xf32>) permutation = [1, 0] 
    %92 = affine.apply #map9()[%dim]
    %93 = tensor.empty(%92) : tensor<?x32xf32>
    %94 = linalg.fill ins(%cst : f32) outs(%93 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %95 = linalg.matmul ins(%collapsed_49, %transposed_50 : tensor<?x16xf32>, tensor<16x32xf32>) outs(%94 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %96 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%95, %cst_7 : tensor<?x32xf32>, tensor<32xf32>) outs(%93 : tensor<?x32xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x32xf32>
    %97 = arith.divsi %92, %c6 : index
    %expanded_51 = tensor.expand_shape %96 [[0, 1], [2]] output_shape [%97, 6, 32] : tensor<?x32xf32> into tensor<?x6x32xf32>
    %98 = tensor.empty(%97) : tensor<?x6x32xf32>
    %99 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_51 : tensor<?x6x32xf32>) outs(%98 : tensor<?x6x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.cmpf ugt, %in, %cst : f32
      %126 = arith.select %125, %in, %cst : f32
      linalg.yield %126 : f32
    } -> tensor<?x6x32xf32>
    %collapsed_52 = tensor.collapse_shape %99 [[0, 1], [2]] : tensor<?x6x32xf32> into tensor<?x32xf32>
    %100 = tensor.empty() : tensor<32x16xf32>
    %transposed_53 = linalg.transpose ins(%cst_6 : tensor<16x32xf32>) outs(%100 : tensor<32x16xf32>) permutation = [1, 0] 
    %101 = affine.apply #map9()[%97]
    %102 = tensor.empty(%101) : tensor<?x16xf32>
    %103 = linalg.fill ins(%cst : f32) outs(%102 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %104 = linalg.matmul ins(%collapsed_52, %transposed_53 : tensor<?x32xf32>, tensor<32x16xf32>) outs(%103 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %105 = linalg.generic {indexing_maps = [#map10, #map11, #map10], iterator_types = ["parallel", "parallel"]} ins(%104, %cst_5 : tensor<?x16xf32>, tensor<16xf32>) outs(%102 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x16xf32>
    %106 = arith.divsi %101, %c6 : index
    %expanded_54 = tensor.expand_shape %105 [[0, 1], [2]] output_shape [%106, 6, 16] : tensor<?x16xf32> into tensor<?x6x16xf32>
    %107 = arith.cmpi eq, %dim, %106 : index
    cf.assert %107, "mismatched size for broadcast"
    %108 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%90, %expanded_54 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %109 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%108 : tensor<?x6x16xf32>) outs(%70 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %125 = arith.extf %in : f32 to f64
      linalg.yield %125 : f64
    } -> tensor<?x6x16xf64>
    %110 = linalg.generic {indexing_maps = [#map, #map12], iterator_types = ["parallel", "parallel", "reduction"]} ins(%109 : tensor<?x6x16xf64>) outs(%73 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.addf %in, %out : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %111 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%110 : tensor<?x6x1xf64>) outs(%72 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.divf %in, %cst_18 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %112 = linalg.generic {indexing_maps = [#map, #map12, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%109, %111 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%70 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_55: f64, %out: f64):
      %125 = arith.subf %in, %in_55 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x16xf64>
    %113 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%112, %112 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%70 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_55: f64, %out: f64):
      %125 = arith.mulf %in, %in_55 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x16xf64>
    %114 = linalg.generic {indexing_maps = [#map, #map12], iterator_types = ["parallel", "parallel", "reduction"]} ins(%113 : tensor<?x6x16xf64>) outs(%73 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.addf %in, %out : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %115 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%114 : tensor<?x6x1xf64>) outs(%72 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %125 = arith.divf %in, %cst_18 : f64
      linalg.yield %125 : f64
    } -> tensor<?x6x1xf64>
    %116 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%115 : tensor<?x6x1xf64>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %125 = arith.truncf %in : f64 to f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %117 = linalg.generic {indexing_maps = [#map, #map12], iterator_types = ["parallel", "parallel", "reduction"]} ins(%108 : tensor<?x6x16xf32>) outs(%82 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.addf %in, %out : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %118 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%117 : tensor<?x6x1xf32>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.divf %in, %cst_19 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %119 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%116 : tensor<?x6x1xf32>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = arith.truncf %cst_11 : f64 to f32
      %126 = arith.addf %in, %125 : f32
      linalg.yield %126 : f32
    } -> tensor<?x6x1xf32>
    %120 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%119 : tensor<?x6x1xf32>) outs(%80 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %125 = math.rsqrt %in : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x1xf32>
    %121 = linalg.generic {indexing_maps = [#map, #map12, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%108, %118 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.subf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %122 = linalg.generic {indexing_maps = [#map, #map12, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%121, %120 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.mulf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %123 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%122, %cst_4 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.mulf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    %124 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel"]} ins(%123, %cst_3 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%68 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_55: f32, %out: f32):
      %125 = arith.addf %in, %in_55 : f32
      linalg.yield %125 : f32
    } -> tensor<?x6x16xf32>
    return %124 : tensor<?x6x16xf32>
  }
