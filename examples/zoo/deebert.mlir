// DeeBERT (Xin et al. 2020, arXiv 2004.12993), section 3.2: behind each transformer
// layer a classifier looks at the first token; a sentence leaves at the first layer
// where the entropy of its prediction is below S.
// Chosen work: the layers up to a sentence's exit.
// Left out: four layers stand for the model's twelve.
//
// x [sentences, tokens, d], qkvo [4, 4, d, d], up [4, d, hidden], down [4, hidden, d],
// classes [4, d, 2], heads, S. Results: logits [sentences, 2], the layer of the exit.
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!logits = tensor<?x2xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack

func.func @deebert(%x: !stack, %qkvo: tensor<?x?x?x?xf32>, %up: !stack, %down: !stack,
    %classes: tensor<?x?x2xf32>, %heads: index, %s: f32) -> (!logits, tensor<?xi32>) {
  %l0 = arith.constant 0 : index
  %l1 = arith.constant 1 : index
  %l2 = arith.constant 2 : index
  %l3 = arith.constant 3 : index
  %prediction, %left_at = condcomp.cascade rows(%x : !stack) {
  ^bb0(%h0: !stack):
    %next0, %y0 = func.call @layer(%h0, %l0, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    %sure0 = func.call @sure(%y0, %s) : (!logits, f32) -> tensor<?xi1>
    condcomp.exit %sure0 : tensor<?xi1> results(%y0 : !logits) carry(%next0 : !stack)
  }, {
  ^bb0(%h1: !stack):
    %next1, %y1 = func.call @layer(%h1, %l1, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    %sure1 = func.call @sure(%y1, %s) : (!logits, f32) -> tensor<?xi1>
    condcomp.exit %sure1 : tensor<?xi1> results(%y1 : !logits) carry(%next1 : !stack)
  }, {
  ^bb0(%h2: !stack):
    %next2, %y2 = func.call @layer(%h2, %l2, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    %sure2 = func.call @sure(%y2, %s) : (!logits, f32) -> tensor<?xi1>
    condcomp.exit %sure2 : tensor<?xi1> results(%y2 : !logits) carry(%next2 : !stack)
  }, {
  ^bb0(%h3: !stack):
    %next3, %y3 = func.call @layer(%h3, %l3, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    condcomp.yield %y3 : !logits
  } -> !logits, tensor<?xi32>
  return %prediction, %left_at : !logits, tensor<?xi32>
}

// entropy < S
func.func private @sure(%logits: !logits, %s: f32) -> tensor<?xi1> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %logits, %c0 : !logits
  %entropy = condcomp.confidence entropy %logits : !logits -> tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xi1>
  %sure = linalg.map ins(%entropy : tensor<?xf32>) outs(%e : tensor<?xi1>) (%h: f32, %o: i1) {
    %below = arith.cmpf olt, %h, %s : f32
    linalg.yield %below : i1
  }
  return %sure : tensor<?xi1>
}

// Layer i and its classifier: hidden states and logits.
func.func private @layer(%h: !stack, %i: index, %qkvo: tensor<?x?x?x?xf32>, %up: !stack,
    %down: !stack, %classes: tensor<?x?x2xf32>, %heads: index) -> (!stack, !logits) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %false = arith.constant false
  %n = tensor.dim %h, %c0 : !stack
  %d = tensor.dim %h, %c2 : !stack
  %hidden = tensor.dim %up, %c2 : !stack
  %w = tensor.extract_slice %qkvo[%i, 0, 0, 0] [1, 4, %d, %d] [1, 1, 1, 1]
      : tensor<?x?x?x?xf32> to tensor<4x?x?xf32>
  %w_any = tensor.cast %w : tensor<4x?x?xf32> to !stack
  %u = tensor.extract_slice %up[%i, 0, 0] [1, %d, %hidden] [1, 1, 1] : !stack to !matrix
  %v = tensor.extract_slice %down[%i, 0, 0] [1, %hidden, %d] [1, 1, 1] : !stack to !matrix
  %next = func.call @block(%h, %w_any, %u, %v, %heads, %false)
      : (!stack, !stack, !matrix, !matrix, index, i1) -> !stack

  %first = tensor.extract_slice %next[0, 0, 0] [%n, 1, %d] [1, 1, 1] : !stack to !matrix
  %c = tensor.extract_slice %classes[%i, 0, 0] [1, %d, 2] [1, 1, 1]
      : tensor<?x?x2xf32> to !logits
  %c_any = tensor.cast %c : !logits to !matrix
  %logits = func.call @linear(%first, %c_any) : (!matrix, !matrix) -> !matrix
  %two = tensor.cast %logits : !matrix to !logits
  return %next, %two : !stack, !logits
}
