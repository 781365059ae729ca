// RUN: cc-opt %s --condcomp-expand-affine | FileCheck %s
// RUN: cc-opt %s --condcomp-expand-affine --inline --canonicalize \
// RUN:   | FileCheck %s --check-prefix=INLINE
// RUN: cc-opt %s --inline | FileCheck %s --check-prefix=AFFINE

// CHECK-LABEL: func @numbers(
// CHECK-SAME: %[[A:.*]]: index, %[[B:.*]]: index
// CHECK: %[[C100:.*]] = arith.constant 100 : index
// CHECK: %[[M:.*]] = arith.muli %[[A]], %[[C100]] overflow<nsw> : index
// CHECK: %[[S:.*]] = arith.addi %[[M]], %[[B]] overflow<nsw> : index
// CHECK: %[[C16:.*]] = arith.constant 16 : index
// CHECK: arith.floordivsi %[[S]], %[[C16]] : index
// CHECK: %[[C3:.*]] = arith.constant 3 : index
// CHECK: arith.ceildivsi %[[A]], %[[C3]] : index
// CHECK: arith.remsi %[[A]]
// CHECK-NOT: affine.apply
func.func @numbers(%a: index, %b: index) -> (index, index, index) {
  %f = affine.apply affine_map<(d0)[s0] -> ((d0 * 100 + s0) floordiv 16)>(%a)[%b]
  %c = affine.apply affine_map<()[s0] -> (s0 ceildiv 3)>()[%a]
  %m = affine.apply affine_map<()[s0] -> (s0 mod 5)>()[%a]
  return %f, %c, %m : index, index, index
}

// A helper as torch-mlir writes it: rows and tokens are one dim for a product.
func.func private @rows(%x: tensor<?x128x8xf32>) -> (tensor<?x8xf32>, index) {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  %n = tensor.dim %x, %c0 : tensor<?x128x8xf32>
  %r = affine.apply affine_map<()[s0] -> (s0 * 128)>()[%n]
  %again = arith.divsi %r, %c128 : index
  %e = tensor.empty(%r) : tensor<?x8xf32>
  return %e, %again : tensor<?x8xf32>, index
}

// The call in a region is inlined, and the size that comes back is the size.
// INLINE-LABEL: func @in_a_region
// INLINE: scf.if
// INLINE-NOT: call
// INLINE: %[[N:.*]] = tensor.dim
// INLINE-NOT: divsi
// INLINE: scf.yield %{{.*}}, %[[N]]
// AFFINE-LABEL: func @in_a_region
// AFFINE: scf.if
// AFFINE-NEXT: call @rows
func.func @in_a_region(%x: tensor<?x128x8xf32>, %e: tensor<?x8xf32>, %i: index,
                       %b: i1) -> (tensor<?x8xf32>, index) {
  %y:2 = scf.if %b -> (tensor<?x8xf32>, index) {
    %z:2 = func.call @rows(%x) : (tensor<?x128x8xf32>) -> (tensor<?x8xf32>, index)
    scf.yield %z#0, %z#1 : tensor<?x8xf32>, index
  } else {
    scf.yield %e, %i : tensor<?x8xf32>, index
  }
  return %y#0, %y#1 : tensor<?x8xf32>, index
}
