//===- CondCompAlgebra.td - routings to routings -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_ALGEBRA_TD
#define CONDCOMP_ALGEBRA_TD

include "condcomp/Dialect/CondComp/IR/CondCompBase.td"

def CondComp_ReweightOp : CondComp_Op<"reweight", [Pure,
    AttrSizedOperandSegments, AllTypesMatch<["routing", "result"]>]> {
  let summary = "the same entries with other weights";
  let description = [{
    Select by one score, weigh by another: the new weight of an entry is its
    position in a `dense` matrix `[B…, R, M]`, or its value in an entry tensor.
    docs/spec.md, "reweight".

    Example:

    ```mlir
    %w = condcomp.reweight %r dense(%p : tensor<?x64xf32>)
      : !condcomp.routing<?x64, f32, exactly 8>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing,
                       Optional<CondComp_FloatTensor>:$dense,
                       Optional<CondComp_FloatTensor>:$entries);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routing (`dense` `(` $dense^ `:` type($dense) `)`)?
    (`entries` `(` $entries^ `:` type($entries) `)`)? attr-dict
    `:` qualified(type($routing))
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def CondComp_NormalizeOp : CondComp_Op<"normalize", [Pure,
    AllTypesMatch<["routing", "result"]>]> {
  let summary = "normalizes the weights of each row";
  let description = [{
    `sum` divides a row's weights by their sum (a row whose sum is 0 keeps its
    weights); `softmax` takes the softmax over the row's entries. docs/spec.md,
    "normalize".

    Example:

    ```mlir
    %n = condcomp.normalize softmax %r : !condcomp.routing<?x32, f32, exactly 4>
    ```
  }];
  let arguments = (ins CondComp_NormalizeKind:$kind,
                       CondComp_RoutingType:$routing);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = "$kind $routing attr-dict `:` qualified(type($routing))";
}

def CondComp_CapacityOp : CondComp_Op<"capacity", [NoMemoryEffect,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "each module keeps its first c entries";
  let description = [{
    Drops what exceeds a module's capacity, in order of `arrival` (Switch, arXiv
    2101.03961), of `rank` (all first choices before all second ones: GShard,
    2006.16668; with a row `priority`: V-MoE batch-prioritized routing,
    2106.05974) or of `weight`. docs/spec.md, "capacity".

    Example:

    ```mlir
    %c = condcomp.capacity %r, %cap order(rank)
      : !condcomp.routing<?x64, f32, exactly 2>
      -> !condcomp.routing<?x64, f32, at_most 2>
    ```
  }];
  let arguments = (ins
    CondComp_RoutingType:$routing,
    Optional<Index>:$capacity,
    Optional<CondComp_WeightTensor>:$priority,
    OptionalAttr<I64Attr>:$static_capacity,
    DefaultValuedAttr<CondComp_CapacityOrder,
                      "::condcomp::CapacityOrder::Arrival">:$order);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routing `,` custom<IndexOrInteger>($capacity, $static_capacity)
    `order` `(` $order `)`
    (`priority` `(` $priority^ `:` type($priority) `)`)? attr-dict
    `:` qualified(type($routing)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def CondComp_ConvertFormOp : CondComp_Op<"convert_form", [Pure]> {
  let summary = "the same routing held in another form";
  let description = [{
    Inserted by `condcomp-choose-form` where forms meet. docs/spec.md,
    "convert_form".

    Example:

    ```mlir
    %c = condcomp.convert_form %m
      : !condcomp.routing<?x64, f32, #condcomp.form<masked>>
      -> !condcomp.routing<?x64, f32, #condcomp.form<compact>>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routing attr-dict `:` qualified(type($routing)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // CONDCOMP_ALGEBRA_TD
