// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,MASKED

// Masked: a large k is found by bisection, 32 counting passes whatever k is, on blocks
// of rows, and so is the last of equal scores, if a row of the block has to tell them
// apart. A run-time k is checked. Compact: top-k.mlir.
// CHECK-LABEL: func.func @top_k_bisection
// CHECK-SAME: (%[[S:.*]]: tensor<?x?xbf16>, %[[K:.*]]: index)
// CHECK: %[[M:.*]] = tensor.dim %[[S]], %c1
// CHECK: %[[OK:.*]] = arith.cmpi ule, %[[K]], %[[M]]
// CHECK: condcomp.check %[[OK]], "top_k C3: k = {0} must be between 0 and the number of modules, {1}"(%[[K]], %[[M]])
// Scores are compared as f32, -0 as +0, NaN below all numbers.
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpf uno
// MASKED: scf.forall
// MASKED: scf.for %{{.*}} = %c0 to %c32
// MASKED: arith.cmpi sge
// MASKED: math.ctlz
// MASKED: %[[BITS:.*]] = arith.select %{{.*}}, %{{.*}}, %c0
// MASKED: scf.for %{{.*}} = %c0 to %[[BITS]]
// MASKED: arith.shli
// MASKED: tensor.parallel_insert_slice
// A dense matrix of a masked routing needs no packing.
// MASKED-NOT: scf.for
// MASKED: return
func.func @top_k_bisection(%s: tensor<?x?xbf16>, %k: index) -> tensor<?x?xf32> {
  %r = condcomp.top_k %s, %k : tensor<?x?xbf16> -> !condcomp.routing<?x?, f32, exactly ?>
  %d = condcomp.to_dense %r : !condcomp.routing<?x?, f32, exactly ?> -> tensor<?x?xf32>
  return %d : tensor<?x?xf32>
}

// A k that is known to fit is not checked.
// CHECK-LABEL: func.func @top_k_static
// CHECK-NOT: condcomp.check
// CHECK: return
func.func @top_k_static(%s: tensor<?x8xf32>) -> tensor<?x2xindex> {
  %r = condcomp.top_k %s, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %i = condcomp.indices %r : !condcomp.routing<?x8, f32, exactly 2> -> tensor<?x2xindex>
  return %i : tensor<?x2xindex>
}

// A small k is found in rounds: the largest key that is left.
// CHECK-LABEL: func.func @top_k_f64
// MASKED: arith.bitcast %{{.*}} : f64 to i64
// MASKED: scf.for %{{.*}} = %c0 to %c2
// MASKED: arith.maxsi %{{.*}} : i64
func.func @top_k_f64(%s: tensor<?x8xf64>) -> tensor<?x8xf64> {
  %r = condcomp.top_k %s, 2 : tensor<?x8xf64> -> !condcomp.routing<?x8, f64, exactly 2>
  %d = condcomp.to_dense %r : !condcomp.routing<?x8, f64, exactly 2> -> tensor<?x8xf64>
  return %d : tensor<?x8xf64>
}

// NaN reaches no threshold.
// CHECK-LABEL: func.func @threshold
// CHECK: arith.cmpf oge
func.func @threshold(%s: tensor<?x8xf32>, %tau: f32) -> tensor<?xindex> {
  %r = condcomp.threshold %s, %tau : tensor<?x8xf32>, f32 -> !condcomp.routing<?x8, f32>
  %n = condcomp.row_sizes %r : !condcomp.routing<?x8, f32> -> tensor<?xindex>
  return %n : tensor<?xindex>
}

// CHECK-LABEL: func.func @assign
// CHECK: condcomp.check %{{.*}}, "assign C3: row {0} has index {1}, which is not below the number of modules, {2}"
// CHECK: condcomp.check %{{.*}}, "assign C4: row {0} has index {1} more than once"
func.func @assign(%i: tensor<?x2xi32>) -> tensor<?x2xindex> {
  %r = condcomp.assign %i : tensor<?x2xi32> -> !condcomp.routing<?x8, f32, exactly 2>
  %n = condcomp.indices %r : !condcomp.routing<?x8, f32, exactly 2> -> tensor<?x2xindex>
  return %n : tensor<?x2xindex>
}

// With drop, an index out of range is no error.
// CHECK-LABEL: func.func @assign_drop
// CHECK-NOT: assign C3
// CHECK: assign C4
func.func @assign_drop(%i: tensor<?x2xi32>) -> tensor<?xindex> {
  %r = condcomp.assign %i out_of_range(drop) : tensor<?x2xi32> -> !condcomp.routing<?x8, f32, at_most 2>
  %n = condcomp.row_sizes %r : !condcomp.routing<?x8, f32, at_most 2> -> tensor<?xindex>
  return %n : tensor<?xindex>
}

// CHECK-LABEL: func.func @from_offsets
// CHECK: condcomp.check %{{.*}}, "from_offsets C2: the first offset must be 0, got {0}"
// CHECK: condcomp.check %{{.*}}, "from_offsets C2: offsets must not decrease, but they do after position {0}"
// CHECK: condcomp.check %{{.*}}, "from_offsets C2: the last offset, {0}, must be the number of rows, {1}"
func.func @from_offsets(%o: tensor<5xindex>) -> tensor<12x1xindex> {
  %r = condcomp.from_offsets %o : tensor<5xindex> -> !condcomp.routing<12x4, f32, exactly 1>
  %n = condcomp.indices %r : !condcomp.routing<12x4, f32, exactly 1> -> tensor<12x1xindex>
  return %n : tensor<12x1xindex>
}

// The best partner by the largest key of each row; then those that are merged.
// CHECK-LABEL: func.func @match_tokens
// CHECK: condcomp.check %{{.*}}, "match_tokens C3: r = {0} tokens can't be taken from {1} and merged into {2}"
// CHECK: arith.maxsi
// CHECK: scf.for
func.func @match_tokens(%s: tensor<?x?xf32>, %r: index) -> tensor<?x1xindex> {
  %m = condcomp.match_tokens %s, %r : tensor<?x?xf32> -> !condcomp.routing<?x?, f32, exactly 1>
  %i = condcomp.indices %m : !condcomp.routing<?x?, f32, exactly 1> -> tensor<?x1xindex>
  return %i : tensor<?x1xindex>
}

// Rows take the modules of one score after the other until their sums reach p. Those
// that have not after 16 passes are sorted, 8 bits of the keys at a time.
// CHECK-LABEL: func.func @top_p
// CHECK: condcomp.check %{{.*}}, "top_p C3: min = {0} and max = {1} must satisfy 0 <= min <= max <= the number of modules, {2}"
// CHECK: scf.forall
// CHECK: scf.while
// CHECK: arith.maxsi
// CHECK: scf.while
// CHECK: arith.cmpf oge
// CHECK: arith.addf
// CHECK: scf.if
// CHECK: arith.shrui
// CHECK: scf.while
// CHECK: tensor.parallel_insert_slice
func.func @top_p(%s: tensor<?x8xf32>, %p: f32, %hi: index) -> tensor<?x8xi1> {
  %r = condcomp.top_p %s, %p max(%hi) : tensor<?x8xf32>, f32 -> !condcomp.routing<?x8, f32>
  %m = condcomp.to_mask %r : !condcomp.routing<?x8, f32> -> tensor<?x8xi1>
  return %m : tensor<?x8xi1>
}

// Rows compete: keys are transposed, the mask is not.
// CHECK-LABEL: func.func @expert_choice
// CHECK: condcomp.check %{{.*}}, "expert_choice C3: c = {0} must be between 0 and the number of rows, {1}"
// CHECK: tensor.empty(%{{.*}}) : tensor<8x?xi32>
// CHECK: tensor.empty(%{{.*}}) : tensor<?x8xi1>
func.func @expert_choice(%s: tensor<?x8xf32>) -> tensor<?x8xi1> {
  %r = condcomp.expert_choice %s, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, per_module exactly 2>
  %m = condcomp.to_mask %r : !condcomp.routing<?x8, f32, per_module exactly 2> -> tensor<?x8xi1>
  return %m : tensor<?x8xi1>
}

// Ten rounds of Philox4x32 in 64-bit lanes, the last one half; a zero key's round keys are constants.
// CHECK-LABEL: func.func @sample
// CHECK-DAG: arith.constant 3528531795 : i64
// CHECK-DAG: arith.constant 3449720151 : i64
// CHECK-DAG: arith.constant 2654435769 : i64
// CHECK-DAG: arith.constant 3144134277 : i64
// CHECK: condcomp.check %{{.*}}, "sample C4: step = {0} must be between 0 and 4294967295"
// CHECK-COUNT-19: arith.muli %{{.*}} : i64
// CHECK: arith.sitofp %{{.*}} : i32 to f32
// CHECK-COUNT-2: math.log
func.func @sample(%s: tensor<?x8xf32>, %step: index) -> tensor<?x8xi1> {
  %key = arith.constant 0 : i64
  %r = condcomp.sample %s, 1 key(%key) step(%step) : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 1>
  %m = condcomp.to_mask %r : !condcomp.routing<?x8, f32, exactly 1> -> tensor<?x8xi1>
  return %m : tensor<?x8xi1>
}

// The two best scores of each group are found in two rounds of maxima.
// CHECK-LABEL: func.func @limit_groups
// CHECK: tensor.expand_shape %{{.*}} into tensor<?x8x32xbf16>
// CHECK: arith.addf %{{.*}} : f32
// CHECK: arith.select %{{.*}} : bf16
// CHECK: tensor.collapse_shape %{{.*}} into tensor<?x256xbf16>
func.func @limit_groups(%s: tensor<?x256xbf16>, %f: bf16) -> tensor<?x256xbf16> {
  %l = condcomp.limit_groups %s groups(8) keep(4) sum_of(2) fill(%f) : tensor<?x256xbf16>
  return %l : tensor<?x256xbf16>
}
