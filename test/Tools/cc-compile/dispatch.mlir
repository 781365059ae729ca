// One version of a function per CPU, with that CPU's instructions, behind a
// function that every CPU can run.

// RUN: cc-compile %s -o %t.ll --cpu=x86-64-v4,x86-64-v3
// RUN: FileCheck %s < %t.ll
// RUN: cc-compile %s -o %t.s --cpu=x86-64-v4
// RUN: FileCheck %s --check-prefix=ASM < %t.s
// RUN: cc-compile %s -o %t.ll --cpu=x86-64-v3 --sanitize=address
// RUN: FileCheck %s --check-prefix=SANITIZED < %t.ll

// CHECK-DAG: c"x86-64-v4\00"
// CHECK-DAG: c"popcnt,{{.*}}avx2,fma,f16c,{{.*}}avx512vl\00"
// CHECK-DAG: c"popcnt,{{.*}}avx2,fma,f16c,bmi,bmi2,lzcnt,movbe\00"
// CHECK-DAG: define hidden i32 @"add$x86-64-v4"({{.*}}) {{.*}}#[[V4:[0-9]+]]
// CHECK-DAG: define hidden i32 @"add$x86-64-v3"({{.*}}) {{.*}}#[[V3:[0-9]+]]
// CHECK-LABEL: define i32 @add(ptr
// CHECK: call i32 @condcomp_choose_cpu(
// CHECK: switch i32
// CHECK-DAG: attributes #[[V4]] = {{.*}}"target-cpu"="x86-64-v4"
// CHECK-DAG: attributes #[[V3]] = {{.*}}"target-cpu"="x86-64-v3"

// ASM: zmm

// SANITIZED: __asan_report_load

func.func @add(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %z = arith.addf %x, %y : tensor<?xf32>
  return %z : tensor<?xf32>
}
