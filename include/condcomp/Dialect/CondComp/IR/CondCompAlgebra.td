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

def CondComp_ScaleOp : CondComp_Op<"scale", [Pure,
    AllTypesMatch<["routing", "result"]>,
    TypesMatchWith<"C2: the factor is of the weight type", "routing", "factor",
                   "::llvm::cast<RoutingType>($_self).getElementType()">]> {
  let summary = "weights times a scalar";
  let description = [{
    Multiplies every weight by a scalar of the weight type (the routed scaling
    factor of DeepSeek-V2, arXiv 2405.04434). docs/spec.md, "scale".

    Example:

    ```mlir
    %s = condcomp.scale %r, %factor : !condcomp.routing<?x64, f32, exactly 8>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing,
                       CondComp_WeightScalar:$factor);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routing `,` $factor attr-dict `:` qualified(type($routing))
  }];
  let hasFolder = 1;
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

def CondComp_ComplementOp : CondComp_Op<"complement", [Pure]> {
  let summary = "entries where there were none";
  let description = [{
    The rows and modules that the operand does not join, with weight 1: the
    tokens that a selection leaves out (EViT, arXiv 2202.07800). docs/spec.md,
    "complement".

    Example:

    ```mlir
    %dropped = condcomp.complement %kept
      : !condcomp.routing<32x196, f32, exactly 138>
      -> !condcomp.routing<32x196, f32, exactly 58>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routing attr-dict `:` qualified(type($routing)) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def CondComp_SliceModulesOp : CondComp_Op<"slice_modules", [NoMemoryEffect,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "some neighbouring modules, numbered from 0";
  let description = [{
    The entries of the modules offset to offset + size − 1, which become the
    modules 0 to size − 1: the experts that one device holds. docs/spec.md,
    "slice_modules".

    Example:

    ```mlir
    %mine = condcomp.slice_modules %r [%first, 16]
      : !condcomp.routing<?x64, f32, exactly 8>
      -> !condcomp.routing<?x16, f32, at_most 8>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing,
    Optional<Index>:$offset, Optional<Index>:$size,
    OptionalAttr<I64Attr>:$static_offset, OptionalAttr<I64Attr>:$static_size);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routing `[` custom<IndexOrInteger>($offset, $static_offset) `,`
    custom<IndexOrInteger>($size, $static_size) `]` attr-dict
    `:` qualified(type($routing)) `->` qualified(type($result))
  }];
  let extraClassDeclaration = [{
    /// Whether all modules are known to be taken.
    bool isFull();
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def CondComp_ConcatModulesOp : CondComp_Op<"concat_modules", [NoMemoryEffect]> {
  let summary = "the modules of several routings side by side";
  let description = [{
    Routings of the same rows as one: the modules of the first operand, then
    those of the next. Experts that are always used beside chosen ones.
    docs/spec.md, "concat_modules".

    Example:

    ```mlir
    %all = condcomp.concat_modules %shared, %chosen
      : !condcomp.routing<?x2, f32, exactly 2>,
        !condcomp.routing<?x64, f32, exactly 6>
      -> !condcomp.routing<?x66, f32, exactly 8>
    ```
  }];
  let arguments = (ins Variadic<CondComp_RoutingType>:$routings);
  let results = (outs CondComp_RoutingType:$result);
  let assemblyFormat = [{
    $routings attr-dict `:` qualified(type($routings)) `->`
    qualified(type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
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
