// RUN: cc-opt %s -split-input-file -verify-diagnostics -condcomp-verify-rows

// An iterate, and one inside whose rows are those of the outer one.
func.func @nested(%x: tensor<?x8xf32>, %n: index, %w: tensor<4x8xf32>,
                  %done: i1) {
  %0:2 = condcomp.iterate steps(%n) rows(%x : tensor<?x8xf32>)
      params(%w : tensor<4x8xf32>) outs(%x : tensor<?x8xf32>) with_step {
  ^bb0(%h: tensor<?x8xf32>, %v: tensor<8xf32>, %step: index):
    %c0 = arith.constant 0 : index
    %r = tensor.dim %h, %c0 : tensor<?x8xf32>
    %d = tensor.splat %done[%r] : tensor<?xi1>
    %1:2 = condcomp.iterate steps(%step) rows(%h : tensor<?x8xf32>)
        outs(%h : tensor<?x8xf32>) with_ids {
    ^bb0(%g: tensor<?x8xf32>, %ids: tensor<?xindex>):
      %m = tensor.dim %g, %c0 : tensor<?x8xf32>
      %e = tensor.splat %done[%m] : tensor<?xi1>
      %at = tensor.expand_shape %ids [[0, 1]] output_shape [%m, 1]
        : tensor<?xindex> into tensor<?x1xindex>
      %own = tensor.gather %h[%at] gather_dims([0])
        : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
      %y = arith.addf %g, %own : tensor<?x8xf32>
      condcomp.exit %e : tensor<?xi1> results(%y : tensor<?x8xf32>)
        carry(%y : tensor<?x8xf32>)
    } -> tensor<?x8xf32>, tensor<?xi32>
    condcomp.exit %d : tensor<?xi1> results(%1#0 : tensor<?x8xf32>)
      carry(%1#0 : tensor<?x8xf32>)
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// The probability of leaving depends on the row alone, too.
func.func @soft(%x: tensor<?x8xf32>, %n: index, %d: i1, %g: tensor<?xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.iterate', which must treat its rows independently}}
  condcomp.iterate steps(%n) rows(%x : tensor<?x8xf32>) outs(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %r = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.splat %d[%r] : tensor<?xi1>
    // expected-error @below {{'condcomp.exit' op R3: yields a tensor that is not made of the rows as its result of one row per row}}
    condcomp.exit %e : tensor<?xi1> results(%h : tensor<?x8xf32>)
      carry(%h : tensor<?x8xf32>) soft(%g : tensor<?xf32>)
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// As many columns as rows.
func.func @square(%x: tensor<?x?xf32>, %n: index, %d: i1, %f: f32) {
  // expected-note @below {{in region 0 of this 'condcomp.iterate', which must treat its rows independently}}
  condcomp.iterate steps(%n) rows(%x : tensor<?x?xf32>) outs(%x : tensor<?x?xf32>) {
  ^bb0(%h: tensor<?x?xf32>):
    %c0 = arith.constant 0 : index
    %r = tensor.dim %h, %c0 : tensor<?x?xf32>
    %e = tensor.splat %d[%r] : tensor<?xi1>
    %s = tensor.splat %f[%r, %r] : tensor<?x?xf32>
    // expected-error @below {{'condcomp.exit' op R2: yields a tensor whose dim 1 is as long as there are rows}}
    condcomp.exit %e : tensor<?xi1> results(%s : tensor<?x?xf32>)
      carry(%h : tensor<?x?xf32>)
  } -> tensor<?x?xf32>, tensor<?xi32>
  return
}

// -----

// Which rows of a body stay depends on where they are.
func.func @survivors(%x: tensor<?x8xf32>, %n: index, %d: i1) {
  // expected-note @below {{in region 0 of this 'condcomp.iterate', which must treat its rows independently}}
  condcomp.iterate steps(%n) rows(%x : tensor<?x8xf32>) outs(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %r = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.splat %d[%r] : tensor<?xi1>
    // expected-error @below {{'condcomp.cascade' op R2: makes data of the number or the position of rows}}
    %0:4 = condcomp.cascade rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb0(%g: tensor<?x8xf32>):
      %m = tensor.dim %g, %c0 : tensor<?x8xf32>
      %i = tensor.splat %d[%m] : tensor<?xi1>
      condcomp.exit %i : tensor<?xi1> results(%g : tensor<?x8xf32>)
        carry(%g : tensor<?x8xf32>)
    } -> tensor<?x8xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x8xf32>
    condcomp.exit %e : tensor<?xi1> results(%0#3 : tensor<?x8xf32>)
      carry(%h : tensor<?x8xf32>)
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// Params are the same for all rows.
func.func @params(%x: tensor<?x8xf32>, %n: index, %d: i1) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'condcomp.iterate' op R1: takes params from the rows}}
    %0:2 = condcomp.iterate steps(%n) rows(%h : tensor<?x8xf32>)
        params(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb0(%g: tensor<?x8xf32>, %w: tensor<8xf32>):
      %c0 = arith.constant 0 : index
      %m = tensor.dim %g, %c0 : tensor<?x8xf32>
      %i = tensor.splat %d[%m] : tensor<?xi1>
      condcomp.exit %i : tensor<?xi1> results(%g : tensor<?x8xf32>)
        carry(%g : tensor<?x8xf32>)
    } -> tensor<?x8xf32>, tensor<?xi32>
    condcomp.yield %0#0 : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}
