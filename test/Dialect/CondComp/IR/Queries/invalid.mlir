// RUN: cc-opt %s -split-input-file -verify-diagnostics

// Result types are those of the specification: row_sizes C1, module_sizes C1,
// row_offsets C1, weights C1, indices C1, to_dense C1, to_mask C1.

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.row_sizes' op failed to infer returned types}}
  // expected-error @below {{'condcomp.row_sizes' op inferred type(s) 'tensor<4xindex>' are incompatible with return type(s) of operation 'tensor<8xindex>'}}
  %0 = condcomp.row_sizes %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<8xindex>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.module_sizes' op failed to infer returned types}}
  // expected-error @below {{'condcomp.module_sizes' op inferred type(s) 'tensor<8xindex>' are incompatible with return type(s) of operation 'tensor<4xindex>'}}
  %0 = condcomp.module_sizes %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4xindex>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.row_offsets' op failed to infer returned types}}
  // expected-error @below {{'condcomp.row_offsets' op inferred type(s) 'tensor<5xindex>' are incompatible with return type(s) of operation 'tensor<4xindex>'}}
  %0 = condcomp.row_offsets %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4xindex>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.weights' op failed to infer returned types}}
  // expected-error @below {{'condcomp.weights' op inferred type(s) 'tensor<4x2xf32>' are incompatible with return type(s) of operation 'tensor<8xf32>'}}
  %0 = condcomp.weights %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<8xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.weights' op failed to infer returned types}}
  // expected-error @below {{'condcomp.weights' op inferred type(s) 'tensor<4x2xf32>' are incompatible with return type(s) of operation 'tensor<4x2xf64>'}}
  %0 = condcomp.weights %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2xf64>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.indices' op failed to infer returned types}}
  // expected-error @below {{'condcomp.indices' op inferred type(s) 'tensor<4x2xindex>' are incompatible with return type(s) of operation 'tensor<4x3xindex>'}}
  %0 = condcomp.indices %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x3xindex>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32>) {
  // expected-error @+2 {{'condcomp.indices' op failed to infer returned types}}
  // expected-error @below {{'condcomp.indices' op inferred type(s) 'tensor<?xindex>' are incompatible with return type(s) of operation 'tensor<4x2xindex>'}}
  %0 = condcomp.indices %r : !condcomp.routing<4x8, f32> -> tensor<4x2xindex>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.to_dense' op failed to infer returned types}}
  // expected-error @below {{'condcomp.to_dense' op inferred type(s) 'tensor<4x8xf32>' are incompatible with return type(s) of operation 'tensor<4x9xf32>'}}
  %0 = condcomp.to_dense %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x9xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @+2 {{'condcomp.to_mask' op failed to infer returned types}}
  // expected-error @below {{'condcomp.to_mask' op inferred type(s) 'tensor<4x8xi1>' are incompatible with return type(s) of operation 'tensor<8x4xi1>'}}
  %0 = condcomp.to_mask %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<8x4xi1>
  return
}

// -----

// Results are ranked.

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{invalid kind of type specified: expected builtin.tensor, but found 'tensor<*xi1>'}}
  %0 = condcomp.to_mask %r : !condcomp.routing<4x8, f32, exactly 2> -> tensor<*xi1>
  return
}

// -----

// An overflowing number of rows makes no static size.

func.func @f(%r: !condcomp.routing<9223372036854775807x9223372036854775807x2, f32>) {
  %0 = condcomp.row_offsets %r : !condcomp.routing<9223372036854775807x9223372036854775807x2, f32>
    -> tensor<?xindex>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32>) {
  // expected-error @below {{'condcomp.trace' op C1: the name must not be empty}}
  condcomp.trace %r "" : !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<2x4x8, f32>, %ids: tensor<4xindex>) {
  // expected-error @below {{'condcomp.trace' op C2: ids must have the shape 8, got 'tensor<4xindex>'}}
  condcomp.trace %r "r" ids(%ids : tensor<4xindex>) : !condcomp.routing<2x4x8, f32>
  return
}
