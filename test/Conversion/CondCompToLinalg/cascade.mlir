// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefix=COMPACT
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefix=MASKED

// In compact form a stage runs if rows are left, on those rows: stages nest.
// COMPACT-LABEL: func.func @cascade
// COMPACT: scf.if
// COMPACT: math.exp
// Rows are split into those that go on and those that leave, results are put in place.
// COMPACT: scf.for
// COMPACT: scf.for
// COMPACT: tensor.insert_slice
// Carried rows are gathered if some left; the last stage is inside.
// COMPACT: scf.if
// COMPACT-NEXT: scf.yield
// COMPACT: else
// COMPACT: linalg.generic
// COMPACT: tensor.extract
// COMPACT: scf.if
// COMPACT: math.log

// In masked form all rows go through all stages.
// MASKED-LABEL: func.func @cascade
// MASKED-NOT: scf.if
// MASKED: math.exp
// MASKED: arith.select
// MASKED: math.log
// MASKED: arith.select
func.func @cascade(%x: tensor<?x4xf32>, %d: tensor<?xi1>) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %d : tensor<?x4xf32>, tensor<?xi1>) {
  ^bb0(%h: tensor<?x4xf32>, %done: tensor<?xi1>):
    %e = math.exp %h : tensor<?x4xf32>
    condcomp.exit %done : tensor<?xi1> results(%e : tensor<?x4xf32>) carry(%h : tensor<?x4xf32>)
  }, {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.log %h : tensor<?x4xf32>
    condcomp.yield %e : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}

// An open cascade: results start from outs. What survivors carry has a size that
// only stages know, so they run on no rows, too.
// COMPACT-LABEL: func.func @open(
// COMPACT-NOT: scf.if
// COMPACT: math.exp
// COMPACT: scf.for {{.*}} iter_args(%{{.*}} = %arg1

// MASKED-LABEL: func.func @open(
// MASKED: math.exp
// MASKED: arith.select
// The survivors are packed at the end.
// MASKED: scf.for
// MASKED: tensor.extract
func.func @open(%x: tensor<?x?xf32>, %o: tensor<?x?xf32>, %d: tensor<?xi1>)
    -> (tensor<?x?xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x?xf32>) {
  %0:4 = condcomp.cascade rows(%x, %d : tensor<?x?xf32>, tensor<?xi1>)
      outs(%o : tensor<?x?xf32>) {
  ^bb0(%h: tensor<?x?xf32>, %done: tensor<?xi1>):
    %e = math.exp %h : tensor<?x?xf32>
    condcomp.exit %done : tensor<?xi1> results(%e : tensor<?x?xf32>)
      carry(%h : tensor<?x?xf32>)
  } -> tensor<?x?xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x?xf32>
  return %0#0, %0#1, %0#2, %0#3
    : tensor<?x?xf32>, tensor<?xi32>, tensor<?xindex>, tensor<?x?xf32>
}
