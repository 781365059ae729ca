// RUN: cc-opt %s -split-input-file -verify-diagnostics

// apply C1
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<5x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C1: rows must lead with 4, got 'tensor<5x3xf32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<5x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<f32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C1: rows must lead with 4, got 'tensor<f32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<f32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// C2
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C2: entries must lead with 4x1, got 'tensor<4x3xf32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      entries(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// C3
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C3: params must lead with 2, got 'tensor<4x3xf32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      params(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<f32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C3: params must lead with 2, got 'tensor<f32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      params(%x : tensor<f32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// C4
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C4: needs one region for all modules or one per module, got 3 regions for 2 modules}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x?, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C4: needs one region for all modules or one per module, got 2 regions for ? modules}}
  %0 = condcomp.apply %r : !condcomp.routing<4x?, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// No region at all.
func.func @f(%r: !condcomp.routing<4x2, f32>) {
  // expected-error @below {{'condcomp.apply' op C4: needs one region for all modules or one per module, got 0 regions for 2 modules}}
  "condcomp.apply"(%r) <{operandSegmentSizes = array<i32: 1, 0, 0, 0, 0>}>
    : (!condcomp.routing<4x2, f32>) -> ()
  return
}

// -----

// An empty region.
func.func @f(%r: !condcomp.routing<4x2, f32>) {
  // expected-error @below {{region #0 ('bodies') failed to verify constraint: region with 1 blocks}}
  "condcomp.apply"(%r) <{operandSegmentSizes = array<i32: 1, 0, 0, 0, 0>}> ({})
    : (!condcomp.routing<4x2, f32>) -> ()
  return
}

// -----

// C5
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C5: the arguments of region 0 must be ('tensor<?x3xf32>'), got ()}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
    condcomp.yield %x : tensor<4x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C5: the arguments of region 0 must be ('tensor<?x3xf32>'), got ('tensor<4x3xf32>')}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<4x3xf32>):
    condcomp.yield %h : tensor<4x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C5: the arguments of region 0 must be ('tensor<?x3xf32>', 'tensor<?xindex>', 'index'), got ('tensor<?x3xf32>', 'index', 'tensor<?xindex>')}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) with_ids with_module {
  ^bb0(%h: tensor<?x3xf32>, %m: index, %i: tensor<?xindex>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// C6
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.yield' op C6: region 0 must yield ('tensor<?x3xf32>'), got ()}}
    condcomp.yield
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.yield' op C6: region 0 must yield ('tensor<?x3xf32>'), got ('tensor<4x3xf32>')}}
    condcomp.yield %x : tensor<4x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// C7
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C7: needs one outs per result with combine(sum), got 0 for 1 results}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C7: needs no outs with combine(none), got 1 for 1 results}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) combine(none) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x1x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C7: outs and result types differ: 'tensor<4x3xf32>' and 'tensor<?x3xf32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<?x3xf32>
  return
}

// -----

// C8
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 2>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C8: combine(replace) needs at most one entry per row, got '!condcomp.routing<4x2, f32, exactly 2>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 2>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) combine(replace) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

// C9
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.apply' op C9: the result must lead with 4x2, got 'tensor<4x3xf32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x3xf32>) combine(stack) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xf32>, %o: tensor<f32>) {
  // expected-error @below {{'condcomp.apply' op C9: the result must lead with 4, got 'tensor<f32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xf32>) outs(%o : tensor<f32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x?xf32>) {
  // expected-error @below {{'condcomp.apply' op C9: with combine(none) the dims of results after the entry dims must be static, got 'tensor<4x1x?xf32>'}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x?xf32>) combine(none) {
  ^bb0(%h: tensor<?x?xf32>):
    condcomp.yield %h : tensor<?x?xf32>
  } -> tensor<4x1x?xf32>
  return
}

// -----

// C10
func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xi32>, %o: tensor<4x3xi32>) {
  // expected-error @below {{'condcomp.apply' op C10: weights(output) and combine(mean) need float results}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xi32>) outs(%o : tensor<4x3xi32>) {
  ^bb0(%h: tensor<?x3xi32>):
    condcomp.yield %h : tensor<?x3xi32>
  } -> tensor<4x3xi32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xi32>, %o: tensor<4x3xi32>) {
  // expected-error @below {{'condcomp.apply' op C10: weights(output) and combine(mean) need float results}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xi32>) outs(%o : tensor<4x3xi32>) combine(mean) weights(none) {
  ^bb0(%h: tensor<?x3xi32>):
    condcomp.yield %h : tensor<?x3xi32>
  } -> tensor<4x3xi32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x2, f32, exactly 1>, %x: tensor<4x3xi32>, %o: tensor<4x3xi32>) {
  // expected-error @below {{'condcomp.apply' op C10: weights(input) needs a float rows or entries operand}}
  %0 = condcomp.apply %r : !condcomp.routing<4x2, f32, exactly 1>
      rows(%x : tensor<4x3xi32>) outs(%o : tensor<4x3xi32>) weights(input) {
  ^bb0(%h: tensor<?x3xi32>):
    condcomp.yield %h : tensor<?x3xi32>
  } -> tensor<4x3xi32>
  return
}

// -----

// cascade C1
func.func @f(%x: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.cascade' op C1: needs at least one stage}}
  %0:2 = "condcomp.cascade"(%x) <{operandSegmentSizes = array<i32: 1, 0, 0>}>
    : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4xi32>)
  return
}

// -----

func.func @f() {
  // expected-error @below {{'condcomp.cascade' op C1: needs at least one rows operand}}
  %0 = "condcomp.cascade"() <{operandSegmentSizes = array<i32: 0, 0, 0>}> ({
    "condcomp.yield"() : () -> ()
  }) : () -> tensor<?xi32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @below {{'condcomp.cascade' op C1: rows and state need a leading dim, got 'tensor<f32>'}}
  %0:2 = condcomp.cascade rows(%x : tensor<f32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<5x2xf32>) {
  // expected-error @below {{'condcomp.cascade' op C1: rows and state must have the same number of rows, got 4 and 5}}
  %0:3 = condcomp.cascade rows(%x : tensor<4x3xf32>) state(%s : tensor<5x2xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<5x2xf32>, tensor<4xi32>
  return
}

// -----

// C2
func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C2: stage 0 must have 1 arguments (carried rows, params, state, ids, step), got 0}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
    condcomp.yield %x : tensor<4x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C2: carried arguments of stage 0 must be ('tensor<?x3xf32>'), got ('tensor<4x3xf32>')}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<4x3xf32>):
    condcomp.yield %h : tensor<4x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C2: stage 0 must take ('tensor<?xindex>') after its rows, got ('tensor<?xi32>')}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) with_ids {
  ^bb0(%h: tensor<?x3xf32>, %i: tensor<?xi32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.exit' op C2: carried types are tensor<?x…>, got 'tensor<4x3xf32>'}}
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>)
      carry(%x : tensor<4x3xf32>)
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C3
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C3: stage 1 must end in condcomp.yield, got llvm.unreachable}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>)
      carry(%h : tensor<?x3xf32>)
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    llvm.unreachable
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C3: stage 0 must end in condcomp.exit, got condcomp.yield}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C4
func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.yield' op C4: results must be ('tensor<?x3xf32>'), got ('tensor<4x3xf32>')}}
    condcomp.yield %x : tensor<4x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %d: tensor<?x1xi1>) {
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.exit' op C4: done must be tensor<?xi1>, got 'tensor<?x1xi1>'}}
    condcomp.exit %d : tensor<?x1xi1> results(%h : tensor<?x3xf32>)
      carry(%h : tensor<?x3xf32>)
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C4: results lead with the number of rows, 4, got 'tensor<5x3xf32>'}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<5x3xf32>, tensor<4xi32>
  return
}

// -----

// C5
func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C5: carried arguments of stage 1 must be ('tensor<?xi1>'), got ('tensor<?x3xf32>')}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>)
      carry(%d : tensor<?xi1>)
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// C6
func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  %0:3 = condcomp.cascade rows(%x : tensor<4x3xf32>) state(%s : tensor<4x2xf32>) {
  ^bb0(%h: tensor<?x3xf32>, %t: tensor<4x2xf32>):
    // expected-error @below {{'condcomp.yield' op C6: state must be ('tensor<4x2xf32>'), got ('tensor<?x3xf32>')}}
    condcomp.yield %h, %h : tensor<?x3xf32>, tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4x2xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C6: the state results must be ('tensor<4x2xf32>'), got ('tensor<?x2xf32>')}}
  %0:3 = condcomp.cascade rows(%x : tensor<4x3xf32>) state(%s : tensor<4x2xf32>) {
  ^bb0(%h: tensor<?x3xf32>, %t: tensor<4x2xf32>):
    condcomp.yield %h, %t : tensor<?x3xf32>, tensor<4x2xf32>
  } -> tensor<4x3xf32>, tensor<?x2xf32>, tensor<4xi32>
  return
}

// -----

// C7
func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C7: after results and state comes where each row left, tensor<Rxi32>, got 'tensor<4xi64>'}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C7: needs results for 1 state operands, 0 survivors and where rows left, got 1 results}}
  %0:1 = condcomp.cascade rows(%x : tensor<4x3xf32>) state(%s : tensor<4x2xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4xi32>
  return
}

// -----

// C9
func.func @f(%x: tensor<4x3xf32>, %s: tensor<4x2xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C9: without outs the dims of results after the rows must be static, got 'tensor<4x?xf32>'}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x?xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %o: tensor<4x2xf32>) {
  // expected-error @below {{'condcomp.cascade' op C9: outs must be ('tensor<4x3xf32>') like the results, got ('tensor<4x2xf32>')}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) outs(%o : tensor<4x2xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C9: needs one outs per result, for rows that do not leave, got 0 for 1 results}}
  %0:3 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>, tensor<?xindex>
  return
}

// -----

// C10
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.cascade' op C10: an open cascade returns the survivors' ids and carry, ('tensor<?xindex>', 'tensor<?x3xf32>'), got ('tensor<?xindex>', 'tensor<4x3xf32>')}}
  %0:4 = condcomp.cascade rows(%x : tensor<4x3xf32>) outs(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>)
      carry(%h : tensor<?x3xf32>)
  } -> tensor<4x3xf32>, tensor<4xi32>, tensor<?xindex>, tensor<4x3xf32>
  return
}

// -----

// The probability of leaving.
func.func @f(%x: tensor<4x3xf32>, %d: tensor<?xi1>, %g: tensor<?x1xf32>) {
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{'condcomp.exit' op C4: soft must be tensor<?xf32> or tensor<?xf64>, got 'tensor<?x1xf32>'}}
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x3xf32>)
      carry(%h : tensor<?x3xf32>) soft(%g : tensor<?x1xf32>)
  }, {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

// exit and yield belong to their ops.
func.func @f(%d: tensor<?xi1>) {
  // expected-error @below {{'condcomp.exit' op expects parent op to be one of 'condcomp.cascade, condcomp.iterate'}}
  condcomp.exit %d : tensor<?xi1>
}

// -----

func.func @f() {
  // expected-error @below {{'condcomp.yield' op expects parent op to be one of 'condcomp.apply, condcomp.cascade'}}
  condcomp.yield
}

// -----

// Two blocks; no terminator.
func.func @f(%x: tensor<4x3xf32>) {
  // expected-error @below {{'condcomp.cascade' op expects region #0 to have 0 or 1 blocks}}
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    condcomp.yield %h : tensor<?x3xf32>
  ^bb1:
    condcomp.yield
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>) {
  %0:2 = condcomp.cascade rows(%x : tensor<4x3xf32>) {
  ^bb0(%h: tensor<?x3xf32>):
    // expected-error @below {{block with no terminator}}
    %c0 = arith.constant 0 : index
  } -> tensor<4x3xf32>, tensor<4xi32>
  return
}
