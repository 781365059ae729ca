// Programs that the tests of cc-run call.

func.func @scale(%x: tensor<?x3xf32>, %s: f32) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x3xf32>
  %empty = tensor.empty(%rows) : tensor<?x3xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x3xf32>) outs(%empty : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %s : f32
    linalg.yield %m : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

func.func @types(%a: tensor<2xf64>, %b: tensor<2xf16>, %c: tensor<2xbf16>,
                 %d: tensor<2xi64>, %e: tensor<2xi32>, %f: tensor<2xi8>,
                 %g: tensor<2xi1>, %h: tensor<2xindex>, %i: i32, %j: index,
                 %k: i1, %l: bf16, %m: i8)
    -> (tensor<2xf64>, tensor<2xf16>, tensor<2xbf16>, tensor<2xi64>,
        tensor<2xi32>, tensor<2xi8>, tensor<2xi1>, tensor<2xindex>, i32, index,
        i1, bf16, i8) {
  return %a, %b, %c, %d, %e, %f, %g, %h, %i, %j, %k, %l, %m
      : tensor<2xf64>, tensor<2xf16>, tensor<2xbf16>, tensor<2xi64>,
        tensor<2xi32>, tensor<2xi8>, tensor<2xi1>, tensor<2xindex>, i32, index,
        i1, bf16, i8
}

// Memory is live when the check fails, in a function that is called.
func.func private @check(%x: tensor<?x3xf32>, %k: index) -> tensor<?x3xf32> {
  %two = arith.constant 2.0 : f32
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x3xf32>
  %ok = arith.cmpi ule, %k, %rows : index
  %y = call @scale(%x, %two) : (tensor<?x3xf32>, f32) -> tensor<?x3xf32>
  condcomp.check %ok, "k = {0} exceeds the number of rows, {1} (factor {2})"(%k, %rows, %two) : index, index, f32
  %z = call @scale(%y, %two) : (tensor<?x3xf32>, f32) -> tensor<?x3xf32>
  return %z : tensor<?x3xf32>
}

func.func @checked(%x: tensor<?x3xf32>, %k: index) -> tensor<?x3xf32> {
  %two = arith.constant 2.0 : f32
  %y = call @scale(%x, %two) : (tensor<?x3xf32>, f32) -> tensor<?x3xf32>
  %z = call @check(%y, %k) : (tensor<?x3xf32>, index) -> tensor<?x3xf32>
  return %z : tensor<?x3xf32>
}

// Asks for n floats.
func.func @allocate(%n: index) -> tensor<?xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.fill ins(%zero : f32) outs(%empty : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Writes over its argument, unless that is kept from it.
func.func @overwrite(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %one = arith.constant 1.0 : f32
  %y = linalg.fill ins(%one : f32) outs(%x : tensor<2xf32>) -> tensor<2xf32>
  return %y, %x : tensor<2xf32>, tensor<2xf32>
}

// Sizes that have to agree.
func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
