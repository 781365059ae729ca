// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s
// RUN: cc-opt %s --condcomp-choose-form=form=masked --condcomp-to-linalg --canonicalize --cse | FileCheck %s

// The margin of two equal logits is 0: only the first of the largest is set aside.
// A form changes nothing.
// CHECK-LABEL: func.func @margin
// CHECK: condcomp.check %{{.*}}, "confidence C3: needs at least {1} classes, got {0}"
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.minui
// CHECK: arith.maximumf
func.func @margin(%l: tensor<?x?xf32>) -> tensor<?xf32> {
  %c = condcomp.confidence margin %l : tensor<?x?xf32> -> tensor<?xf32>
  return %c : tensor<?xf32>
}
