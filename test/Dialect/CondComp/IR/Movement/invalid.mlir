// RUN: cc-opt %s -split-input-file -verify-diagnostics

// select

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<5x3xf32>) {
  // expected-error @below {{'condcomp.select' op C1: rows must lead with 4, got 'tensor<5x3xf32>'}}
  %0 = condcomp.select %r from rows(%x : tensor<5x3xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.select' op C1: modules must lead with 8, got 'tensor<4x3xf32>'}}
  %0 = condcomp.select %r from modules(%x : tensor<4x3xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4xf32>) {
  // expected-error @below {{'condcomp.select' op C1: pairs must lead with 4x8, got 'tensor<4xf32>'}}
  %0 = condcomp.select %r from pairs(%x : tensor<4xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<f32>) {
  // expected-error @below {{'condcomp.select' op C1: rows must lead with 4, got 'tensor<f32>'}}
  %0 = condcomp.select %r from rows(%x : tensor<f32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.select' op C2: the result must have the shape 4x2x3, got 'tensor<4x2x4xf32>'}}
  %0 = condcomp.select %r from rows(%x : tensor<4x3xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2x4xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.select' op C2: the result must have the element type of the source, 'f32', got 'tensor<4x2x3xf64>'}}
  %0 = condcomp.select %r from rows(%x : tensor<4x3xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2x3xf64>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32>, %x: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.select' op C2: the result must have the shape ?x3, got 'tensor<4x2x3xf32>'}}
  %0 = condcomp.select %r from rows(%x : tensor<4x3xf32>)
    : !condcomp.routing<4x8, f32> -> tensor<4x2x3xf32>
  return
}

// -----

// combine

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x3xf32>, %o: tensor<4xf32>) {
  // expected-error @below {{'condcomp.combine' op C1: entries must lead with 4x2, got 'tensor<4x3xf32>'}}
  %0 = condcomp.combine sum %r entries(%e : tensor<4x3xf32>)
    outs(%o : tensor<4xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<f32>, %o: tensor<4xf32>) {
  // expected-error @below {{'condcomp.combine' op C1: entries must lead with 4x2, got 'tensor<f32>'}}
  %0 = condcomp.combine sum %r entries(%e : tensor<f32>)
    outs(%o : tensor<4xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2x3xf32>, %o: tensor<4x4xf32>) {
  // expected-error @below {{'condcomp.combine' op C2: outs must have the shape 4x3, got 'tensor<4x4xf32>'}}
  %0 = condcomp.combine sum %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x4xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.combine' op C2: outs must have the shape 4x8x3, got 'tensor<4x3xf32>'}}
  %0 = condcomp.combine stack %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2x3xf32>, %o: tensor<4x3xf64>) {
  // expected-error @below {{'condcomp.combine' op C2: outs must have the element type of the entries, 'f32', got 'tensor<4x3xf64>'}}
  %0 = condcomp.combine sum %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x3xf64>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.combine' op C2: 'none' leaves nothing to combine}}
  %0 = condcomp.combine none %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.combine' op C3: 'replace' needs at most one entry per row, got '!condcomp.routing<4x8, f32, exactly 2>'}}
  %0 = condcomp.combine replace %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32>, %e: tensor<?x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.combine' op C3: 'replace' needs at most one entry per row, got '!condcomp.routing<4x8, f32>'}}
  %0 = condcomp.combine replace %r entries(%e : tensor<?x3xf32>)
    outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2xi32>, %o: tensor<4xi32>) {
  // expected-error @below {{'condcomp.combine' op C4: entries of 'i32' need weights(none)}}
  %0 = condcomp.combine sum %r entries(%e : tensor<4x2xi32>)
    outs(%o : tensor<4xi32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2xf32>, %o: tensor<4xf32>) {
  // expected-error @below {{'condcomp.combine' op C4: weights multiply the entries ('output') or nothing ('none')}}
  %0 = condcomp.combine sum %r entries(%e : tensor<4x2xf32>)
    outs(%o : tensor<4xf32>) weights(input) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2xi32>, %o: tensor<4xi32>) {
  // expected-error @below {{'condcomp.combine' op C4: 'mean' needs float entries, got 'tensor<4x2xi32>'}}
  %0 = condcomp.combine mean %r entries(%e : tensor<4x2xi32>)
    outs(%o : tensor<4xi32>) weights(none) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

// restore

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x3xf32>, %o: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.restore' op C1: entries must lead with 4x2, got 'tensor<4x3xf32>'}}
  %0 = condcomp.restore replace %r entries(%e : tensor<4x3xf32>)
    outs(%o : tensor<4x8xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.restore' op C2: outs must have the shape 4x8x3, got 'tensor<4x3xf32>'}}
  %0 = condcomp.restore replace %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2xf32>, %o: tensor<4x8xbf16>) {
  // expected-error @below {{'condcomp.restore' op C2: outs must have the element type of the entries, 'f32', got 'tensor<4x8xbf16>'}}
  %0 = condcomp.restore sum %r entries(%e : tensor<4x2xf32>)
    outs(%o : tensor<4x8xbf16>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<4x2xf32>, %o: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.restore' op C3: the kind must be 'replace' or 'sum', got 'mean'}}
  %0 = condcomp.restore mean %r entries(%e : tensor<4x2xf32>)
    outs(%o : tensor<4x8xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<5x3xf32>, %o: tensor<8x3xf32>) {
  // expected-error @below {{'condcomp.pool' op C1: rows must lead with 4, got 'tensor<5x3xf32>'}}
  %0 = condcomp.pool sum %r from rows(%x : tensor<5x3xf32>) outs(%o : tensor<8x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.pool' op C2: outs must have the shape 8x3, got 'tensor<4x3xf32>'}}
  %0 = condcomp.pool sum %r from rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>, %o: tensor<8x3xbf16>) {
  // expected-error @below {{'condcomp.pool' op C2: outs must have the element type of the rows, 'f32', got 'tensor<8x3xbf16>'}}
  %0 = condcomp.pool sum %r from rows(%x : tensor<4x3xf32>) outs(%o : tensor<8x3xbf16>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>, %o: tensor<8x3xf32>) {
  // expected-error @below {{'condcomp.pool' op C3: the kind must be 'sum', 'mean' or 'max', got 'stack'}}
  %0 = condcomp.pool stack %r from rows(%x : tensor<4x3xf32>) outs(%o : tensor<8x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xi32>, %o: tensor<8x3xi32>) {
  // expected-error @below {{'condcomp.pool' op C4: rows of 'i32' need weights(none)}}
  %0 = condcomp.pool sum %r from rows(%x : tensor<4x3xi32>) outs(%o : tensor<8x3xi32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xf32>, %o: tensor<8x3xf32>) {
  // expected-error @below {{'condcomp.pool' op C4: weights multiply the rows ('output') or nothing ('none')}}
  %0 = condcomp.pool sum %r from rows(%x : tensor<4x3xf32>) outs(%o : tensor<8x3xf32>) weights(input) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %x: tensor<4x3xi32>, %o: tensor<8x3xi32>) {
  // expected-error @below {{'condcomp.pool' op C4: 'mean' needs float rows, got 'tensor<4x3xi32>'}}
  %0 = condcomp.pool mean %r from rows(%x : tensor<4x3xi32>) outs(%o : tensor<8x3xi32>) weights(none) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %w: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.mix' op C1: modules must lead with 8, got 'tensor<4x3xf32>'}}
  %0 = condcomp.mix %r from modules(%w : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %w: tensor<8x3xf32>, %o: tensor<4x2xf32>) {
  // expected-error @below {{'condcomp.mix' op C2: outs must have the shape 4x3, got 'tensor<4x2xf32>'}}
  %0 = condcomp.mix %r from modules(%w : tensor<8x3xf32>) outs(%o : tensor<4x2xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %w: tensor<8xi32>, %o: tensor<4xi32>) {
  // expected-error @below {{'condcomp.mix' op C4: modules of 'i32' need weights(none)}}
  %0 = condcomp.mix %r from modules(%w : tensor<8xi32>) outs(%o : tensor<4xi32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}
