// RUN: cc-opt %s --condcomp-outline-parallel --split-input-file --verify-diagnostics | FileCheck %s

// Two loops in one, iterations from 2 and from %low on; a constant is made
// again, all else is passed.

// CHECK-LABEL: llvm.func @nest(
// CHECK-SAME:    %[[P:.+]]: !llvm.ptr, %[[LOW:.+]]: i64, %[[N:.+]]: i64, %[[V:.+]]: f32)
// CHECK:         %[[RECORD:.+]] = llvm.alloca %{{.+}} x !llvm.struct<([[TYPES:.+]])> :
// CHECK:         %[[FIELD:.+]] = llvm.getelementptr %[[RECORD]][0, 0]
// CHECK:         llvm.store %{{.+}}, %[[FIELD]]
// CHECK:         %[[DYNAMIC:.+]] = llvm.mlir.constant(1 : i32)
// CHECK:         %[[BODY:.+]] = llvm.mlir.addressof @nest$loop
// CHECK:         llvm.call @condcomp_parallel_for(%{{.+}}, %[[DYNAMIC]], %[[BODY]], %[[RECORD]])
// CHECK-NOT:     omp.

// CHECK-LABEL: llvm.func internal @nest$loop(
// CHECK-SAME:    %[[DATA:.+]]: !llvm.ptr {llvm.noalias, llvm.readonly}, %[[BEGIN:.+]]: i64, %[[END:.+]]: i64)
// CHECK:         llvm.getelementptr %[[DATA]][0, 0] : {{.*}}!llvm.struct<([[TYPES]])>
// CHECK:         llvm.br ^[[TEST:.+]](%[[BEGIN]] : i64)
// CHECK:       ^[[TEST]](%[[I:.+]]: i64):
// CHECK:         %[[MORE:.+]] = llvm.icmp "slt" %[[I]], %[[END]]
// CHECK:         llvm.cond_br %[[MORE]], ^[[STEP:.+]], ^[[EXIT:.+]]
// CHECK:       ^[[STEP]]:
// CHECK:         %[[COLUMN:.+]] = llvm.urem %[[I]], %[[COLUMNS:.+]]
// CHECK:         %[[ROW:.+]] = llvm.udiv %[[I]], %[[COLUMNS]]
// CHECK:       ^{{.+}}(%[[X:.+]]: i64, %[[Y:.+]]: i64):
// CHECK:         llvm.store
// CHECK:         %[[NEXT:.+]] = llvm.add %[[I]],
// CHECK:         llvm.br ^[[TEST]](%[[NEXT]] : i64)
// CHECK:       ^[[EXIT]]:
// CHECK:         llvm.return
llvm.func @nest(%p: !llvm.ptr, %low: i64, %n: i64, %v: f32) {
  %c1 = llvm.mlir.constant(1 : i64) : i64
  %c2 = llvm.mlir.constant(2 : i64) : i64
  omp.parallel {
    omp.wsloop schedule(dynamic) {
      omp.loop_nest (%x, %y) : i64 = (%c2, %low) to (%n, %n) step (%c1, %c2) collapse(2) {
        %at = llvm.mul %x, %n : i64
        %i = llvm.add %at, %y : i64
        %q = llvm.getelementptr %p[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
        llvm.store %v, %q : f32, !llvm.ptr
        omp.yield
      }
    }
    omp.terminator
  }
  llvm.return
}

// -----

// The record of an inner loop lies on the stack of the function that the outer
// loop became, once for all of its iterations.

// CHECK-LABEL: llvm.func @outer(
// CHECK:         llvm.call @condcomp_parallel_for
// CHECK-LABEL: llvm.func internal @outer$loop(
// CHECK-NEXT:    %[[ONE:.+]] = llvm.mlir.constant(1 : i64)
// CHECK-NEXT:    llvm.alloca %[[ONE]]
// CHECK:         llvm.call @condcomp_parallel_for
// CHECK-LABEL: llvm.func internal @outer$loop$loop(
llvm.func @outer(%p: !llvm.ptr, %n: i64, %v: f32) {
  %c0 = llvm.mlir.constant(0 : i64) : i64
  %c1 = llvm.mlir.constant(1 : i64) : i64
  omp.parallel {
    omp.wsloop {
      omp.loop_nest (%x) : i64 = (%c0) to (%n) step (%c1) {
        omp.parallel {
          omp.wsloop {
            omp.loop_nest (%y) : i64 = (%c0) to (%x) step (%c1) {
              %q = llvm.getelementptr %p[%y] : (!llvm.ptr, i64) -> !llvm.ptr, f32
              llvm.store %v, %q : f32, !llvm.ptr
              omp.yield
            }
          }
          omp.terminator
        }
        omp.yield
      }
    }
    omp.terminator
  }
  llvm.return
}

// -----

llvm.func @more(%p: !llvm.ptr, %v: f32) {
  // expected-error @+1 {{cannot be run by the run-time library: it is more than one work-sharing loop}}
  omp.parallel {
    llvm.store %v, %p : f32, !llvm.ptr
    omp.terminator
  }
  llvm.return
}
