// RUN: cc-opt %s -split-input-file -verify-diagnostics

// reweight

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.reweight' op C1: exactly one of dense(...) and entries(...) must be given}}
  %0 = condcomp.reweight %r : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %d: tensor<4x8xf32>, %e: tensor<4x2xf32>) {
  // expected-error @below {{'condcomp.reweight' op C1: exactly one of dense(...) and entries(...) must be given}}
  %0 = condcomp.reweight %r dense(%d : tensor<4x8xf32>)
    entries(%e : tensor<4x2xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %d: tensor<4x7xf32>) {
  // expected-error @below {{'condcomp.reweight' op C2: dense must have the shape 4x8, got 'tensor<4x7xf32>'}}
  %0 = condcomp.reweight %r dense(%d : tensor<4x7xf32>)
    : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %e: tensor<8xf32>) {
  // expected-error @below {{'condcomp.reweight' op C2: entries must have the shape 4x2, got 'tensor<8xf32>'}}
  %0 = condcomp.reweight %r entries(%e : tensor<8xf32>)
    : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %d: tensor<*xf32>) {
  // expected-error @below {{must be ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values, but got 'tensor<*xf32>'}}
  %0 = condcomp.reweight %r dense(%d : tensor<*xf32>)
    : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

// reweight C3

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %d: tensor<4x8xf32>) {
  // expected-error @below {{'condcomp.reweight' op failed to verify that all of {routing, result} have same type}}
  %0 = "condcomp.reweight"(%r, %d) {operandSegmentSizes = array<i32: 1, 1, 0>}
    : (!condcomp.routing<4x8, f32, exactly 2>, tensor<4x8xf32>)
    -> !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %d: tensor<4x8xf64>) {
  // expected-error @below {{'condcomp.reweight' op C4: weights of 'f64' do not fit a routing of 'f32'}}
  %0 = condcomp.reweight %r dense(%d : tensor<4x8xf64>)
    : !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

// normalize C1

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.normalize' op failed to verify that all of {routing, result} have same type}}
  %0 = "condcomp.normalize"(%r) {kind = 0 : i32}
    : (!condcomp.routing<4x8, f32, exactly 2>) -> !condcomp.routing<4x8, f32>
  return
}

// -----

// capacity

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.capacity' op C1: the result must have the operand's shape, weight type and form, got '!condcomp.routing<4x8, f32, exactly 2>' and '!condcomp.routing<5x8, f32, at_most 2, per_module at_most 1>'}}
  %0 = condcomp.capacity %r, 1 order(rank) : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<5x8, f32, at_most 2, per_module at_most 1>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.capacity' op C2: the routing's row bound must be that of '!condcomp.routing<4x8, f32, at_most 2>', got '!condcomp.routing<4x8, f32, exactly 2, per_module at_most 1>'}}
  %0 = condcomp.capacity %r, 1 order(rank) : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, exactly 2, per_module at_most 1>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.capacity' op C2: the result must be '!condcomp.routing<4x8, f32, at_most 2, per_module at_most 1>', got '!condcomp.routing<4x8, f32, at_most 2>'}}
  %0 = condcomp.capacity %r, 1 order(rank) : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, at_most 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.capacity' op C3: capacity must not be negative, got -1}}
  %0 = condcomp.capacity %r, -1 order(rank) : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, at_most 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %p: tensor<4xf32>) {
  // expected-error @below {{'condcomp.capacity' op C4: order(weight) takes no priority}}
  %0 = condcomp.capacity %r, 1 order(weight) priority(%p : tensor<4xf32>)
    : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, at_most 2, per_module at_most 1>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %p: tensor<8xf32>) {
  // expected-error @below {{'condcomp.capacity' op I3: priority must have the shape 4, got 'tensor<8xf32>'}}
  %0 = condcomp.capacity %r, 1 order(rank) priority(%p : tensor<8xf32>)
    : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, at_most 2, per_module at_most 1>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %p: tensor<4xf64>) {
  // expected-error @below {{'condcomp.capacity' op I3: priority must be of the weight type, 'f32', got 'tensor<4xf64>'}}
  %0 = condcomp.capacity %r, 1 order(rank) priority(%p : tensor<4xf64>)
    : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, at_most 2, per_module at_most 1>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.capacity' op I2: the capacity is either an integer or a value}}
  %0 = "condcomp.capacity"(%r) {operandSegmentSizes = array<i32: 1, 0, 0>}
    : (!condcomp.routing<4x8, f32, exactly 2>)
    -> !condcomp.routing<4x8, f32, at_most 2>
  return
}

// -----

// convert_form

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.convert_form' op C1: the types may differ in form only, got '!condcomp.routing<4x8, f32, exactly 2>' and '!condcomp.routing<4x8, f32, #condcomp.form<masked>>'}}
  %0 = condcomp.convert_form %r : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, #condcomp.form<masked>>
  return
}

// -----

// scale C1

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %f: f32) {
  // expected-error @below {{'condcomp.scale' op failed to verify that all of {routing, result} have same type}}
  %0 = "condcomp.scale"(%r, %f) : (!condcomp.routing<4x8, f32, exactly 2>, f32)
    -> !condcomp.routing<4x8, f32>
  return
}

// -----

// scale C2

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %f: f64) {
  // expected-error @below {{'condcomp.scale' op failed to verify that C2: the factor is of the weight type}}
  %0 = "condcomp.scale"(%r, %f) : (!condcomp.routing<4x8, f32, exactly 2>, f64)
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

// complement

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.complement' op C1: the result must have the operand's shape, weight type and form}}
  %0 = condcomp.complement %r : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x7, f32, exactly 6>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.complement' op C2: the result must be '!condcomp.routing<4x8, f32, exactly 6>', got '!condcomp.routing<4x8, f32, exactly 2>'}}
  %0 = condcomp.complement %r : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x8, f32, exactly 2>
  return
}

// -----

// slice_modules

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>, %i: index) {
  // expected-error @below {{'condcomp.slice_modules' op I2: the offset is either an integer or a value}}
  %0 = "condcomp.slice_modules"(%r, %i)
    {operandSegmentSizes = array<i32: 1, 1, 0>, static_offset = 1 : i64, static_size = 2 : i64}
    : (!condcomp.routing<4x8, f32, exactly 2>, index) -> !condcomp.routing<4x2, f32, at_most 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.slice_modules' op I3: the size is either an integer or a value}}
  %0 = "condcomp.slice_modules"(%r)
    {operandSegmentSizes = array<i32: 1, 0, 0>, static_offset = 1 : i64}
    : (!condcomp.routing<4x8, f32, exactly 2>) -> !condcomp.routing<4x2, f32, at_most 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.slice_modules' op C1: the result must have the shape 4x3 and the operand's weight type and form}}
  %0 = condcomp.slice_modules %r [1, 3] : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x4, f32, at_most 2>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.slice_modules' op C2: the result must be '!condcomp.routing<4x1, f32, at_most 1>', got '!condcomp.routing<4x1, f32>'}}
  %0 = "condcomp.slice_modules"(%r)
    {operandSegmentSizes = array<i32: 1, 0, 0>, static_offset = 1 : i64, static_size = 1 : i64}
    : (!condcomp.routing<4x8, f32, exactly 2>) -> !condcomp.routing<4x1, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 2>) {
  // expected-error @below {{'condcomp.slice_modules' op C3: modules 6 to 6 + 3 are not within the 8 modules}}
  %0 = condcomp.slice_modules %r [6, 3] : !condcomp.routing<4x8, f32, exactly 2>
    -> !condcomp.routing<4x3, f32, at_most 2>
  return
}

// -----

// concat_modules

func.func @f() {
  // expected-error @below {{'condcomp.concat_modules' op I1: at least one routing must be given}}
  %0 = "condcomp.concat_modules"() : () -> !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32>, %s: !condcomp.routing<5x8, f32>) {
  // expected-error @below {{'condcomp.concat_modules' op C1: all routings must have the batch dims, rows, weight type and form of the result, got '!condcomp.routing<5x8, f32>'}}
  %0 = condcomp.concat_modules %r, %s
    : !condcomp.routing<4x8, f32>, !condcomp.routing<5x8, f32>
    -> !condcomp.routing<4x16, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32>) {
  // expected-error @below {{'condcomp.concat_modules' op C1: the result must have 16 modules, got '!condcomp.routing<4x8, f32>'}}
  %0 = condcomp.concat_modules %r, %r
    : !condcomp.routing<4x8, f32>, !condcomp.routing<4x8, f32>
    -> !condcomp.routing<4x8, f32>
  return
}

// -----

func.func @f(%r: !condcomp.routing<4x8, f32, exactly 1>, %s: !condcomp.routing<4x8, f32, at_most 2>) {
  // expected-error @below {{'condcomp.concat_modules' op C2: the result must be '!condcomp.routing<4x16, f32, at_most 3>', got '!condcomp.routing<4x16, f32, exactly 3>'}}
  %0 = condcomp.concat_modules %r, %s
    : !condcomp.routing<4x8, f32, exactly 1>, !condcomp.routing<4x8, f32, at_most 2>
    -> !condcomp.routing<4x16, f32, exactly 3>
  return
}

// -----

// Two run-time counts need not be the same one.
func.func @f(%r: !condcomp.routing<4x8, f32, per_module exactly ?>, %s: !condcomp.routing<4x8, f32, per_module exactly ?>) {
  // expected-error @below {{'condcomp.concat_modules' op C2: the result must be '!condcomp.routing<4x16, f32>', got '!condcomp.routing<4x16, f32, per_module exactly ?>'}}
  %0 = condcomp.concat_modules %r, %s
    : !condcomp.routing<4x8, f32, per_module exactly ?>, !condcomp.routing<4x8, f32, per_module exactly ?>
    -> !condcomp.routing<4x16, f32, per_module exactly ?>
  return
}
