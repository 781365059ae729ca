// RUN: cc-opt %s --condcomp-vectorize-loops="vector-bits=512" --canonicalize --cse | FileCheck %s
// RUN: cc-opt %s --condcomp-vectorize-loops="vector-bits=512" --remarks-filter="condcomp-vectorize-loops" --remark-format=emitRemark 2>&1 >/dev/null | FileCheck %s --check-prefix=REMARK
// RUN: cc-opt %s --condcomp-vectorize-loops="vector-bits=256 parallel=false" | FileCheck %s --check-prefix=SERIAL

#id = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>
#columns = affine_map<(i, j) -> (j)>
#transposed = affine_map<(i, j) -> (j, i)>

// SERIAL-NOT: scf.parallel

// Rows and columns are one loop of 393216 elements, cut into pieces for threads;
// no remainder.
// CHECK-LABEL: func.func @contiguous(
// CHECK:         scf.parallel
// CHECK:           scf.for
// CHECK:             vector.load {{.*}}, vector<16xf32>
// CHECK:             math.absf {{.*}} : vector<16xf32>
// CHECK:             vector.store
// CHECK-NOT:       vector.maskedload
// SERIAL-LABEL: func.func @contiguous(
// SERIAL:         vector<8xf32>
func.func @contiguous(%x: memref<512x768xf32>, %y: memref<512x768xf32>) {
  linalg.generic {indexing_maps = [#id, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<512x768xf32>) outs(%y : memref<512x768xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.absf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// Too little work for threads; 5 columns are a masked vector.
// CHECK-LABEL: func.func @tiny(
// CHECK-NOT:     scf.parallel
// CHECK:         vector.maskedload
// CHECK:         vector.maskedstore
// CHECK:         return
func.func @tiny(%x: memref<3x5xf32, strided<[8, 1]>>, %y: memref<3x5xf32>) {
  linalg.generic {indexing_maps = [#id, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<3x5xf32, strided<[8, 1]>>) outs(%y : memref<3x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.absf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// What is the same along a row is read and computed once per row.
// CHECK-LABEL: func.func @broadcast(
// CHECK:         memref.load
// CHECK:         arith.divf {{.*}} : f32
// CHECK:         scf.for
// CHECK:           vector.load
// CHECK:           vector.broadcast
// CHECK:           arith.mulf {{.*}} : vector<16xf32>
func.func @broadcast(%x: memref<?x?xf32>, %s: memref<?xf32>,
                     %y: memref<?x?xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.generic {indexing_maps = [#id, #rows, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x, %s : memref<?x?xf32>, memref<?xf32>) outs(%y : memref<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %one, %b : f32
    %1 = arith.mulf %a, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// A reduction along rows: four vectors of sums, then one, then a masked one,
// then halves. Masked lanes keep their sums. The start is added last, and the
// neutral element of addition is -0.0.
// CHECK-LABEL: func.func @sum_of_rows(
// CHECK:         %[[NEUTRAL:.+]] = arith.constant dense<-0.000000e+00> : vector<16xf32>
// CHECK:         scf.for {{.*}} iter_args({{.*}} = %[[NEUTRAL]], {{.*}} = %[[NEUTRAL]], {{.*}} = %[[NEUTRAL]], {{.*}} = %[[NEUTRAL]])
// CHECK-COUNT-4:   arith.addf {{.*}} : vector<16xf32>
// CHECK:         scf.for
// CHECK:           arith.addf {{.*}} : vector<16xf32>
// CHECK:         scf.for
// CHECK:           arith.addf {{.*}} : vector<16xf32>
// CHECK:           arith.select
// CHECK:         arith.addf {{.*}} : vector<8xf32>
// CHECK:         arith.addf {{.*}} : vector<4xf32>
// CHECK:         arith.addf {{.*}} : vector<2xf32>
// CHECK:         arith.addf {{.*}} : vector<1xf32>
// CHECK:         memref.store
func.func @sum_of_rows(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #rows],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// A reduction along columns: lanes are columns, rows are added in order, four at
// a time to sums that stay in memory, so that rows are read as they lie.
// CHECK-LABEL: func.func @sum_of_columns(
// CHECK:         scf.for {{.*}} step %c4
// CHECK:           scf.for
// CHECK:             %[[OLD:.+]] = vector.load
// CHECK:             %[[A0:.+]] = vector.load
// CHECK:             %[[S0:.+]] = arith.addf %[[OLD]], %[[A0]]
// CHECK:             %[[A1:.+]] = vector.load
// CHECK:             %[[S1:.+]] = arith.addf %[[S0]], %[[A1]]
// CHECK:             %[[A2:.+]] = vector.load
// CHECK:             %[[S2:.+]] = arith.addf %[[S1]], %[[A2]]
// CHECK:             %[[A3:.+]] = vector.load
// CHECK:             %[[S3:.+]] = arith.addf %[[S2]], %[[A3]]
// CHECK:             vector.store %[[S3]]
func.func @sum_of_columns(%x: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [#id, #columns],
                  iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<?x?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// Short rows of sums stay in registers.
// CHECK-LABEL: func.func @sum_of_short_columns(
// CHECK:         %[[START:.+]] = vector.load
// CHECK:         %[[SUM:.+]] = scf.for {{.*}} iter_args(%{{.*}} = %[[START]]) -> (vector<16xf32>)
// CHECK:         vector.store %[[SUM]]
func.func @sum_of_short_columns(%x: memref<?x16xf32>, %y: memref<16xf32>) {
  linalg.generic {indexing_maps = [#id, #columns],
                  iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<?x16xf32>) outs(%y : memref<16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  }
  return
}

// maximumf keeps NaN: no maxnum may appear. The intrinsic is one instruction
// and a test, where comparisons would wait for one another.
// CHECK-LABEL: func.func @max_of_rows(
// CHECK-NOT:     maxnum
// CHECK:         llvm.intr.maximum({{.*}} {fastmathFlags = #llvm.fastmath<nsz>} : (vector<16xf32>
// CHECK-NOT:     maxnum
// CHECK:         return
func.func @max_of_rows(%x: memref<4x64xf32>, %y: memref<4xf32>) {
  linalg.generic {indexing_maps = [#id, #rows],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x64xf32>) outs(%y : memref<4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %o : f32
    linalg.yield %0 : f32
  }
  return
}

// bf16 has no such instruction.
// CHECK-LABEL: func.func @min_of_bf16_rows(
// CHECK-NOT:     llvm.intr
// CHECK:         arith.minnumf {{.*}} : vector<16xbf16>
func.func @min_of_bf16_rows(%x: memref<4x64xbf16>, %y: memref<4xbf16>) {
  linalg.generic {indexing_maps = [#id, #rows],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<4x64xbf16>) outs(%y : memref<4xbf16>) {
  ^bb0(%a: bf16, %o: bf16):
    %0 = arith.minnumf %a, %o : bf16
    linalg.yield %0 : bf16
  }
  return
}

// Rows at computed indices are read as vectors.
// CHECK-LABEL: func.func @gather_rows(
// CHECK:         memref.load
// CHECK:         arith.index_cast {{.*}} : i64 to index
// CHECK:         scf.for
// CHECK:           vector.load
// CHECK-NOT:     vector.gather
// CHECK:         return
func.func @gather_rows(%x: memref<?x?xf32>, %ids: memref<?xi64>,
                       %y: memref<?x?xf32>) {
  linalg.generic {indexing_maps = [#rows, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%ids : memref<?xi64>) outs(%y : memref<?x?xf32>) {
  ^bb0(%id: i64, %o: f32):
    %r = arith.index_cast %id : i64 to index
    %c = linalg.index 1 : index
    %0 = memref.load %x[%r, %c] : memref<?x?xf32>
    linalg.yield %0 : f32
  }
  return
}

// Products with rows at computed indices: lanes go along the rows, not from row to
// row, where each lane would be read by itself.
// CHECK-LABEL: func.func @products_of_rows(
// CHECK-NOT:     vector.gather
// CHECK:         scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK-NOT:     vector.gather
// CHECK:         return
func.func @products_of_rows(%x: memref<?xf32>, %ids: memref<?xindex>,
                            %w: memref<?x?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [#columns, #rows, #rows],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x, %ids : memref<?xf32>, memref<?xindex>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %id: index, %o: f32):
    %c = linalg.index 1 : index
    %b = memref.load %w[%id, %c] : memref<?x?xf32>
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  }
  return
}

// Elements at computed indices are gathered.
// CHECK-LABEL: func.func @gather_elements(
// CHECK:         vector.gather
func.func @gather_elements(%x: memref<?x?xf32>, %ids: memref<?x?xi64>,
                           %y: memref<?x?xf32>) {
  linalg.generic {indexing_maps = [#id, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%ids : memref<?x?xi64>) outs(%y : memref<?x?xf32>) {
  ^bb0(%id: i64, %o: f32):
    %c = arith.index_cast %id : i64 to index
    %r = linalg.index 0 : index
    %0 = memref.load %x[%r, %c] : memref<?x?xf32>
    linalg.yield %0 : f32
  }
  return
}

// An integer division must not see lanes that do not exist: they hold zeros.
// CHECK-LABEL: func.func @integer_division(
// CHECK:         arith.divsi {{.*}} : vector<16xi64>
// CHECK-NOT:     vector.maskedload
// CHECK:         arith.divsi {{.*}} : i64
// CHECK-NOT:     vector.maskedload
// CHECK:         return
func.func @integer_division(%x: memref<?xi64>, %d: memref<?xi64>,
                            %y: memref<?xi64>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%x, %d : memref<?xi64>, memref<?xi64>) outs(%y : memref<?xi64>) {
  ^bb0(%a: i64, %b: i64, %o: i64):
    %0 = arith.divsi %a, %b : i64
    linalg.yield %0 : i64
  }
  return
}

// A copy between layouts is loops, not a call of the generic copy.
// CHECK-LABEL: func.func @copy(
// CHECK-NOT:     memref.copy
// CHECK:         vector.store
func.func @copy(%x: memref<?x?xf32, strided<[?, 1], offset: ?>>,
                %y: memref<?x?xf32>) {
  memref.copy %x, %y
      : memref<?x?xf32, strided<[?, 1], offset: ?>> to memref<?x?xf32>
  return
}

// An assertion in the body may leave the function: no threads, no vectors.
// REMARK: remark: {{.*}}linalg.generic becomes scalar loops: an op of its body has no vector form
// CHECK-LABEL: func.func @assertion(
// CHECK-NOT:     scf.parallel
// CHECK:         scf.for
// CHECK:           cf.assert
func.func @assertion(%x: memref<?xf32>, %y: memref<?xf32>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %positive = arith.cmpf ogt, %a, %zero : f32
    cf.assert %positive, "must be positive"
    linalg.yield %a : f32
  }
  return
}

// The first of the largest: two results that depend on each other.
// REMARK: remark: {{.*}}linalg.generic becomes scalar loops: no loop has contiguous results or terms
// CHECK-LABEL: func.func @argmax(
// CHECK-NOT:     vector.
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (f32, index)
// CHECK:         return
func.func @argmax(%x: memref<?xf32>, %m: memref<f32>, %at: memref<index>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> ()>,
                                   affine_map<(i) -> ()>],
                  iterator_types = ["reduction"]}
      ins(%x : memref<?xf32>) outs(%m, %at : memref<f32>, memref<index>) {
  ^bb0(%a: f32, %o: f32, %p: index):
    %i = linalg.index 0 : index
    %greater = arith.cmpf ogt, %a, %o : f32
    %0 = arith.select %greater, %a, %o : f32
    %1 = arith.select %greater, %i, %p : index
    linalg.yield %0, %1 : f32, index
  }
  return
}

// Not strided: left alone.
// CHECK-LABEL: func.func @other_layout(
// CHECK:         linalg.generic
func.func @other_layout(
    %x: memref<8xf32, affine_map<(i) -> (i mod 4, i floordiv 4)>>,
    %y: memref<8xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>,
                                   affine_map<(i) -> (i)>],
                  iterator_types = ["parallel"]}
      ins(%x : memref<8xf32, affine_map<(i) -> (i mod 4, i floordiv 4)>>)
      outs(%y : memref<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// index has no bit width of its own: the largest 64-bit number starts a minimum.
// CHECK-LABEL: func.func @index_minimum(
// CHECK: %[[MAX:.*]] = arith.constant dense<-1> : vector<{{[0-9]+}}xindex>
// CHECK: scf.for {{.*}} iter_args({{.*}} = %[[MAX]]
func.func @index_minimum(%x: memref<?x?xindex>, %y: memref<?xindex>) {
  linalg.generic {indexing_maps = [#id, #rows],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x?xindex>) outs(%y : memref<?xindex>) {
  ^bb0(%v: index, %out: index):
    %m = arith.minui %out, %v : index
    linalg.yield %m : index
  }
  return
}

// Rows of a buffer lie together, whatever their sizes: one loop. Parts of rows do not.
// CHECK-LABEL: func.func @rows_of_buffer(
// CHECK-SAME:    %[[X:.*]]: memref<?x?xf32>, %{{.*}}
// CHECK:         %[[ROWS:.*]] = memref.dim %[[X]], %c0
// CHECK:         %[[COLUMNS:.*]] = memref.dim %[[X]], %c1
// CHECK:         arith.muli %[[ROWS]], %[[COLUMNS]]
func.func @rows_of_buffer(%x: memref<?x?xf32>, %n: index, %m: index, %first: index, %count: index) {
  %y = memref.alloc(%n, %m) : memref<?x?xf32>
  %rows = memref.subview %y[%first, 0] [%count, %m] [1, 1]
      : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
  linalg.generic {indexing_maps = [#id, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x?xf32>) outs(%rows : memref<?x?xf32, strided<[?, 1], offset: ?>>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.absf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// CHECK-LABEL: func.func @columns_of_buffer(
// CHECK-SAME:    %[[X:.*]]: memref<?x?xf32>, %{{.*}}
// CHECK:         %[[ROWS:.*]] = memref.dim %[[X]], %c0
// CHECK:         %[[COLUMNS:.*]] = memref.dim %[[X]], %c1
// CHECK-NOT:     arith.muli %[[ROWS]], %[[COLUMNS]]
// CHECK:         return
func.func @columns_of_buffer(%x: memref<?x?xf32>, %n: index, %m: index, %first: index, %count: index) {
  %y = memref.alloc(%n, %m) : memref<?x?xf32>
  %columns = memref.subview %y[0, %first] [%n, %count] [1, 1]
      : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
  linalg.generic {indexing_maps = [#id, #id],
                  iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<?x?xf32>) outs(%columns : memref<?x?xf32, strided<[?, 1], offset: ?>>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.absf %a : f32
    linalg.yield %0 : f32
  }
  return
}

// Without a result there are only errors; upstream's loops do.
// CHECK-LABEL: func.func @no_result(
// CHECK:         linalg.generic
func.func @no_result(%x: memref<?xi64>) {
  linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : memref<?xi64>) {
  ^bb0(%a: i64):
    %c4 = arith.constant 4 : i64
    %ok = arith.cmpi ult, %a, %c4 : i64
    cf.assert %ok, "index out of range"
    linalg.yield
  }
  return
}
