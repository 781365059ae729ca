// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func @confidence
func.func @confidence(%a: tensor<?x10xbf16>, %b: tensor<3x?x2xf64>,
    %c: tensor<10xf32>) {
  // CHECK: condcomp.confidence max_prob %{{.*}} : tensor<?x10xbf16> -> tensor<?xf32>
  %0 = condcomp.confidence max_prob %a : tensor<?x10xbf16> -> tensor<?xf32>
  // CHECK: condcomp.confidence margin %{{.*}} : tensor<3x?x2xf64> -> tensor<3x?xf64>
  %1 = condcomp.confidence margin %b : tensor<3x?x2xf64> -> tensor<3x?xf64>
  // CHECK: condcomp.confidence entropy %{{.*}} : tensor<10xf32> -> tensor<f32>
  %2 = condcomp.confidence entropy %c : tensor<10xf32> -> tensor<f32>
  return
}

// CHECK-LABEL: func @check
func.func @check(%ok: i1, %i: index, %f: f32) {
  // CHECK: condcomp.check %{{.*}}, "no numbers"
  condcomp.check %ok, "no numbers"
  // CHECK: condcomp.check %{{.*}}, "{1} of {0}, {0} again, {name} as it is"(%{{.*}}, %{{.*}}) : index, f32
  condcomp.check %ok, "{1} of {0}, {0} again, {name} as it is"(%i, %f) : index, f32
  return
}
