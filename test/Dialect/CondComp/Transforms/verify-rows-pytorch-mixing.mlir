// Functions exported from PyTorch that mix the rows of a batch: the error is at
// the op that does.

// RUN: sed -e 's/@block/@mixing_batch_mean/' \
// RUN:     %S/../Inputs/mixing-batch-mean.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=MEAN
// MEAN: error: 'linalg.generic' op R1: reduces over the rows: loop 0 runs over them
// MEAN: note: called from here
// MEAN: note: in region 0 of this 'condcomp.cascade', which must treat its rows independently

// RUN: sed -e 's/@block/@mixing_batch_norm/' \
// RUN:     %S/../Inputs/mixing-batch-norm.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=NORM
// NORM: error: 'linalg.generic' op R1: reduces over the rows

// RUN: sed -e 's/@block/@mixing_flip/' \
// RUN:     %S/../Inputs/mixing-flip.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=FLIP
// FLIP: error: 'tensor.extract' op R1: reads rows at positions other than their own

// RUN: sed -e 's/@block/@mixing_roll/' \
// RUN:     %S/../Inputs/mixing-roll.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=ROLL
// ROLL: error: 'tensor.extract_slice' op R4: takes a slice of dim 0, which holds the rows

// RUN: sed -e 's/@block/@mixing_first_row/' \
// RUN:     %S/../Inputs/mixing-first-row.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=FIRST
// FIRST: error: 'tensor.extract_slice' op R4: takes a slice of dim 0, which holds the rows

// RUN: sed -e 's/@block/@mixing_gram/' \
// RUN:     %S/../Inputs/mixing-gram.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=GRAM
// GRAM: error: 'linalg.matmul' op R1: meets each row with all others: rows are in loop 0 and in loop 1

// RUN: sed -e 's/@block/@mixing_divide_by_count/' \
// RUN:     %S/../Inputs/mixing-divide-by-count.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: error: 'arith.sitofp' op R2: makes data of the number or the position of rows

// RUN: sed -e 's/@block/@mixing_row_position/' \
// RUN:     %S/../Inputs/mixing-row-position.mlir %s \
// RUN:   | not cc-opt --condcomp-verify-rows 2>&1 | FileCheck %s --check-prefix=POSITION
// POSITION: error: 'arith.sitofp' op R2: makes data of the number or the position of rows

func.func @stage(%x: tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?xi32>) {
  %y, %left = condcomp.cascade rows(%x : tensor<?x16xf32>) {
  ^bb0(%h: tensor<?x16xf32>):
    %0 = func.call @block(%h) : (tensor<?x16xf32>) -> tensor<?x16xf32>
    condcomp.yield %0 : tensor<?x16xf32>
  } -> tensor<?x16xf32>, tensor<?xi32>
  return %y, %left : tensor<?x16xf32>, tensor<?xi32>
}
