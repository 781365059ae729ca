// Conversions that LLVM turns into calls find their functions.

// RUN: cc-run %s --function=convert --input=f64=1.50390625 --input=f32=2.5 --input=bf16=3.5 --input=f16=4.5 --input=i64=7 | FileCheck %s
// CHECK: result 0: bf16=1.5
// CHECK: result 1: f16=1.5039062
// CHECK: result 2: bf16=2.5
// CHECK: result 3: f16=2.5
// CHECK: result 4: f64=3.5
// CHECK: result 5: f64=4.5
// CHECK: result 6: f16=7
// CHECK: result 7: bf16=7
// CHECK: result 8: i32=3
// CHECK: result 9: i32=4
// CHECK: result 10: f64=0.9058
func.func @convert(%a: f64, %b: f32, %c: bf16, %d: f16, %i: i64)
    -> (bf16, f16, bf16, f16, f64, f64, f16, bf16, i32, i32, f64) {
  %0 = arith.truncf %a : f64 to bf16
  %1 = arith.truncf %a : f64 to f16
  %2 = arith.truncf %b : f32 to bf16
  %3 = arith.truncf %b : f32 to f16
  %4 = arith.extf %c : bf16 to f64
  %5 = arith.extf %d : f16 to f64
  %6 = arith.sitofp %i : i64 to f16
  %7 = arith.sitofp %i : i64 to bf16
  %8 = arith.fptosi %c : bf16 to i32
  %9 = arith.fptosi %d : f16 to i32
  %10 = math.tanh %a : f64
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10
      : bf16, f16, bf16, f16, f64, f64, f16, bf16, i32, i32, f64
}
