//===- CondCompDialect.td - dialect definition -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_TD
#define CONDCOMP_DIALECT_TD

include "mlir/IR/OpBase.td"

def CondComp_Dialect : Dialect {
  let name = "condcomp";
  let cppNamespace = "::condcomp";
  let summary = "Conditional computation: gates, routings and exits as ops";
  let description = [{
    Networks that decide per input which parts of themselves to run. A gate
    turns scores into a `!condcomp.routing`, a sparse matrix of rows (tokens,
    samples) by modules (experts, layers, token positions, channels); `select`,
    `apply`, `combine`, `restore` and `cascade` run only the work that has an
    entry. See docs/spec.md for the numbered constraints of every op and
    docs/concepts.md for the idea. Vocabulary: Scardapane et al., "Conditional
    computation in neural networks", arXiv 2403.07965.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect"];
  let useDefaultTypePrinterParser = 1;
  let extraClassDeclaration = "void registerTypes();";
  let useDefaultAttributePrinterParser = 1;
}

#endif // CONDCOMP_DIALECT_TD
