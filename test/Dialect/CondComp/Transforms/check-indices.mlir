// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-check-indices))' | FileCheck %s
// RUN: cc-run %s --function=embed --input=3xi64=0,2,1 --input=3x2xf32=1,2,3,4,5,6 | FileCheck %s --check-prefix=VALUES
// RUN: not cc-run %s --function=embed --input=3xi64=0,3,1 --input=3x2xf32=1 2>&1 | FileCheck %s --check-prefix=ABOVE
// RUN: not cc-run %s --function=embed --input=3xi64=0,1,-1 --input=3x2xf32=1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: cc-run %s --function=embed --input=0xi64=0 --input=0x2xf32=1 | FileCheck %s --check-prefix=NONE
// RUN: cc-run %s --function=bounds --input=5x4xf32=1 --input=index=2 | FileCheck %s --check-prefix=INSIDE
// RUN: not cc-run %s --function=bounds --input=5x4xf32=1 --input=index=4 2>&1 | FileCheck %s --check-prefix=SLICE
// RUN: not cc-run %s --function=bounds --input=5x4xf32=1 --input=index=-1 2>&1 | FileCheck %s --check-prefix=NO-SLICE
// RUN: not cc-run %s --function=element --input=5x4xf32=1 --input=index=5 2>&1 | FileCheck %s --check-prefix=ELEMENT
// RUN: not cc-run %s --function=padded --input=5x4xf32=1 --input=index=-9 2>&1 | FileCheck %s --check-prefix=PAD
// INSIDE: 2x4xf32=1,1,1,1,1,1,1,1
// SLICE: error: {{.*}}: tensor.extract_slice: 4 elements from 4 on are not in dim 0, which has the size 5
// NO-SLICE: error: {{.*}}: tensor.extract_slice: -1 elements from -1 on are not in dim 0, which has the size 5
// ELEMENT: error: {{.*}}: tensor.extract: index 5 is not one of dim 0, which has the size 5
// PAD: error: {{.*}}: tensor.pad: -9 elements cannot be added
// VALUES: 3x2xf32=1,2,5,6,3,4
// ABOVE: error: {{.*}}: tensor.extract: an index is not one of dim 0, which has the size 3
// NEGATIVE: error: {{.*}}: id >= 0
// NONE: 0x2xf32=

#id = affine_map<(i, j) -> (i)>
#row = affine_map<(i, j) -> (i, j)>

// The index and what is asserted depend on one of two loops: that one is checked. The
// position in a row is no data.
// CHECK-LABEL: func.func @embed(
// CHECK-SAME:    %[[IDS:.*]]: tensor<?xi64>, %[[TABLE:.*]]: tensor<?x2xf32>)
// CHECK:       linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[IDS]] : tensor<?xi64>)
// CHECK:       condcomp.check %{{.*}}, "id >= 0"
// CHECK:       %[[SIZE:.*]] = tensor.dim %[[TABLE]], %c0
// CHECK:       %[[ALL:.*]] = linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[IDS]] : tensor<?xi64>)
// CHECK:         %[[INDEX:.*]] = arith.index_cast
// CHECK:         %[[BELOW:.*]] = arith.cmpi ult, %[[INDEX]], %[[SIZE]]
// CHECK:         arith.andi %{{.*}}, %[[BELOW]]
// CHECK:       %[[OK:.*]] = tensor.extract %[[ALL]][]
// CHECK:       condcomp.check %[[OK]], "tensor.extract: an index is not one of dim 0, which has the size {0}"(%[[SIZE]])
// CHECK:       linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK-NOT:     cf.assert
// CHECK:       return
func.func @embed(%ids: tensor<?xi64>, %table: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i64
  %n = tensor.dim %ids, %c0 : tensor<?xi64>
  %e = tensor.empty(%n) : tensor<?x2xf32>
  %y = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<?xi64>) outs(%e : tensor<?x2xf32>) {
  ^bb0(%id: i64, %o: f32):
    %ok = arith.cmpi sge, %id, %zero : i64
    cf.assert %ok, "id >= 0"
    %at = arith.index_cast %id : i64 to index
    %j = linalg.index 1 : index
    %v = tensor.extract %table[%at, %j] : tensor<?x2xf32>
    linalg.yield %v : f32
  } -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// An assertion on positions: the loop has its size from an operand that the condition
// does not read.
// CHECK-LABEL: func.func @positions(
// CHECK:       linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%{{.*}} : tensor<?xf32>)
// CHECK:         linalg.index 0
// CHECK:       condcomp.check
// CHECK:       linalg.generic
// CHECK-NOT:     cf.assert
// CHECK:       return
func.func @positions(%x: tensor<?xf32>, %limit: index) -> tensor<?xf32> {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      outs(%x : tensor<?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %ok = arith.cmpi ult, %i, %limit : index
    cf.assert %ok, "too long"
    %d = arith.addf %o, %o : f32
    linalg.yield %d : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Slices, elements and paddings at run-time places.
// CHECK-LABEL: func.func @bounds(
// CHECK:       condcomp.check %{{.*}}, "tensor.extract_slice: {1} elements from {0} on are not in dim 0, which has the size {2}"
// CHECK-NOT:   condcomp.check %
// CHECK:       return
func.func @bounds(%x: tensor<?x4xf32>, %i: index) -> tensor<?x4xf32> {
  %v = tensor.extract_slice %x[%i, 0] [%i, 4] [1, 1] : tensor<?x4xf32> to tensor<?x4xf32>
  return %v : tensor<?x4xf32>
}
func.func @element(%x: tensor<?x4xf32>, %i: index) -> f32 {
  %c3 = arith.constant 3 : index
  %v = tensor.extract %x[%i, %c3] : tensor<?x4xf32>
  return %v : f32
}
func.func @padded(%x: tensor<?x4xf32>, %i: index) -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %v = tensor.pad %x low[%i, 0] high[0, 0] {
  ^bb0(%a: index, %b: index):
    tensor.yield %zero : f32
  } : tensor<?x4xf32> to tensor<?x4xf32>
  return %v : tensor<?x4xf32>
}

// A whole dim needs no check.
// CHECK-LABEL: func.func @whole(
// CHECK-NOT:   condcomp.check %
// CHECK:       return
func.func @whole(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %v = tensor.extract_slice %x[0, 1] [%n, 2] [1, 1] : tensor<?x4xf32> to tensor<?x2xf32>
  return %v : tensor<?x2xf32>
}

// Not what depends on the output, and not in bodies of condcomp ops.
// CHECK-LABEL: func.func @not(
// CHECK-NOT:   condcomp.check %
// CHECK:       cf.assert
// CHECK:       condcomp.apply
// CHECK:         cf.assert
func.func @not(%r: !condcomp.routing<?x2, f32>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %zero = arith.constant 0.0 : f32
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      outs(%x : tensor<?xf32>) {
  ^bb0(%o: f32):
    %ok = arith.cmpf oge, %o, %zero : f32
    cf.assert %ok, "negative"
    linalg.yield %o : f32
  } -> tensor<?xf32>
  %z = condcomp.apply %r : !condcomp.routing<?x2, f32> rows(%y : tensor<?xf32>) outs(%y : tensor<?xf32>) {
  ^bb0(%xe: tensor<?xf32>):
    %w = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
        ins(%xe : tensor<?xf32>) outs(%xe : tensor<?xf32>) {
    ^bb0(%a: f32, %o: f32):
      %ok = arith.cmpf oge, %a, %zero : f32
      cf.assert %ok, "negative"
      linalg.yield %a : f32
    } -> tensor<?xf32>
    condcomp.yield %w : tensor<?xf32>
  } -> tensor<?xf32>
  return %z : tensor<?xf32>
}
