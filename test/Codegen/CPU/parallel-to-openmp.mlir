// RUN: cc-opt %s --condcomp-parallel-to-openmp --split-input-file --verify-diagnostics | FileCheck %s
// RUN: cc-opt %s --condcomp-parallel-to-openmp --convert-scf-to-cf --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=CF

// CHECK-LABEL: func.func @nest(
// CHECK-SAME:    %[[M:.+]]: memref<?x?xf32>, %[[X:.+]]: index, %[[Y:.+]]: index
// CHECK:         omp.parallel {
// CHECK:           omp.wsloop
// CHECK:             omp.loop_nest (%[[I:.+]], %[[J:.+]]) : index = {{.*}} collapse(2)
// CHECK-NOT:           memref.alloca_scope
// CHECK:               scf.if
// CHECK:                 memref.store %{{.*}}, %[[M]][%[[I]], %[[J]]]
// CHECK:               omp.yield
// Control flow in the body survives its lowering.
// CF:      omp.loop_nest
// CF:        cf.cond_br
// CF:        omp.yield
func.func @nest(%m: memref<?x?xf32>, %x: index, %y: index, %b: i1, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i, %j) = (%c0, %c0) to (%x, %y) step (%c1, %c1) {
    scf.if %b {
      memref.store %v, %m[%i, %j] : memref<?x?xf32>
    }
    scf.reduce
  }
  return
}

// -----

func.func @stack(%n: index, %v: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{cannot be run by OpenMP: its body allocates on the stack, which would grow with every iteration}}
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %m = memref.alloca() : memref<1xf32>
    memref.store %v, %m[%c0] : memref<1xf32>
    scf.reduce
  }
  return
}

// -----

func.func @reduction(%n: index, %v: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{cannot be run by OpenMP: it has 1 reduction results}}
  %r = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%v) -> f32 {
    scf.reduce(%v : f32) {
    ^bb0(%x: f32, %y: f32):
      %s = arith.addf %x, %y : f32
      scf.reduce.return %s : f32
    }
  }
  return %r : f32
}
