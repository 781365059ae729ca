//===- Passes.td - conversion passes -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CONVERSION_PASSES
#define CONDCOMP_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def CondCompToLinalg
    : Pass<"condcomp-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower condcomp ops to linalg, tensor and scf";
  let description = [{
    Every routing becomes tensors by 1:N type conversion: dense presence and
    weights in masked form; row offsets, modules and weights in compact form.
    `apply` and `cascade` become loops over modules and stages around their
    bodies. The result holds linalg, tensor, scf, arith and math ops only, and
    `condcomp.check` for what is checked at run time (`cf.assert` with
    `assert-checks`, for compilers that know no condcomp).

    Routings and cascades must have a form: run `condcomp-choose-form` first.
  }];
  let options = [
    Option<"assertChecks", "assert-checks", "bool", /*default=*/"false",
           "Make run-time checks cf.assert ops, whose messages have no numbers">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

#endif // CONDCOMP_CONVERSION_PASSES
