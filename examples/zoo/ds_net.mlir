// Dynamic slimmable networks (Li et al. 2021, arXiv 2103.13258), section 3: an input
// runs a prefix of a layer's channels, a quarter, half, three quarters or all of them,
// as a gate says; all widths share the weights:
//   y = relu(x up[:, :w]) down[:w, :],  w = hidden (1 + argmax gate(x)) / 4.
// Slices of the weights stay where they are in memory.
// Chosen work: w of the hidden channels of an input.
// Left out: convolutions, of which these are the ones of size 1x1; the gate's training.
//
// x [inputs, d], gate [d, 4], up [d, hidden], down [hidden, d]. Result: [inputs, d].
!matrix = tensor<?x?xf32>
!gate = tensor<?x4xf32>
!width = !condcomp.routing<?x4, f32, exactly 1>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func @ds_net(%x: !matrix, %gate: !matrix, %up: !matrix, %down: !matrix) -> !matrix {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %d = tensor.dim %up, %c0 : !matrix
  %hidden = tensor.dim %up, %c1 : !matrix
  %out = tensor.dim %down, %c1 : !matrix
  %any = func.call @linear(%x, %gate) : (!matrix, !matrix) -> !matrix
  %scores = tensor.cast %any : !matrix to !gate
  %width = condcomp.top_k %scores, 1 : !gate -> !width

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %width : !width rows(%x : !matrix) outs(%zeros : !matrix)
      combine(replace) weights(none) with_module {
  ^bb0(%rows: !matrix, %module: index):
    %quarters = arith.addi %module, %c1 : index
    %product = arith.muli %hidden, %quarters : index
    %w = arith.divui %product, %c4 : index
    %u = tensor.extract_slice %up[0, 0] [%d, %w] [1, 1] : !matrix to !matrix
    %v = tensor.extract_slice %down[0, 0] [%w, %out] [1, 1] : !matrix to !matrix
    %r = func.call @ffn(%rows, %u, %v) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %r : !matrix
  } -> !matrix
  return %y : !matrix
}
