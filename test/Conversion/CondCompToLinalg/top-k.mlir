// RUN: cc-opt %s --condcomp-choose-form=form=compact --condcomp-to-linalg --canonicalize --cse | FileCheck %s

// A block of rows at a time: keys, the threshold by rounds of a maximum, a bit per
// candidate, and a loop over the bits that are set.
// CHECK-LABEL: func.func @few
// CHECK-SAME: (%[[S:.*]]: tensor<?x256xf32>)
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[K:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[C32:.*]] = arith.constant 32 : index
// CHECK-NOT: condcomp.check
// CHECK: scf.forall
// CHECK: tensor.extract_slice %[[S]][%{{.*}}, 0] [%{{.*}}, 256]
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpf uno
// CHECK: scf.for %{{.*}} = %[[C0]] to %[[K]]
// CHECK: arith.maxsi
// CHECK: tensor.expand_shape {{.*}} tensor<?x256xi32> into tensor<?x8x32xi32>
// CHECK: arith.ori
// CHECK: math.ctpop
// CHECK: math.cttz
// CHECK: tensor.parallel_insert_slice
func.func @few(%s: tensor<?x256xf32>) -> tensor<?x8xindex> {
  %r = condcomp.top_k %s, 8 : tensor<?x256xf32> -> !condcomp.routing<?x256, f32, exactly 8>
  %i = condcomp.indices %r : !condcomp.routing<?x256, f32, exactly 8> -> tensor<?x8xindex>
  return %i : tensor<?x8xindex>
}

// A k of run time is checked and found bit by bit: a count per bit of the key, 32
// for bf16. Rows are filled up to whole words with the least key.
// CHECK-LABEL: func.func @any
// CHECK: condcomp.check %{{.*}}, "top_k C3: k = {0} must be between 0 and the number of modules, {1}"
// CHECK: scf.forall
// CHECK: linalg.fill ins(%c-2147483648_i32
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: scf.for %{{.*}} = %c0 to %c32
// CHECK: arith.cmpi sge
// CHECK: arith.cmpi sgt
func.func @any(%s: tensor<?x?xbf16>, %k: index) -> tensor<?x?xindex> {
  %r = condcomp.top_k %s, %k : tensor<?x?xbf16> -> !condcomp.routing<?x?, f32, exactly ?>
  %i = condcomp.indices %r : !condcomp.routing<?x?, f32, exactly ?> -> tensor<?x?xindex>
  return %i : tensor<?x?xindex>
}

// Keys of f64 are i64.
// CHECK-LABEL: func.func @double
// CHECK: arith.bitcast %{{.*}} : f64 to i64
func.func @double(%s: tensor<?x64xf64>) -> tensor<?x2xindex> {
  %r = condcomp.top_k %s, 2 : tensor<?x64xf64> -> !condcomp.routing<?x64, f64, exactly 2>
  %i = condcomp.indices %r : !condcomp.routing<?x64, f64, exactly 2> -> tensor<?x2xindex>
  return %i : tensor<?x2xindex>
}
