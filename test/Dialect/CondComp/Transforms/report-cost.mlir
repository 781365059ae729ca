// RUN: cc-opt %s --condcomp-report-cost=json=- -o /dev/null | FileCheck %s
// RUN: cc-opt %s --condcomp-report-cost --remarks-filter=condcomp-report-cost -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not cc-opt %s --condcomp-report-cost=json=%t/missing/cost.json 2>&1 | FileCheck %s --check-prefix=FILE

// FILE: condcomp-report-cost: {{.*}}cost.json

// A mixture-of-experts layer. A row of an expert takes 2 * 4 * 16 + 16 + 2 * 16 * 4
// FLOPs, weighing it and adding it up 2 * 4 more; 2 of 8 experts run. The matrices are
// read by every expert that has rows, of which there are as many as runs, u0.
// CHECK: "bytes": "1080*n0 + 512*u0"
// CHECK-NEXT: "contraction_flops": "512*n0"
// CHECK-NEXT: "flops": "560*n0"
// CHECK: "dense": {
// CHECK-NEXT: "bytes": "4224*n0 + 4096"
// CHECK-NEXT: "contraction_flops": "2048*n0"
// CHECK-NEXT: "flops": "2240*n0"
// CHECK: "exact": true
// CHECK-NEXT: "name": "experts"
// CHECK: "all_rows": "8*n0"
// CHECK-NEXT: "flops": "544*n0"
// CHECK-NEXT: "op": "condcomp.apply (report-cost.mlir:[[#@LINE+16]])"
// CHECK-NEXT: "region": 0
// CHECK-NEXT: "rows": "2*n0"
// CHECK: "meaning": "size of argument 1 in dim 0"
// CHECK-NEXT: "name": "n0"
// CHECK: "at_most": [{{$}}
// CHECK-NEXT: "8"
// CHECK-NEXT: "2*n0"
// CHECK-NEXT: ]
// CHECK-NEXT: "meaning": "runs of region 0 of condcomp.apply
// CHECK-NEXT: "name": "u0"
// REMARK: experts: 560*n0 FLOPs (2240*n0 if nothing is skipped), 1080*n0 + 512*u0 bytes moved, {{.*}} bytes at once; n0: size of argument 1 in dim 0; u0: runs of {{.*}}, at most 8 and 2*n0
// REMARK: condcomp.apply, region 0: runs on 2*n0 of 8*n0 rows, 544*n0 FLOPs
func.func @experts(%x: tensor<?x4xf32>, %scores: tensor<?x8xf32>, %up: tensor<8x4x16xf32>,
                   %down: tensor<8x16x4xf32>, %zero: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = condcomp.top_k %scores, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2> rows(%x : tensor<?x4xf32>)
      params(%up, %down : tensor<8x4x16xf32>, tensor<8x16x4xf32>)
      outs(%zero : tensor<?x4xf32>) {
  ^bb0(%xe: tensor<?x4xf32>, %u: tensor<4x16xf32>, %d: tensor<16x4xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x4xf32>
    %e0 = tensor.empty(%n) : tensor<?x16xf32>
    %z0 = linalg.fill ins(%f0 : f32) outs(%e0 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %h = linalg.matmul ins(%xe, %u : tensor<?x4xf32>, tensor<4x16xf32>)
      outs(%z0 : tensor<?x16xf32>) -> tensor<?x16xf32>
    %a = math.tanh %h : tensor<?x16xf32>
    %e1 = tensor.empty(%n) : tensor<?x4xf32>
    %z1 = linalg.fill ins(%f0 : f32) outs(%e1 : tensor<?x4xf32>) -> tensor<?x4xf32>
    %o = linalg.matmul ins(%a, %d : tensor<?x16xf32>, tensor<16x4xf32>)
      outs(%z1 : tensor<?x4xf32>) -> tensor<?x4xf32>
    condcomp.yield %o : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// Exits: the rows that reach the second stage are a number that the run decides.
// CHECK: "flops": "168*n0 + 128*r0"
// CHECK: "dense": {
// CHECK: "flops": "296*n0"
// CHECK: "name": "exits"
// CHECK: "rows": "n0"
// CHECK: "all_rows": "n0"
// CHECK: "rows": "r0"
// CHECK: "at_most": [{{$}}
// CHECK-NEXT: "n0"
// CHECK-NEXT: ]
// CHECK-NEXT: "meaning": "rows that reach stage 1 of condcomp.cascade
// CHECK-NEXT: "name": "r0"
func.func @exits(%h: tensor<?x8xf32>, %w: tensor<8x8xf32>, %tau: f32) -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%h : tensor<?x8xf32>) {
  ^bb0(%a: tensor<?x8xf32>):
    %s = func.call @layer(%a, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    %c = condcomp.confidence max_prob %s : tensor<?x8xf32> -> tensor<?xf32>
    %done = func.call @above(%c, %tau) : (tensor<?xf32>, f32) -> tensor<?xi1>
    condcomp.exit %done : tensor<?xi1> results(%s : tensor<?x8xf32>) carry(%s : tensor<?x8xf32>)
  }, {
  ^bb0(%a: tensor<?x8xf32>):
    %s = func.call @layer(%a, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %s : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %at : tensor<?x8xf32>, tensor<?xi32>
}
func.func private @layer(%a: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = linalg.matmul ins(%a, %w : tensor<?x8xf32>, tensor<8x8xf32>) outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %m : tensor<?x8xf32>
}
func.func private @above(%c: tensor<?xf32>, %tau: f32) -> tensor<?xi1> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %c, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xi1>
  %d = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%c : tensor<?xf32>) outs(%e : tensor<?xi1>) {
  ^bb0(%v: f32, %o: i1):
    %b = arith.cmpf oge, %v, %tau : f32
    linalg.yield %b : i1
  } -> tensor<?xi1>
  return %d : tensor<?xi1>
}

// Tokens that are left out: their number, and that of images, are factors.
// CHECK: "flops": "32*n0*n1"
// CHECK: "peak_bytes": [
// CHECK-NEXT: "32*n0*n1"
// CHECK: "name": "prune"
// CHECK: "meaning": "value of argument 2"
// CHECK-NEXT: "name": "n1"
func.func @prune(%x: tensor<?x16x4xf32>, %s: tensor<?x16xf32>, %k: index, %w: tensor<4x4xf32>) -> tensor<?x?x4xf32> {
  %r = condcomp.top_k %s, %k : tensor<?x16xf32> -> !condcomp.routing<?x16, f32, exactly ?>
  %kept = condcomp.select %r from pairs(%x : tensor<?x16x4xf32>) : !condcomp.routing<?x16, f32, exactly ?> -> tensor<?x?x4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %kept, %c0 : tensor<?x?x4xf32>
  %t = tensor.dim %kept, %c1 : tensor<?x?x4xf32>
  %flat = tensor.collapse_shape %kept [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %nt = arith.muli %n, %t : index
  %e = tensor.empty(%nt) : tensor<?x4xf32>
  %f0 = arith.constant 0.0 : f32
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %m = linalg.matmul ins(%flat, %w : tensor<?x4xf32>, tensor<4x4xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = tensor.expand_shape %m [[0, 1], [2]] output_shape [%n, %t, 4] : tensor<?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// A body in a body: its entries add up over the rows of the outer one, e0. The steps of
// an iterate add up too, at most as many as the limit for each row.
// CHECK: "flops": "24*e0 + 24*r0"
// CHECK: "dense": {
// CHECK: "flops": "24*n0*n1 + 32*n0"
// CHECK: "name": "nested"
// CHECK: "all_rows": "4*n0"
// CHECK: "rows": "3*e0"
// CHECK: "all_rows": "n0*n1"
// CHECK: "rows": "r0"
// CHECK: "meaning": "entries of condcomp.threshold
// CHECK: "n0*n1"
// CHECK-NEXT: ]
// CHECK-NEXT: "meaning": "rows of all steps of condcomp.iterate
func.func @nested(%x: tensor<?x4xf32>, %g: tensor<?x1xf32>, %tau: f32, %steps: index, %o: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %r = condcomp.threshold %g, %tau : tensor<?x1xf32>, f32 -> !condcomp.routing<?x1, f32>
  %y = condcomp.apply %r : !condcomp.routing<?x1, f32> rows(%x : tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) combine(replace) weights(none) {
  ^bb0(%xe: tensor<?x4xf32>):
    %q = condcomp.top_k %xe, 3 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 3>
    %v = condcomp.apply %q : !condcomp.routing<?x4, f32, exactly 3> rows(%xe : tensor<?x4xf32>)
        outs(%xe : tensor<?x4xf32>) weights(none) {
    ^bb0(%xq: tensor<?x4xf32>):
      %t = math.exp %xq : tensor<?x4xf32>
      condcomp.yield %t : tensor<?x4xf32>
    } -> tensor<?x4xf32>
    condcomp.yield %v : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  %i, %at = condcomp.iterate steps(%steps) rows(%y : tensor<?x4xf32>) outs(%o : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    %e = math.exp %h : tensor<?x4xf32>
    %c = condcomp.confidence entropy %e : tensor<?x4xf32> -> tensor<?xf32>
    %done = func.call @above(%c, %tau) : (tensor<?xf32>, f32) -> tensor<?xi1>
    condcomp.exit %done : tensor<?xi1> results(%e : tensor<?x4xf32>) carry(%e : tensor<?x4xf32>)
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %i : tensor<?x4xf32>
}

// Upper bounds where a body mixes the rows of a module (here a product of all pairs of
// them), where branches differ, and where a slice grows with a loop.
// CHECK: "flops": "8*e0*n0"
// CHECK: "exact": false
// CHECK-NEXT: "name": "mixes"
// REMARK: mixes: at most 8*e0*n0 FLOPs
func.func @mixes(%x: tensor<?x4xf32>, %g: tensor<?x3xf32>, %tau: f32) -> tensor<?x4xf32> {
  %r = condcomp.threshold %g, %tau : tensor<?x3xf32>, f32 -> !condcomp.routing<?x3, f32>
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32> rows(%x : tensor<?x4xf32>)
      combine(none) weights(none) scope(group) {
  ^bb0(%h: tensor<?x4xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x4xf32>
    %e = tensor.empty(%n, %n) : tensor<?x?xf32>
    %s = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, k)>,
        affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>],
        iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%h, %h : tensor<?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x?xf32>) {
    ^bb1(%a: f32, %b: f32, %o: f32):
      %m = arith.mulf %a, %b : f32
      %p = arith.addf %o, %m : f32
      linalg.yield %p : f32
    } -> tensor<?x?xf32>
    %z = tensor.extract_slice %s[0, 0] [%n, 4] [1, 1] : tensor<?x?xf32> to tensor<?x4xf32>
    condcomp.yield %z : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
// CHECK: "flops": "5*n0"
// CHECK: "exact": false
// CHECK-NEXT: "name": "branches"
func.func @branches(%x: tensor<?xf32>, %c: i1) -> tensor<?xf32> {
  %y = scf.if %c -> tensor<?xf32> {
    %a = linalg.softmax dimension(0) ins(%x : tensor<?xf32>) outs(%x : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %a : tensor<?xf32>
  } else {
    %a = math.exp %x : tensor<?xf32>
    scf.yield %a : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
// CHECK: "flops": "3*n0*n0 + 3*n1"
// CHECK: "exact": false
// CHECK-NEXT: "name": "loops"
func.func @loops(%x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %a = scf.for %i = %c0 to %n step %c1 iter_args(%h = %x) -> tensor<?xf32> {
    %s = tensor.extract_slice %h[0] [%i] [1] : tensor<?xf32> to tensor<?xf32>
    %e = math.exp %s : tensor<?xf32>
    %d = arith.addf %e, %e : tensor<?xf32>
    %f = arith.mulf %d, %e : tensor<?xf32>
    %g = tensor.insert_slice %f into %h[0] [%i] [1] : tensor<?xf32> into tensor<?xf32>
    scf.yield %g : tensor<?xf32>
  }
  %b = scf.for %i = %c0 to %c3 step %c1 iter_args(%h = %y) -> tensor<?xf32> {
    %e = math.exp %h : tensor<?xf32>
    scf.yield %e : tensor<?xf32>
  }
  return %a, %b : tensor<?xf32>, tensor<?xf32>
}

// A body's tensors have the sizes of what they are taken from (n1: width of the rows,
// n2: of the results, n3: experts), a splat has those that it is given, and a trace costs
// nothing.
// CHECK: "bytes": "4*n1*n2*u0 + 12*n0*n1 + 24*n0*n2 + 4*n0*n3 + 12*n0"
// CHECK: "flops": "2*n0*n1*n2 + 2*n0*n2"
// CHECK: "exact": true
// CHECK-NEXT: "name": "sizes_of_a_body"
// CHECK: "meaning": "size of argument 0 in dim 1"
// CHECK-NEXT: "name": "n1"
// CHECK: "meaning": "size of argument 2 in dim 2"
// CHECK-NEXT: "name": "n2"
// CHECK: "meaning": "size of argument 1 in dim 1"
// CHECK-NEXT: "name": "n3"
func.func @sizes_of_a_body(%x: tensor<?x?xf32>, %s: tensor<?x?xf32>,
                           %w: tensor<?x?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %width = tensor.dim %w, %c2 : tensor<?x?x?xf32>
  %o = tensor.splat %f0[%rows, %width] : tensor<?x?xf32>
  %r = condcomp.top_k %s, 1 : tensor<?x?xf32> -> !condcomp.routing<?x?, f32, exactly 1>
  condcomp.trace %r "experts" : !condcomp.routing<?x?, f32, exactly 1>
  %y = condcomp.apply %r : !condcomp.routing<?x?, f32, exactly 1>
      rows(%x : tensor<?x?xf32>) params(%w : tensor<?x?x?xf32>)
      outs(%o : tensor<?x?xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x?xf32>, %we: tensor<?x?xf32>):
    %c1 = arith.constant 1 : index
    %n = tensor.dim %xe, %c0 : tensor<?x?xf32>
    %d = tensor.dim %we, %c1 : tensor<?x?xf32>
    %z = tensor.splat %f0[%n, %d] : tensor<?x?xf32>
    %h = linalg.matmul ins(%xe, %we : tensor<?x?xf32>, tensor<?x?xf32>)
        outs(%z : tensor<?x?xf32>) -> tensor<?x?xf32>
    condcomp.yield %h : tensor<?x?xf32>
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
