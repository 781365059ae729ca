// RUN: cc-opt %s -split-input-file -verify-diagnostics

// C1
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index, %s: tensor<5x2xf32>) {
  // expected-error @below {{'condcomp.iterate' op C1: rows and state must have the same number of rows, got 4 and 5}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) state(%s : tensor<5x2xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C2
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index) {
  // expected-error @below {{'condcomp.iterate' op C2: stage 0 must have 2 arguments (carried rows, params, state, ids, step), got 1}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) with_step {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index, %w: tensor<5x2xf32>) {
  // expected-error @below {{'condcomp.iterate' op C2: stage 0 must take ('tensor<2xf32>', 'index') after its rows, got ('index', 'tensor<2xf32>')}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) params(%w : tensor<5x2xf32>) outs(%x : tensor<4x3xf32>) with_step {
  ^bb0(%h: tensor<?x3xf32>, %i: index, %v: tensor<2xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C3
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index) {
  // expected-error @below {{'condcomp.iterate' op C3: stage 0 must end in condcomp.exit, got llvm.unreachable}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    llvm.unreachable
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C4
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index) {
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.exit' op C4: results must be ('tensor<?x3xf32>'), got ('tensor<4x3xf32>')}}
    condcomp.exit %d : tensor<?xi1> results(%x : tensor<4x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C5: what is carried does not change its shape.
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index) {
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.exit' op C5: carry must be ('tensor<?x3xf32>'), got ('tensor<?xi1>')}}
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%d : tensor<?xi1>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C6
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index, %s: tensor<4x2xf32>) {
  %0:3 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) state(%s : tensor<4x2xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>, %t: tensor<4x2xf32>):
    // expected-error @below {{'condcomp.exit' op C6: state must be ('tensor<4x2xf32>'), got ()}}
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4x2xf32>, tensor<4xi32>
  return
}

// -----

// C7
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index) {
  // expected-error @below {{'condcomp.iterate' op C7: after results and state comes where each row left, tensor<Rxi32>, got 'tensor<4xi64>'}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi64>
  return
}

// -----

// C9
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index) {
  // expected-error @below {{'condcomp.iterate' op C9: needs one outs per result, for rows that do not leave, got 0 for 1 results}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C11
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>) {
  %n = arith.constant -1 : index
  // expected-error @below {{'condcomp.iterate' op C11: the limit of steps must not be negative, got -1}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C12
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %w: tensor<5x2xf32>) {
  %n = arith.constant 6 : index
  // expected-error @below {{'condcomp.iterate' op C12: params must lead with at least the 6 steps of the limit, got 'tensor<5x2xf32>'}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) params(%w : tensor<5x2xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>, %v: tensor<2xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %n: index, %w: tensor<f32>) {
  // expected-error @below {{'condcomp.iterate' op C12: params need a leading dim, got 'tensor<f32>'}}
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<4x3xf32>) params(%w : tensor<f32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>, %v: tensor<f32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>) carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}
