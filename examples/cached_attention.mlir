// A looped layer with a memory: each row attends to keys and values of its own, step
// after step, and leaves after as many steps as `steps` says. The keys and values are
// carried on unchanged, so that they are never moved when rows leave: each step reads
// those of the rows that are left where they lie (condcomp-leave-rows-in-place,
// condcomp-read-rows-in-place).
//
//   cc-run examples/cached_attention.mlir --function=attend --input=8x512xf32=0.01
//     --input=8x256x512xf32=0.02 --input=8x256x512xf32=0.03
//     --input=8xi32=1,2,3,4,5,6,7,8 --benchmark
//
// x [rows, d]; keys, values [rows, memory, d]; steps [rows]. Results: [rows, d] and
// the last step of each row.
#query = affine_map<(r, t, d) -> (r, d)>
#key = affine_map<(r, t, d) -> (r, t, d)>
#score = affine_map<(r, t, d) -> (r, t)>
#share = affine_map<(r, d, t) -> (r, t)>
#value = affine_map<(r, d, t) -> (r, t, d)>
#read = affine_map<(r, d, t) -> (r, d)>
#row = affine_map<(r) -> (r)>
!matrix = tensor<?x?xf32>
!memory = tensor<?x?x?xf32>

func.func @attend(%x: !matrix, %keys: !memory, %values: !memory,
                  %steps: tensor<?xi32>) -> (!matrix, tensor<?xi32>) {
  %limit = arith.constant 64 : index
  %y, %left_at = condcomp.iterate steps(%limit)
      rows(%x, %keys, %values, %steps : !matrix, !memory, !memory, tensor<?xi32>)
      outs(%x : !matrix) {
  ^bb0(%h: !matrix, %k: !memory, %v: !memory, %more: tensor<?xi32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %f0 = arith.constant 0.0 : f32
    %i1 = arith.constant 1 : i32
    %rows = tensor.dim %h, %c0 : !matrix
    %d = tensor.dim %h, %c1 : !matrix
    %t = tensor.dim %k, %c1 : !memory
    %scores_empty = tensor.empty(%rows, %t) : !matrix
    %scores_zero = linalg.fill ins(%f0 : f32) outs(%scores_empty : !matrix) -> !matrix
    %scores = linalg.generic {indexing_maps = [#query, #key, #score],
                              iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%h, %k : !matrix, !memory) outs(%scores_zero : !matrix) {
    ^bb1(%q: f32, %ke: f32, %sum: f32):
      %product = arith.mulf %q, %ke : f32
      %next_sum = arith.addf %sum, %product : f32
      linalg.yield %next_sum : f32
    } -> !matrix
    %shares = linalg.softmax dimension(1) ins(%scores : !matrix)
        outs(%scores_empty : !matrix) -> !matrix
    %next = linalg.generic {indexing_maps = [#share, #value, #read],
                            iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%shares, %v : !matrix, !memory) outs(%h : !matrix) {
    ^bb1(%p: f32, %ve: f32, %sum: f32):
      %product = arith.mulf %p, %ve : f32
      %next_sum = arith.addf %sum, %product : f32
      linalg.yield %next_sum : f32
    } -> !matrix
    %left_empty = tensor.empty(%rows) : tensor<?xi32>
    %left = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
        ins(%more : tensor<?xi32>) outs(%left_empty : tensor<?xi32>) {
    ^bb1(%n: i32, %o: i32):
      %m = arith.subi %n, %i1 : i32
      linalg.yield %m : i32
    } -> tensor<?xi32>
    %done_empty = tensor.empty(%rows) : tensor<?xi1>
    %done = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
        ins(%more : tensor<?xi32>) outs(%done_empty : tensor<?xi1>) {
    ^bb1(%n: i32, %o: i1):
      %last = arith.cmpi sle, %n, %i1 : i32
      linalg.yield %last : i1
    } -> tensor<?xi1>
    condcomp.exit %done : tensor<?xi1> results(%next : !matrix)
      carry(%next, %k, %v, %left : !matrix, !memory, !memory, tensor<?xi32>)
  } -> !matrix, tensor<?xi32>
  return %y, %left_at : !matrix, tensor<?xi32>
}
