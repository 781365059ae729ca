// RUN: cc-opt %s -split-input-file -verify-diagnostics

// confidence

func.func @f(%x: tensor<f32>) {
  // expected-error @below {{'condcomp.confidence' op C1: logits need a dim of classes, got 'tensor<f32>'}}
  %0 = condcomp.confidence max_prob %x : tensor<f32> -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<4x10xf32>) {
  // expected-error @below {{'condcomp.confidence' op C1: the result must have the shape 4, got 'tensor<10xf32>'}}
  %0 = condcomp.confidence max_prob %x : tensor<4x10xf32> -> tensor<10xf32>
  return
}

// -----

func.func @f(%x: tensor<4x10xbf16>) {
  // expected-error @below {{'condcomp.confidence' op C2: logits of 'bf16' make a confidence of f32, got 'tensor<4xf64>'}}
  %0 = condcomp.confidence max_prob %x : tensor<4x10xbf16> -> tensor<4xf64>
  return
}

// -----

func.func @f(%x: tensor<4x10xf64>) {
  // expected-error @below {{'condcomp.confidence' op C2: logits of 'f64' make a confidence of f64, got 'tensor<4xf32>'}}
  %0 = condcomp.confidence max_prob %x : tensor<4x10xf64> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x0xf32>) {
  // expected-error @below {{'condcomp.confidence' op C3: 'entropy' needs at least 1 classes, got 0}}
  %0 = condcomp.confidence entropy %x : tensor<4x0xf32> -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4x1xf32>) {
  // expected-error @below {{'condcomp.confidence' op C3: 'margin' needs at least 2 classes, got 1}}
  %0 = condcomp.confidence margin %x : tensor<4x1xf32> -> tensor<4xf32>
  return
}

// -----

// check

func.func @f(%ok: i1, %i: index) {
  // expected-error @below {{'condcomp.check' op C2: the message names value {1}, but there are 1 values}}
  condcomp.check %ok, "{0} and {1}"(%i) : index
  return
}

// -----

// check C1

func.func @f(%ok: i1, %v: vector<2xf32>) {
  // expected-error @below {{operand #1 must be variadic of index or signless integer or floating-point, but got 'vector<2xf32>'}}
  condcomp.check %ok, "{0}"(%v) : vector<2xf32>
  return
}
