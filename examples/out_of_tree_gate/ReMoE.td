//===- ReMoE.td - the remoe dialect ------------------------*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef REMOE_TD
#define REMOE_TD

include "condcomp/Dialect/CondComp/IR/CondCompBase.td"

def ReMoE_Dialect : Dialect {
  let name = "remoe";
  let cppNamespace = "::remoe";
  let summary = "the router of ReMoE, arXiv 2412.14711, as an op";
  // What its gate decomposes to.
  let dependentDialects = [
    "::condcomp::CondCompDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def ReMoE_ReluGateOp : Op<ReMoE_Dialect, "relu_gate", [Pure,
    DeclareOpInterfaceMethods<CondComp_GateOpInterface, ["decomposeGate"]>]> {
  let summary = "an entry wherever the score is positive";
  let description = [{
    Scores `[B…, R, M]` to a routing in which a row uses the modules whose score
    is above zero, weighted by the score: ReLU instead of a softmax and a top-k.
    A row may use no module, or all of them. NaN gives no entry.

    Example:

    ```mlir
    %r = remoe.relu_gate %scores : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32>
    ```
  }];
  let arguments = (ins CondComp_WeightTensor:$scores);
  let results = (outs CondComp_RoutingType:$routing);
  let assemblyFormat = [{
    $scores attr-dict `:` type($scores) `->` qualified(type($routing))
  }];
  let hasVerifier = 1;
}

#endif // REMOE_TD
