// RUN: cc-opt %s --split-input-file --condcomp-batch-experts --canonicalize --cse | FileCheck %s
// RUN: cc-opt %s --split-input-file --condcomp-batch-experts --remarks-filter="condcomp-batch-experts" --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK

#mk = affine_map<(m, n, k) -> (m, k)>
#kn = affine_map<(m, n, k) -> (k, n)>
#mn = affine_map<(m, n, k) -> (m, n)>
#id = affine_map<(m, n) -> (m, n)>

// Two projections and what joins them are one loop; the third is another one.
// What is the same for all modules is done for all of them at once.

// CHECK-LABEL: func @swiglu
// CHECK-SAME:    %[[X:.*]]: tensor<?x32xf32>, %[[OFFSETS:[^:]*]]: tensor<9xindex>
// CHECK:       %[[ROWS:.*]] = tensor.extract %[[OFFSETS]][%c8]
// CHECK:       %[[ALL:.*]] = tensor.extract_slice %[[X]][0, 0] [%[[ROWS]], 32]
// CHECK:       %[[SCALED:.*]] = linalg.generic {{.*}} ins(%[[ALL]] : tensor<?x32xf32>)
// CHECK:       scf.for
// CHECK:         scf.for
// CHECK:       %[[HIDDEN:.*]] = scf.forall
// CHECK:         scf.for
// CHECK:           %[[ROW:.*]] = tensor.extract_slice %[[SCALED]]
// CHECK:           %[[GATE:.*]] = linalg.generic {{.*}}reduction{{.*}} ins(%[[ROW]]
// CHECK:           %[[UP:.*]] = linalg.generic {{.*}}reduction{{.*}} ins(%[[ROW]]
// CHECK:           linalg.generic {{.*}} ins(%[[GATE]], %[[UP]] : {{.*}}) outs(%[[GATE]] :
// CHECK:           scf.yield
// CHECK:         scf.forall.in_parallel
// CHECK:       %[[Y:.*]] = scf.forall
// CHECK:         scf.for
// CHECK:           %[[IN:.*]] = tensor.extract_slice %[[HIDDEN]]
// CHECK:           linalg.generic {{.*}}reduction{{.*}} ins(%[[IN]]
// CHECK-NOT:   scf.if
// CHECK:       return %[[Y]]
func.func @swiglu(%x: tensor<?x32xf32>, %offsets: tensor<9xindex>,
    %gate: tensor<8x32x256xf32>, %up: tensor<8x32x256xf32>,
    %down: tensor<8x256x32xf32>, %slots: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x32xf32>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x32xf32>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xf32> to tensor<?x32xf32>
      %e = tensor.empty(%n) : tensor<?x32xf32>
      %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%rows : tensor<?x32xf32>) outs(%e : tensor<?x32xf32>) {
      ^bb0(%in: f32, %out: f32):
        %1 = arith.addf %in, %in : f32
        linalg.yield %1 : f32
      } -> tensor<?x32xf32>
      %wg = tensor.extract_slice %gate[%i, 0, 0] [1, 32, 256] [1, 1, 1] : tensor<8x32x256xf32> to tensor<32x256xf32>
      %wu = tensor.extract_slice %up[%i, 0, 0] [1, 32, 256] [1, 1, 1] : tensor<8x32x256xf32> to tensor<32x256xf32>
      %wd = tensor.extract_slice %down[%i, 0, 0] [1, 256, 32] [1, 1, 1] : tensor<8x256x32xf32> to tensor<256x32xf32>
      %h0 = tensor.empty(%n) : tensor<?x256xf32>
      %h1 = linalg.fill ins(%zero : f32) outs(%h0 : tensor<?x256xf32>) -> tensor<?x256xf32>
      %g = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%a, %wg : tensor<?x32xf32>, tensor<32x256xf32>) outs(%h1 : tensor<?x256xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %1 = arith.mulf %p, %q : f32
        %2 = arith.addf %out, %1 : f32
        linalg.yield %2 : f32
      } -> tensor<?x256xf32>
      %u = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%a, %wu : tensor<?x32xf32>, tensor<32x256xf32>) outs(%h1 : tensor<?x256xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %1 = arith.mulf %p, %q : f32
        %2 = arith.addf %out, %1 : f32
        linalg.yield %2 : f32
      } -> tensor<?x256xf32>
      %act = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%g, %u : tensor<?x256xf32>, tensor<?x256xf32>) outs(%h0 : tensor<?x256xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %1 = arith.mulf %p, %q : f32
        linalg.yield %1 : f32
      } -> tensor<?x256xf32>
      %d1 = linalg.fill ins(%zero : f32) outs(%e : tensor<?x32xf32>) -> tensor<?x32xf32>
      %d = linalg.generic {indexing_maps = [#mk, #kn, #mn], iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%act, %wd : tensor<?x256xf32>, tensor<256x32xf32>) outs(%d1 : tensor<?x32xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %1 = arith.mulf %p, %q : f32
        %2 = arith.addf %out, %1 : f32
        linalg.yield %2 : f32
      } -> tensor<?x32xf32>
      %r = tensor.insert_slice %d into %s[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xf32> into tensor<?x32xf32>
      scf.yield %r : tensor<?x32xf32>
    } else {
      scf.yield %s : tensor<?x32xf32>
    }
    scf.yield %z : tensor<?x32xf32>
  }
  return %y : tensor<?x32xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#col = affine_map<(m, n) -> (n)>

// A packed operand is cut between panels, its map stays.

// CHECK-LABEL: func @packed
// CHECK:       scf.forall
// CHECK-DAG:     %[[W:.*]] = tensor.extract_slice %{{.*}}[%{{.*}}, 0, 0, 0] [1, 16, 32, 16]
// CHECK-DAG:     %[[PANEL:.*]] = arith.divui %{{.*}}, %c16
// CHECK:         tensor.extract_slice %[[W]][%[[PANEL]], 0, 0]
func.func @packed(%x: tensor<?x32xf32>, %offsets: tensor<9xindex>,
    %w: tensor<8x16x32x16xf32>, %slots: tensor<?x256xf32>) -> tensor<?x256xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x256xf32>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x256xf32>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xf32> to tensor<?x32xf32>
      %p = tensor.extract_slice %w[%i, 0, 0, 0] [1, 16, 32, 16] [1, 1, 1, 1] : tensor<8x16x32x16xf32> to tensor<16x32x16xf32>
      %h0 = tensor.empty(%n) : tensor<?x256xf32>
      %h1 = linalg.fill ins(%zero : f32) outs(%h0 : tensor<?x256xf32>) -> tensor<?x256xf32>
      %g = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
            affine_map<(m, n, k) -> (n floordiv 16, k, n mod 16)>,
            affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%rows, %p : tensor<?x32xf32>, tensor<16x32x16xf32>) outs(%h1 : tensor<?x256xf32>) {
      ^bb0(%a: f32, %b: f32, %out: f32):
        %1 = arith.mulf %a, %b : f32
        %2 = arith.addf %out, %1 : f32
        linalg.yield %2 : f32
      } -> tensor<?x256xf32>
      %r = tensor.insert_slice %g into %s[%begin, 0] [%n, 256] [1, 1] : tensor<?x256xf32> into tensor<?x256xf32>
      scf.yield %r : tensor<?x256xf32>
    } else {
      scf.yield %s : tensor<?x256xf32>
    }
    scf.yield %z : tensor<?x256xf32>
  }
  return %y : tensor<?x256xf32>
}

// -----

#id = affine_map<(k, n) -> (k, n)>
#group = affine_map<(k, n) -> (k floordiv 64, n)>

// Weights that are computed from others are made in a tile, for a block of terms at
// a time; the sums go on.

// CHECK-LABEL: func @dequantized
// CHECK:       scf.forall
// CHECK:         scf.for
// CHECK:           %[[PART:.*]] = tensor.extract_slice
// CHECK:           %[[ZERO:.*]] = linalg.fill ins(%{{.*}}) outs(%[[PART]]
// CHECK:           scf.for %[[TERM:.*]] = %c0 to %c512 step %c128 iter_args(%[[SUM:.*]] = %[[ZERO]])
// CHECK-DAG:         %[[ROWS:.*]] = tensor.extract_slice %{{.*}}[%{{.*}}, %[[TERM]]] [%{{.*}}, %[[TERMS:[0-9]+]]]
// CHECK-DAG:         %[[CODES:.*]] = tensor.extract_slice %{{.*}}[%[[TERM]], %[[COLUMN:[0-9]+]]] [%[[TERMS]], %[[COLUMNS:[0-9]+]]]
// CHECK-DAG:         %[[GROUP:.*]] = arith.divui %[[TERM]], %c64
// CHECK-DAG:         %[[SCALES:.*]] = tensor.extract_slice %{{.*}}[%[[GROUP]], %[[COLUMN]]]
// CHECK:             %[[TILE:.*]] = tensor.empty(%[[TERMS]], %[[COLUMNS]])
// CHECK:             %[[WEIGHTS:.*]] = linalg.generic {{.*}} ins(%[[CODES]], %[[SCALES]] : {{.*}}) outs(%[[TILE]]
// CHECK:             linalg.matmul ins(%[[ROWS]], %[[WEIGHTS]] : {{.*}}) outs(%[[SUM]]
func.func @dequantized(%x: tensor<?x512xf32>, %offsets: tensor<9xindex>,
    %w: tensor<8x512x2048xi8>, %s: tensor<8x8x2048xf32>, %slots: tensor<?x2048xf32>) -> tensor<?x2048xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%carried = %slots) -> (tensor<?x2048xf32>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x2048xf32>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, 512] [1, 1] : tensor<?x512xf32> to tensor<?x512xf32>
      %codes = tensor.extract_slice %w[%i, 0, 0] [1, 512, 2048] [1, 1, 1] : tensor<8x512x2048xi8> to tensor<512x2048xi8>
      %scales = tensor.extract_slice %s[%i, 0, 0] [1, 8, 2048] [1, 1, 1] : tensor<8x8x2048xf32> to tensor<8x2048xf32>
      %e = tensor.empty() : tensor<512x2048xf32>
      %weights = linalg.generic {indexing_maps = [#id, #group, #id], iterator_types = ["parallel", "parallel"]}
          ins(%codes, %scales : tensor<512x2048xi8>, tensor<8x2048xf32>) outs(%e : tensor<512x2048xf32>) {
      ^bb0(%code: i8, %scale: f32, %out: f32):
        %1 = arith.sitofp %code : i8 to f32
        %2 = arith.mulf %1, %scale : f32
        linalg.yield %2 : f32
      } -> tensor<512x2048xf32>
      %h0 = tensor.empty(%n) : tensor<?x2048xf32>
      %h1 = linalg.fill ins(%zero : f32) outs(%h0 : tensor<?x2048xf32>) -> tensor<?x2048xf32>
      %h = linalg.matmul ins(%rows, %weights : tensor<?x512xf32>, tensor<512x2048xf32>)
          outs(%h1 : tensor<?x2048xf32>) -> tensor<?x2048xf32>
      %r = tensor.insert_slice %h into %carried[%begin, 0] [%n, 2048] [1, 1] : tensor<?x2048xf32> into tensor<?x2048xf32>
      scf.yield %r : tensor<?x2048xf32>
    } else {
      scf.yield %carried : tensor<?x2048xf32>
    }
    scf.yield %z : tensor<?x2048xf32>
  }
  return %y : tensor<?x2048xf32>
}

// -----

#id = affine_map<(m, n) -> (m, n)>
#col = affine_map<(m, n) -> (n)>

// A body that mixes rows stays in its loop.

// REMARK: modules run one after another: linalg.generic mixes rows
// CHECK-LABEL: func @mixes_rows
// CHECK-NOT:   scf.forall
// CHECK:       scf.if
func.func @mixes_rows(%x: tensor<?x32xf32>, %offsets: tensor<9xindex>,
    %slots: tensor<?x32xf32>) -> tensor<?x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x32xf32>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x32xf32>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xf32> to tensor<?x32xf32>
      %v0 = tensor.empty() : tensor<32xf32>
      %v1 = linalg.fill ins(%zero : f32) outs(%v0 : tensor<32xf32>) -> tensor<32xf32>
      %sum = linalg.generic {indexing_maps = [#id, #col], iterator_types = ["reduction", "parallel"]}
          ins(%rows : tensor<?x32xf32>) outs(%v1 : tensor<32xf32>) {
      ^bb0(%in: f32, %out: f32):
        %1 = arith.addf %in, %out : f32
        linalg.yield %1 : f32
      } -> tensor<32xf32>
      %e = tensor.empty(%n) : tensor<?x32xf32>
      %a = linalg.generic {indexing_maps = [#col, #id], iterator_types = ["parallel", "parallel"]}
          ins(%sum : tensor<32xf32>) outs(%e : tensor<?x32xf32>) {
      ^bb0(%in: f32, %out: f32):
        linalg.yield %in : f32
      } -> tensor<?x32xf32>
      %r = tensor.insert_slice %a into %s[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xf32> into tensor<?x32xf32>
      scf.yield %r : tensor<?x32xf32>
    } else {
      scf.yield %s : tensor<?x32xf32>
    }
    scf.yield %z : tensor<?x32xf32>
  }
  return %y : tensor<?x32xf32>
}

// -----

// Not a loop over groups of rows: sizes do not follow from offsets.

// CHECK-LABEL: func @other_loop
// CHECK:       scf.for
// CHECK-NOT:   scf.forall
func.func @other_loop(%x: tensor<?x4xf32>, %sizes: tensor<9xindex>, %slots: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x4xf32>) {
    %n = tensor.extract %sizes[%i] : tensor<9xindex>
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x4xf32>) {
      %rows = tensor.extract_slice %x[%i, 0] [%n, 4] [1, 1] : tensor<?x4xf32> to tensor<?x4xf32>
      %r = tensor.insert_slice %rows into %s[%i, 0] [%n, 4] [1, 1] : tensor<?x4xf32> into tensor<?x4xf32>
      scf.yield %r : tensor<?x4xf32>
    } else {
      scf.yield %s : tensor<?x4xf32>
    }
    scf.yield %z : tensor<?x4xf32>
  }
  return %y : tensor<?x4xf32>
}
