// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func.func private @bounds(
func.func private @bounds(
    // CHECK-SAME: !condcomp.routing<4x64, f32>
    !condcomp.routing<4x64, f32>,
    // CHECK-SAME: !condcomp.routing<?x64, f32, exactly 8>
    !condcomp.routing<?x64, f32, exactly 8>,
    // CHECK-SAME: !condcomp.routing<32x196, f64, exactly ?>
    !condcomp.routing<32x196, f64, exactly ?>,
    // CHECK-SAME: !condcomp.routing<?x?, f32, at_most 2>
    !condcomp.routing<?x?, f32, at_most 2>,
    // CHECK-SAME: !condcomp.routing<?x64, f32, per_module exactly 3>
    !condcomp.routing<?x64, f32, per_module exactly 3>,
    // CHECK-SAME: !condcomp.routing<2x?x64, f32, at_most 2, per_module at_most 40>
    !condcomp.routing<2x?x64, f32, at_most 2, per_module at_most 40>)

// The order of bounds and form is free; printing settles it.
// CHECK-LABEL: func.func private @order(
// CHECK-SAME: !condcomp.routing<8x4, f32, exactly 1, per_module at_most 5, #condcomp.form<compact>>
func.func private @order(
    !condcomp.routing<8x4, f32, #condcomp.form<compact>, per_module at_most 5, exactly 1>)

// CHECK-LABEL: func.func private @forms(
// CHECK-SAME: !condcomp.routing<?x4, f32, #condcomp.form<masked>>
// CHECK-SAME: !condcomp.routing<?x4, f32, #condcomp.form<compact>>
func.func private @forms(
    !condcomp.routing<?x4, f32, #condcomp.form<masked>>,
    !condcomp.routing<?x4, f32, #condcomp.form<compact>>)

// Rows and modules may be none, and a row may take none or all of them.
// CHECK-LABEL: func.func private @empty(
// CHECK-SAME: !condcomp.routing<0x0, f32, exactly 0>
// CHECK-SAME: !condcomp.routing<3x4, f32, exactly 0, per_module at_most 0>
// CHECK-SAME: !condcomp.routing<3x4, f32, exactly 4, per_module exactly 3>
func.func private @empty(
    !condcomp.routing<0x0, f32, exactly 0>,
    !condcomp.routing<3x4, f32, exactly 0, per_module at_most 0>,
    !condcomp.routing<3x4, f32, exactly 4, per_module exactly 3>)
