// RUN: cc-opt %s | cc-opt | FileCheck %s
// RUN: cc-opt %s --mlir-print-op-generic | cc-opt | FileCheck %s

// CHECK-LABEL: func @algebra
func.func @algebra(%r: !condcomp.routing<?x64, f32, exactly 2>,
    %s: !condcomp.routing<4x?x8, f64, per_module at_most 9>,
    %p: tensor<?x64xbf16>, %e: tensor<?x2xf32>, %q: tensor<?xf64>,
    %pr: tensor<?xf32>, %c: index) {
  // CHECK: condcomp.reweight %{{.*}} dense(%{{.*}} : tensor<?x64xbf16>) : !condcomp.routing<?x64, f32, exactly 2>
  %0 = condcomp.reweight %r dense(%p : tensor<?x64xbf16>)
    : !condcomp.routing<?x64, f32, exactly 2>
  // CHECK: condcomp.reweight %{{.*}} entries(%{{.*}} : tensor<?x2xf32>) : !condcomp.routing<?x64, f32, exactly 2>
  %1 = condcomp.reweight %r entries(%e : tensor<?x2xf32>)
    : !condcomp.routing<?x64, f32, exactly 2>
  // CHECK: condcomp.reweight %{{.*}} entries(%{{.*}} : tensor<?xf64>)
  %2 = condcomp.reweight %s entries(%q : tensor<?xf64>)
    : !condcomp.routing<4x?x8, f64, per_module at_most 9>
  // CHECK: condcomp.normalize sum %{{.*}} : !condcomp.routing<?x64, f32, exactly 2>
  %3 = condcomp.normalize sum %0 : !condcomp.routing<?x64, f32, exactly 2>
  // CHECK: condcomp.normalize softmax
  %4 = condcomp.normalize softmax %1 : !condcomp.routing<?x64, f32, exactly 2>
  // CHECK: condcomp.capacity %{{.*}}, 40 order(arrival) : !condcomp.routing<?x64, f32, exactly 2> -> !condcomp.routing<?x64, f32, at_most 2, per_module at_most 40>
  %5 = condcomp.capacity %r, 40 order(arrival)
    : !condcomp.routing<?x64, f32, exactly 2>
    -> !condcomp.routing<?x64, f32, at_most 2, per_module at_most 40>
  // CHECK: condcomp.capacity %{{.*}}, %{{.*}} order(rank) priority(%{{.*}} : tensor<?xf32>) : !condcomp.routing<?x64, f32, exactly 2> -> !condcomp.routing<?x64, f32, at_most 2>
  %6 = condcomp.capacity %r, %c order(rank) priority(%pr : tensor<?xf32>)
    : !condcomp.routing<?x64, f32, exactly 2>
    -> !condcomp.routing<?x64, f32, at_most 2>
  // CHECK: condcomp.capacity %{{.*}}, 20 order(weight) : !condcomp.routing<4x?x8, f64, per_module at_most 9> -> !condcomp.routing<4x?x8, f64, per_module at_most 9>
  %7 = condcomp.capacity %s, 20 order(weight)
    : !condcomp.routing<4x?x8, f64, per_module at_most 9>
    -> !condcomp.routing<4x?x8, f64, per_module at_most 9>
  // CHECK: condcomp.convert_form %{{.*}} : !condcomp.routing<?x64, f32, exactly 2> -> !condcomp.routing<?x64, f32, exactly 2, #condcomp.form<compact>>
  %8 = condcomp.convert_form %r : !condcomp.routing<?x64, f32, exactly 2>
    -> !condcomp.routing<?x64, f32, exactly 2, #condcomp.form<compact>>
  return
}
