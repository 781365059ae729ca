// Made by export_blocks.py.
#map = affine_map<(d0, d1) -> ()>
#map1 = affine_map<(d0, d1) -> (d0, d1)>
#map2 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map3 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map4 = affine_map<(d0, d1, d2) -> (d2)>
#map5 = affine_map<()[s0] -> (s0 * 16)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map8 = affine_map<()[s0] -> (s0 * 4)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, 0, d3)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map11 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map12 = affine_map<(d0, d1, d2, d3) -> ()>
#map13 = affine_map<()[s0] -> (s0 * 6)>
#map14 = affine_map<(d0, d1) -> (d1)>
#map15 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
  func.func @padded(%arg0: tensor<?x6x16xf32>, %arg1: tensor<?x6xi1>) -> tensor<?x6x16xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c6_i64 = arith.constant 6 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c6 = arith.constant 6 : index
    %cst = arith.constant 0.000000e+00 : f32
    %c4 = arith.constant 4 : index
    %c4_i64 = arith.constant 4 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant 0.000000e+00 : f64
    %cst_2 = arith.constant dense<0xFF800000> : tensor<f32>
    %cst_3 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_4 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_5 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_6 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_7 = arith.constant dense<0.0> : tensor<16x32xf32>
    %cst_8 = arith.constant dense<0.0> : tensor<32xf32>
    %cst_9 = arith.constant dense<0.0> : tensor<32x16xf32>
    %cst_10 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_11 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_12 = arith.constant 1.000000e-05 : f64
    %cst_13 = arith.constant dense<0.0> : tensor<16xf32>
    %cst_14 = arith.constant dense<0.0> : tensor<16x16xf32>
    %cst_15 = arith.constant 0.70710678118654757 : f64
    %cst_16 = arith.constant dense<0.0> : tensor<48xf32>
    %cst_17 = arith.constant dense<0.0> : tensor<48x16xf32>
    %cst_18 = arith.constant 0xFFF0000000000000 : f64
    %c24_i64 = arith.constant 24 : i64
    %cst_19 = arith.constant 1.600000e+01 : f64
    %cst_20 = arith.constant 1.600000e+01 : f32
    %dim = tensor.dim %arg1, %c0 : tensor<?x6xi1>
    %0 = arith.index_cast %dim : index to i64
    %1 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %1, "negative values not allowed in new dimensions"
    %2 = tensor.empty(%dim) : tensor<?x6xf32>
    %3 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel"]} ins(%cst_3 : tensor<f32>) outs(%2 : tensor<?x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x6xf32>
    cf.assert %true, "mismatched size for broadcast"
    %4 = tensor.empty(%dim) : tensor<?x6xf32>
    %5 = linalg.generic {indexing_maps = [#map1, #map, #map1, #map1], iterator_types = ["parallel", "parallel"]} ins(%arg1, %cst_2, %3 : tensor<?x6xi1>, tensor<f32>, tensor<?x6xf32>) outs(%4 : tensor<?x6xf32>) {
    ^bb0(%in: i1, %in_60: f32, %in_61: f32, %out: f32):
      %145 = arith.select %in, %in_60, %in_61 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6xf32>
    %dim_21 = tensor.dim %arg0, %c0 : tensor<?x6x16xf32>
    %6 = tensor.empty(%dim_21) : tensor<6x?x16xf32>
    %transposed = linalg.transpose ins(%arg0 : tensor<?x6x16xf32>) outs(%6 : tensor<6x?x16xf32>) permutation = [1, 0, 2] 
    %7 = tensor.empty() : tensor<16x48xf32>
    %transposed_22 = linalg.transpose ins(%cst_17 : tensor<48x16xf32>) outs(%7 : tensor<16x48xf32>) permutation = [1, 0] 
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %8 = tensor.empty(%dim) : tensor<6x?x16xf32>
    %9 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel"]} outs(%8 : tensor<6x?x16xf32>) {
    ^bb0(%out: f32):
      %145 = linalg.index 0 : index
      %146 = linalg.index 1 : index
      %147 = linalg.index 2 : index
      %148 = arith.cmpi eq, %dim_21, %c1 : index
      %149 = arith.select %148, %c0, %146 : index
      %extracted = tensor.extract %transposed[%145, %149, %147] : tensor<6x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<6x?x16xf32>
    %10 = tensor.empty() : tensor<6x16x48xf32>
    %11 = linalg.generic {indexing_maps = [#map3, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_22 : tensor<16x48xf32>) outs(%10 : tensor<6x16x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x16x48xf32>
    %12 = tensor.empty(%dim) : tensor<6x?x48xf32>
    %13 = linalg.fill ins(%cst : f32) outs(%12 : tensor<6x?x48xf32>) -> tensor<6x?x48xf32>
    %14 = linalg.batch_matmul ins(%9, %11 : tensor<6x?x16xf32>, tensor<6x16x48xf32>) outs(%13 : tensor<6x?x48xf32>) -> tensor<6x?x48xf32>
    %15 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%14, %cst_16 : tensor<6x?x48xf32>, tensor<48xf32>) outs(%12 : tensor<6x?x48xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<6x?x48xf32>
    %expanded = tensor.expand_shape %15 [[0, 1], [2], [3, 4]] output_shape [1, 6, %dim, 3, 16] : tensor<6x?x48xf32> into tensor<1x6x?x3x16xf32>
    %16 = tensor.empty(%dim) : tensor<3x6x?x1x16xf32>
    %transposed_23 = linalg.transpose ins(%expanded : tensor<1x6x?x3x16xf32>) outs(%16 : tensor<3x6x?x1x16xf32>) permutation = [3, 1, 2, 0, 4] 
    %collapsed = tensor.collapse_shape %transposed_23 [[0], [1], [2, 3], [4]] : tensor<3x6x?x1x16xf32> into tensor<3x6x?x16xf32>
    %extracted_slice = tensor.extract_slice %collapsed[0, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %extracted_slice_24 = tensor.extract_slice %collapsed[1, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %extracted_slice_25 = tensor.extract_slice %collapsed[2, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %collapsed_26 = tensor.collapse_shape %extracted_slice [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %17 = affine.apply #map5()[%dim]
    %18 = arith.divsi %17, %c4 : index
    %expanded_27 = tensor.expand_shape %collapsed_26 [[0], [1, 2]] output_shape [6, %18, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %19 = tensor.empty(%18) : tensor<?x6x4xf32>
    %transposed_28 = linalg.transpose ins(%expanded_27 : tensor<6x?x4xf32>) outs(%19 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %collapsed_29 = tensor.collapse_shape %extracted_slice_24 [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %expanded_30 = tensor.expand_shape %collapsed_29 [[0], [1, 2]] output_shape [6, %18, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %transposed_31 = linalg.transpose ins(%expanded_30 : tensor<6x?x4xf32>) outs(%19 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %collapsed_32 = tensor.collapse_shape %extracted_slice_25 [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %expanded_33 = tensor.expand_shape %collapsed_32 [[0], [1, 2]] output_shape [6, %18, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %transposed_34 = linalg.transpose ins(%expanded_33 : tensor<6x?x4xf32>) outs(%19 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %expanded_35 = tensor.expand_shape %5 [[0], [1, 2, 3]] output_shape [%dim, 1, 1, 6] : tensor<?x6xf32> into tensor<?x1x1x6xf32>
    %20 = tensor.empty(%dim) : tensor<?x4x1x6xf32>
    %collapsed_36 = tensor.collapse_shape %expanded_35 [[0, 1], [2], [3]] : tensor<?x1x1x6xf32> into tensor<?x1x6xf32>
    %21 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_36 : tensor<?x1x6xf32>) outs(%20 : tensor<?x4x1x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x1x6xf32>
    %collapsed_37 = tensor.collapse_shape %21 [[0, 1], [2], [3]] : tensor<?x4x1x6xf32> into tensor<?x1x6xf32>
    %22 = arith.cmpi slt, %0, %c0_i64 : i64
    %23 = arith.select %22, %c1_i64, %0 : i64
    %24 = arith.extui %22 : i1 to i64
    %25 = arith.addi %24, %c1_i64 : i64
    %26 = arith.muli %23, %c24_i64 : i64
    %27 = arith.cmpi sle, %25, %c1_i64 : i64
    cf.assert %27, "must have at most one inferred (negative) dimension"
    %28 = affine.apply #map8()[%dim]
    %29 = arith.index_cast %28 : index to i64
    %30 = arith.muli %29, %c6_i64 : i64
    %31 = arith.divsi %30, %26 : i64
    %32 = arith.select %22, %31, %0 : i64
    %from_elements = tensor.from_elements %32, %c4_i64, %31, %c6_i64 : tensor<4xi64>
    %reshape = tensor.reshape %collapsed_37(%from_elements) : (tensor<?x1x6xf32>, tensor<4xi64>) -> tensor<?x4x1x6xf32>
    %33 = arith.divsi %18, %c4 : index
    %expanded_38 = tensor.expand_shape %transposed_28 [[0, 1], [2], [3]] output_shape [%33, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %expanded_39 = tensor.expand_shape %transposed_31 [[0, 1], [2], [3]] output_shape [%33, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %expanded_40 = tensor.expand_shape %transposed_34 [[0, 1], [2], [3]] output_shape [%33, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %34 = tensor.empty(%33) : tensor<?x4x6x4xf32>
    %35 = linalg.generic {indexing_maps = [#map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_38 : tensor<?x4x6x4xf32>) outs(%34 : tensor<?x4x6x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.truncf %cst_15 : f64 to f32
      %146 = arith.mulf %in, %145 : f32
      linalg.yield %146 : f32
    } -> tensor<?x4x6x4xf32>
    %36 = tensor.empty(%33) : tensor<?x4x4x6xf32>
    %transposed_41 = linalg.transpose ins(%expanded_39 : tensor<?x4x6x4xf32>) outs(%36 : tensor<?x4x4x6xf32>) permutation = [0, 1, 3, 2] 
    %37 = linalg.generic {indexing_maps = [#map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_41 : tensor<?x4x4x6xf32>) outs(%36 : tensor<?x4x4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.truncf %cst_15 : f64 to f32
      %146 = arith.mulf %in, %145 : f32
      linalg.yield %146 : f32
    } -> tensor<?x4x4x6xf32>
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %38 = tensor.empty(%dim) : tensor<?x4x6x4xf32>
    %39 = linalg.generic {indexing_maps = [#map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%38 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %145 = linalg.index 0 : index
      %146 = linalg.index 1 : index
      %147 = linalg.index 2 : index
      %148 = linalg.index 3 : index
      %149 = arith.cmpi eq, %33, %c1 : index
      %150 = arith.select %149, %c0, %145 : index
      %extracted = tensor.extract %35[%150, %146, %147, %148] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_42 = tensor.collapse_shape %39 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %40 = tensor.empty(%dim) : tensor<?x4x4x6xf32>
    %41 = linalg.generic {indexing_maps = [#map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%40 : tensor<?x4x4x6xf32>) {
    ^bb0(%out: f32):
      %145 = linalg.index 0 : index
      %146 = linalg.index 1 : index
      %147 = linalg.index 2 : index
      %148 = linalg.index 3 : index
      %149 = arith.cmpi eq, %33, %c1 : index
      %150 = arith.select %149, %c0, %145 : index
      %extracted = tensor.extract %37[%150, %146, %147, %148] : tensor<?x4x4x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x6xf32>
    %collapsed_43 = tensor.collapse_shape %41 [[0, 1], [2], [3]] : tensor<?x4x4x6xf32> into tensor<?x4x6xf32>
    %42 = affine.apply #map8()[%dim]
    %43 = tensor.empty(%42) : tensor<?x6x6xf32>
    %44 = linalg.fill ins(%cst : f32) outs(%43 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %45 = linalg.batch_matmul ins(%collapsed_42, %collapsed_43 : tensor<?x6x4xf32>, tensor<?x4x6xf32>) outs(%44 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %46 = arith.divsi %42, %c4 : index
    %expanded_44 = tensor.expand_shape %45 [[0, 1], [2], [3]] output_shape [%46, 4, 6, 6] : tensor<?x6x6xf32> into tensor<?x4x6x6xf32>
    %47 = arith.index_cast %32 : i64 to index
    %48 = arith.cmpi eq, %46, %47 : index
    cf.assert %48, "mismatched size for broadcast"
    %49 = tensor.empty(%46) : tensor<?x4x6x6xf32>
    %50 = linalg.generic {indexing_maps = [#map7, #map9, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_44, %reshape : tensor<?x4x6x6xf32>, tensor<?x4x1x6xf32>) outs(%49 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x4x6x6xf32>
    %51 = tensor.empty(%46) : tensor<?x4x6xi64>
    %52 = linalg.fill ins(%c0_i64 : i64) outs(%51 : tensor<?x4x6xi64>) -> tensor<?x4x6xi64>
    %53 = tensor.empty(%46) : tensor<?x4x6xf32>
    %54 = linalg.fill ins(%cst_0 : f32) outs(%53 : tensor<?x4x6xf32>) -> tensor<?x4x6xf32>
    %55:2 = linalg.generic {indexing_maps = [#map7, #map10, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%50 : tensor<?x4x6x6xf32>) outs(%54, %52 : tensor<?x4x6xf32>, tensor<?x4x6xi64>) {
    ^bb0(%in: f32, %out: f32, %out_60: i64):
      %145 = linalg.index 3 : index
      %146 = arith.index_cast %145 : index to i64
      %147 = arith.maximumf %in, %out : f32
      %148 = arith.cmpf ogt, %in, %out : f32
      %149 = arith.select %148, %146, %out_60 : i64
      linalg.yield %147, %149 : f32, i64
    } -> (tensor<?x4x6xf32>, tensor<?x4x6xi64>)
    %expanded_45 = tensor.expand_shape %55#0 [[0], [1], [2, 3]] output_shape [%46, 4, 6, 1] : tensor<?x4x6xf32> into tensor<?x4x6x1xf32>
    %56 = linalg.generic {indexing_maps = [#map7, #map11, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50, %expanded_45 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%49 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.subf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x4x6x6xf32>
    %57 = linalg.generic {indexing_maps = [#map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%56 : tensor<?x4x6x6xf32>) outs(%49 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = math.exp %in : f32
      linalg.yield %145 : f32
    } -> tensor<?x4x6x6xf32>
    %58 = tensor.empty(%46) : tensor<?x4x6x1xf32>
    %59 = linalg.fill ins(%cst : f32) outs(%58 : tensor<?x4x6x1xf32>) -> tensor<?x4x6x1xf32>
    %60 = linalg.generic {indexing_maps = [#map7, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%57 : tensor<?x4x6x6xf32>) outs(%59 : tensor<?x4x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.addf %in, %out : f32
      linalg.yield %145 : f32
    } -> tensor<?x4x6x1xf32>
    %61 = linalg.generic {indexing_maps = [#map7, #map11, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%57, %60 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%49 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.divf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x4x6x6xf32>
    %62 = tensor.empty(%46) : tensor<?x4x6x6xi1>
    %63 = linalg.generic {indexing_maps = [#map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%50 : tensor<?x4x6x6xf32>) outs(%62 : tensor<?x4x6x6xi1>) {
    ^bb0(%in: f32, %out: i1):
      %145 = arith.extf %in : f32 to f64
      %146 = arith.cmpf oeq, %145, %cst_18 : f64
      linalg.yield %146 : i1
    } -> tensor<?x4x6x6xi1>
    %64 = tensor.empty(%46) : tensor<?x4x6x1xi1>
    %65 = linalg.fill ins(%true : i1) outs(%64 : tensor<?x4x6x1xi1>) -> tensor<?x4x6x1xi1>
    %66 = linalg.generic {indexing_maps = [#map7, #map11], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%63 : tensor<?x4x6x6xi1>) outs(%65 : tensor<?x4x6x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %145 = arith.andi %in, %out : i1
      linalg.yield %145 : i1
    } -> tensor<?x4x6x1xi1>
    %67 = arith.index_cast %46 : index to i64
    %68 = arith.cmpi sge, %67, %c0_i64 : i64
    cf.assert %68, "negative values not allowed in new dimensions"
    %69 = tensor.empty(%46) : tensor<?x4x6x6xf32>
    %70 = linalg.generic {indexing_maps = [#map12, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_3 : tensor<f32>) outs(%69 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %true, "mismatched size for broadcast"
    %71 = linalg.generic {indexing_maps = [#map11, #map7, #map7, #map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%66, %70, %61 : tensor<?x4x6x1xi1>, tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>) outs(%49 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: i1, %in_60: f32, %in_61: f32, %out: f32):
      %145 = arith.select %in, %in_60, %in_61 : f32
      linalg.yield %145 : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %72 = tensor.empty(%dim) : tensor<?x4x6x6xf32>
    %73 = linalg.generic {indexing_maps = [#map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%72 : tensor<?x4x6x6xf32>) {
    ^bb0(%out: f32):
      %145 = linalg.index 0 : index
      %146 = linalg.index 1 : index
      %147 = linalg.index 2 : index
      %148 = linalg.index 3 : index
      %149 = arith.cmpi eq, %46, %c1 : index
      %150 = arith.select %149, %c0, %145 : index
      %extracted = tensor.extract %71[%150, %146, %147, %148] : tensor<?x4x6x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x6xf32>
    %collapsed_46 = tensor.collapse_shape %73 [[0, 1], [2], [3]] : tensor<?x4x6x6xf32> into tensor<?x6x6xf32>
    cf.assert %1, "unimplemented: dynamic negative broadcast sizes"
    %74 = linalg.generic {indexing_maps = [#map7], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%38 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %145 = linalg.index 0 : index
      %146 = linalg.index 1 : index
      %147 = linalg.index 2 : index
      %148 = linalg.index 3 : index
      %149 = arith.cmpi eq, %33, %c1 : index
      %150 = arith.select %149, %c0, %145 : index
      %extracted = tensor.extract %expanded_40[%150, %146, %147, %148] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_47 = tensor.collapse_shape %74 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    %75 = tensor.empty(%42) : tensor<?x6x4xf32>
    %76 = linalg.fill ins(%cst : f32) outs(%75 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %77 = linalg.batch_matmul ins(%collapsed_46, %collapsed_47 : tensor<?x6x6xf32>, tensor<?x6x4xf32>) outs(%76 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %expanded_48 = tensor.expand_shape %77 [[0, 1], [2], [3]] output_shape [%46, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %78 = tensor.empty(%46) : tensor<6x?x4x4xf32>
    %transposed_49 = linalg.transpose ins(%expanded_48 : tensor<?x4x6x4xf32>) outs(%78 : tensor<6x?x4x4xf32>) permutation = [2, 0, 1, 3] 
    %collapsed_50 = tensor.collapse_shape %transposed_49 [[0, 1], [2, 3]] : tensor<6x?x4x4xf32> into tensor<?x16xf32>
    %79 = tensor.empty() : tensor<16x16xf32>
    %transposed_51 = linalg.transpose ins(%cst_14 : tensor<16x16xf32>) outs(%79 : tensor<16x16xf32>) permutation = [1, 0] 
    %80 = affine.apply #map13()[%46]
    %81 = tensor.empty(%80) : tensor<?x16xf32>
    %82 = linalg.fill ins(%cst : f32) outs(%81 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %83 = linalg.matmul ins(%collapsed_50, %transposed_51 : tensor<?x16xf32>, tensor<16x16xf32>) outs(%82 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %84 = linalg.generic {indexing_maps = [#map1, #map14, #map1], iterator_types = ["parallel", "parallel"]} ins(%83, %cst_13 : tensor<?x16xf32>, tensor<16xf32>) outs(%81 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x16xf32>
    %85 = arith.divsi %80, %c6 : index
    %expanded_52 = tensor.expand_shape %84 [[0, 1], [2]] output_shape [6, %85, 16] : tensor<?x16xf32> into tensor<6x?x16xf32>
    %86 = tensor.empty(%85) : tensor<?x6x16xf32>
    %transposed_53 = linalg.transpose ins(%expanded_52 : tensor<6x?x16xf32>) outs(%86 : tensor<?x6x16xf32>) permutation = [1, 0, 2] 
    %87 = arith.cmpi eq, %dim_21, %85 : index
    cf.assert %87, "mismatched size for broadcast"
    %88 = tensor.empty(%dim_21) : tensor<?x6x16xf32>
    %89 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0, %transposed_53 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %90 = tensor.empty(%dim_21) : tensor<?x6x16xf64>
    %91 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89 : tensor<?x6x16xf32>) outs(%90 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %145 = arith.extf %in : f32 to f64
      linalg.yield %145 : f64
    } -> tensor<?x6x16xf64>
    %92 = tensor.empty(%dim_21) : tensor<?x6x1xf64>
    %93 = linalg.fill ins(%cst_1 : f64) outs(%92 : tensor<?x6x1xf64>) -> tensor<?x6x1xf64>
    %94 = linalg.generic {indexing_maps = [#map2, #map15], iterator_types = ["parallel", "parallel", "reduction"]} ins(%91 : tensor<?x6x16xf64>) outs(%93 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.addf %in, %out : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %95 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%94 : tensor<?x6x1xf64>) outs(%92 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.divf %in, %cst_19 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %96 = linalg.generic {indexing_maps = [#map2, #map15, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%91, %95 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%90 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_60: f64, %out: f64):
      %145 = arith.subf %in, %in_60 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x16xf64>
    %97 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%96, %96 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%90 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_60: f64, %out: f64):
      %145 = arith.mulf %in, %in_60 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x16xf64>
    %98 = linalg.generic {indexing_maps = [#map2, #map15], iterator_types = ["parallel", "parallel", "reduction"]} ins(%97 : tensor<?x6x16xf64>) outs(%93 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.addf %in, %out : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %99 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%98 : tensor<?x6x1xf64>) outs(%92 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.divf %in, %cst_19 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %100 = tensor.empty(%dim_21) : tensor<?x6x1xf32>
    %101 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%99 : tensor<?x6x1xf64>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %145 = arith.truncf %in : f64 to f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %102 = linalg.fill ins(%cst : f32) outs(%100 : tensor<?x6x1xf32>) -> tensor<?x6x1xf32>
    %103 = linalg.generic {indexing_maps = [#map2, #map15], iterator_types = ["parallel", "parallel", "reduction"]} ins(%89 : tensor<?x6x16xf32>) outs(%102 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.addf %in, %out : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %104 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%103 : tensor<?x6x1xf32>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.divf %in, %cst_20 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %105 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%101 : tensor<?x6x1xf32>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.truncf %cst_12 : f64 to f32
      %146 = arith.addf %in, %145 : f32
      linalg.yield %146 : f32
    } -> tensor<?x6x1xf32>
    %106 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%105 : tensor<?x6x1xf32>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = math.rsqrt %in : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %107 = linalg.generic {indexing_maps = [#map2, #map15, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %104 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.subf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %108 = linalg.generic {indexing_maps = [#map2, #map15, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%107, %106 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.mulf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %109 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%108, %cst_11 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.mulf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %110 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%109, %cst_10 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %collapsed_54 = tensor.collapse_shape %110 [[0, 1], [2]] : tensor<?x6x16xf32> into tensor<?x16xf32>
    %111 = tensor.empty() : tensor<16x32xf32>
    %transposed_55 = linalg.transpose ins(%cst_9 : tensor<32x16xf32>) outs(%111 : tensor<16x32xf32>) permutation = [1, 0] 
    %112 = affine.apply #map13()[%dim_21]
    %113 = tensor.empty(%112) : tensor<?x32xf32>
    %114 = linalg.fill ins(%cst : f32) outs(%113 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %115 = linalg.matmul ins(%collapsed_54, %transposed_55 : tensor<?x16xf32>, tensor<16x32xf32>) outs(%114 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %116 = linalg.generic {indexing_maps = [#map1, #map14, #map1], iterator_types = ["parallel", "parallel"]} ins(%115, %cst_8 : tensor<?x32xf32>, tensor<32xf32>) outs(%113 : tensor<?x32xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x32xf32>
    %117 = arith.divsi %112, %c6 : index
    %expanded_56 = tensor.expand_shape %116 [[0, 1], [2]] output_shape [%117, 6, 32] : tensor<?x32xf32> into tensor<?x6x32xf32>
    %118 = tensor.empty(%117) : tensor<?x6x32xf32>
    %119 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_56 : tensor<?x6x32xf32>) outs(%118 : tensor<?x6x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.cmpf ugt, %in, %cst : f32
      %146 = arith.select %145, %in, %cst : f32
      linalg.yield %146 : f32
    } -> tensor<?x6x32xf32>
    %collapsed_57 = tensor.collapse_shape %119 [[0, 1], [2]] : tensor<?x6x32xf32> into tensor<?x32xf32>
    %120 = tensor.empty() : tensor<32x16xf32>
    %transposed_58 = linalg.transpose ins(%cst_7 : tensor<16x32xf32>) outs(%120 : tensor<32x16xf32>) permutation = [1, 0] 
    %121 = affine.apply #map13()[%117]
    %122 = tensor.empty(%121) : tensor<?x16xf32>
    %123 = linalg.fill ins(%cst : f32) outs(%122 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %124 = linalg.matmul ins(%collapsed_57, %transposed_58 : tensor<?x32xf32>, tensor<32x16xf32>) outs(%123 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %125 = linalg.generic {indexing_maps = [#map1, #map14, #map1], iterator_types = ["parallel", "parallel"]} ins(%124, %cst_6 : tensor<?x16xf32>, tensor<16xf32>) outs(%122 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x16xf32>
    %126 = arith.divsi %121, %c6 : index
    %expanded_59 = tensor.expand_shape %125 [[0, 1], [2]] output_shape [%126, 6, 16] : tensor<?x16xf32> into tensor<?x6x16xf32>
    %127 = arith.cmpi eq, %dim_21, %126 : index
    cf.assert %127, "mismatched size for broadcast"
    %128 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%110, %expanded_59 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %129 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%128 : tensor<?x6x16xf32>) outs(%90 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %145 = arith.extf %in : f32 to f64
      linalg.yield %145 : f64
    } -> tensor<?x6x16xf64>
    %130 = linalg.generic {indexing_maps = [#map2, #map15], iterator_types = ["parallel", "parallel", "reduction"]} ins(%129 : tensor<?x6x16xf64>) outs(%93 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.addf %in, %out : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %131 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%130 : tensor<?x6x1xf64>) outs(%92 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.divf %in, %cst_19 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %132 = linalg.generic {indexing_maps = [#map2, #map15, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%129, %131 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%90 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_60: f64, %out: f64):
      %145 = arith.subf %in, %in_60 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x16xf64>
    %133 = linalg.generic {indexing_maps = [#map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%132, %132 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%90 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_60: f64, %out: f64):
      %145 = arith.mulf %in, %in_60 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x16xf64>
    %134 = linalg.generic {indexing_maps = [#map2, #map15], iterator_types = ["parallel", "parallel", "reduction"]} ins(%133 : tensor<?x6x16xf64>) outs(%93 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.addf %in, %out : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %135 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%134 : tensor<?x6x1xf64>) outs(%92 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %145 = arith.divf %in, %cst_19 : f64
      linalg.yield %145 : f64
    } -> tensor<?x6x1xf64>
    %136 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%135 : tensor<?x6x1xf64>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %145 = arith.truncf %in : f64 to f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %137 = linalg.generic {indexing_maps = [#map2, #map15], iterator_types = ["parallel", "parallel", "reduction"]} ins(%128 : tensor<?x6x16xf32>) outs(%102 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.addf %in, %out : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %138 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%137 : tensor<?x6x1xf32>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.divf %in, %cst_20 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %139 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%136 : tensor<?x6x1xf32>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = arith.truncf %cst_12 : f64 to f32
      %146 = arith.addf %in, %145 : f32
      linalg.yield %146 : f32
    } -> tensor<?x6x1xf32>
    %140 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%139 : tensor<?x6x1xf32>) outs(%100 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %145 = math.rsqrt %in : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x1xf32>
    %141 = linalg.generic {indexing_maps = [#map2, #map15, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%128, %138 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.subf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %142 = linalg.generic {indexing_maps = [#map2, #map15, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%141, %140 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.mulf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %143 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%142, %cst_5 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.mulf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    %144 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel"]} ins(%143, %cst_4 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%88 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_60: f32, %out: f32):
      %145 = arith.addf %in, %in_60 : f32
      linalg.yield %145 : f32
    } -> tensor<?x6x16xf32>
    return %144 : tensor<?x6x16xf32>
  }
