// RUN: cc-opt %s --condcomp-lower-checks --split-input-file --verify-diagnostics | FileCheck %s

// A check reports its values, callers pass the status on, others stay.

// CHECK-DAG: llvm.mlir.global private constant @[[PLACE:.+]]("{{.*}}lower-checks.mlir:[[#@LINE+29]]:3\00")
// CHECK-DAG: llvm.mlir.global private constant @[[TEXT:.+]]("k = {0} exceeds {1}, not {2}, {3}\00")
// CHECK-DAG: llvm.mlir.global private constant @[[KINDS:.+]]("iifb\00")
// CHECK-DAG: llvm.func @condcomp_report({{.*}}) attributes {passthrough = ["cold", "nounwind"]}

// CHECK-LABEL: func.func private @kernel(
// CHECK-SAME: %{{.*}}: index) -> index {
func.func private @kernel(%k: index) -> index {
  return %k : index
}

// CHECK-LABEL: func.func private @checked(
// CHECK-SAME: %[[CTX:.+]]: !llvm.ptr, %[[OK:.+]]: i1, %[[K:.+]]: index, %[[I:.+]]: i8, %[[F:.+]]: f16)
// CHECK-SAME: -> (i32, index) attributes {condcomp.status}
// CHECK: cf.cond_br %[[OK]], ^[[REST:.+]], ^[[FAILED:.+]]
// CHECK: ^[[REST]]:
// CHECK: %[[R:.+]] = call @kernel(%[[K]]) : (index) -> index
// CHECK: %[[ZERO:.+]] = arith.constant 0 : i32
// CHECK: return %[[ZERO]], %[[R]] : i32, index
// CHECK: ^[[FAILED]]:
// CHECK: arith.index_cast %[[K]] : index to i64
// CHECK: arith.extsi %[[I]] : i8 to i64
// CHECK: arith.extf %[[F]] : f16 to f64
// CHECK: arith.extui %[[OK]] : i1 to i64
// CHECK: llvm.call @condcomp_report(%[[CTX]],
// CHECK: %[[ONE:.+]] = arith.constant 1 : i32
// CHECK: %[[NONE:.+]] = ub.poison : index
// CHECK: return %[[ONE]], %[[NONE]] : i32, index
func.func private @checked(%ok: i1, %k: index, %i: i8, %f: f16) -> index {
  condcomp.check %ok, "k = {0} exceeds {1}, not {2}, {3}"(%k, %i, %f, %ok) : index, i8, f16, i1
  %r = call @kernel(%k) : (index) -> index
  return %r : index
}

// CHECK-LABEL: func.func @caller(
// CHECK: %[[CALL:.+]]:2 = call @checked(
// CHECK: %[[GOOD:.+]] = arith.cmpi eq, %[[CALL]]#0, %{{.*}} : i32
// CHECK: cf.cond_br %[[GOOD]], ^[[REST:.+]], ^[[FAILED:.+]]
// CHECK: ^[[REST]]:
// CHECK: return %{{.*}}, %[[CALL]]#1 : i32, index
// CHECK: ^[[FAILED]]:
// CHECK: return %[[CALL]]#0, %{{.*}} : i32, index
func.func @caller(%ok: i1, %k: index, %i: i8, %f: f16) -> index {
  %r = call @checked(%ok, %k, %i, %f) : (i1, index, i8, f16) -> index
  return %r : index
}

// -----

// A stock assertion is a check without values.

// CHECK-LABEL: func.func @assertion(
// CHECK: cf.cond_br
// CHECK: llvm.mlir.zero : !llvm.ptr
// CHECK: llvm.call @condcomp_report
func.func @assertion(%ok: i1) {
  cf.assert %ok, "must hold"
  return
}

// -----

func.func @in_loop(%ok: i1, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    // expected-error @below {{'condcomp.check' op can fail and is inside 'scf.parallel': the status can be returned from a block of the function only}}
    condcomp.check %ok, "never here"
  }
  return
}

// -----

func.func private @fails(%ok: i1) {
  cf.assert %ok, "must hold"
  return
}
func.func @indirect() -> ((i1) -> ()) {
  // expected-error @below {{takes the address of 'fails', which has run-time checks}}
  %f = func.constant @fails : (i1) -> ()
  return %f : (i1) -> ()
}
