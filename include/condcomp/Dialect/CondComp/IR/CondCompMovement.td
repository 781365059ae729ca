//===- CondCompMovement.td - into and out of entries -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_MOVEMENT_TD
#define CONDCOMP_MOVEMENT_TD

include "condcomp/Dialect/CondComp/IR/CondCompBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"

def CondComp_SelectOp : CondComp_Op<"select", [Pure,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>]> {
  let summary = "rows, modules or pairs to an entry tensor";
  let description = [{
    The value at each entry's row, module or pair, in entry order: `[B…, R, k,
    …]` for uniform rows, else packed `[entries, …]`. docs/spec.md, "select".

    Example (token pruning: each image keeps its 138 most salient tokens):

    ```mlir
    %kept = condcomp.select %s from pairs(%tokens : tensor<32x196x384xf32>)
      : !condcomp.routing<32x196, f32, exactly 138> -> tensor<32x138x384xf32>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing,
                       CondComp_Space:$space, AnyRankedTensor:$source);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $routing `from` $space `(` $source `:` type($source) `)` attr-dict
    `:` qualified(type($routing)) `->` type($result)
  }];
  let hasVerifier = 1;
}

def CondComp_CombineOp : CondComp_Op<"combine", [Pure, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    AllTypesMatch<["outs", "result"]>]> {
  let summary = "an entry tensor to rows";
  let description = [{
    Sum, mean, max, the one value, or a stack over modules of a row's weighted
    entries, in ascending module order; rows (pairs, for `stack`) without entries
    keep `outs`. docs/spec.md, "combine".

    Example:

    ```mlir
    %y = condcomp.combine sum %r entries(%e : tensor<?x8x64xf32>)
      outs(%o : tensor<?x64xf32>) : !condcomp.routing<?x32, f32, exactly 8>
    ```
  }];
  let arguments = (ins CondComp_CombineKind:$kind,
    CondComp_RoutingType:$routing, AnyRankedTensor:$entries,
    AnyRankedTensor:$outs,
    DefaultValuedAttr<CondComp_WeightUse,
                      "::condcomp::WeightUse::Output">:$weight_use);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $kind $routing `entries` `(` $entries `:` type($entries) `)`
    `outs` `(` $outs `:` type($outs) `)` (`weights` `(` $weight_use^ `)`)?
    attr-dict `:` qualified(type($routing))
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }];
  let hasVerifier = 1;
}

def CondComp_RestoreOp : CondComp_Op<"restore", [Pure, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    AllTypesMatch<["outs", "result"]>]> {
  let summary = "an entry tensor to pairs";
  let description = [{
    Puts (`replace`) or adds (`sum`) each entry's value at its pair; the others
    keep `outs`. docs/spec.md, "restore".

    Example:

    ```mlir
    %t = condcomp.restore replace %s entries(%kept : tensor<32x138x384xf32>)
      outs(%tokens : tensor<32x196x384xf32>)
      : !condcomp.routing<32x196, f32, exactly 138>
    ```
  }];
  let arguments = (ins CondComp_CombineKind:$kind,
    CondComp_RoutingType:$routing, AnyRankedTensor:$entries,
    AnyRankedTensor:$outs);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $kind $routing `entries` `(` $entries `:` type($entries) `)`
    `outs` `(` $outs `:` type($outs) `)` attr-dict `:` qualified(type($routing))
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def CondComp_PoolOp : CondComp_Op<"pool", [Pure, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    AllTypesMatch<["outs", "result"]>]> {
  let summary = "rows to modules: each module gathers its rows";
  let description = [{
    Sum, mean or max of a module's weighted rows, in ascending row order: Pᵀ x
    for the routing P as a matrix. Modules without entries keep `outs`. Slots of
    Soft MoE (arXiv 2308.00951), token merging (2210.09461). docs/spec.md,
    "pool".

    Example:

    ```mlir
    %merged = condcomp.pool mean %r from rows(%tokens : tensor<8x197x384xf32>)
      outs(%o : tensor<8x181x384xf32>)
      : !condcomp.routing<8x197x181, f32, exactly 1>
    ```
  }];
  let arguments = (ins CondComp_CombineKind:$kind,
    CondComp_RoutingType:$routing, AnyRankedTensor:$source,
    AnyRankedTensor:$outs,
    DefaultValuedAttr<CondComp_WeightUse,
                      "::condcomp::WeightUse::Output">:$weight_use);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $kind $routing `from` `rows` `(` $source `:` type($source) `)`
    `outs` `(` $outs `:` type($outs) `)` (`weights` `(` $weight_use^ `)`)?
    attr-dict `:` qualified(type($routing))
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }];
  let hasVerifier = 1;
}

def CondComp_MixOp : CondComp_Op<"mix", [Pure, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    AllTypesMatch<["outs", "result"]>]> {
  let summary = "modules to rows: each row mixes its modules";
  let description = [{
    `outs` plus the weighted sum of a row's modules, in ascending order: P w for
    the routing P as a matrix. Rows without entries keep `outs`. Merging of
    weights (SMEAR, arXiv 2306.03745; CondConv, 1904.04971), Soft MoE outputs,
    unmerging of tokens. docs/spec.md, "mix".

    Example:

    ```mlir
    %w = condcomp.mix %r from modules(%experts : tensor<8x512x2048xf32>)
      outs(%zero : tensor<?x512x2048xf32>) : !condcomp.routing<?x8, f32>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing, AnyRankedTensor:$source,
    AnyRankedTensor:$outs,
    DefaultValuedAttr<CondComp_WeightUse,
                      "::condcomp::WeightUse::Output">:$weight_use);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $routing `from` `modules` `(` $source `:` type($source) `)`
    `outs` `(` $outs `:` type($outs) `)` (`weights` `(` $weight_use^ `)`)?
    attr-dict `:` qualified(type($routing))
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutsMutable();
    }
  }];
  let hasVerifier = 1;
}

#endif // CONDCOMP_MOVEMENT_TD
