// Made by export_blocks.py.
  func.func @mixing_roll(%arg0: tensor<?x16xf32>) -> tensor<?x16xf32> {
    %c0_i64 = arith.constant 0 : i64
    %c-1_i64 = arith.constant -1 : i64
    %c0 = arith.constant 0 : index
    %c-1 = arith.constant -1 : index
    %dim = tensor.dim %arg0, %c0 : tensor<?x16xf32>
    %0 = arith.index_cast %dim : index to i64
    %1 = arith.addi %0, %c-1_i64 : i64
    %2 = arith.maxsi %1, %c0_i64 : i64
    %3 = arith.minsi %2, %0 : i64
    %4 = arith.index_cast %3 : i64 to index
    %5 = arith.subi %dim, %4 : index
    %6 = arith.maxsi %5, %c0 : index
    %extracted_slice = tensor.extract_slice %arg0[%4, 0] [%6, 16] [1, 1] : tensor<?x16xf32> to tensor<?x16xf32>
    %7 = arith.minsi %0, %c0_i64 : i64
    %8 = arith.index_cast %7 : i64 to index
    %9 = arith.addi %dim, %c-1 : index
    %10 = arith.cmpi slt, %9, %c0 : index
    %11 = arith.select %10, %c-1, %9 : index
    %12 = arith.minsi %11, %dim : index
    %13 = arith.subi %12, %8 : index
    %14 = arith.maxsi %13, %c0 : index
    %extracted_slice_0 = tensor.extract_slice %arg0[%8, 0] [%14, 16] [1, 1] : tensor<?x16xf32> to tensor<?x16xf32>
    %concat = tensor.concat dim(0) %extracted_slice, %extracted_slice_0 : (tensor<?x16xf32>, tensor<?x16xf32>) -> tensor<?x16xf32>
    return %concat : tensor<?x16xf32>
  }
