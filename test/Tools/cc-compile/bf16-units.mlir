// The unit for bf16 is that of each CPU. Code has no feature that rounds to bf16 in
// its own way, but for the kernel that multiplies; a CPU has to have what that needs.

// RUN: cc-compile %s -o %t.ll --cpu=sapphirerapids,znver4,x86-64-v4
// RUN: FileCheck %s < %t.ll

// CHECK-DAG: c"{{.*}}amx-tile,amx-bf16{{.*}}\00"
// CHECK-DAG: c"{{.*}},avx512bf16\00"
// CHECK-DAG: define internal {{.*}}@condcomp_kernel_amx_bf16({{.*}} #[[AMX:[0-9]+]]
// CHECK-DAG: define internal {{.*}}@condcomp_kernel_avx512bf16({{.*}} #[[DOT:[0-9]+]]
// CHECK-DAG: attributes #[[AMX]] = {{.*}}"target-cpu"="sapphirerapids" "target-features"="-avx512bf16,-avxneconvert,+amx-bf16"
// CHECK-DAG: attributes #[[DOT]] = {{.*}}"target-cpu"="znver4" "target-features"="-avx512bf16,-avxneconvert,+avx512bf16"
// CHECK-DAG: attributes #{{[0-9]+}} = {{.*}}"target-cpu"="x86-64-v4" "target-features"="-avx512bf16,-avxneconvert" }
func.func @f(%a: tensor<?x64xbf16>, %b: tensor<64x32xbf16>, %c: tensor<?x32xbf16>) -> tensor<?x32xbf16> {
  %r = linalg.matmul ins(%a, %b : tensor<?x64xbf16>, tensor<64x32xbf16>)
    outs(%c : tensor<?x32xbf16>) -> tensor<?x32xbf16>
  return %r : tensor<?x32xbf16>
}
