// RUN: cc-opt %s -split-input-file -verify-diagnostics -condcomp-verify-rows \
// RUN:   -allow-unregistered-dialect

// R1: a mean over the batch.
func.func @reduces(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %f0 = arith.constant dense<0.0> : tensor<8xf32>
    // expected-error @below {{'linalg.reduce' op R1: reduces over the rows: loop 0 runs over them}}
    %s = linalg.reduce { arith.addf } ins(%h : tensor<?x8xf32>)
      outs(%f0 : tensor<8xf32>) dimensions = [0]
    %y = linalg.broadcast ins(%s : tensor<8xf32>)
      outs(%h : tensor<?x8xf32>) dimensions = [0]
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: a reduction that counts the rows, without reading them.
func.func @counts_rows(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %f1 = arith.constant 1.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %ones = tensor.splat %f1[%n] : tensor<?xf32>
    %z = tensor.splat %f0 : tensor<f32>
    // expected-error @below {{'linalg.reduce' op R1: reduces over the rows: loop 0 runs over them}}
    %s = linalg.reduce { arith.addf } ins(%ones : tensor<?xf32>)
      outs(%z : tensor<f32>) dimensions = [0]
    %y = linalg.broadcast ins(%s : tensor<f32>)
      outs(%h : tensor<?x8xf32>) dimensions = [0, 1]
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: a softmax over the batch.
func.func @softmax(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'linalg.softmax' op R1: works across dim 0, which holds the rows}}
    %y = linalg.softmax dimension(0) ins(%h : tensor<?x8xf32>)
      outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: each row against all others.
func.func @all_pairs(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n, %n) : tensor<?x?xf32>
    // expected-error @below {{'linalg.generic' op R1: meets each row with all others: rows are in loop 0 and in loop 1}}
    %a = linalg.generic {indexing_maps = [
        affine_map<(d0, d1, d2) -> (d0, d2)>,
        affine_map<(d0, d1, d2) -> (d1, d2)>,
        affine_map<(d0, d1, d2) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%h, %h : tensor<?x8xf32>, tensor<?x8xf32>)
        outs(%e : tensor<?x?xf32>) {
    ^bb0(%p: f32, %q: f32, %out: f32):
      %m = arith.mulf %p, %q : f32
      linalg.yield %m : f32
    } -> tensor<?x?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: a convolution along the batch.
func.func @window(%x: tensor<?x8xf32>, %w: tensor<3xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    // expected-error @below {{'linalg.generic' op R1: does not run over the rows of operand 0 one by one}}
    %y = linalg.generic {indexing_maps = [
        affine_map<(d0, d1, d2) -> (d0 + d2, d1)>,
        affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%h, %w : tensor<?x8xf32>, tensor<3xf32>)
        outs(%h : tensor<?x8xf32>) {
    ^bb0(%p: f32, %q: f32, %out: f32):
      %m = arith.mulf %p, %q : f32
      linalg.yield %m : f32
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: rows folded inside of heads meet rows folded outside of them.
func.func @folded_differently(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<8x?xf32>
    %t = linalg.transpose ins(%h : tensor<?x8xf32>)
      outs(%e : tensor<8x?xf32>) permutation = [1, 0]
    %a = tensor.collapse_shape %t [[0, 1]] : tensor<8x?xf32> into tensor<?xf32>
    %b = tensor.collapse_shape %h [[0, 1]] : tensor<?x8xf32> into tensor<?xf32>
    // expected-error @below {{'arith.addf' op R1: meets rows of one operand with other rows of another: they are in different dims or folded differently}}
    %s = arith.addf %a, %b : tensor<?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: the batch reversed.
func.func @reversed(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %last = arith.subi %n, %c1 : index
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]} outs(%h : tensor<?x8xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %k = arith.subi %last, %i : index
      // expected-error @below {{'tensor.extract' op R1: reads rows at positions other than their own}}
      %v = tensor.extract %h[%k, %j] : tensor<?x8xf32>
      linalg.yield %v : f32
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: own positions, but of a loop that is not over the rows.
func.func @wrong_extent(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %n2 = arith.muli %n, %c2 : index
    %e = tensor.empty(%n2) : tensor<?x8xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x8xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      // expected-error @below {{'tensor.extract' op R1: reads rows at positions other than their own}}
      %v = tensor.extract %h[%i, %j] : tensor<?x8xf32>
      linalg.yield %v : f32
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: one row for all.
func.func @one_row(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    // expected-error @below {{'tensor.extract' op R1: reads rows at positions other than their own}}
    %v = tensor.extract %h[%c0, %c0] : tensor<?x8xf32>
    %y = linalg.fill ins(%v : f32) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: rows gathered by data.
func.func @gathers_rows(%x: tensor<?x8xf32>, %at: tensor<?x1xindex>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'tensor.gather' op R1: gathers along dim 0, which holds the rows}}
    %y = tensor.gather %h[%at] gather_dims([0])
      : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: the position of a row as data.
func.func @position(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]} outs(%h : tensor<?x8xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %k = arith.index_cast %i : index to i32
      // expected-error @below {{'arith.sitofp' op R2: makes data of the number or the position of rows}}
      %f = arith.sitofp %k : i32 to f32
      linalg.yield %f : f32
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: a tensor of positions.
func.func @positions(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %p = tensor.generate %n {
    ^bb0(%i: index):
      // expected-error @below {{'tensor.yield' op R2: uses the position of a row as data}}
      tensor.yield %i : index
    } : tensor<?xindex>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: the number of rows as data.
func.func @number(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %i = arith.index_cast %n : index to i32
    // expected-error @below {{'arith.sitofp' op R2: makes data of the number or the position of rows}}
    %f = arith.sitofp %i : i32 to f32
    %y = linalg.fill ins(%f : f32) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: a cumulative sum, row by row.
func.func @loop_over_rows(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    // expected-error @below {{'scf.for' op R2: uses the number of rows as data}}
    %y = scf.for %i = %c1 to %n step %c1 iter_args(%a = %h) -> tensor<?x8xf32> {
      scf.yield %a : tensor<?x8xf32>
    }
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: one row is treated in another way than several.
func.func @branch_on_rows(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    // expected-error @below {{'arith.cmpi' op R2: makes data of the number or the position of rows}}
    %one = arith.cmpi eq, %n, %c1 : index
    %y = scf.if %one -> tensor<?x8xf32> {
      scf.yield %h : tensor<?x8xf32>
    } else {
      %t = math.tanh %h : tensor<?x8xf32>
      scf.yield %t : tensor<?x8xf32>
    }
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: a check that not every number of rows passes.
func.func @check_of_rows(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c6 = arith.constant 6 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %six = arith.cmpi eq, %n, %c6 : index
    // expected-error @below {{'cf.assert' op R2: checks the number of rows, which varies with the batch}}
    cf.assert %six, "six rows"
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: a cumulative sum by a triangular matrix.
func.func @triangular(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %f1 = arith.constant 1.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %t = tensor.generate %n, %n {
    ^bb0(%i: index, %j: index):
      // expected-error @below {{'arith.cmpi' op R2: makes data of the number or the position of rows}}
      %le = arith.cmpi ule, %j, %i : index
      %v = arith.select %le, %f1, %f0 : f32
      tensor.yield %v : f32
    } : tensor<?x?xf32>
    %y = linalg.matmul ins(%t, %h : tensor<?x?xf32>, tensor<?x8xf32>)
      outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: a captured tensor read at the position of the row.
func.func @captured(%x: tensor<?x8xf32>, %table: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>,
        affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]}
        // expected-error @-3 {{'linalg.generic' op R3: reads operand 0, a tensor that all rows share, at the position of the row, along its dim 0}}
        ins(%table : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %out : f32
      linalg.yield %s : f32
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: the same without a structured op.
func.func @captured_elementwise(%x: tensor<?x8xf32>, %table: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'arith.addf' op R3: reads a tensor that all rows share at the position of the row, along its dim 0}}
    %y = arith.addf %h, %table : tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: the same by an index.
func.func @captured_extract(%x: tensor<?x8xf32>, %table: tensor<?xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %y = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>],
        iterator_types = ["parallel", "parallel"]} outs(%h : tensor<?x8xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      // expected-error @below {{'tensor.extract' op R3: reads a tensor at the position of the row, along its dim 0}}
      %v = tensor.extract %table[%i] : tensor<?xf32>
      linalg.yield %v : f32
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: a result that is not made of the rows, which may have another number of rows
// (cascade C8).
func.func @yields_captured(%x: tensor<?x8xf32>, %table: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'condcomp.yield' op R3: yields a tensor that is not made of the rows as its result of one row per row}}
    condcomp.yield %table : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: state read elsewhere than at ids.
func.func @state_elsewhere(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>)
      state(%x : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %s: tensor<?x8xf32>, %ids: tensor<?xindex>):
    // expected-error @below {{'arith.addf' op R3: reads a tensor of all rows other than at the rows' own ids}}
    %y = arith.addf %h, %s : tensor<?x8xf32>
    condcomp.yield %y, %s : tensor<?x8xf32>, tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: state read at indices made from ids, so at other rows.
func.func @state_by_data(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>)
      state(%x : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %s: tensor<?x8xf32>, %ids: tensor<?xindex>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %next = arith.addi %ids, %ids : tensor<?xindex>
    %at = tensor.expand_shape %next [[0, 1]] output_shape [%n, 1]
      : tensor<?xindex> into tensor<?x1xindex>
    // expected-error @below {{'tensor.gather' op R3: reads a tensor of all rows other than at the rows' own ids}}
    %y = tensor.gather %s[%at] gather_dims([0])
      : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
    condcomp.yield %y, %s : tensor<?x8xf32>, tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: state that is replaced as a whole.
func.func @state_replaced(%x: tensor<?x8xf32>, %other: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>)
      state(%x : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %s: tensor<?x8xf32>, %ids: tensor<?xindex>):
    // expected-error @below {{'condcomp.yield' op R3: yields a state tensor that was not made by writing to the state at the rows' ids}}
    condcomp.yield %h, %other : tensor<?x8xf32>, tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: the number of all rows as data.
func.func @state_size(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>)
      state(%x : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %s: tensor<?x8xf32>, %ids: tensor<?xindex>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %s, %c0 : tensor<?x8xf32>
    // expected-error @below {{'scf.for' op R2: uses the number of rows as data}}
    %y = scf.for %i = %c0 to %n step %n iter_args(%a = %h) -> tensor<?x8xf32> {
      scf.yield %a : tensor<?x8xf32>
    }
    condcomp.yield %y, %s : tensor<?x8xf32>, tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: all rows but the first.
func.func @slice(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %m = arith.subi %n, %c1 : index
    // expected-error @below {{'tensor.extract_slice' op R4: takes a slice of dim 0, which holds the rows}}
    %y = tensor.extract_slice %h[1, 0] [%m, 8] [1, 1]
      : tensor<?x8xf32> to tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: one row overwritten.
func.func @insert(%x: tensor<?x8xf32>, %v: tensor<8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'tensor.insert_slice' op R4: inserts at some positions of dim 0, which holds the rows}}
    %y = tensor.insert_slice %v into %h[0, 0] [1, 8] [1, 1]
      : tensor<8xf32> into tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: a row more.
func.func @pad(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %f0 = arith.constant 0.0 : f32
    // expected-error @below {{'tensor.pad' op R4: pads dim 0, which holds the rows}}
    %y = tensor.pad %h low[0, 0] high[1, 0] {
    ^bb0(%i: index, %j: index):
      tensor.yield %f0 : f32
    } : tensor<?x8xf32> to tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: the rows twice.
func.func @concat(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'tensor.concat' op R4: concatenates along dim 0, which holds the rows}}
    %y = tensor.concat dim(0) %h, %h
      : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: [rows, 8] read as [8, rows].
func.func @interleave(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %flat = tensor.collapse_shape %h [[0, 1]] : tensor<?x8xf32> into tensor<?xf32>
    // expected-error @below {{'tensor.expand_shape' op R4: splits the rows or mixes them with another dim: after it, no dim holds every row as a whole}}
    %t = tensor.expand_shape %flat [[0, 1]] output_shape [8, %n]
      : tensor<?xf32> into tensor<8x?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: rows in groups of two.
func.func @groups(%x: tensor<?x8xf32>, %shape: tensor<2xindex>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %m = arith.divui %n, %c2 : index
    // expected-error @below {{'tensor.reshape' op R4: reshapes rows to a size that the analysis can't follow, dim 1}}
    %t = tensor.reshape %h(%shape) : (tensor<?x8xf32>, tensor<2xindex>) -> tensor<2x?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: a fixed number of rows.
func.func @static(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'tensor.cast' op R4: fixes the size of dim 0, which holds the rows, to 4}}
    %s = tensor.cast %h : tensor<?x8xf32> to tensor<4x8xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R5: rows compete for modules.
func.func @capacity(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    // expected-error @below {{'condcomp.capacity' op R5: looks across rows: they compete for the capacity of modules}}
    %c = condcomp.capacity %r, 4 order(rank)
      : !condcomp.routing<?x8, f32, exactly 2>
      -> !condcomp.routing<?x8, f32, at_most 2, per_module at_most 4>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R5: how many rows use a module.
func.func @module_sizes(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    // expected-error @below {{'condcomp.module_sizes' op R5: looks across rows: it counts a module's rows}}
    %c = condcomp.module_sizes %r : !condcomp.routing<?x8, f32, exactly 2>
      -> tensor<8xindex>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R5: a nested body that may mix rows.
func.func @group(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    // expected-error @below {{'condcomp.apply' op R5: looks across rows: its bodies have scope(group)}}
    %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
        rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) scope(group) {
    ^bb0(%g: tensor<?x8xf32>):
      condcomp.yield %g : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: a nested body reads the outer rows at its own positions.
func.func @nested_capture(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
        rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) with_ids {
    ^bb0(%g: tensor<?x8xf32>, %ids: tensor<?xindex>):
      %c0 = arith.constant 0 : index
      %n = tensor.dim %g, %c0 : tensor<?x8xf32>
      %at = tensor.expand_shape %ids [[0, 1]] output_shape [%n, 1]
        : tensor<?xindex> into tensor<?x1xindex>
      %own = tensor.gather %h[%at] gather_dims([0])
        : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
      %sum = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d1)>,
          affine_map<(d0, d1, d2) -> (d0, d1)>],
          iterator_types = ["parallel", "parallel", "reduction"]}
          // expected-error @-3 {{'linalg.generic' op R3: reads a tensor of all rows other than at the rows' own ids}}
          ins(%h : tensor<?x8xf32>) outs(%own : tensor<?x8xf32>) {
      ^bb0(%in: f32, %out: f32):
        %s = arith.addf %in, %out : f32
        linalg.yield %s : f32
      } -> tensor<?x8xf32>
      condcomp.yield %sum : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: ids of a nested body are positions among the outer body's rows.
func.func @nested_ids(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
        rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) with_ids {
    ^bb0(%g: tensor<?x8xf32>, %ids: tensor<?xindex>):
      // expected-error @below {{'arith.index_cast' op R2: uses the ids of a nested body as data: they are positions among the rows of the outer body}}
      %i = arith.index_cast %ids : tensor<?xindex> to tensor<?xi32>
      condcomp.yield %g : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R6: an op that nothing is known of.
func.func @unknown(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'test.shuffle' op R6: is not known to the row analysis, which can't tell whether it mixes rows}}
    %y = "test.shuffle"(%h) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R6: a function without a body.
func.func private @f(tensor<?x8xf32>) -> tensor<?x8xf32>
func.func @external(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'func.call' op R6: calls 'f', whose body is not known to the row analysis}}
    %y = func.call @f(%h) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R6: a function that calls itself.
func.func @f(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @below {{'func.call' op R6: calls 'f' again: the row analysis does not follow recursion}}
  %y = func.call @f(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
func.func @recursion(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-note @below {{called from here}}
    %y = func.call @f(%h) : (tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R5: rows of a module become one.
func.func @pool(%x: tensor<?x8xf32>, %o: tensor<8x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    // expected-error @below {{'condcomp.pool' op R5: looks across rows: those of a module become one}}
    %p = condcomp.pool sum %r from rows(%h : tensor<?x8xf32>)
      outs(%o : tensor<8x8xf32>) : !condcomp.routing<?x8, f32, exactly 2>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R5: rows compete for who is merged.
func.func @match_tokens(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'condcomp.match_tokens' op R5: looks across rows}}
    %r = condcomp.match_tokens %h, 0 : tensor<?x8xf32>
      -> !condcomp.routing<?x?, f32, exactly 1>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: the modules of one row are no modules of another.
func.func @mix(%x: tensor<?x8xf32>, %s: tensor<5x?xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %s, 1 : tensor<5x?xf32>
      -> !condcomp.routing<5x?, f32, exactly 1>
    %e = tensor.empty() : tensor<5x8xf32>
    // expected-error @below {{'condcomp.mix' op R1: works across dim 0 of an operand, which holds the rows}}
    %p = condcomp.mix %r from modules(%h : tensor<?x8xf32>)
      outs(%e : tensor<5x8xf32>) : !condcomp.routing<5x?, f32, exactly 1>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R5: rows compete for the places of a module.
func.func @expert_choice(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'condcomp.expert_choice' op R5: looks across rows}}
    %r = condcomp.expert_choice %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, per_module exactly 2>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: without ids a draw depends on where a row stands in the batch.
func.func @sample(%x: tensor<?x8xf32>, %key: i64) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'condcomp.sample' op R2: draws by the position of a row; in a body it needs ids(...)}}
    %r = condcomp.sample %h, 2 key(%key) : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: the ids of a nested body say how many rows of the outer one come before.
func.func @sample_nested(%x: tensor<?x8xf32>, %key: i64) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.top_k %h, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
        rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) with_ids {
    ^bb0(%g: tensor<?x8xf32>, %ids: tensor<?xindex>):
      // expected-error @below {{'condcomp.sample' op R2: uses the ids of a nested body as data}}
      %s = condcomp.sample %g, 2 key(%key) ids(%ids : tensor<?xindex>)
        : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
      condcomp.yield %g : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: groups of modules, not of rows.
func.func @limit_groups(%x: tensor<?x8xf32>, %f: f32) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<8x?xf32>
    %t = linalg.transpose ins(%h : tensor<?x8xf32>) outs(%e : tensor<8x?xf32>)
      permutation = [1, 0]
    // expected-error @below {{'condcomp.limit_groups' op R1: works across dim 1 of an operand, which holds the rows}}
    %l = condcomp.limit_groups %t groups(2) keep(1) fill(%f) : tensor<8x?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}
