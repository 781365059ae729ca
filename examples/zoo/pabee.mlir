// PABEE (Zhou et al. 2020, arXiv 2006.04152), equation 2: behind each transformer layer
// a classifier predicts; a sentence leaves when `patience` layers in a row have agreed
// with the one before:
//   count_i = count_(i-1) + 1 if argmax y_i = argmax y_(i-1), else 0.
// Chosen work: the layers up to a sentence's exit.
// Left out: four layers stand for the model's twelve.
//
// x [sentences, tokens, d], qkvo [4, 4, d, d], up [4, d, hidden], down [4, hidden, d],
// classes [4, d, 2], heads, patience. Results: logits [sentences, 2], the layer of the
// exit.
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!logits = tensor<?x2xf32>
!ints = tensor<?xi32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack

func.func @pabee(%x: !stack, %qkvo: tensor<?x?x?x?xf32>, %up: !stack, %down: !stack,
    %classes: tensor<?x?x2xf32>, %heads: index, %patience: i32) -> (!logits, !ints) {
  %l0 = arith.constant 0 : index
  %l1 = arith.constant 1 : index
  %l2 = arith.constant 2 : index
  %l3 = arith.constant 3 : index
  %minus_one = arith.constant -1 : i32
  %zero = arith.constant 0 : i32
  %n = tensor.dim %x, %l0 : !stack
  // No prediction before the first: -1 agrees with none.
  %none = tensor.splat %minus_one[%n] : !ints
  %zeros = tensor.splat %zero[%n] : !ints
  %prediction, %left_at = condcomp.cascade rows(%x, %none, %zeros : !stack, !ints, !ints) {
  ^bb0(%h0: !stack, %last0: !ints, %count0: !ints):
    %next0, %y0 = func.call @layer(%h0, %l0, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    %best0, %agreed0, %done0 = func.call @agree(%y0, %last0, %count0, %patience)
        : (!logits, !ints, !ints, i32) -> (!ints, !ints, tensor<?xi1>)
    condcomp.exit %done0 : tensor<?xi1> results(%y0 : !logits)
        carry(%next0, %best0, %agreed0 : !stack, !ints, !ints)
  }, {
  ^bb0(%h1: !stack, %last1: !ints, %count1: !ints):
    %next1, %y1 = func.call @layer(%h1, %l1, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    %best1, %agreed1, %done1 = func.call @agree(%y1, %last1, %count1, %patience)
        : (!logits, !ints, !ints, i32) -> (!ints, !ints, tensor<?xi1>)
    condcomp.exit %done1 : tensor<?xi1> results(%y1 : !logits)
        carry(%next1, %best1, %agreed1 : !stack, !ints, !ints)
  }, {
  ^bb0(%h2: !stack, %last2: !ints, %count2: !ints):
    %next2, %y2 = func.call @layer(%h2, %l2, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    %best2, %agreed2, %done2 = func.call @agree(%y2, %last2, %count2, %patience)
        : (!logits, !ints, !ints, i32) -> (!ints, !ints, tensor<?xi1>)
    condcomp.exit %done2 : tensor<?xi1> results(%y2 : !logits)
        carry(%next2, %best2, %agreed2 : !stack, !ints, !ints)
  }, {
  ^bb0(%h3: !stack, %last3: !ints, %count3: !ints):
    %next3, %y3 = func.call @layer(%h3, %l3, %qkvo, %up, %down, %classes, %heads)
        : (!stack, index, tensor<?x?x?x?xf32>, !stack, !stack, tensor<?x?x2xf32>, index)
        -> (!stack, !logits)
    condcomp.yield %y3 : !logits
  } -> !logits, !ints
  return %prediction, %left_at : !logits, !ints
}

// The prediction, how often in a row it agreed, and whether that is enough.
func.func private @agree(%logits: !logits, %last: !ints, %count: !ints, %patience: i32)
    -> (!ints, !ints, tensor<?xi1>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %logits, %c0 : !logits
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %choice = condcomp.top_k %logits, 1 : !logits -> !condcomp.routing<?x2, f32, exactly 1>
  %at = condcomp.indices %choice : !condcomp.routing<?x2, f32, exactly 1> -> tensor<?x1xindex>
  %column = tensor.collapse_shape %at [[0, 1]] : tensor<?x1xindex> into tensor<?xindex>
  %e = tensor.empty(%n) : !ints
  %best = linalg.map ins(%column : tensor<?xindex>) outs(%e : !ints) (%i: index, %o: i32) {
    %b = arith.index_cast %i : index to i32
    linalg.yield %b : i32
  }
  %agreed = linalg.map ins(%best, %last, %count : !ints, !ints, !ints) outs(%e : !ints)
      (%b: i32, %l: i32, %c: i32, %o: i32) {
    %same = arith.cmpi eq, %b, %l : i32
    %more = arith.addi %c, %one : i32
    %a = arith.select %same, %more, %zero : i32
    linalg.yield %a : i32
  }
  %de = tensor.empty(%n) : tensor<?xi1>
  %done = linalg.map ins(%agreed : !ints) outs(%de : tensor<?xi1>) (%a: i32, %o: i1) {
    %d = arith.cmpi sge, %a, %patience : i32
    linalg.yield %d : i1
  }
  return %best, %agreed, %done : !ints, !ints, tensor<?xi1>
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
