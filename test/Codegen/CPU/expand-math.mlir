// RUN: cc-opt %s --condcomp-expand-math | FileCheck %s

// CHECK-LABEL: func.func @f32(
// CHECK-NOT:     math.{{exp|tanh|erf|log}}
// CHECK:         math.fma
func.func @f32(%x: f32) -> (f32, f32, f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.tanh %x : f32
  %2 = math.erf %x : f32
  %3 = math.log %x : f32
  return %0, %1, %2, %3 : f32, f32, f32, f32
}

// No division, and none before it.
// CHECK-LABEL: func.func @erf(
// CHECK-NOT:     arith.divf
// CHECK:         arith.mulf %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK-NOT:     arith.divf
// CHECK:         return
func.func @erf(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.erf %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func.func @erf_of_quotient(
// CHECK-DAG:     %[[INVERSE:.*]] = arith.constant 0.707106769 : f32
// CHECK-NOT:     arith.divf
// CHECK:         arith.mulf %arg0, %[[INVERSE]]
// CHECK-NOT:     arith.divf
// CHECK:         return
func.func @erf_of_quotient(%x: f32) -> f32 {
  %root = arith.constant 1.41421354 : f32
  %0 = arith.divf %x, %root : f32
  %1 = math.erf %0 : f32
  return %1 : f32
}

// The divisor is not known, or its inverse is no normal number; the quotient is of
// another use.
// CHECK-LABEL: func.func @quotients_stay(
// CHECK-COUNT-3: arith.divf
// CHECK:         return
func.func @quotients_stay(%x: f32, %y: f32) -> (f32, f32, f32, f32) {
  %zero = arith.constant 0.0 : f32
  %root = arith.constant 1.41421354 : f32
  %0 = arith.divf %x, %y : f32
  %1 = math.erf %0 : f32
  %2 = arith.divf %x, %zero : f32
  %3 = math.erf %2 : f32
  %4 = arith.divf %x, %root : f32
  %5 = math.erf %4 : f32
  return %1, %3, %4, %5 : f32, f32, f32, f32
}

// CHECK-LABEL: func.func @bf16(
// CHECK:         arith.extf {{.*}} : bf16 to f32
// CHECK-NOT:     math.exp
// CHECK:         arith.truncf {{.*}} : f32 to bf16
func.func @bf16(%x: bf16) -> bf16 {
  %0 = math.exp %x : bf16
  return %0 : bf16
}

// CHECK-LABEL: func.func @cube(
// CHECK-NOT:     math.powf
// CHECK:         arith.mulf
// CHECK:         arith.mulf
func.func @cube(%x: f32) -> f32 {
  %three = arith.constant 3.0 : f32
  %0 = math.powf %x, %three : f32
  return %0 : f32
}

// No polynomial is good enough for these.
// CHECK-LABEL: func.func @stays(
// CHECK:         math.exp %{{.*}} : f64
// CHECK:         math.sin
// CHECK:         math.cos
func.func @stays(%x: f64, %y: f32) -> (f64, f32, f32) {
  %0 = math.exp %x : f64
  %1 = math.sin %y : f32
  %2 = math.cos %y : f32
  return %0, %1, %2 : f64, f32, f32
}

// exp(x) - 1 would lose all digits of a small x.
// CHECK-LABEL: func.func @expm1_f64(
// CHECK-NOT:     math.expm1
// CHECK:         math.exp
// CHECK-NOT:     math.log
// CHECK:         return
func.func @expm1_f64(%x: f64) -> f64 {
  %0 = math.expm1 %x : f64
  return %0 : f64
}

// Vectors of f64 are taken apart for the C library: log is expanded here.
// CHECK-LABEL: func.func @log_f64(
// CHECK-NOT:     math.log
// CHECK:         arith.bitcast {{.*}} : f64 to i64
// CHECK:         math.fma
// CHECK:         arith.bitcast {{.*}} : vector<4xf64> to vector<4xi64>
// CHECK:         return
func.func @log_f64(%x: f64, %y: vector<4xf64>) -> (f64, vector<4xf64>) {
  %0 = math.log %x : f64
  %1 = math.log %y : vector<4xf64>
  return %0, %1 : f64, vector<4xf64>
}
