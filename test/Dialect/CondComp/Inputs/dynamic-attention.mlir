// Made by export_blocks.py.
#map = affine_map<(d0, d1) -> (d0, d1)>
#map1 = affine_map<(d0, d1) -> (d1)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map3 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map5 = affine_map<(d0, d1, d2, d3) -> ()>
  func.func @dynamic_attention(%arg0: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
    %c3_i64 = arith.constant 3 : i64
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16_i64 = arith.constant 16 : i64
    %cst = arith.constant 0.000000e+00 : f32
    %c48_i64 = arith.constant 48 : i64
    %c4_i64 = arith.constant 4 : i64
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant 0xFFF0000000000000 : f64
    %cst_3 = arith.constant 0.70710678118654757 : f64
    %cst_4 = arith.constant dense<0.0> : tensor<48xf32>
    %cst_5 = arith.constant dense<0.0> : tensor<48x16xf32>
    %dim = tensor.dim %arg0, %c0 : tensor<?x?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_6 = tensor.dim %arg0, %c1 : tensor<?x?x16xf32>
    %1 = arith.index_cast %dim_6 : index to i64
    %cast = tensor.cast %arg0 : tensor<?x?x16xf32> to tensor<?x1x16xf32>
    %collapsed = tensor.collapse_shape %cast [[0], [1, 2]] : tensor<?x1x16xf32> into tensor<?x16xf32>
    %2 = tensor.empty() : tensor<16x48xf32>
    %transposed = linalg.transpose ins(%cst_5 : tensor<48x16xf32>) outs(%2 : tensor<16x48xf32>) permutation = [1, 0] 
    %dim_7 = tensor.dim %arg0, %c0 : tensor<?x?x16xf32>
    %3 = tensor.empty(%dim_7) : tensor<?x48xf32>
    %4 = linalg.fill ins(%cst : f32) outs(%3 : tensor<?x48xf32>) -> tensor<?x48xf32>
    %5 = linalg.matmul ins(%collapsed, %transposed : tensor<?x16xf32>, tensor<16x48xf32>) outs(%4 : tensor<?x48xf32>) -> tensor<?x48xf32>
    %6 = linalg.generic {indexing_maps = [#map, #map1, #map], iterator_types = ["parallel", "parallel"]} ins(%5, %cst_4 : tensor<?x48xf32>, tensor<48xf32>) outs(%3 : tensor<?x48xf32>) {
    ^bb0(%in: f32, %in_29: f32, %out: f32):
      %147 = arith.addf %in, %in_29 : f32
      linalg.yield %147 : f32
    } -> tensor<?x48xf32>
    %7 = arith.cmpi slt, %0, %c0_i64 : i64
    %8 = arith.select %7, %c1_i64, %0 : i64
    %9 = arith.extui %7 : i1 to i64
    %10 = arith.muli %8, %1 : i64
    %11 = arith.addi %9, %c1_i64 : i64
    %12 = arith.cmpi slt, %1, %c0_i64 : i64
    %13 = arith.select %12, %8, %10 : i64
    %14 = arith.select %12, %11, %9 : i64
    %15 = arith.muli %13, %c48_i64 : i64
    %16 = arith.cmpi sle, %14, %c1_i64 : i64
    cf.assert %16, "must have at most one inferred (negative) dimension"
    %17 = arith.index_cast %dim_7 : index to i64
    %18 = arith.muli %17, %c48_i64 : i64
    %19 = arith.divsi %18, %15 : i64
    %20 = arith.select %7, %19, %0 : i64
    %21 = arith.select %12, %19, %1 : i64
    cf.assert %16, "must have at most one inferred (negative) dimension"
    %22 = arith.muli %20, %21 : i64
    %23 = arith.muli %22, %c48_i64 : i64
    %24 = arith.divsi %23, %15 : i64
    %25 = arith.select %7, %24, %0 : i64
    %26 = arith.select %12, %24, %1 : i64
    %from_elements = tensor.from_elements %25, %26, %c3_i64, %c4_i64, %c4_i64 : tensor<5xi64>
    %reshape = tensor.reshape %6(%from_elements) : (tensor<?x48xf32>, tensor<5xi64>) -> tensor<?x?x3x4x4xf32>
    %27 = arith.index_cast %25 : i64 to index
    %28 = arith.index_cast %26 : i64 to index
    %29 = tensor.empty(%27, %28) : tensor<3x?x4x?x4xf32>
    %transposed_8 = linalg.transpose ins(%reshape : tensor<?x?x3x4x4xf32>) outs(%29 : tensor<3x?x4x?x4xf32>) permutation = [2, 0, 3, 1, 4] 
    %extracted_slice = tensor.extract_slice %transposed_8[0, 0, 0, 0, 0] [1, %27, 4, %28, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x?x4xf32> to tensor<1x?x4x?x4xf32>
    %extracted_slice_9 = tensor.extract_slice %transposed_8[1, 0, 0, 0, 0] [1, %27, 4, %28, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x?x4xf32> to tensor<1x?x4x?x4xf32>
    %extracted_slice_10 = tensor.extract_slice %transposed_8[2, 0, 0, 0, 0] [1, %27, 4, %28, 4] [1, 1, 1, 1, 1] : tensor<3x?x4x?x4xf32> to tensor<1x?x4x?x4xf32>
    %collapsed_11 = tensor.collapse_shape %extracted_slice [[0, 1], [2], [3], [4]] : tensor<1x?x4x?x4xf32> into tensor<?x4x?x4xf32>
    %collapsed_12 = tensor.collapse_shape %extracted_slice_9 [[0, 1], [2], [3], [4]] : tensor<1x?x4x?x4xf32> into tensor<?x4x?x4xf32>
    %collapsed_13 = tensor.collapse_shape %extracted_slice_10 [[0, 1], [2], [3], [4]] : tensor<1x?x4x?x4xf32> into tensor<?x4x?x4xf32>
    %30 = tensor.empty(%27, %28) : tensor<?x4x?x4xf32>
    %31 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%collapsed_11 : tensor<?x4x?x4xf32>) outs(%30 : tensor<?x4x?x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %147 = arith.truncf %cst_3 : f64 to f32
      %148 = arith.mulf %in, %147 : f32
      linalg.yield %148 : f32
    } -> tensor<?x4x?x4xf32>
    %32 = tensor.empty(%27, %28) : tensor<?x4x4x?xf32>
    %transposed_14 = linalg.transpose ins(%collapsed_12 : tensor<?x4x?x4xf32>) outs(%32 : tensor<?x4x4x?xf32>) permutation = [0, 1, 3, 2] 
    %33 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_14 : tensor<?x4x4x?xf32>) outs(%32 : tensor<?x4x4x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %147 = arith.truncf %cst_3 : f64 to f32
      %148 = arith.mulf %in, %147 : f32
      linalg.yield %148 : f32
    } -> tensor<?x4x4x?xf32>
    %34 = arith.muli %0, %c4_i64 : i64
    %35 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    %36 = arith.cmpi sge, %1, %c0_i64 : i64
    cf.assert %36, "unimplemented: dynamic negative broadcast sizes"
    %37 = tensor.empty(%dim, %dim_6) : tensor<?x4x?x4xf32>
    %38 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%37 : tensor<?x4x?x4xf32>) {
    ^bb0(%out: f32):
      %147 = linalg.index 0 : index
      %148 = linalg.index 1 : index
      %149 = linalg.index 2 : index
      %150 = linalg.index 3 : index
      %151 = arith.cmpi eq, %27, %c1 : index
      %152 = arith.select %151, %c0, %147 : index
      %153 = arith.cmpi eq, %28, %c1 : index
      %154 = arith.select %153, %c0, %149 : index
      %extracted = tensor.extract %31[%152, %148, %154, %150] : tensor<?x4x?x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x4xf32>
    %39 = arith.cmpi slt, %34, %c0_i64 : i64
    %40 = arith.select %39, %c1_i64, %34 : i64
    %41 = arith.extui %39 : i1 to i64
    %42 = arith.muli %40, %1 : i64
    %43 = arith.addi %41, %c1_i64 : i64
    %44 = arith.select %12, %40, %42 : i64
    %45 = arith.select %12, %43, %41 : i64
    %46 = arith.muli %44, %c4_i64 : i64
    %47 = arith.cmpi sle, %45, %c1_i64 : i64
    cf.assert %47, "must have at most one inferred (negative) dimension"
    %48 = arith.muli %34, %1 : i64
    %49 = arith.muli %48, %c4_i64 : i64
    %50 = arith.divsi %49, %46 : i64
    %51 = arith.select %39, %50, %34 : i64
    %52 = arith.select %12, %50, %1 : i64
    %from_elements_15 = tensor.from_elements %51, %52, %c4_i64 : tensor<3xi64>
    %reshape_16 = tensor.reshape %38(%from_elements_15) : (tensor<?x4x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %36, "unimplemented: dynamic negative broadcast sizes"
    %53 = tensor.empty(%dim, %dim_6) : tensor<?x4x4x?xf32>
    %54 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%53 : tensor<?x4x4x?xf32>) {
    ^bb0(%out: f32):
      %147 = linalg.index 0 : index
      %148 = linalg.index 1 : index
      %149 = linalg.index 2 : index
      %150 = linalg.index 3 : index
      %151 = arith.cmpi eq, %27, %c1 : index
      %152 = arith.select %151, %c0, %147 : index
      %153 = arith.cmpi eq, %28, %c1 : index
      %154 = arith.select %153, %c0, %150 : index
      %extracted = tensor.extract %33[%152, %148, %149, %154] : tensor<?x4x4x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x?xf32>
    %55 = arith.muli %40, %c4_i64 : i64
    %56 = arith.muli %55, %1 : i64
    %57 = arith.select %12, %55, %56 : i64
    cf.assert %47, "must have at most one inferred (negative) dimension"
    %58 = arith.muli %0, %c16_i64 : i64
    %59 = arith.muli %58, %1 : i64
    %60 = arith.divsi %59, %57 : i64
    %61 = arith.select %39, %60, %34 : i64
    %62 = arith.select %12, %60, %1 : i64
    %from_elements_17 = tensor.from_elements %61, %c4_i64, %62 : tensor<3xi64>
    %reshape_18 = tensor.reshape %54(%from_elements_17) : (tensor<?x4x4x?xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
    %63 = arith.index_cast %51 : i64 to index
    %64 = arith.index_cast %52 : i64 to index
    %65 = arith.index_cast %62 : i64 to index
    %66 = arith.cmpi eq, %51, %61 : i64
    cf.assert %66, "mismatching contracting dimension"
    %67 = tensor.empty(%63, %64, %65) : tensor<?x?x?xf32>
    %68 = linalg.fill ins(%cst : f32) outs(%67 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    %69 = linalg.batch_matmul ins(%reshape_16, %reshape_18 : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%68 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    %70 = arith.muli %8, %c4_i64 : i64
    %71 = arith.muli %70, %1 : i64
    %72 = arith.select %12, %70, %71 : i64
    %73 = arith.muli %72, %1 : i64
    %74 = arith.addi %14, %c1_i64 : i64
    %75 = arith.select %12, %70, %73 : i64
    %76 = arith.select %12, %74, %9 : i64
    %77 = arith.cmpi sle, %76, %c1_i64 : i64
    cf.assert %77, "must have at most one inferred (negative) dimension"
    %78 = arith.muli %51, %52 : i64
    %79 = arith.muli %78, %62 : i64
    %80 = arith.divsi %79, %75 : i64
    %81 = arith.select %7, %80, %0 : i64
    %82 = arith.select %12, %80, %1 : i64
    %from_elements_19 = tensor.from_elements %81, %c4_i64, %82, %82 : tensor<4xi64>
    %reshape_20 = tensor.reshape %69(%from_elements_19) : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x4x?x?xf32>
    %83 = arith.index_cast %81 : i64 to index
    %84 = arith.index_cast %82 : i64 to index
    %85 = tensor.empty(%83, %84) : tensor<?x4x?xi64>
    %86 = linalg.fill ins(%c0_i64 : i64) outs(%85 : tensor<?x4x?xi64>) -> tensor<?x4x?xi64>
    %87 = tensor.empty(%83, %84) : tensor<?x4x?xf32>
    %88 = linalg.fill ins(%cst_0 : f32) outs(%87 : tensor<?x4x?xf32>) -> tensor<?x4x?xf32>
    %89:2 = linalg.generic {indexing_maps = [#map2, #map3, #map3], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%reshape_20 : tensor<?x4x?x?xf32>) outs(%88, %86 : tensor<?x4x?xf32>, tensor<?x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_29: i64):
      %147 = linalg.index 3 : index
      %148 = arith.index_cast %147 : index to i64
      %149 = arith.maximumf %in, %out : f32
      %150 = arith.cmpf ogt, %in, %out : f32
      %151 = arith.select %150, %148, %out_29 : i64
      linalg.yield %149, %151 : f32, i64
    } -> (tensor<?x4x?xf32>, tensor<?x4x?xi64>)
    %expanded = tensor.expand_shape %89#0 [[0], [1], [2, 3]] output_shape [%83, 4, %84, 1] : tensor<?x4x?xf32> into tensor<?x4x?x1xf32>
    %90 = tensor.empty(%83, %84, %84) : tensor<?x4x?x?xf32>
    %91 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_20, %expanded : tensor<?x4x?x?xf32>, tensor<?x4x?x1xf32>) outs(%90 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_29: f32, %out: f32):
      %147 = arith.subf %in, %in_29 : f32
      linalg.yield %147 : f32
    } -> tensor<?x4x?x?xf32>
    %92 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%91 : tensor<?x4x?x?xf32>) outs(%90 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %147 = math.exp %in : f32
      linalg.yield %147 : f32
    } -> tensor<?x4x?x?xf32>
    %93 = tensor.empty(%83, %84) : tensor<?x4x?x1xf32>
    %94 = linalg.fill ins(%cst : f32) outs(%93 : tensor<?x4x?x1xf32>) -> tensor<?x4x?x1xf32>
    %95 = linalg.generic {indexing_maps = [#map2, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%92 : tensor<?x4x?x?xf32>) outs(%94 : tensor<?x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %147 = arith.addf %in, %out : f32
      linalg.yield %147 : f32
    } -> tensor<?x4x?x1xf32>
    %96 = linalg.generic {indexing_maps = [#map2, #map4, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%92, %95 : tensor<?x4x?x?xf32>, tensor<?x4x?x1xf32>) outs(%90 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_29: f32, %out: f32):
      %147 = arith.divf %in, %in_29 : f32
      linalg.yield %147 : f32
    } -> tensor<?x4x?x?xf32>
    %97 = tensor.empty(%83, %84, %84) : tensor<?x4x?x?xi1>
    %98 = linalg.generic {indexing_maps = [#map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_20 : tensor<?x4x?x?xf32>) outs(%97 : tensor<?x4x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %147 = arith.extf %in : f32 to f64
      %148 = arith.cmpf oeq, %147, %cst_2 : f64
      linalg.yield %148 : i1
    } -> tensor<?x4x?x?xi1>
    %99 = tensor.empty(%83, %84) : tensor<?x4x?x1xi1>
    %100 = linalg.fill ins(%true : i1) outs(%99 : tensor<?x4x?x1xi1>) -> tensor<?x4x?x1xi1>
    %101 = linalg.generic {indexing_maps = [#map2, #map4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%98 : tensor<?x4x?x?xi1>) outs(%100 : tensor<?x4x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %147 = arith.andi %in, %out : i1
      linalg.yield %147 : i1
    } -> tensor<?x4x?x1xi1>
    %102 = arith.cmpi sge, %81, %c0_i64 : i64
    cf.assert %102, "negative values not allowed in new dimensions"
    %103 = arith.index_cast %81 : i64 to index
    %104 = arith.cmpi sge, %82, %c0_i64 : i64
    cf.assert %104, "negative values not allowed in new dimensions"
    %105 = arith.index_cast %82 : i64 to index
    cf.assert %104, "negative values not allowed in new dimensions"
    %106 = tensor.empty(%103, %105, %105) : tensor<?x4x?x?xf32>
    %107 = linalg.generic {indexing_maps = [#map5, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%106 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x?x?xf32>
    %108 = arith.cmpi eq, %83, %103 : index
    cf.assert %108, "mismatched size for broadcast"
    %109 = arith.cmpi eq, %84, %105 : index
    cf.assert %109, "mismatched size for broadcast"
    %110 = arith.cmpi eq, %105, %84 : index
    cf.assert %110, "mismatched size for broadcast"
    %111 = tensor.empty(%83, %84, %105) : tensor<?x4x?x?xf32>
    %112 = linalg.generic {indexing_maps = [#map4, #map2, #map2, #map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%101, %107, %96 : tensor<?x4x?x1xi1>, tensor<?x4x?x?xf32>, tensor<?x4x?x?xf32>) outs(%111 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: i1, %in_29: f32, %in_30: f32, %out: f32):
      %147 = arith.select %in, %in_29, %in_30 : f32
      linalg.yield %147 : f32
    } -> tensor<?x4x?x?xf32>
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %36, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %36, "unimplemented: dynamic negative broadcast sizes"
    %113 = tensor.empty(%dim, %dim_6, %dim_6) : tensor<?x4x?x?xf32>
    %114 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%113 : tensor<?x4x?x?xf32>) {
    ^bb0(%out: f32):
      %147 = linalg.index 0 : index
      %148 = linalg.index 1 : index
      %149 = linalg.index 2 : index
      %150 = linalg.index 3 : index
      %151 = arith.cmpi eq, %83, %c1 : index
      %152 = arith.select %151, %c0, %147 : index
      %153 = arith.cmpi eq, %84, %c1 : index
      %154 = arith.select %153, %c0, %149 : index
      %155 = arith.cmpi eq, %105, %c1 : index
      %156 = arith.select %155, %c0, %150 : index
      %extracted = tensor.extract %112[%152, %148, %154, %156] : tensor<?x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x?xf32>
    %115 = arith.muli %44, %1 : i64
    %116 = arith.addi %45, %c1_i64 : i64
    %117 = arith.select %12, %40, %115 : i64
    %118 = arith.select %12, %116, %41 : i64
    %119 = arith.cmpi sle, %118, %c1_i64 : i64
    cf.assert %119, "must have at most one inferred (negative) dimension"
    %120 = arith.muli %48, %1 : i64
    %121 = arith.divsi %120, %117 : i64
    %122 = arith.select %39, %121, %34 : i64
    %123 = arith.select %12, %121, %1 : i64
    %from_elements_21 = tensor.from_elements %122, %123, %123 : tensor<3xi64>
    %reshape_22 = tensor.reshape %114(%from_elements_21) : (tensor<?x4x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
    cf.assert %35, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %36, "unimplemented: dynamic negative broadcast sizes"
    %124 = linalg.generic {indexing_maps = [#map2], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%37 : tensor<?x4x?x4xf32>) {
    ^bb0(%out: f32):
      %147 = linalg.index 0 : index
      %148 = linalg.index 1 : index
      %149 = linalg.index 2 : index
      %150 = linalg.index 3 : index
      %151 = arith.cmpi eq, %27, %c1 : index
      %152 = arith.select %151, %c0, %147 : index
      %153 = arith.cmpi eq, %28, %c1 : index
      %154 = arith.select %153, %c0, %149 : index
      %extracted = tensor.extract %collapsed_13[%152, %148, %154, %150] : tensor<?x4x?x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x4xf32>
    cf.assert %47, "must have at most one inferred (negative) dimension"
    %reshape_23 = tensor.reshape %124(%from_elements_15) : (tensor<?x4x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
    %125 = arith.index_cast %122 : i64 to index
    %126 = arith.index_cast %123 : i64 to index
    %127 = arith.cmpi eq, %122, %51 : i64
    cf.assert %127, "mismatching contracting dimension"
    %128 = arith.cmpi eq, %123, %52 : i64
    cf.assert %128, "mismatching contracting dimension"
    %129 = tensor.empty(%125, %126) : tensor<?x?x4xf32>
    %130 = linalg.fill ins(%cst : f32) outs(%129 : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %131 = linalg.batch_matmul ins(%reshape_22, %reshape_23 : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%130 : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %132 = arith.muli %72, %c4_i64 : i64
    cf.assert %16, "must have at most one inferred (negative) dimension"
    %133 = arith.muli %122, %123 : i64
    %134 = arith.muli %133, %c4_i64 : i64
    %135 = arith.divsi %134, %132 : i64
    %136 = arith.select %7, %135, %0 : i64
    %137 = arith.select %12, %135, %1 : i64
    %from_elements_24 = tensor.from_elements %136, %c4_i64, %137, %c4_i64 : tensor<4xi64>
    %reshape_25 = tensor.reshape %131(%from_elements_24) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x4x?x4xf32>
    %138 = arith.index_cast %136 : i64 to index
    %139 = arith.index_cast %137 : i64 to index
    %140 = tensor.empty(%138, %139) : tensor<?x?x4x4xf32>
    %transposed_26 = linalg.transpose ins(%reshape_25 : tensor<?x4x?x4xf32>) outs(%140 : tensor<?x?x4x4xf32>) permutation = [0, 2, 1, 3] 
    %141 = arith.muli %13, %c16_i64 : i64
    cf.assert %16, "must have at most one inferred (negative) dimension"
    %142 = arith.muli %136, %137 : i64
    %143 = arith.muli %142, %c16_i64 : i64
    %144 = arith.divsi %143, %141 : i64
    %145 = arith.select %7, %144, %0 : i64
    %146 = arith.select %12, %144, %1 : i64
    %from_elements_27 = tensor.from_elements %145, %146, %c16_i64 : tensor<3xi64>
    %reshape_28 = tensor.reshape %transposed_26(%from_elements_27) : (tensor<?x?x4x4xf32>, tensor<3xi64>) -> tensor<?x?x16xf32>
    return %reshape_28 : tensor<?x?x16xf32>
  }
