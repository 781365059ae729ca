// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,COMPACT
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,MASKED

// Compact reads the matrix at the entries, masked takes it as it is.
// CHECK-LABEL: func.func @reweight
// CHECK-SAME: %[[P:[a-z0-9]*]]: tensor<?x8xf32>)
// COMPACT: tensor.extract %[[P]]
// MASKED: return
func.func @reweight(%m: tensor<?x8xi1>, %p: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %w = condcomp.reweight %r dense(%p : tensor<?x8xf32>) : !condcomp.routing<?x8, f32>
  %d = condcomp.to_dense %w : !condcomp.routing<?x8, f32> -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// An entry tensor with another number of entries is an error at run time.
// CHECK-LABEL: func.func @reweight_entries
// CHECK: condcomp.check %{{.*}}, "reweight C2: {0} weights for {1} entries"
func.func @reweight_entries(%m: tensor<?x8xi1>, %e: tensor<?xf32>) -> tensor<?x8xf32> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %w = condcomp.reweight %r entries(%e : tensor<?xf32>) : !condcomp.routing<?x8, f32>
  %d = condcomp.to_dense %w : !condcomp.routing<?x8, f32> -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// A sum of 0 leaves the weights.
// CHECK-LABEL: func.func @normalize
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK: arith.select
func.func @normalize(%s: tensor<?x8xf32>) -> tensor<?x2xf32> {
  %r = condcomp.top_k %s, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %n = condcomp.normalize sum %r : !condcomp.routing<?x8, f32, exactly 2>
  %w = condcomp.weights %n : !condcomp.routing<?x8, f32, exactly 2> -> tensor<?x2xf32>
  return %w : tensor<?x2xf32>
}

// Arrival and rank need one pass over the entries per rank, a priority compares the
// entries of a module.
// CHECK-LABEL: func.func @capacity_arrival
// CHECK-NOT: arith.cmpf
// CHECK: return
func.func @capacity_arrival(%m: tensor<?x8xi1>) -> tensor<?x8xi1> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %c = condcomp.capacity %r, 2 order(arrival) : !condcomp.routing<?x8, f32>
    -> !condcomp.routing<?x8, f32, per_module at_most 2>
  %d = condcomp.to_mask %c : !condcomp.routing<?x8, f32, per_module at_most 2> -> tensor<?x8xi1>
  return %d : tensor<?x8xi1>
}

// CHECK-LABEL: func.func @capacity_priority
// CHECK: condcomp.check %{{.*}}, "capacity C3: capacity must not be negative, got {0}"
// Rows by priority, two bytes of the keys in a step; ranks, of rows of any size, too.
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK: arith.shrui
// CHECK: scf.for %{{.*}} = %c0 to %c2
// CHECK: arith.shrui
// CHECK: return
func.func @capacity_priority(%m: tensor<?x8xi1>, %p: tensor<?xf32>, %c: index) -> tensor<?x8xi1> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %k = condcomp.capacity %r, %c order(rank) priority(%p : tensor<?xf32>)
    : !condcomp.routing<?x8, f32> -> !condcomp.routing<?x8, f32>
  %d = condcomp.to_mask %k : !condcomp.routing<?x8, f32> -> tensor<?x8xi1>
  return %d : tensor<?x8xi1>
}

// Forms are mixed where the program says so.
// CHECK-LABEL: func.func @mixed
func.func @mixed(%s: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %r = condcomp.top_k %s, 2 : tensor<?x8xf32>
    -> !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<compact>>
  %c = condcomp.convert_form %r : !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<compact>>
    -> !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<masked>>
  %d = condcomp.to_dense %c : !condcomp.routing<?x8, f32, exactly 2, #condcomp.form<masked>>
    -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// Routings cross calls, branches and loops as the tensors they are made of.
// COMPACT-LABEL: func.func private @keep(%{{.*}}: index, %{{.*}}: tensor<?xindex>, %{{.*}}: tensor<?xindex>, %{{.*}}: tensor<?xf32>) -> (index, tensor<?xindex>, tensor<?xindex>, tensor<?xf32>)
// MASKED-LABEL: func.func private @keep(%{{.*}}: index, %{{.*}}: tensor<?x8xi1>, %{{.*}}: tensor<?x8xf32>) -> (index, tensor<?x8xi1>, tensor<?x8xf32>)
func.func private @keep(%r: !condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32> {
  return %r : !condcomp.routing<?x8, f32>
}
// COMPACT-LABEL: func.func @structured
// COMPACT: scf.if %{{.*}} -> (index, tensor<?xindex>, tensor<?xindex>, tensor<?xf32>)
// COMPACT: call @keep(%{{.*}}) : (index, tensor<?xindex>, tensor<?xindex>, tensor<?xf32>)
func.func @structured(%m: tensor<?x8xi1>, %flag: i1) -> tensor<?x8xf32> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %n = scf.if %flag -> !condcomp.routing<?x8, f32> {
    %k = func.call @keep(%r) : (!condcomp.routing<?x8, f32>) -> !condcomp.routing<?x8, f32>
    scf.yield %k : !condcomp.routing<?x8, f32>
  } else {
    %k = condcomp.normalize softmax %r : !condcomp.routing<?x8, f32>
    scf.yield %k : !condcomp.routing<?x8, f32>
  }
  %d = condcomp.to_dense %n : !condcomp.routing<?x8, f32> -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// New weights in the place of the old ones.
// CHECK-LABEL: func.func @scale
// CHECK: arith.mulf
func.func @scale(%m: tensor<?x8xi1>, %f: f32) -> tensor<?x8xf32> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %s = condcomp.scale %r, %f : !condcomp.routing<?x8, f32>
  %d = condcomp.to_dense %s : !condcomp.routing<?x8, f32> -> tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}

// Masked negates the mask; compact writes the modules between the entries.
// CHECK-LABEL: func.func @complement
// CHECK-SAME: %[[S:[a-z0-9]*]]: tensor<?x8xf32>
// MASKED: arith.xori
// COMPACT: tensor.insert
func.func @complement(%s: tensor<?x8xf32>) -> tensor<?x5xindex> {
  %r = condcomp.top_k %s, 3 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 3>
  %c = condcomp.complement %r : !condcomp.routing<?x8, f32, exactly 3>
    -> !condcomp.routing<?x8, f32, exactly 5>
  %i = condcomp.indices %c : !condcomp.routing<?x8, f32, exactly 5> -> tensor<?x5xindex>
  return %i : tensor<?x5xindex>
}

// CHECK-LABEL: func.func @slice_modules
// CHECK: condcomp.check %{{.*}}, "slice_modules C3: modules {0} to {0} + {1} are not within the {2} modules"
// MASKED: tensor.extract_slice
// COMPACT: arith.cmpi ult
func.func @slice_modules(%m: tensor<?x8xi1>, %o: index, %n: index) -> tensor<?x?xi1> {
  %r = condcomp.from_mask %m : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %s = condcomp.slice_modules %r [%o, %n] : !condcomp.routing<?x8, f32>
    -> !condcomp.routing<?x?, f32>
  %d = condcomp.to_mask %s : !condcomp.routing<?x?, f32> -> tensor<?x?xi1>
  return %d : tensor<?x?xi1>
}

// CHECK-LABEL: func.func @concat_modules
// CHECK: condcomp.check %{{.*}}, "concat_modules C1: routing 1 has size {0} in dim 0, the first {1}"
// MASKED: tensor.insert_slice
// MASKED: tensor.insert_slice
// COMPACT: tensor.insert
func.func @concat_modules(%a: tensor<?x8xi1>, %b: tensor<?x2xi1>) -> tensor<?x10xi1> {
  %r = condcomp.from_mask %a : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
  %s = condcomp.from_mask %b : tensor<?x2xi1> -> !condcomp.routing<?x2, f32>
  %c = condcomp.concat_modules %r, %s : !condcomp.routing<?x8, f32>,
      !condcomp.routing<?x2, f32> -> !condcomp.routing<?x10, f32>
  %d = condcomp.to_mask %c : !condcomp.routing<?x10, f32> -> tensor<?x10xi1>
  return %d : tensor<?x10xi1>
}
