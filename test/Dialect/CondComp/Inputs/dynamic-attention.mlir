// Made by export_blocks.py.
#map = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map1 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map3 = affine_map<(d0, d1, d2, d3) -> ()>
  func.func @dynamic_attention(%arg0: tensor<?x?x16xf32>) -> tensor<?x?x16xf32> {
    %c1_i64 = arith.constant 1 : i64
    %c0_i64 = arith.constant 0 : i64
    %c4_i64 = arith.constant 4 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %cst = arith.constant 0.000000e+00 : f32
    %cst_0 = arith.constant 0xFF800000 : f32
    %true = arith.constant true
    %c16_i64 = arith.constant 16 : i64
    %cst_1 = arith.constant dense<0.000000e+00> : tensor<f32>
    %cst_2 = arith.constant 0xFFF0000000000000 : f64
    %cst_3 = arith.constant 0.70710678118654757 : f64
    %dim = tensor.dim %arg0, %c0 : tensor<?x?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %dim_4 = tensor.dim %arg0, %c1 : tensor<?x?x16xf32>
    %1 = arith.index_cast %dim_4 : index to i64
    %2 = arith.cmpi slt, %0, %c0_i64 : i64
    %3 = arith.select %2, %c1_i64, %0 : i64
    %4 = arith.extui %2 : i1 to i64
    %5 = arith.muli %3, %1 : i64
    %6 = arith.addi %4, %c1_i64 : i64
    %7 = arith.cmpi slt, %1, %c0_i64 : i64
    %8 = arith.select %7, %3, %5 : i64
    %9 = arith.select %7, %6, %4 : i64
    %10 = arith.muli %8, %c16_i64 : i64
    %11 = arith.cmpi sle, %9, %c1_i64 : i64
    cf.assert %11, "must have at most one inferred (negative) dimension"
    %12 = arith.muli %0, %1 : i64
    %13 = arith.muli %12, %c16_i64 : i64
    %14 = arith.divsi %13, %10 : i64
    %15 = arith.select %2, %14, %0 : i64
    %16 = arith.select %7, %14, %1 : i64
    %from_elements = tensor.from_elements %15, %16, %c4_i64, %c4_i64 : tensor<4xi64>
    %reshape = tensor.reshape %arg0(%from_elements) : (tensor<?x?x16xf32>, tensor<4xi64>) -> tensor<?x?x4x4xf32>
    %17 = arith.index_cast %15 : i64 to index
    %18 = arith.index_cast %16 : i64 to index
    %19 = tensor.empty(%17, %18) : tensor<?x4x?x4xf32>
    %transposed = linalg.transpose ins(%reshape : tensor<?x?x4x4xf32>) outs(%19 : tensor<?x4x?x4xf32>) permutation = [0, 2, 1, 3] 
    %20 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed : tensor<?x4x?x4xf32>) outs(%19 : tensor<?x4x?x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %135 = arith.truncf %cst_3 : f64 to f32
      %136 = arith.mulf %in, %135 : f32
      linalg.yield %136 : f32
    } -> tensor<?x4x?x4xf32>
    %21 = tensor.empty(%17, %18) : tensor<?x4x4x?xf32>
    %transposed_5 = linalg.transpose ins(%reshape : tensor<?x?x4x4xf32>) outs(%21 : tensor<?x4x4x?xf32>) permutation = [0, 2, 3, 1] 
    %22 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%transposed_5 : tensor<?x4x4x?xf32>) outs(%21 : tensor<?x4x4x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %135 = arith.truncf %cst_3 : f64 to f32
      %136 = arith.mulf %in, %135 : f32
      linalg.yield %136 : f32
    } -> tensor<?x4x4x?xf32>
    %23 = arith.muli %0, %c4_i64 : i64
    %24 = arith.cmpi sge, %0, %c0_i64 : i64
    cf.assert %24, "unimplemented: dynamic negative broadcast sizes"
    %25 = arith.cmpi sge, %1, %c0_i64 : i64
    cf.assert %25, "unimplemented: dynamic negative broadcast sizes"
    %26 = tensor.empty(%dim, %dim_4) : tensor<?x4x?x4xf32>
    %27 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%26 : tensor<?x4x?x4xf32>) {
    ^bb0(%out: f32):
      %135 = linalg.index 0 : index
      %136 = linalg.index 1 : index
      %137 = linalg.index 2 : index
      %138 = linalg.index 3 : index
      %139 = arith.cmpi eq, %17, %c1 : index
      %140 = arith.select %139, %c0, %135 : index
      %141 = arith.cmpi eq, %18, %c1 : index
      %142 = arith.select %141, %c0, %137 : index
      %extracted = tensor.extract %20[%140, %136, %142, %138] : tensor<?x4x?x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x4xf32>
    %28 = arith.cmpi slt, %23, %c0_i64 : i64
    %29 = arith.select %28, %c1_i64, %23 : i64
    %30 = arith.extui %28 : i1 to i64
    %31 = arith.muli %29, %1 : i64
    %32 = arith.addi %30, %c1_i64 : i64
    %33 = arith.select %7, %29, %31 : i64
    %34 = arith.select %7, %32, %30 : i64
    %35 = arith.muli %33, %c4_i64 : i64
    %36 = arith.cmpi sle, %34, %c1_i64 : i64
    cf.assert %36, "must have at most one inferred (negative) dimension"
    %37 = arith.muli %23, %1 : i64
    %38 = arith.muli %37, %c4_i64 : i64
    %39 = arith.divsi %38, %35 : i64
    %40 = arith.select %28, %39, %23 : i64
    %41 = arith.select %7, %39, %1 : i64
    %from_elements_6 = tensor.from_elements %40, %41, %c4_i64 : tensor<3xi64>
    %reshape_7 = tensor.reshape %27(%from_elements_6) : (tensor<?x4x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
    cf.assert %24, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %25, "unimplemented: dynamic negative broadcast sizes"
    %42 = tensor.empty(%dim, %dim_4) : tensor<?x4x4x?xf32>
    %43 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%42 : tensor<?x4x4x?xf32>) {
    ^bb0(%out: f32):
      %135 = linalg.index 0 : index
      %136 = linalg.index 1 : index
      %137 = linalg.index 2 : index
      %138 = linalg.index 3 : index
      %139 = arith.cmpi eq, %17, %c1 : index
      %140 = arith.select %139, %c0, %135 : index
      %141 = arith.cmpi eq, %18, %c1 : index
      %142 = arith.select %141, %c0, %138 : index
      %extracted = tensor.extract %22[%140, %136, %137, %142] : tensor<?x4x4x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x4x?xf32>
    %44 = arith.muli %29, %c4_i64 : i64
    %45 = arith.muli %44, %1 : i64
    %46 = arith.select %7, %44, %45 : i64
    cf.assert %36, "must have at most one inferred (negative) dimension"
    %47 = arith.muli %0, %c16_i64 : i64
    %48 = arith.muli %47, %1 : i64
    %49 = arith.divsi %48, %46 : i64
    %50 = arith.select %28, %49, %23 : i64
    %51 = arith.select %7, %49, %1 : i64
    %from_elements_8 = tensor.from_elements %50, %c4_i64, %51 : tensor<3xi64>
    %reshape_9 = tensor.reshape %43(%from_elements_8) : (tensor<?x4x4x?xf32>, tensor<3xi64>) -> tensor<?x4x?xf32>
    %52 = arith.index_cast %40 : i64 to index
    %53 = arith.index_cast %41 : i64 to index
    %54 = arith.index_cast %51 : i64 to index
    %55 = arith.cmpi eq, %40, %50 : i64
    cf.assert %55, "mismatching contracting dimension"
    %56 = tensor.empty(%52, %53, %54) : tensor<?x?x?xf32>
    %57 = linalg.fill ins(%cst : f32) outs(%56 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    %58 = linalg.batch_matmul ins(%reshape_7, %reshape_9 : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%57 : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    %59 = arith.muli %3, %c4_i64 : i64
    %60 = arith.muli %59, %1 : i64
    %61 = arith.select %7, %59, %60 : i64
    %62 = arith.muli %61, %1 : i64
    %63 = arith.addi %9, %c1_i64 : i64
    %64 = arith.select %7, %59, %62 : i64
    %65 = arith.select %7, %63, %4 : i64
    %66 = arith.cmpi sle, %65, %c1_i64 : i64
    cf.assert %66, "must have at most one inferred (negative) dimension"
    %67 = arith.muli %40, %41 : i64
    %68 = arith.muli %67, %51 : i64
    %69 = arith.divsi %68, %64 : i64
    %70 = arith.select %2, %69, %0 : i64
    %71 = arith.select %7, %69, %1 : i64
    %from_elements_10 = tensor.from_elements %70, %c4_i64, %71, %71 : tensor<4xi64>
    %reshape_11 = tensor.reshape %58(%from_elements_10) : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x4x?x?xf32>
    %72 = arith.index_cast %70 : i64 to index
    %73 = arith.index_cast %71 : i64 to index
    %74 = tensor.empty(%72, %73) : tensor<?x4x?xi64>
    %75 = linalg.fill ins(%c0_i64 : i64) outs(%74 : tensor<?x4x?xi64>) -> tensor<?x4x?xi64>
    %76 = tensor.empty(%72, %73) : tensor<?x4x?xf32>
    %77 = linalg.fill ins(%cst_0 : f32) outs(%76 : tensor<?x4x?xf32>) -> tensor<?x4x?xf32>
    %78:2 = linalg.generic {indexing_maps = [#map, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%reshape_11 : tensor<?x4x?x?xf32>) outs(%77, %75 : tensor<?x4x?xf32>, tensor<?x4x?xi64>) {
    ^bb0(%in: f32, %out: f32, %out_20: i64):
      %135 = linalg.index 3 : index
      %136 = arith.index_cast %135 : index to i64
      %137 = arith.maximumf %in, %out : f32
      %138 = arith.cmpf ogt, %in, %out : f32
      %139 = arith.select %138, %136, %out_20 : i64
      linalg.yield %137, %139 : f32, i64
    } -> (tensor<?x4x?xf32>, tensor<?x4x?xi64>)
    %expanded = tensor.expand_shape %78#0 [[0], [1], [2, 3]] output_shape [%72, 4, %73, 1] : tensor<?x4x?xf32> into tensor<?x4x?x1xf32>
    %79 = tensor.empty(%72, %73, %73) : tensor<?x4x?x?xf32>
    %80 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_11, %expanded : tensor<?x4x?x?xf32>, tensor<?x4x?x1xf32>) outs(%79 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_20: f32, %out: f32):
      %135 = arith.subf %in, %in_20 : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x?x?xf32>
    %81 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%80 : tensor<?x4x?x?xf32>) outs(%79 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      %135 = math.exp %in : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x?x?xf32>
    %82 = tensor.empty(%72, %73) : tensor<?x4x?x1xf32>
    %83 = linalg.fill ins(%cst : f32) outs(%82 : tensor<?x4x?x1xf32>) -> tensor<?x4x?x1xf32>
    %84 = linalg.generic {indexing_maps = [#map, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%81 : tensor<?x4x?x?xf32>) outs(%83 : tensor<?x4x?x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %135 = arith.addf %in, %out : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x?x1xf32>
    %85 = linalg.generic {indexing_maps = [#map, #map2, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%81, %84 : tensor<?x4x?x?xf32>, tensor<?x4x?x1xf32>) outs(%79 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %in_20: f32, %out: f32):
      %135 = arith.divf %in, %in_20 : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x?x?xf32>
    %86 = tensor.empty(%72, %73, %73) : tensor<?x4x?x?xi1>
    %87 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%reshape_11 : tensor<?x4x?x?xf32>) outs(%86 : tensor<?x4x?x?xi1>) {
    ^bb0(%in: f32, %out: i1):
      %135 = arith.extf %in : f32 to f64
      %136 = arith.cmpf oeq, %135, %cst_2 : f64
      linalg.yield %136 : i1
    } -> tensor<?x4x?x?xi1>
    %88 = tensor.empty(%72, %73) : tensor<?x4x?x1xi1>
    %89 = linalg.fill ins(%true : i1) outs(%88 : tensor<?x4x?x1xi1>) -> tensor<?x4x?x1xi1>
    %90 = linalg.generic {indexing_maps = [#map, #map2], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%87 : tensor<?x4x?x?xi1>) outs(%89 : tensor<?x4x?x1xi1>) {
    ^bb0(%in: i1, %out: i1):
      %135 = arith.andi %in, %out : i1
      linalg.yield %135 : i1
    } -> tensor<?x4x?x1xi1>
    %91 = arith.cmpi sge, %70, %c0_i64 : i64
    cf.assert %91, "negative values not allowed in new dimensions"
    %92 = arith.index_cast %70 : i64 to index
    %93 = arith.cmpi sge, %71, %c0_i64 : i64
    cf.assert %93, "negative values not allowed in new dimensions"
    %94 = arith.index_cast %71 : i64 to index
    cf.assert %93, "negative values not allowed in new dimensions"
    %95 = tensor.empty(%92, %94, %94) : tensor<?x4x?x?xf32>
    %96 = linalg.generic {indexing_maps = [#map3, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%cst_1 : tensor<f32>) outs(%95 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<?x4x?x?xf32>
    %97 = arith.cmpi eq, %72, %92 : index
    cf.assert %97, "mismatched size for broadcast"
    %98 = arith.cmpi eq, %73, %94 : index
    cf.assert %98, "mismatched size for broadcast"
    %99 = arith.cmpi eq, %94, %73 : index
    cf.assert %99, "mismatched size for broadcast"
    %100 = tensor.empty(%72, %73, %94) : tensor<?x4x?x?xf32>
    %101 = linalg.generic {indexing_maps = [#map2, #map, #map, #map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%90, %96, %85 : tensor<?x4x?x1xi1>, tensor<?x4x?x?xf32>, tensor<?x4x?x?xf32>) outs(%100 : tensor<?x4x?x?xf32>) {
    ^bb0(%in: i1, %in_20: f32, %in_21: f32, %out: f32):
      %135 = arith.select %in, %in_20, %in_21 : f32
      linalg.yield %135 : f32
    } -> tensor<?x4x?x?xf32>
    cf.assert %24, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %25, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %25, "unimplemented: dynamic negative broadcast sizes"
    %102 = tensor.empty(%dim, %dim_4, %dim_4) : tensor<?x4x?x?xf32>
    %103 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%102 : tensor<?x4x?x?xf32>) {
    ^bb0(%out: f32):
      %135 = linalg.index 0 : index
      %136 = linalg.index 1 : index
      %137 = linalg.index 2 : index
      %138 = linalg.index 3 : index
      %139 = arith.cmpi eq, %72, %c1 : index
      %140 = arith.select %139, %c0, %135 : index
      %141 = arith.cmpi eq, %73, %c1 : index
      %142 = arith.select %141, %c0, %137 : index
      %143 = arith.cmpi eq, %94, %c1 : index
      %144 = arith.select %143, %c0, %138 : index
      %extracted = tensor.extract %101[%140, %136, %142, %144] : tensor<?x4x?x?xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x?xf32>
    %104 = arith.muli %33, %1 : i64
    %105 = arith.addi %34, %c1_i64 : i64
    %106 = arith.select %7, %29, %104 : i64
    %107 = arith.select %7, %105, %30 : i64
    %108 = arith.cmpi sle, %107, %c1_i64 : i64
    cf.assert %108, "must have at most one inferred (negative) dimension"
    %109 = arith.muli %37, %1 : i64
    %110 = arith.divsi %109, %106 : i64
    %111 = arith.select %28, %110, %23 : i64
    %112 = arith.select %7, %110, %1 : i64
    %from_elements_12 = tensor.from_elements %111, %112, %112 : tensor<3xi64>
    %reshape_13 = tensor.reshape %103(%from_elements_12) : (tensor<?x4x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
    cf.assert %24, "unimplemented: dynamic negative broadcast sizes"
    cf.assert %25, "unimplemented: dynamic negative broadcast sizes"
    %113 = linalg.generic {indexing_maps = [#map], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} outs(%26 : tensor<?x4x?x4xf32>) {
    ^bb0(%out: f32):
      %135 = linalg.index 0 : index
      %136 = linalg.index 1 : index
      %137 = linalg.index 2 : index
      %138 = linalg.index 3 : index
      %139 = arith.cmpi eq, %17, %c1 : index
      %140 = arith.select %139, %c0, %135 : index
      %141 = arith.cmpi eq, %18, %c1 : index
      %142 = arith.select %141, %c0, %137 : index
      %extracted = tensor.extract %transposed[%140, %136, %142, %138] : tensor<?x4x?x4xf32>
      linalg.yield %extracted : f32
    } -> tensor<?x4x?x4xf32>
    cf.assert %36, "must have at most one inferred (negative) dimension"
    %reshape_14 = tensor.reshape %113(%from_elements_6) : (tensor<?x4x?x4xf32>, tensor<3xi64>) -> tensor<?x?x4xf32>
    %114 = arith.index_cast %111 : i64 to index
    %115 = arith.index_cast %112 : i64 to index
    %116 = arith.cmpi eq, %111, %40 : i64
    cf.assert %116, "mismatching contracting dimension"
    %117 = arith.cmpi eq, %112, %41 : i64
    cf.assert %117, "mismatching contracting dimension"
    %118 = tensor.empty(%114, %115) : tensor<?x?x4xf32>
    %119 = linalg.fill ins(%cst : f32) outs(%118 : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %120 = linalg.batch_matmul ins(%reshape_13, %reshape_14 : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%119 : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %121 = arith.muli %61, %c4_i64 : i64
    cf.assert %11, "must have at most one inferred (negative) dimension"
    %122 = arith.muli %111, %112 : i64
    %123 = arith.muli %122, %c4_i64 : i64
    %124 = arith.divsi %123, %121 : i64
    %125 = arith.select %2, %124, %0 : i64
    %126 = arith.select %7, %124, %1 : i64
    %from_elements_15 = tensor.from_elements %125, %c4_i64, %126, %c4_i64 : tensor<4xi64>
    %reshape_16 = tensor.reshape %120(%from_elements_15) : (tensor<?x?x4xf32>, tensor<4xi64>) -> tensor<?x4x?x4xf32>
    %127 = arith.index_cast %125 : i64 to index
    %128 = arith.index_cast %126 : i64 to index
    %129 = tensor.empty(%127, %128) : tensor<?x?x4x4xf32>
    %transposed_17 = linalg.transpose ins(%reshape_16 : tensor<?x4x?x4xf32>) outs(%129 : tensor<?x?x4x4xf32>) permutation = [0, 2, 1, 3] 
    cf.assert %11, "must have at most one inferred (negative) dimension"
    %130 = arith.muli %125, %126 : i64
    %131 = arith.muli %130, %c16_i64 : i64
    %132 = arith.divsi %131, %10 : i64
    %133 = arith.select %2, %132, %0 : i64
    %134 = arith.select %7, %132, %1 : i64
    %from_elements_18 = tensor.from_elements %133, %134, %c16_i64 : tensor<3xi64>
    %reshape_19 = tensor.reshape %transposed_17(%from_elements_18) : (tensor<?x?x4x4xf32>, tensor<3xi64>) -> tensor<?x?x16xf32>
    return %reshape_19 : tensor<?x?x16xf32>
  }
