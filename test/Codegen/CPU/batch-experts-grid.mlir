// RUN: cc-opt %s --split-input-file --condcomp-batch-experts='grid=true tensor-cores=true' --canonicalize --cse | FileCheck %s
// RUN: cc-opt %s --split-input-file --condcomp-batch-experts='grid=true tensor-cores=true' --remarks-filter="condcomp-batch-experts" --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: cc-opt %s --split-input-file --condcomp-batch-experts='grid=true' --canonicalize --cse | FileCheck %s --check-prefix=THREADS

#n = affine_map<(m, n) -> (n)>
#id = affine_map<(m, n) -> (m, n)>

// A list of blocks of up to four rows. Each op with parameters is a loop over
// it; what is the same for all modules is done on all rows. The fill stays with
// the contraction, and the last op writes to the slots.

// CHECK-LABEL: func @f32
// CHECK-SAME:    %[[X:.*]]: tensor<?x32xf32>, %[[OFFSETS:[^:]*]]: tensor<9xindex>, %[[UP:.*]]: tensor<8x32x64xf32>, %[[BIAS:.*]]: tensor<8x64xf32>, %[[SLOTS:.*]]: tensor<?x64xf32>)
// CHECK:       %[[ALL:.*]] = tensor.extract_slice %[[X]][0, 0]
// CHECK:       %[[LIST:.*]]:3 = linalg.generic {{.*}}iterator_types = ["parallel"]{{.*}} outs(
// CHECK:         %[[NUMBER:.*]] = linalg.index 0
// CHECK:         %[[FOUND:.*]]:3 = scf.for %[[I:.*]] = %c0 to %c8 step %c1 iter_args(%[[OLD:.*]] = %c0, %{{.*}} = %c0, %[[BEFORE:.*]] = %c0)
// CHECK:           tensor.extract %[[OFFSETS]][%[[I]]]
// CHECK:           %[[AT:.*]] = arith.subi %[[NUMBER]], %[[BEFORE]]
// CHECK:           %[[OWN:.*]] = arith.divui %{{.*}}, %c4
// CHECK:           %[[HERE:.*]] = arith.cmpi ult, %[[AT]], %[[OWN]]
// CHECK:           arith.select %[[HERE]], %[[I]], %[[OLD]]
// CHECK:           arith.addi %[[BEFORE]], %[[OWN]]
// CHECK:         linalg.yield %[[FOUND]]#0, %[[FOUND]]#1, %[[FOUND]]#2
// CHECK:       %[[COUNT:.*]] = tensor.extract %[[LIST]]#2[%c0]
// CHECK:       %[[H:.*]] = scf.forall (%[[BLOCK:.*]]) in (%[[COUNT]])
// CHECK:         %[[MODULE:.*]] = tensor.extract %[[LIST]]#0[%[[BLOCK]]]
// CHECK:         %[[BEGIN:.*]] = tensor.extract %[[LIST]]#1[%[[BLOCK]]]
// CHECK:         %[[NEXT:.*]] = arith.addi %[[MODULE]], %c1
// CHECK:         %[[END:.*]] = tensor.extract %[[OFFSETS]][%[[NEXT]]]
// CHECK:         %[[LEFT:.*]] = arith.subi %[[END]], %[[BEGIN]]
// CHECK:         %[[N:.*]] = arith.minui %[[LEFT]], %c4
// CHECK:         %[[ROWS:.*]] = tensor.extract_slice %[[ALL]][%[[BEGIN]], 0] [%[[N]], 32]
// CHECK:         %[[W:.*]] = tensor.extract_slice %[[UP]][%[[MODULE]], 0, 0]
// CHECK:         %[[ZERO:.*]] = linalg.fill
// CHECK:         linalg.matmul ins(%[[ROWS]], %[[W]] : {{.*}}) outs(%[[ZERO]]
// CHECK:       %[[A:.*]] = linalg.generic {{.*}} ins(%[[H]] : tensor<?x64xf32>)
// CHECK:       %[[Y:.*]] = scf.forall {{.*}} in (%[[COUNT]]) shared_outs(%{{.*}} = %[[SLOTS]])
// CHECK:         tensor.extract_slice %[[A]]
// CHECK:         tensor.extract_slice %[[BIAS]]
// CHECK:       return %[[Y]]
func.func @f32(%x: tensor<?x32xf32>, %offsets: tensor<9xindex>,
    %up: tensor<8x32x64xf32>, %bias: tensor<8x64xf32>, %slots: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x64xf32>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x64xf32>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xf32> to tensor<?x32xf32>
      %w = tensor.extract_slice %up[%i, 0, 0] [1, 32, 64] [1, 1, 1] : tensor<8x32x64xf32> to tensor<32x64xf32>
      %e = tensor.empty(%n) : tensor<?x64xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
      %h = linalg.matmul ins(%rows, %w : tensor<?x32xf32>, tensor<32x64xf32>) outs(%f : tensor<?x64xf32>) -> tensor<?x64xf32>
      %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%h : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
      ^bb0(%p: f32, %out: f32):
        %1 = arith.mulf %p, %p : f32
        linalg.yield %1 : f32
      } -> tensor<?x64xf32>
      %v = tensor.extract_slice %bias[%i, 0] [1, 64] [1, 1] : tensor<8x64xf32> to tensor<64xf32>
      %b = linalg.generic {indexing_maps = [#id, #n, #id], iterator_types = ["parallel", "parallel"]}
          ins(%a, %v : tensor<?x64xf32>, tensor<64xf32>) outs(%e : tensor<?x64xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %1 = arith.addf %p, %q : f32
        linalg.yield %1 : f32
      } -> tensor<?x64xf32>
      %r = tensor.insert_slice %b into %s[%begin, 0] [%n, 64] [1, 1] : tensor<?x64xf32> into tensor<?x64xf32>
      scf.yield %r : tensor<?x64xf32>
    } else {
      scf.yield %s : tensor<?x64xf32>
    }
    scf.yield %z : tensor<?x64xf32>
  }
  return %y : tensor<?x64xf32>
}

// -----

#n = affine_map<(m, n) -> (n)>
#id = affine_map<(m, n) -> (m, n)>

// Tensor cores have tiles of 32 rows. Nothing is extended to f32 beforehand.

// Blocks have 32 rows, or 128 if that many modules have 64 each. Less than 64
// in all are not counted.
// CHECK-LABEL: func @bf16
// CHECK:       %[[ROWS:.*]] = tensor.extract %{{.*}}[%c8]
// CHECK:       %[[SOME:.*]] = arith.cmpi uge, %[[ROWS]], %c64
// CHECK:       %[[MODULES:.*]] = arith.select %[[SOME]], %c8, %c0
// CHECK:       %[[USED:.*]] = scf.for %{{.*}} = %c0 to %[[MODULES]] step %c1 iter_args(%[[COUNT:.*]] = %c0)
// CHECK:         %[[HAS:.*]] = arith.cmpi ne
// CHECK:         arith.select %[[HAS]], %{{.*}}, %[[COUNT]]
// CHECK:       %[[DIVISOR:.*]] = arith.maxui %[[USED]], %c1
// CHECK:       %[[LEAST:.*]] = arith.muli %[[DIVISOR]], %c64
// CHECK:       %[[TALL:.*]] = arith.cmpi uge, %[[ROWS]], %[[LEAST]]
// CHECK:       %[[HEIGHT:.*]] = arith.select %[[TALL]], %c128, %c32
// CHECK:       arith.divui %[[ROWS]], %[[HEIGHT]]
// CHECK:       scf.forall
// CHECK:         arith.minui %{{.*}}, %[[HEIGHT]]
// CHECK:       linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x32xbf16>, tensor<32x64xbf16>)
// THREADS-LABEL: func @bf16
// THREADS:       arith.divui %{{.*}}, %c4
func.func @bf16(%x: tensor<?x32xbf16>, %offsets: tensor<9xindex>,
    %up: tensor<8x32x64xbf16>, %bias: tensor<8x64xbf16>, %slots: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : bf16
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x64xbf16>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x64xbf16>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, 32] [1, 1] : tensor<?x32xbf16> to tensor<?x32xbf16>
      %w = tensor.extract_slice %up[%i, 0, 0] [1, 32, 64] [1, 1, 1] : tensor<8x32x64xbf16> to tensor<32x64xbf16>
      %e = tensor.empty(%n) : tensor<?x64xbf16>
      %f = linalg.fill ins(%zero : bf16) outs(%e : tensor<?x64xbf16>) -> tensor<?x64xbf16>
      %h = linalg.matmul ins(%rows, %w : tensor<?x32xbf16>, tensor<32x64xbf16>) outs(%f : tensor<?x64xbf16>) -> tensor<?x64xbf16>
      %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
          ins(%h : tensor<?x64xbf16>) outs(%e : tensor<?x64xbf16>) {
      ^bb0(%p: bf16, %out: bf16):
        %1 = arith.mulf %p, %p : bf16
        linalg.yield %1 : bf16
      } -> tensor<?x64xbf16>
      %v = tensor.extract_slice %bias[%i, 0] [1, 64] [1, 1] : tensor<8x64xbf16> to tensor<64xbf16>
      %b = linalg.generic {indexing_maps = [#id, #n, #id], iterator_types = ["parallel", "parallel"]}
          ins(%a, %v : tensor<?x64xbf16>, tensor<64xbf16>) outs(%e : tensor<?x64xbf16>) {
      ^bb0(%p: bf16, %q: bf16, %out: bf16):
        %1 = arith.addf %p, %q : bf16
        linalg.yield %1 : bf16
      } -> tensor<?x64xbf16>
      %r = tensor.insert_slice %b into %s[%begin, 0] [%n, 64] [1, 1] : tensor<?x64xbf16> into tensor<?x64xbf16>
      scf.yield %r : tensor<?x64xbf16>
    } else {
      scf.yield %s : tensor<?x64xbf16>
    }
    scf.yield %z : tensor<?x64xbf16>
  }
  return %y : tensor<?x64xbf16>
}

// -----

#id = affine_map<(k, n) -> (k, n)>
#group = affine_map<(k, n) -> (k floordiv 64, n)>

// Weights that are computed are those of one module at a time.

// REMARK: modules run one after another: linalg.generic computes parameters: those of a module once for all its rows
// CHECK-LABEL: func @dequantized
// CHECK-NOT:   scf.forall
// CHECK:       scf.if
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

// REMARK: modules run one after another: scf.for yields other things than whole rows of known inner sizes
// CHECK-LABEL: func @unknown_sizes
// CHECK:       scf.if
func.func @unknown_sizes(%x: tensor<?x?xf32>, %offsets: tensor<9xindex>, %d: index, %slots: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %slots) -> (tensor<?x?xf32>) {
    %begin = tensor.extract %offsets[%i] : tensor<9xindex>
    %next = arith.addi %i, %c1 : index
    %end = tensor.extract %offsets[%next] : tensor<9xindex>
    %n = arith.subi %end, %begin : index
    %any = arith.cmpi ugt, %n, %c0 : index
    %z = scf.if %any -> (tensor<?x?xf32>) {
      %rows = tensor.extract_slice %x[%begin, 0] [%n, %d] [1, 1] : tensor<?x?xf32> to tensor<?x?xf32>
      %r = tensor.insert_slice %rows into %s[%begin, 0] [%n, %d] [1, 1] : tensor<?x?xf32> into tensor<?x?xf32>
      scf.yield %r : tensor<?x?xf32>
    } else {
      scf.yield %s : tensor<?x?xf32>
    }
    scf.yield %z : tensor<?x?xf32>
  }
  return %y : tensor<?x?xf32>
}
