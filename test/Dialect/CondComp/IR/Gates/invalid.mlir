// RUN: cc-opt %s -split-input-file -verify-diagnostics

// top_k

func.func @f(%s: tensor<4xf32>) {
  // expected-error @below {{'condcomp.top_k' op I1: scores must be a tensor of rank 2 or more, got 'tensor<4xf32>'}}
  %r = condcomp.top_k %s, 1 : tensor<4xf32>
    -> !condcomp.routing<1x4, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<f32>) {
  // expected-error @below {{'condcomp.top_k' op I1: scores must be a tensor of rank 2 or more, got 'tensor<f32>'}}
  %r = condcomp.top_k %s, 1 : tensor<f32>
    -> !condcomp.routing<1x4, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<*xf32>) {
  // expected-error @below {{invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xf32>'}}
  %r = condcomp.top_k %s, 1 : tensor<*xf32>
    -> !condcomp.routing<1x4, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<2x4xi32>) {
  // expected-error @below {{must be ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values, but got 'tensor<2x4xi32>'}}
  %r = condcomp.top_k %s, 1 : tensor<2x4xi32>
    -> !condcomp.routing<2x4, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<2x4xf64>) {
  // expected-error @below {{'condcomp.top_k' op I1: scores of 'f64' make a routing of f64, got '!condcomp.routing<2x4, f32, exactly 1>'}}
  %r = condcomp.top_k %s, 1 : tensor<2x4xf64>
    -> !condcomp.routing<2x4, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<2x4xbf16>) {
  // expected-error @below {{'condcomp.top_k' op I1: scores of 'bf16' make a routing of f32, got '!condcomp.routing<2x4, f64, exactly 1>'}}
  %r = condcomp.top_k %s, 1 : tensor<2x4xbf16>
    -> !condcomp.routing<2x4, f64, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>, %k: index) {
  // expected-error @below {{'condcomp.top_k' op I2: k is either an integer or a value}}
  %r = "condcomp.top_k"(%s, %k) {static_k = 1 : i64}
    : (tensor<2x4xf32>, index) -> !condcomp.routing<2x4, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>) {
  // expected-error @below {{'condcomp.top_k' op I2: k is either an integer or a value}}
  %r = "condcomp.top_k"(%s)
    : (tensor<2x4xf32>) -> !condcomp.routing<2x4, f32, exactly ?>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>) {
  // expected-error @below {{'condcomp.top_k' op C1: scores must have the shape 2x5, got 'tensor<2x4xf32>'}}
  %r = condcomp.top_k %s, 1 : tensor<2x4xf32>
    -> !condcomp.routing<2x5, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>) {
  // expected-error @below {{'condcomp.top_k' op C2: the routing's row bound must be that of '!condcomp.routing<2x4, f32, exactly 2>', got '!condcomp.routing<2x4, f32, at_most 2>'}}
  %r = condcomp.top_k %s, 2 : tensor<2x4xf32>
    -> !condcomp.routing<2x4, f32, at_most 2>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>, %k: index) {
  // expected-error @below {{'condcomp.top_k' op C2: the routing's row bound must be that of '!condcomp.routing<2x4, f32, exactly ?>', got '!condcomp.routing<2x4, f32, exactly 2>'}}
  %r = condcomp.top_k %s, %k : tensor<2x4xf32>
    -> !condcomp.routing<2x4, f32, exactly 2>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>) {
  // expected-error @below {{'condcomp.top_k' op C3: k = 5 must be between 0 and the number of modules, 4}}
  %r = condcomp.top_k %s, 5 : tensor<2x4xf32>
    -> !condcomp.routing<2x4, f32, exactly 4>
  return
}

// -----

func.func @f(%s: tensor<2x?xf32>) {
  // expected-error @below {{'condcomp.top_k' op C3: k = -1 must be between 0 and the number of modules, ?}}
  %r = condcomp.top_k %s, -1 : tensor<2x?xf32>
    -> !condcomp.routing<2x?, f32>
  return
}

// -----

// A gate promises nothing per module.

func.func @f(%s: tensor<2x4xf32>) {
  // expected-error @below {{'condcomp.top_k' op promises no module bound, but its result has one: '!condcomp.routing<2x4, f32, exactly 1, per_module at_most 2>'}}
  %r = condcomp.top_k %s, 1 : tensor<2x4xf32>
    -> !condcomp.routing<2x4, f32, exactly 1, per_module at_most 2>
  return
}

// -----

// threshold

func.func @f(%s: tensor<4xf32>, %t: f32) {
  // expected-error @below {{'condcomp.threshold' op I1: scores must be a tensor of rank 2 or more, got 'tensor<4xf32>'}}
  %r = condcomp.threshold %s, %t : tensor<4xf32>, f32
    -> !condcomp.routing<1x4, f32>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>, %t: f64) {
  // expected-error @below {{'condcomp.threshold' op I2: tau must be of the weight type, 'f32', got 'f64'}}
  %r = condcomp.threshold %s, %t : tensor<2x4xf32>, f64
    -> !condcomp.routing<2x4, f32>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>, %t: f32) {
  // expected-error @below {{'condcomp.threshold' op C1: scores must have the shape 3x4, got 'tensor<2x4xf32>'}}
  %r = condcomp.threshold %s, %t : tensor<2x4xf32>, f32
    -> !condcomp.routing<3x4, f32>
  return
}

// -----

func.func @f(%s: tensor<2x4xf32>, %t: f32) {
  // expected-error @below {{'condcomp.threshold' op C2: the routing's row bound must be that of '!condcomp.routing<2x4, f32>', got '!condcomp.routing<2x4, f32, at_most 4>'}}
  %r = condcomp.threshold %s, %t : tensor<2x4xf32>, f32
    -> !condcomp.routing<2x4, f32, at_most 4>
  return
}

// -----

// assign

func.func @f(%i: tensor<4xindex>) {
  // expected-error @below {{'condcomp.assign' op I1: indices must be a tensor of rank 2 or more, got 'tensor<4xindex>'}}
  %r = condcomp.assign %i : tensor<4xindex>
    -> !condcomp.routing<4x8, f32, exactly 1>
  return
}

// -----

func.func @f(%i: tensor<4x2xi8>) {
  // expected-error @below {{must be ranked tensor of index or 32-bit signless integer or 64-bit signless integer values, but got 'tensor<4x2xi8>'}}
  %r = condcomp.assign %i : tensor<4x2xi8>
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>, %w: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.assign' op I2: weights must have the shape of the indices, 4x2, and the weight type, 'f32', got 'tensor<4x3xf32>'}}
  %r = condcomp.assign %i weights(%w : tensor<4x3xf32>) : tensor<4x2xindex>
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>, %w: tensor<4x2xf64>) {
  // expected-error @below {{'condcomp.assign' op I2: weights must have the shape of the indices, 4x2, and the weight type, 'f32', got 'tensor<4x2xf64>'}}
  %r = condcomp.assign %i weights(%w : tensor<4x2xf64>) : tensor<4x2xindex>
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>) {
  // expected-error @below {{'condcomp.assign' op C1: the routing's batch and row dims must be those of the indices, 4, got '!condcomp.routing<5x8, f32, exactly 2>'}}
  %r = condcomp.assign %i : tensor<4x2xindex>
    -> !condcomp.routing<5x8, f32, exactly 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>) {
  // expected-error @below {{'condcomp.assign' op C1: modules(...) is given exactly when the routing's type leaves the number of modules open}}
  %r = condcomp.assign %i : tensor<4x2xindex>
    -> !condcomp.routing<4x?, f32, exactly 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>, %m: index) {
  // expected-error @below {{'condcomp.assign' op C1: modules(...) is given exactly when the routing's type leaves the number of modules open}}
  %r = condcomp.assign %i modules(%m) : tensor<4x2xindex>
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>) {
  // expected-error @below {{'condcomp.assign' op C2: the routing's row bound must be that of '!condcomp.routing<4x8, f32, exactly 2>', got '!condcomp.routing<4x8, f32, at_most 2>'}}
  %r = condcomp.assign %i : tensor<4x2xindex>
    -> !condcomp.routing<4x8, f32, at_most 2>
  return
}

// -----

func.func @f(%i: tensor<4x2xindex>) {
  // expected-error @below {{'condcomp.assign' op C2: the routing's row bound must be that of '!condcomp.routing<4x8, f32, at_most 2>', got '!condcomp.routing<4x8, f32, exactly 2>'}}
  %r = condcomp.assign %i out_of_range(drop) : tensor<4x2xindex>
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

// from_mask

func.func @f(%m: tensor<4xi1>) {
  // expected-error @below {{'condcomp.from_mask' op I1: mask must be a tensor of rank 2 or more, got 'tensor<4xi1>'}}
  %r = condcomp.from_mask %m : tensor<4xi1> -> !condcomp.routing<1x4, f32>
  return
}

// -----

func.func @f(%m: tensor<2x4xi1>, %w: tensor<2x4xf64>) {
  // expected-error @below {{'condcomp.from_mask' op I2: weights must have the shape of the mask, 2x4, and the weight type, 'f32', got 'tensor<2x4xf64>'}}
  %r = condcomp.from_mask %m weights(%w : tensor<2x4xf64>) : tensor<2x4xi1>
    -> !condcomp.routing<2x4, f32>
  return
}

// -----

func.func @f(%m: tensor<2x4xi1>, %w: tensor<8xf32>) {
  // expected-error @below {{'condcomp.from_mask' op I2: weights must have the shape of the mask, 2x4, and the weight type, 'f32', got 'tensor<8xf32>'}}
  %r = condcomp.from_mask %m weights(%w : tensor<8xf32>) : tensor<2x4xi1>
    -> !condcomp.routing<2x4, f32>
  return
}

// -----

func.func @f(%m: tensor<2x4xi1>) {
  // expected-error @below {{'condcomp.from_mask' op C1: mask must have the shape 2x2x4, got 'tensor<2x4xi1>'}}
  %r = condcomp.from_mask %m : tensor<2x4xi1> -> !condcomp.routing<2x2x4, f32>
  return
}

// -----

func.func @f(%m: tensor<2x4xi1>) {
  // expected-error @below {{'condcomp.from_mask' op C2: the routing's row bound must be that of '!condcomp.routing<2x4, f32>', got '!condcomp.routing<2x4, f32, exactly 1>'}}
  %r = condcomp.from_mask %m : tensor<2x4xi1>
    -> !condcomp.routing<2x4, f32, exactly 1>
  return
}

// -----

// from_offsets

func.func @f(%o: tensor<2x5xindex>) {
  // expected-error @below {{'condcomp.from_offsets' op I1: offsets must be a tensor of rank 1, got 'tensor<2x5xindex>'}}
  %r = condcomp.from_offsets %o : tensor<2x5xindex>
    -> !condcomp.routing<?x4, f32, exactly 1>
  return
}

// -----

func.func @f(%o: tensor<5xindex>) {
  // expected-error @below {{'condcomp.from_offsets' op C1: the routing has no batch dims, got '!condcomp.routing<2x?x4, f32, exactly 1>'}}
  %r = condcomp.from_offsets %o : tensor<5xindex>
    -> !condcomp.routing<2x?x4, f32, exactly 1>
  return
}

// -----

func.func @f(%o: tensor<5xindex>) {
  // expected-error @below {{'condcomp.from_offsets' op C1: 5 offsets make 4 modules, got '!condcomp.routing<?x5, f32, exactly 1>'}}
  %r = condcomp.from_offsets %o : tensor<5xindex>
    -> !condcomp.routing<?x5, f32, exactly 1>
  return
}

// -----

func.func @f(%o: tensor<5xindex>) {
  // expected-error @below {{'condcomp.from_offsets' op C1: the routing's row bound must be that of '!condcomp.routing<?x4, f32, exactly 1>', got '!condcomp.routing<?x4, f32>'}}
  %r = condcomp.from_offsets %o : tensor<5xindex>
    -> !condcomp.routing<?x4, f32>
  return
}

// -----

// match_tokens

func.func @f(%s: tensor<8xf32>) {
  // expected-error @below {{'condcomp.match_tokens' op I1: scores must be a tensor of rank 2 or more, got 'tensor<8xf32>'}}
  %0 = condcomp.match_tokens %s, 1 : tensor<8xf32> -> !condcomp.routing<8x7, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.match_tokens' op I2: r is either an integer or a value}}
  %0 = "condcomp.match_tokens"(%s) : (tensor<4x3xf32>) -> !condcomp.routing<7x6, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.match_tokens' op C1: the routing must have the shape 7x5, got '!condcomp.routing<7x6, f32, exactly 1>'}}
  %0 = condcomp.match_tokens %s, 2 : tensor<4x3xf32> -> !condcomp.routing<7x6, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.match_tokens' op C2: the routing's row bound must be that of '!condcomp.routing<7x5, f32, exactly 1>', got '!condcomp.routing<7x5, f32>'}}
  %0 = condcomp.match_tokens %s, 2 : tensor<4x3xf32> -> !condcomp.routing<7x5, f32>
  return
}

// -----

func.func @f(%s: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.match_tokens' op C3: r = 5 tokens can't be taken from 4 and merged into 3}}
  %0 = condcomp.match_tokens %s, 5 : tensor<4x3xf32> -> !condcomp.routing<7x2, f32, exactly 1>
  return
}

// -----

func.func @f(%s: tensor<4x0xf32>) {
  // expected-error @below {{'condcomp.match_tokens' op C3: r = 1 tokens can't be taken from 4 and merged into 0}}
  %0 = condcomp.match_tokens %s, 1 : tensor<4x0xf32> -> !condcomp.routing<4x3, f32, exactly 1>
  return
}
