// Made by export_blocks.py.
#map = affine_map<(d0) -> (d0)>
#map1 = affine_map<(d0, d1) -> (0, d1)>
#map2 = affine_map<(d0, d1) -> (d0, 0)>
#map3 = affine_map<(d0, d1) -> (d0, d1)>
#map4 = affine_map<(d0, d1) -> ()>
#map5 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map6 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map7 = affine_map<(d0, d1, d2) -> (d2)>
#map8 = affine_map<()[s0] -> (s0 * 16)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map10 = affine_map<()[s0] -> (s0 * 4)>
#map11 = affine_map<(d0, d1, d2, d3) -> (0, 0, d2, d3)>
#map12 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map13 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map14 = affine_map<(d0, d1, d2, d3) -> ()>
#map15 = affine_map<()[s0] -> (s0 * 6)>
#map16 = affine_map<(d0, d1) -> (d1)>
#map17 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
  func.func @causal(%arg0: tensor<?x6x16xf32>) -> tensor<?x6x16xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c6 = arith.constant 6 : index
    %c1 = arith.constant 1 : index
    %c0 = arith.constant 0 : index
    %cst = arith.constant 0.000000e+00 : f32
    %c4 = arith.constant 4 : index
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant 0.000000e+00 : f64
    %cst_2 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_3 = arith.constant dense<0.0> : tensor<6x6xf32>
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
    %cst_19 = arith.constant 1.600000e+01 : f64
    %cst_20 = arith.constant 1.600000e+01 : f32
    %dim = tensor.dim %arg0, %c0 : tensor<?x6x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = tensor.empty() : tensor<6xi64>
    %2 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel"]} outs(%1 : tensor<6xi64>) {
    ^bb0(%out: i64):
      %134 = linalg.index 0 : index
      %135 = arith.index_cast %134 : index to i64
      linalg.yield %135 : i64
    } -> tensor<6xi64>
    %expanded = tensor.expand_shape %2 [[0, 1]] output_shape [1, 6] : tensor<6xi64> into tensor<1x6xi64>
    %expanded_21 = tensor.expand_shape %2 [[0, 1]] output_shape [6, 1] : tensor<6xi64> into tensor<6x1xi64>
    %3 = tensor.empty() : tensor<6x6xi64>
    %4 = linalg.generic {indexing_maps = [#map1, #map2, #map3], iterator_types = ["parallel", "parallel"]} ins(%expanded, %expanded_21 : tensor<1x6xi64>, tensor<6x1xi64>) outs(%3 : tensor<6x6xi64>) {
    ^bb0(%in: i64, %in_59: i64, %out: i64):
      %134 = arith.subi %in, %in_59 : i64
      linalg.yield %134 : i64
    } -> tensor<6x6xi64>
    %5 = tensor.empty() : tensor<6x6xi1>
    %6 = linalg.generic {indexing_maps = [#map3, #map3], iterator_types = ["parallel", "parallel"]} ins(%4 : tensor<6x6xi64>) outs(%5 : tensor<6x6xi1>) {
    ^bb0(%in: i64, %out: i1):
      %134 = arith.cmpi sge, %in, %c1_i64 : i64
      linalg.yield %134 : i1
    } -> tensor<6x6xi1>
    %7 = tensor.empty() : tensor<6x6xf32>
    %8 = linalg.generic {indexing_maps = [#map3, #map3, #map4, #map3], iterator_types = ["parallel", "parallel"]} ins(%6, %cst_3, %cst_2 : tensor<6x6xi1>, tensor<6x6xf32>, tensor<f32>) outs(%7 : tensor<6x6xf32>) {
    ^bb0(%in: i1, %in_59: f32, %in_60: f32, %out: f32):
      %134 = arith.select %in, %in_59, %in_60 : f32
      linalg.yield %134 : f32
    } -> tensor<6x6xf32>
    %9 = tensor.empty(%dim) : tensor<6x?x16xf32>
    %transposed = linalg.transpose ins(%arg0 : tensor<?x6x16xf32>) outs(%9 : tensor<6x?x16xf32>) permutation = [1, 0, 2] 
    %10 = tensor.empty() : tensor<16x48xf32>
    %transposed_22 = linalg.transpose ins(%cst_17 : tensor<48x16xf32>) outs(%10 : tensor<16x48xf32>) permutation = [1, 0] 
    %11 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %12 = tensor.empty(%dim) : tensor<6x?x16xf32>
    %13 = linalg.generic {indexing_maps = [#map5], iterator_types = ["parallel", "parallel", "parallel"]} outs(%12 : tensor<6x?x16xf32>) {
    ^bb0(%out: f32):
      %134 = linalg.index 0 : index
      %135 = linalg.index 1 : index
      %136 = linalg.index 2 : index
      %137 = arith.cmpi eq, %dim, %c1 : index
      %138 = arith.select %137, %c0, %135 : index
      %extracted = tensor.extract %transposed[%134, %138, %136] : tensor<6x?x16xf32>
      linalg.yield %extracted : f32
    } -> tensor<6x?x16xf32>
    %14 = tensor.empty() : tensor<6x16x48xf32>
    %15 = linalg.generic {indexing_maps = [#map6, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%transposed_22 : tensor<16x48xf32>) outs(%14 : tensor<6x16x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<6x16x48xf32>
    %16 = tensor.empty(%dim) : tensor<6x?x48xf32>
    %17 = linalg.fill ins(%cst : f32) outs(%16 : tensor<6x?x48xf32>) -> tensor<6x?x48xf32>
    %18 = linalg.batch_matmul ins(%13, %15 : tensor<6x?x16xf32>, tensor<6x16x48xf32>) outs(%17 : tensor<6x?x48xf32>) -> tensor<6x?x48xf32>
    %19 = linalg.generic {indexing_maps = [#map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%18, %cst_16 : tensor<6x?x48xf32>, tensor<48xf32>) outs(%16 : tensor<6x?x48xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<6x?x48xf32>
    %expanded_23 = tensor.expand_shape %19 [[0, 1], [2], [3, 4]] output_shape [1, 6, %dim, 3, 16] : tensor<6x?x48xf32> into tensor<1x6x?x3x16xf32>
    %20 = tensor.empty(%dim) : tensor<3x6x?x1x16xf32>
    %transposed_24 = linalg.transpose ins(%expanded_23 : tensor<1x6x?x3x16xf32>) outs(%20 : tensor<3x6x?x1x16xf32>) permutation = [3, 1, 2, 0, 4] 
    %collapsed = tensor.collapse_shape %transposed_24 [[0], [1], [2, 3], [4]] : tensor<3x6x?x1x16xf32> into tensor<3x6x?x16xf32>
    %extracted_slice = tensor.extract_slice %collapsed[0, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %extracted_slice_25 = tensor.extract_slice %collapsed[1, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %extracted_slice_26 = tensor.extract_slice %collapsed[2, 0, 0, 0] [1, 6, %dim, 16] [1, 1, 1, 1] : tensor<3x6x?x16xf32> to tensor<1x6x?x16xf32>
    %collapsed_27 = tensor.collapse_shape %extracted_slice [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %21 = affine.apply #map8()[%dim]
    %22 = arith.divsi %21, %c4 : index
    %expanded_28 = tensor.expand_shape %collapsed_27 [[0], [1, 2]] output_shape [6, %22, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %23 = tensor.empty(%22) : tensor<?x6x4xf32>
    %transposed_29 = linalg.transpose ins(%expanded_28 : tensor<6x?x4xf32>) outs(%23 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %collapsed_30 = tensor.collapse_shape %extracted_slice_25 [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %expanded_31 = tensor.expand_shape %collapsed_30 [[0], [1, 2]] output_shape [6, %22, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %transposed_32 = linalg.transpose ins(%expanded_31 : tensor<6x?x4xf32>) outs(%23 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %collapsed_33 = tensor.collapse_shape %extracted_slice_26 [[0, 1], [2, 3]] : tensor<1x6x?x16xf32> into tensor<6x?xf32>
    %expanded_34 = tensor.expand_shape %collapsed_33 [[0], [1, 2]] output_shape [6, %22, 4] : tensor<6x?xf32> into tensor<6x?x4xf32>
    %transposed_35 = linalg.transpose ins(%expanded_34 : tensor<6x?x4xf32>) outs(%23 : tensor<?x6x4xf32>) permutation = [1, 0, 2] 
    %expanded_36 = tensor.expand_shape %8 [[0, 1, 2], [3]] output_shape [1, 1, 6, 6] : tensor<6x6xf32> into tensor<1x1x6x6xf32>
    %24 = arith.divsi %22, %c4 : index
    %expanded_37 = tensor.expand_shape %transposed_29 [[0, 1], [2], [3]] output_shape [%24, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %expanded_38 = tensor.expand_shape %transposed_32 [[0, 1], [2], [3]] output_shape [%24, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %expanded_39 = tensor.expand_shape %transposed_35 [[0, 1], [2], [3]] output_shape [%24, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %25 = tensor.empty(%24) : tensor<?x4x6x4xf32>
    %26 = linalg.generic {indexing_maps = [#map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_37 : tensor<?x4x6x4xf32>) outs(%25 : tensor<?x4x6x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.truncf %cst_15 : f64 to f32
      %135 = arith.mulf %in, %134 : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x6x4xf32>
    %27 = tensor.empty(%24) : tensor<?x4x4x6xf32>
    %transposed_40 = linalg.transpose ins(%expanded_38 : tensor<?x4x6x4xf32>) outs(%27 : tensor<?x4x4x6xf32>) permutation = [0, 1, 3, 2] 
    %28 = linalg.generic {indexing_maps = [#map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_40 : tensor<?x4x4x6xf32>) outs(%27 : tensor<?x4x4x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.truncf %cst_15 : f64 to f32
      %135 = arith.mulf %in, %134 : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x4x6xf32>
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %29 = tensor.empty(%dim) : tensor<?x4x6x4xf32>
    %30 = linalg.generic {indexing_maps = [#map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%29 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %134 = linalg.index 0 : index
      %135 = linalg.index 1 : index
      %136 = linalg.index 2 : index
      %137 = linalg.index 3 : index
      %138 = arith.cmpi eq, %24, %c1 : index
      %139 = arith.select %138, %c0, %134 : index
      %extracted = tensor.extract %26[%139, %135, %136, %137] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_41 = tensor.collapse_shape %30 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %31 = tensor.empty(%dim) : tensor<?x4x4x6xf32>
    %32 = linalg.generic {indexing_maps = [#map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%31 : tensor<?x4x4x6xf32>) {
    ^bb0(%out: f32):
      %134 = linalg.index 0 : index
      %135 = linalg.index 1 : index
      %136 = linalg.index 2 : index
      %137 = linalg.index 3 : index
      %138 = arith.cmpi eq, %24, %c1 : index
      %139 = arith.select %138, %c0, %134 : index
      %extracted = tensor.extract %28[%139, %135, %136, %137] : tensor<?x4x4x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x6xf32>
    %collapsed_42 = tensor.collapse_shape %32 [[0, 1], [2], [3]] : tensor<?x4x4x6xf32> into tensor<?x4x6xf32>
    %33 = affine.apply #map10()[%dim]
    %34 = tensor.empty(%33) : tensor<?x6x6xf32>
    %35 = linalg.fill ins(%cst : f32) outs(%34 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %36 = linalg.batch_matmul ins(%collapsed_41, %collapsed_42 : tensor<?x6x4xf32>, tensor<?x4x6xf32>) outs(%35 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
    %37 = arith.divsi %33, %c4 : index
    %expanded_43 = tensor.expand_shape %36 [[0, 1], [2], [3]] output_shape [%37, 4, 6, 6] : tensor<?x6x6xf32> into tensor<?x4x6x6xf32>
    %38 = tensor.empty(%37) : tensor<?x4x6x6xf32>
    %39 = linalg.generic {indexing_maps = [#map9, #map11, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%expanded_43, %expanded_36 : tensor<?x4x6x6xf32>, tensor<1x1x6x6xf32>) outs(%38 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x4x6x6xf32>
    %40 = tensor.empty(%37) : tensor<?x4x6xi64>
    %41 = linalg.fill ins(%c0_i64 : i64) outs(%40 : tensor<?x4x6xi64>) -> tensor<?x4x6xi64>
    %42 = tensor.empty(%37) : tensor<?x4x6xf32>
    %43 = linalg.fill ins(%cst_0 : f32) outs(%42 : tensor<?x4x6xf32>) -> tensor<?x4x6xf32>
    %44:2 = linalg.generic {indexing_maps = [#map9, #map12, #map12], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%39 : tensor<?x4x6x6xf32>) outs(%43, %41 : tensor<?x4x6xf32>, tensor<?x4x6xi64>) {
    ^bb0(%in: f32, %out: f32, %out_59: i64):
      %134 = linalg.index 3 : index
      %135 = arith.index_cast %134 : index to i64
      %136 = arith.maximumf %in, %out : f32
      %137 = arith.cmpf ogt, %in, %out : f32
      %138 = arith.select %137, %135, %out_59 : i64
      linalg.yield %136, %138 : f32, i64
    } -> (tensor<?x4x6xf32>, tensor<?x4x6xi64>)
    %expanded_44 = tensor.expand_shape %44#0 [[0], [1], [2, 3]] output_shape [%37, 4, 6, 1] : tensor<?x4x6xf32> into tensor<?x4x6x1xf32>
    %45 = linalg.generic {indexing_maps = [#map9, #map13, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39, %expanded_44 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%38 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.subf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x4x6x6xf32>
    %46 = linalg.generic {indexing_maps = [#map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%45 : tensor<?x4x6x6xf32>) outs(%38 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = math.exp %in : f32
      linalg.yield %134 : f32
    } -> tensor<?x4x6x6xf32>
    %47 = tensor.empty(%37) : tensor<?x4x6x1xf32>
    %48 = linalg.fill ins(%cst : f32) outs(%47 : tensor<?x4x6x1xf32>) -> tensor<?x4x6x1xf32>
    %49 = linalg.generic {indexing_maps = [#map9, #map13], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%46 : tensor<?x4x6x6xf32>) outs(%48 : tensor<?x4x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.addf %in, %out : f32
      linalg.yield %134 : f32
    } -> tensor<?x4x6x1xf32>
    %50 = linalg.generic {indexing_maps = [#map9, #map13, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%46, %49 : tensor<?x4x6x6xf32>, tensor<?x4x6x1xf32>) outs(%38 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.divf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x4x6x6xf32>
    %51 = tensor.empty(%37) : tensor<?x4x6x6xi1>
    %52 = linalg.generic {indexing_maps = [#map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%39 : tensor<?x4x6x6xf32>) outs(%51 : tensor<?x4x6x6xi1>) {
    ^bb0(%in: f32, %out: i1):
      %134 = arith.extf %in : f32 to f64
      %135 = arith.cmpf oeq, %134, %cst_18 : f64
      linalg.yield %135 : i1
    } -> tensor<?x4x6x6xi1>
    %53 = tensor.empty(%37) : tensor<?x4x6x1xi1>
    %54 = linalg.fill ins(%true : i1) outs(%53 : tensor<?x4x6x1xi1>) -> tensor<?x4x6x1xi1>
    %55 = linalg.generic {indexing_maps = [#map9, #map13], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%52 : tensor<?x4x6x6xi1>) outs(%54 : tensor<?x4x6x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %134 = arith.andi %in, %out : i1
      linalg.yield %134 : i1
    } -> tensor<?x4x6x1xi1>
    %56 = arith.index_cast %37 : index to i64
    %57 = arith.cmpi sge, %56, %c0_i64 : i64
    cf.assert %57, "negative values not allowed in new dimensions"
    %58 = tensor.empty(%37) : tensor<?x4x6x6xf32>
    %59 = linalg.generic {indexing_maps = [#map14, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_2 : tensor<f32>) outs(%58 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %true, "mismatched size for broadcast"
    %60 = linalg.generic {indexing_maps = [#map13, #map9, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%55, %59, %50 : tensor<?x4x6x1xi1>, tensor<?x4x6x6xf32>, tensor<?x4x6x6xf32>) outs(%38 : tensor<?x4x6x6xf32>) {
    ^bb0(%in: i1, %in_59: f32, %in_60: f32, %out: f32):
      %134 = arith.select %in, %in_59, %in_60 : f32
      linalg.yield %134 : f32
    } -> tensor<?x4x6x6xf32>
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %61 = tensor.empty(%dim) : tensor<?x4x6x6xf32>
    %62 = linalg.generic {indexing_maps = [#map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%61 : tensor<?x4x6x6xf32>) {
    ^bb0(%out: f32):
      %134 = linalg.index 0 : index
      %135 = linalg.index 1 : index
      %136 = linalg.index 2 : index
      %137 = linalg.index 3 : index
      %138 = arith.cmpi eq, %37, %c1 : index
      %139 = arith.select %138, %c0, %134 : index
      %extracted = tensor.extract %60[%139, %135, %136, %137] : tensor<?x4x6x6xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x6xf32>
    %collapsed_45 = tensor.collapse_shape %62 [[0, 1], [2], [3]] : tensor<?x4x6x6xf32> into tensor<?x6x6xf32>
    cf.assert %11, "unimplemented: dynamic negative broadcast sizes"
    %63 = linalg.generic {indexing_maps = [#map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%29 : tensor<?x4x6x4xf32>) {
    ^bb0(%out: f32):
      %134 = linalg.index 0 : index
      %135 = linalg.index 1 : index
      %136 = linalg.index 2 : index
      %137 = linalg.index 3 : index
      %138 = arith.cmpi eq, %24, %c1 : index
      %139 = arith.select %138, %c0, %134 : index
      %extracted = tensor.extract %expanded_39[%139, %135, %136, %137] : tensor<?x4x6x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x6x4xf32>
    %collapsed_46 = tensor.collapse_shape %63 [[0, 1], [2], [3]] : tensor<?x4x6x4xf32> into tensor<?x6x4xf32>
    %64 = tensor.empty(%33) : tensor<?x6x4xf32>
    %65 = linalg.fill ins(%cst : f32) outs(%64 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %66 = linalg.batch_matmul ins(%collapsed_45, %collapsed_46 : tensor<?x6x6xf32>, tensor<?x6x4xf32>) outs(%65 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %expanded_47 = tensor.expand_shape %66 [[0, 1], [2], [3]] output_shape [%37, 4, 6, 4] : tensor<?x6x4xf32> into tensor<?x4x6x4xf32>
    %67 = tensor.empty(%37) : tensor<6x?x4x4xf32>
    %transposed_48 = linalg.transpose ins(%expanded_47 : tensor<?x4x6x4xf32>) outs(%67 : tensor<6x?x4x4xf32>) permutation = [2, 0, 1, 3] 
    %collapsed_49 = tensor.collapse_shape %transposed_48 [[0, 1], [2, 3]] : tensor<6x?x4x4xf32> into tensor<?x16xf32>
    %68 = tensor.empty() : tensor<16x16xf32>
    %transposed_50 = linalg.transpose ins(%cst_14 : tensor<16x16xf32>) outs(%68 : tensor<16x16xf32>) permutation = [1, 0] 
    %69 = affine.apply #map15()[%37]
    %70 = tensor.empty(%69) : tensor<?x16xf32>
    %71 = linalg.fill ins(%cst : f32) outs(%70 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %72 = linalg.matmul ins(%collapsed_49, %transposed_50 : tensor<?x16xf32>, tensor<16x16xf32>) outs(%71 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %73 = linalg.generic {indexing_maps = [#map3, #map16, #map3], iterator_types = ["parallel", "parallel"]} ins(%72, %cst_13 : tensor<?x16xf32>, tensor<16xf32>) outs(%70 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x16xf32>
    %74 = arith.divsi %69, %c6 : index
    %expanded_51 = tensor.expand_shape %73 [[0, 1], [2]] output_shape [6, %74, 16] : tensor<?x16xf32> into tensor<6x?x16xf32>
    %75 = tensor.empty(%74) : tensor<?x6x16xf32>
    %transposed_52 = linalg.transpose ins(%expanded_51 : tensor<6x?x16xf32>) outs(%75 : tensor<?x6x16xf32>) permutation = [1, 0, 2] 
    %76 = arith.cmpi eq, %dim, %74 : index
    cf.assert %76, "mismatched size for broadcast"
    %77 = tensor.empty(%dim) : tensor<?x6x16xf32>
    %78 = linalg.generic {indexing_maps = [#map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0, %transposed_52 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %79 = tensor.empty(%dim) : tensor<?x6x16xf64>
    %80 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%78 : tensor<?x6x16xf32>) outs(%79 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %134 = arith.extf %in : f32 to f64
      linalg.yield %134 : f64
    } -> tensor<?x6x16xf64>
    %81 = tensor.empty(%dim) : tensor<?x6x1xf64>
    %82 = linalg.fill ins(%cst_1 : f64) outs(%81 : tensor<?x6x1xf64>) -> tensor<?x6x1xf64>
    %83 = linalg.generic {indexing_maps = [#map5, #map17], iterator_types = ["parallel", "parallel", "reduction"]} ins(%80 : tensor<?x6x16xf64>) outs(%82 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.addf %in, %out : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %84 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%83 : tensor<?x6x1xf64>) outs(%81 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.divf %in, %cst_19 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %85 = linalg.generic {indexing_maps = [#map5, #map17, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%80, %84 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%79 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_59: f64, %out: f64):
      %134 = arith.subf %in, %in_59 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x16xf64>
    %86 = linalg.generic {indexing_maps = [#map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%85, %85 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%79 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_59: f64, %out: f64):
      %134 = arith.mulf %in, %in_59 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x16xf64>
    %87 = linalg.generic {indexing_maps = [#map5, #map17], iterator_types = ["parallel", "parallel", "reduction"]} ins(%86 : tensor<?x6x16xf64>) outs(%82 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.addf %in, %out : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %88 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%87 : tensor<?x6x1xf64>) outs(%81 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.divf %in, %cst_19 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %89 = tensor.empty(%dim) : tensor<?x6x1xf32>
    %90 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%88 : tensor<?x6x1xf64>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %134 = arith.truncf %in : f64 to f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %91 = linalg.fill ins(%cst : f32) outs(%89 : tensor<?x6x1xf32>) -> tensor<?x6x1xf32>
    %92 = linalg.generic {indexing_maps = [#map5, #map17], iterator_types = ["parallel", "parallel", "reduction"]} ins(%78 : tensor<?x6x16xf32>) outs(%91 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.addf %in, %out : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %93 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%92 : tensor<?x6x1xf32>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.divf %in, %cst_20 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %94 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%90 : tensor<?x6x1xf32>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.truncf %cst_12 : f64 to f32
      %135 = arith.addf %in, %134 : f32
      linalg.yield %135 : f32
    } -> tensor<?x6x1xf32>
    %95 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%94 : tensor<?x6x1xf32>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = math.rsqrt %in : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %96 = linalg.generic {indexing_maps = [#map5, #map17, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%78, %93 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.subf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %97 = linalg.generic {indexing_maps = [#map5, #map17, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%96, %95 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.mulf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %98 = linalg.generic {indexing_maps = [#map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%97, %cst_11 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.mulf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %99 = linalg.generic {indexing_maps = [#map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%98, %cst_10 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %collapsed_53 = tensor.collapse_shape %99 [[0, 1], [2]] : tensor<?x6x16xf32> into tensor<?x16xf32>
    %100 = tensor.empty() : tensor<16x32xf32>
    %transposed_54 = linalg.transpose ins(%cst_9 : tensor<32x16xf32>) outs(%100 : tensor<16x32xf32>) permutation = [1, 0] 
    %101 = affine.apply #map15()[%dim]
    %102 = tensor.empty(%101) : tensor<?x32xf32>
    %103 = linalg.fill ins(%cst : f32) outs(%102 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %104 = linalg.matmul ins(%collapsed_53, %transposed_54 : tensor<?x16xf32>, tensor<16x32xf32>) outs(%103 : tensor<?x32xf32>) -> tensor<?x32xf32>
    %105 = linalg.generic {indexing_maps = [#map3, #map16, #map3], iterator_types = ["parallel", "parallel"]} ins(%104, %cst_8 : tensor<?x32xf32>, tensor<32xf32>) outs(%102 : tensor<?x32xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x32xf32>
    %106 = arith.divsi %101, %c6 : index
    %expanded_55 = tensor.expand_shape %105 [[0, 1], [2]] output_shape [%106, 6, 32] : tensor<?x32xf32> into tensor<?x6x32xf32>
    %107 = tensor.empty(%106) : tensor<?x6x32xf32>
    %108 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%expanded_55 : tensor<?x6x32xf32>) outs(%107 : tensor<?x6x32xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.cmpf ugt, %in, %cst : f32
      %135 = arith.select %134, %in, %cst : f32
      linalg.yield %135 : f32
    } -> tensor<?x6x32xf32>
    %collapsed_56 = tensor.collapse_shape %108 [[0, 1], [2]] : tensor<?x6x32xf32> into tensor<?x32xf32>
    %109 = tensor.empty() : tensor<32x16xf32>
    %transposed_57 = linalg.transpose ins(%cst_7 : tensor<16x32xf32>) outs(%109 : tensor<32x16xf32>) permutation = [1, 0] 
    %110 = affine.apply #map15()[%106]
    %111 = tensor.empty(%110) : tensor<?x16xf32>
    %112 = linalg.fill ins(%cst : f32) outs(%111 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %113 = linalg.matmul ins(%collapsed_56, %transposed_57 : tensor<?x32xf32>, tensor<32x16xf32>) outs(%112 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %114 = linalg.generic {indexing_maps = [#map3, #map16, #map3], iterator_types = ["parallel", "parallel"]} ins(%113, %cst_6 : tensor<?x16xf32>, tensor<16xf32>) outs(%111 : tensor<?x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x16xf32>
    %115 = arith.divsi %110, %c6 : index
    %expanded_58 = tensor.expand_shape %114 [[0, 1], [2]] output_shape [%115, 6, 16] : tensor<?x16xf32> into tensor<?x6x16xf32>
    %116 = arith.cmpi eq, %dim, %115 : index
    cf.assert %116, "mismatched size for broadcast"
    %117 = linalg.generic {indexing_maps = [#map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%99, %expanded_58 : tensor<?x6x16xf32>, tensor<?x6x16xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %118 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%117 : tensor<?x6x16xf32>) outs(%79 : tensor<?x6x16xf64>) {
    ^bb0(%in: f32, %out: f64):
      %134 = arith.extf %in : f32 to f64
      linalg.yield %134 : f64
    } -> tensor<?x6x16xf64>
    %119 = linalg.generic {indexing_maps = [#map5, #map17], iterator_types = ["parallel", "parallel", "reduction"]} ins(%118 : tensor<?x6x16xf64>) outs(%82 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.addf %in, %out : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %120 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%119 : tensor<?x6x1xf64>) outs(%81 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.divf %in, %cst_19 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %121 = linalg.generic {indexing_maps = [#map5, #map17, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%118, %120 : tensor<?x6x16xf64>, tensor<?x6x1xf64>) outs(%79 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_59: f64, %out: f64):
      %134 = arith.subf %in, %in_59 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x16xf64>
    %122 = linalg.generic {indexing_maps = [#map5, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%121, %121 : tensor<?x6x16xf64>, tensor<?x6x16xf64>) outs(%79 : tensor<?x6x16xf64>) {
    ^bb0(%in: f64, %in_59: f64, %out: f64):
      %134 = arith.mulf %in, %in_59 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x16xf64>
    %123 = linalg.generic {indexing_maps = [#map5, #map17], iterator_types = ["parallel", "parallel", "reduction"]} ins(%122 : tensor<?x6x16xf64>) outs(%82 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.addf %in, %out : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %124 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%123 : tensor<?x6x1xf64>) outs(%81 : tensor<?x6x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %134 = arith.divf %in, %cst_19 : f64
      linalg.yield %134 : f64
    } -> tensor<?x6x1xf64>
    %125 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%124 : tensor<?x6x1xf64>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %134 = arith.truncf %in : f64 to f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %126 = linalg.generic {indexing_maps = [#map5, #map17], iterator_types = ["parallel", "parallel", "reduction"]} ins(%117 : tensor<?x6x16xf32>) outs(%91 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.addf %in, %out : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %127 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%126 : tensor<?x6x1xf32>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.divf %in, %cst_20 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %128 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%125 : tensor<?x6x1xf32>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = arith.truncf %cst_12 : f64 to f32
      %135 = arith.addf %in, %134 : f32
      linalg.yield %135 : f32
    } -> tensor<?x6x1xf32>
    %129 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%128 : tensor<?x6x1xf32>) outs(%89 : tensor<?x6x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %134 = math.rsqrt %in : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x1xf32>
    %130 = linalg.generic {indexing_maps = [#map5, #map17, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%117, %127 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.subf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %131 = linalg.generic {indexing_maps = [#map5, #map17, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%130, %129 : tensor<?x6x16xf32>, tensor<?x6x1xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.mulf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %132 = linalg.generic {indexing_maps = [#map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%131, %cst_5 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.mulf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    %133 = linalg.generic {indexing_maps = [#map5, #map7, #map5], iterator_types = ["parallel", "parallel", "parallel"]} ins(%132, %cst_4 : tensor<?x6x16xf32>, tensor<16xf32>) outs(%77 : tensor<?x6x16xf32>) {
    ^bb0(%in: f32, %in_59: f32, %out: f32):
      %134 = arith.addf %in, %in_59 : f32
      linalg.yield %134 : f32
    } -> tensor<?x6x16xf32>
    return %133 : tensor<?x6x16xf32>
  }
