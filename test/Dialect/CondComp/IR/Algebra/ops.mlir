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

// CHECK-LABEL: func @modules
func.func @modules(%r: !condcomp.routing<?x64, f32, exactly 2>,
    %s: !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9>,
    %t: !condcomp.routing<32x196, f32, exactly 138, per_module exactly 5>,
    %q: !condcomp.routing<?x?, f64, exactly ?>, %f: f32, %g: f64, %o: index, %n: index) {
  // CHECK: condcomp.scale %{{.*}}, %{{.*}} : !condcomp.routing<?x64, f32, exactly 2>
  %0 = condcomp.scale %r, %f : !condcomp.routing<?x64, f32, exactly 2>
  // CHECK: condcomp.scale %{{.*}}, %{{.*}} : !condcomp.routing<?x?, f64, exactly ?>
  %1 = condcomp.scale %q, %g : !condcomp.routing<?x?, f64, exactly ?>
  // CHECK: condcomp.complement %{{.*}} : !condcomp.routing<32x196, f32, exactly 138, per_module exactly 5> -> !condcomp.routing<32x196, f32, exactly 58, per_module exactly 27>
  %2 = condcomp.complement %t
    : !condcomp.routing<32x196, f32, exactly 138, per_module exactly 5>
    -> !condcomp.routing<32x196, f32, exactly 58, per_module exactly 27>
  // CHECK: condcomp.complement %{{.*}} : !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9> -> !condcomp.routing<?x8, f32>
  %3 = condcomp.complement %s
    : !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9>
    -> !condcomp.routing<?x8, f32>
  // CHECK: condcomp.complement %{{.*}} : !condcomp.routing<?x?, f64, exactly ?> -> !condcomp.routing<?x?, f64, exactly ?>
  %4 = condcomp.complement %q : !condcomp.routing<?x?, f64, exactly ?>
    -> !condcomp.routing<?x?, f64, exactly ?>
  // CHECK: condcomp.slice_modules %{{.*}}[8, 1] : !condcomp.routing<?x64, f32, exactly 2> -> !condcomp.routing<?x1, f32, at_most 1>
  %5 = condcomp.slice_modules %r [8, 1]
    : !condcomp.routing<?x64, f32, exactly 2> -> !condcomp.routing<?x1, f32, at_most 1>
  // CHECK: condcomp.slice_modules %{{.*}}[%{{.*}}, %{{.*}}] : !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9> -> !condcomp.routing<?x?, f32, at_most 3, per_module at_most 9>
  %6 = condcomp.slice_modules %s [%o, %n]
    : !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9>
    -> !condcomp.routing<?x?, f32, at_most 3, per_module at_most 9>
  // CHECK: condcomp.concat_modules %{{.*}}, %{{.*}} : !condcomp.routing<?x64, f32, exactly 2>, !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9> -> !condcomp.routing<?x72, f32, at_most 5>
  %7 = condcomp.concat_modules %r, %s : !condcomp.routing<?x64, f32, exactly 2>,
      !condcomp.routing<?x8, f32, at_most 3, per_module at_most 9>
    -> !condcomp.routing<?x72, f32, at_most 5>
  // CHECK: condcomp.concat_modules %{{.*}}, %{{.*}}, %{{.*}} : {{.*}} -> !condcomp.routing<?x?, f64, exactly ?>
  %8 = condcomp.concat_modules %q, %q, %q : !condcomp.routing<?x?, f64, exactly ?>,
      !condcomp.routing<?x?, f64, exactly ?>, !condcomp.routing<?x?, f64, exactly ?>
    -> !condcomp.routing<?x?, f64, exactly ?>
  return
}
