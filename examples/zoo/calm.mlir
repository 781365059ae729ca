// CALM (Schuster et al. 2022, arXiv 2207.07061), sections 3.1 to 3.5: each token that a
// decoder writes leaves it at the first layer i where
//   c_i = sigmoid(h_i m) >= lambda,
// and later tokens, which may go deeper, find its keys and values there all the same: its
// state h_i is copied to the layers that it skipped, k_j = norm(h_i) K_j for all j > i.
// Here one step of decoding, of a token for each row. Layers that run put their keys and
// values into `state`; those that are skipped are a routing of rows by layers.
// Chosen work: the layers up to a token's exit.
// Left out: the encoder that is attended too, position biases, the vocabulary.
//
// x [rows, d]; keys, values [rows, layers, before, inner] of the tokens before; wq, wk, wv
// [layers, d, inner], wo [layers, inner, d], up [layers, d, hidden], down [layers, hidden,
// d], m [d, 1], heads, lambda. Results: h [rows, d], the token's keys and values [rows,
// layers, inner], and the layer of the exit (their number where there was none).
#row = affine_map<(r, t, c) -> (r)>
#each = affine_map<(r, t, c) -> (r, t, c)>
#token = affine_map<(r, l) -> (r)>
#pair = affine_map<(r, l) -> (r, l)>
#column = affine_map<(r) -> (r, 0)>
#plain = affine_map<(r) -> (r)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!cache = tensor<?x?x?x?xf32>
!ids = tensor<?xindex>
!at = tensor<?x1xindex>
!skipped = !condcomp.routing<?x?, f32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @rms_norm(!matrix) -> !matrix
func.func private @add(!matrix, !matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @attention(!stack, !stack, !stack, index, i1) -> !stack

func.func @calm(%x: !matrix, %keys: !cache, %values: !cache, %wq: !stack, %wk: !stack,
    %wv: !stack, %wo: !stack, %up: !stack, %down: !stack, %m: !matrix, %heads: index,
    %lambda: f32) -> (!matrix, !stack, !stack, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %f1 = arith.constant 1.0 : f32
  %free = arith.constant false
  %rows = tensor.dim %x, %c0 : !matrix
  %layers = tensor.dim %wq, %c0 : !stack
  %inner = tensor.dim %wq, %c2 : !stack
  %none = tensor.splat %f0[%rows, %layers, %inner] : !stack

  %h, %k_run, %v_run, %left_at = condcomp.iterate steps(%layers) rows(%x : !matrix)
      params(%wq, %wk, %wv, %wo, %up, %down
             : !stack, !stack, !stack, !stack, !stack, !stack)
      state(%none, %none : !stack, !stack) outs(%x : !matrix) with_ids with_step {
  ^bb0(%h: !matrix, %q_w: !matrix, %k_w: !matrix, %v_w: !matrix, %o_w: !matrix, %u: !matrix,
       %d: !matrix, %ks: !stack, %vs: !stack, %ids: !ids, %layer: index):
    %normed = func.call @rms_norm(%h) : (!matrix) -> !matrix
    %q = func.call @linear(%normed, %q_w) : (!matrix, !matrix) -> !matrix
    %k = func.call @linear(%normed, %k_w) : (!matrix, !matrix) -> !matrix
    %v = func.call @linear(%normed, %v_w) : (!matrix, !matrix) -> !matrix
    %q1 = func.call @token(%q) : (!matrix) -> !stack
    %k1 = func.call @token(%k) : (!matrix) -> !stack
    %v1 = func.call @token(%v) : (!matrix) -> !stack
    %all_k = func.call @after(%k1, %keys, %ids, %layer)
        : (!stack, !cache, !ids, index) -> !stack
    %all_v = func.call @after(%v1, %values, %ids, %layer)
        : (!stack, !cache, !ids, index) -> !stack
    %read1 = func.call @attention(%q1, %all_k, %all_v, %heads, %free)
        : (!stack, !stack, !stack, index, i1) -> !stack
    %read = tensor.collapse_shape %read1 [[0, 1], [2]] : !stack into !matrix
    %out = func.call @linear(%read, %o_w) : (!matrix, !matrix) -> !matrix
    %a = func.call @add(%h, %out) : (!matrix, !matrix) -> !matrix
    %normed_a = func.call @rms_norm(%a) : (!matrix) -> !matrix
    %f = func.call @ffn(%normed_a, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    %next = func.call @add(%a, %f) : (!matrix, !matrix) -> !matrix

    %ks_next = func.call @put(%ks, %k, %ids, %layer) : (!stack, !matrix, !ids, index) -> !stack
    %vs_next = func.call @put(%vs, %v, %ids, %layer) : (!stack, !matrix, !ids, index) -> !stack

    %logit = func.call @linear(%next, %m) : (!matrix, !matrix) -> !matrix
    %n = tensor.dim %ids, %c0 : !ids
    %e = tensor.empty(%n) : tensor<?xi1>
    %sure = linalg.generic {indexing_maps = [#column, #plain], iterator_types = ["parallel"]}
        ins(%logit : !matrix) outs(%e : tensor<?xi1>) {
    ^bb1(%z: f32, %o: i1):
      %minus = arith.negf %z : f32
      %exp = math.exp %minus : f32
      %below = arith.addf %f1, %exp : f32
      %c = arith.divf %f1, %below : f32
      %enough = arith.cmpf oge, %c, %lambda : f32
      linalg.yield %enough : i1
    } -> tensor<?xi1>
    condcomp.exit %sure : tensor<?xi1> results(%next : !matrix) carry(%next : !matrix)
        state(%ks_next, %vs_next : !stack, !stack)
  } -> !matrix, !stack, !stack, tensor<?xi32>

  // Rows are tokens, modules the layers that they skipped.
  %me = tensor.empty(%rows, %layers) : tensor<?x?xi1>
  %mask = linalg.generic {indexing_maps = [#token, #pair],
                          iterator_types = ["parallel", "parallel"]}
      ins(%left_at : tensor<?xi32>) outs(%me : tensor<?x?xi1>) {
  ^bb0(%last: i32, %o: i1):
    %layer = linalg.index 1 : index
    %last_index = arith.index_cast %last : i32 to index
    %skips = arith.cmpi ugt, %layer, %last_index : index
    linalg.yield %skips : i1
  } -> tensor<?x?xi1>
  %skipped = condcomp.from_mask %mask : tensor<?x?xi1> -> !skipped
  %normed_h = func.call @rms_norm(%h) : (!matrix) -> !matrix
  %k_all, %v_all = condcomp.apply %skipped : !skipped rows(%normed_h : !matrix)
      params(%wk, %wv : !stack, !stack) outs(%k_run, %v_run : !stack, !stack)
      combine(stack) weights(none) {
  ^bb0(%some: !matrix, %k_w: !matrix, %v_w: !matrix):
    %k = func.call @linear(%some, %k_w) : (!matrix, !matrix) -> !matrix
    %v = func.call @linear(%some, %v_w) : (!matrix, !matrix) -> !matrix
    condcomp.yield %k, %v : !matrix, !matrix
  } -> !stack, !stack
  return %h, %k_all, %v_all, %left_at : !matrix, !stack, !stack, tensor<?xi32>
}

// [rows, inner] as [rows, 1, inner].
func.func private @token(%x: !matrix) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : !matrix
  %inner = tensor.dim %x, %c1 : !matrix
  %x1 = tensor.expand_shape %x [[0, 1], [2]] output_shape [%n, %c1, %inner]
      : !matrix into !stack
  return %x1 : !stack
}

// What the cache has of the layer for these ids, and x behind it.
func.func private @after(%x: !stack, %cache: !cache, %ids: !ids, %layer: index) -> !stack {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : !stack
  %inner = tensor.dim %x, %c2 : !stack
  %before = tensor.dim %cache, %c2 : !cache
  %e = tensor.empty(%n, %before, %inner) : !stack
  %cached = linalg.generic {indexing_maps = [#row, #each],
                            iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : !ids) outs(%e : !stack) {
  ^bb0(%id: index, %o: f32):
    %t = linalg.index 1 : index
    %c = linalg.index 2 : index
    %v = tensor.extract %cache[%id, %layer, %t, %c] : !cache
    linalg.yield %v : f32
  } -> !stack
  %all = tensor.concat dim(1) %cached, %x : (!stack, !stack) -> !stack
  return %all : !stack
}

// The state with x at the layer, in the rows of these ids.
func.func private @put(%state: !stack, %x: !matrix, %ids: !ids, %layer: index) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %ids, %c0 : !ids
  %inner = tensor.dim %x, %c1 : !matrix
  %at = tensor.expand_shape %ids [[0, 1]] output_shape [%n, 1] : !ids into !at
  %own = tensor.gather %state[%at] gather_dims([0]) : (!stack, !at) -> !stack
  %with = tensor.insert_slice %x into %own[0, %layer, 0] [%n, 1, %inner] [1, 1, 1]
      : !matrix into !stack
  %y = tensor.scatter %with into %state[%at] scatter_dims([0]) unique
      : (!stack, !stack, !at) -> !stack
  return %y : !stack
}
