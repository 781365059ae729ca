// RUN: cc-opt %s -split-input-file -verify-diagnostics

func.func @f(%s: tensor<4x8xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op C1: scores must have the shape 4x9, got 'tensor<4x8xf32>'}}
  %r = condcomp.top_p %s, %p
    : tensor<4x8xf32>, f32 -> !condcomp.routing<4x9, f32>
  return
}

// -----

func.func @f(%s: tensor<8xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op I1: scores must be a tensor of rank 2 or more, got 'tensor<8xf32>'}}
  %r = condcomp.top_p %s, %p : tensor<8xf32>, f32 -> !condcomp.routing<1x8, f32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f64) {
  // expected-error @below {{'condcomp.top_p' op I2: p must be of the weight type, 'f32', got 'f64'}}
  %r = condcomp.top_p %s, %p
    : tensor<4x8xf32>, f64 -> !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f32, %n: index) {
  // expected-error @below {{'condcomp.top_p' op I3: min and max are either integers or values}}
  %r = "condcomp.top_p"(%s, %p, %n) {static_min = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0>}
    : (tensor<4x8xf32>, f32, index) -> !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op C2: the routing's row bound must be that of '!condcomp.routing<4x8, f32, at_most 3>', got '!condcomp.routing<4x8, f32>'}}
  %r = condcomp.top_p %s, %p max(3)
    : tensor<4x8xf32>, f32 -> !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f32, %n: index) {
  // expected-error @below {{'condcomp.top_p' op C2: the routing's row bound must be that of '!condcomp.routing<4x8, f32>', got '!condcomp.routing<4x8, f32, at_most 3>'}}
  %r = condcomp.top_p %s, %p max(%n)
    : tensor<4x8xf32>, f32 -> !condcomp.routing<4x8, f32, at_most 3>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op C3: max = 9 must satisfy 0 <= min <= max <= the number of modules, 8}}
  %r = condcomp.top_p %s, %p max(9)
    : tensor<4x8xf32>, f32 -> !condcomp.routing<4x8, f32, at_most 9>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op C3: min = 3 and max = 2 must satisfy 0 <= min <= max <= the number of modules, 8}}
  %r = condcomp.top_p %s, %p min(3) max(2)
    : tensor<4x8xf32>, f32 -> !condcomp.routing<4x8, f32, at_most 2>
  return
}

// -----

func.func @f(%s: tensor<?x?xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op C3: min = -1 must satisfy 0 <= min <= max <= the number of modules, ?}}
  %r = condcomp.top_p %s, %p min(-1)
    : tensor<?x?xf32>, f32 -> !condcomp.routing<?x?, f32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %p: f32) {
  // expected-error @below {{'condcomp.top_p' op promises no module bound, but its result has one: '!condcomp.routing<4x8, f32, per_module at_most 1>'}}
  %r = condcomp.top_p %s, %p
    : tensor<4x8xf32>, f32 -> !condcomp.routing<4x8, f32, per_module at_most 1>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op C1: scores must have the shape 5x8, got 'tensor<4x8xf32>'}}
  %r = condcomp.expert_choice %s, 2
    : tensor<4x8xf32> -> !condcomp.routing<5x8, f32, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op I1: scores of 'f32' make a routing of f32, got '!condcomp.routing<4x8, f64, per_module exactly 2>'}}
  %r = condcomp.expert_choice %s, 2
    : tensor<4x8xf32> -> !condcomp.routing<4x8, f64, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op I2: c is either an integer or a value}}
  %r = "condcomp.expert_choice"(%s) : (tensor<4x8xf32>) -> !condcomp.routing<4x8, f32, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op C2: the routing must be '!condcomp.routing<4x8, f32, per_module exactly 2>', got '!condcomp.routing<4x8, f32, per_module at_most 2>'}}
  %r = condcomp.expert_choice %s, 2
    : tensor<4x8xf32> -> !condcomp.routing<4x8, f32, per_module at_most 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %c: index) {
  // expected-error @below {{'condcomp.expert_choice' op C2: the routing must be '!condcomp.routing<4x8, f32, per_module exactly ?>', got '!condcomp.routing<4x8, f32, per_module exactly 2>'}}
  %r = condcomp.expert_choice %s, %c
    : tensor<4x8xf32> -> !condcomp.routing<4x8, f32, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op C2: the routing must be '!condcomp.routing<4x8, f32, per_module exactly 2>', got '!condcomp.routing<4x8, f32, at_most 3, per_module exactly 2>'}}
  %r = condcomp.expert_choice %s, 2
    : tensor<4x8xf32> -> !condcomp.routing<4x8, f32, at_most 3, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op C3: c = 5 must be between 0 and the number of rows, 4}}
  %r = "condcomp.expert_choice"(%s) {static_c = 5 : i64} : (tensor<4x8xf32>)
    -> !condcomp.routing<4x8, f32, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.expert_choice' op C3: c = -1 must be between 0 and the number of rows, 4}}
  %r = "condcomp.expert_choice"(%s) {static_c = -1 : i64} : (tensor<4x8xf32>) -> !condcomp.routing<4x8, f32, per_module exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i64) {
  // expected-error @below {{'condcomp.sample' op C1: logits must have the shape 4x9, got 'tensor<4x8xf32>'}}
  %r = condcomp.sample %s, 2 key(%k)
    : tensor<4x8xf32> -> !condcomp.routing<4x9, f32, exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i64) {
  // expected-error @below {{'condcomp.sample' op I1: scores of 'f32' make a routing of f32, got '!condcomp.routing<4x8, f64, exactly 2>'}}
  %r = condcomp.sample %s, 2 key(%k)
    : tensor<4x8xf32> -> !condcomp.routing<4x8, f64, exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i64) {
  // expected-error @below {{'condcomp.sample' op I2: k is either an integer or a value}}
  %r = "condcomp.sample"(%s, %k) {operandSegmentSizes = array<i32: 1, 0, 1, 0, 0>}
    : (tensor<4x8xf32>, i64) -> !condcomp.routing<4x8, f32, exactly ?>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i32) {
  // expected-error @below {{'condcomp.sample' op operand #1 must be 64-bit signless integer, but got 'i32'}}
  %r = "condcomp.sample"(%s, %k) {static_k = 2 : i64, operandSegmentSizes = array<i32: 1, 0, 1, 0, 0>}
    : (tensor<4x8xf32>, i32) -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i64) {
  // expected-error @below {{'condcomp.sample' op C2: the routing's row bound must be that of '!condcomp.routing<4x8, f32, exactly 2>', got '!condcomp.routing<4x8, f32, exactly 3>'}}
  %r = condcomp.sample %s, 2 key(%k)
    : tensor<4x8xf32> -> !condcomp.routing<4x8, f32, exactly 3>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i64) {
  // expected-error @below {{'condcomp.sample' op C3: k = 9 must be between 0 and the number of modules, 8}}
  %r = "condcomp.sample"(%s, %k) {static_k = 9 : i64, operandSegmentSizes = array<i32: 1, 0, 1, 0, 0>}
    : (tensor<4x8xf32>, i64) -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %k: i64, %i: tensor<4x8xindex>) {
  // expected-error @below {{'condcomp.sample' op I5: ids must have the shape 4, got 'tensor<4x8xindex>'}}
  %r = condcomp.sample %s, 2 key(%k) ids(%i
    : tensor<4x8xindex>) : tensor<4x8xf32> -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%s: tensor<8xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op I1: scores must be a tensor of rank 2 or more, got 'tensor<8xf32>'}}
  %r = condcomp.limit_groups %s groups(2) keep(1) fill(%f) : tensor<8xf32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %f: f64) {
  // expected-error @below {{fill has the element type of the scores}}
  %r = "condcomp.limit_groups"(%s, %f) {groups = 2 : i64, static_keep = 1 : i64}
    : (tensor<4x8xf32>, f64) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op I4: keep is either an integer or a value}}
  %r = "condcomp.limit_groups"(%s, %f) {groups = 2 : i64} : (tensor<4x8xf32>, f32) -> tensor<4x8xf32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op C1: the number of groups, 3, must divide the number of modules, 8}}
  %r = condcomp.limit_groups %s groups(3) keep(1) fill(%f) : tensor<4x8xf32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op C1: the number of groups, 0, must divide the number of modules, 8}}
  %r = condcomp.limit_groups %s groups(0) keep(0) fill(%f) : tensor<4x8xf32>
  return
}

// -----

func.func @f(%s: tensor<?x?xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op C2: keep = 3 must be between 0 and the number of groups, 2}}
  %r = condcomp.limit_groups %s groups(2) keep(3) fill(%f) : tensor<?x?xf32>
  return
}

// -----

func.func @f(%s: tensor<?x?xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op C2: keep = -1 must be between 0 and the number of groups, 2}}
  %r = condcomp.limit_groups %s groups(2) keep(-1) fill(%f) : tensor<?x?xf32>
  return
}

// -----

func.func @f(%s: tensor<4x8xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op C3: sum_of = 5 must be between 1 and the modules of a group, 4}}
  %r = condcomp.limit_groups %s groups(2) keep(1) sum_of(5) fill(%f)
    : tensor<4x8xf32>
  return
}

// -----

func.func @f(%s: tensor<?x?xf32>, %f: f32) {
  // expected-error @below {{'condcomp.limit_groups' op C3: sum_of = 0 must be between 1 and the modules of a group, ?}}
  %r = condcomp.limit_groups %s groups(2) keep(1) sum_of(0) fill(%f)
    : tensor<?x?xf32>
  return
}
