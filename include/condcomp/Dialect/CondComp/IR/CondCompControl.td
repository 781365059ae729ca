//===- CondCompControl.td - conditional bodies -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CONTROL_TD
#define CONDCOMP_CONTROL_TD

include "condcomp/Dialect/CondComp/IR/CondCompBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

def CondComp_ApplyOp : CondComp_Op<"apply", [
    AttrSizedOperandSegments, RecursiveMemoryEffects,
    RecursivelySpeculatable, SingleBlock,
    SingleBlockImplicitTerminator<"::condcomp::YieldOp">,
    DeclareOpInterfaceMethods<RegionBranchOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<CondComp_ConditionalOpInterface>]> {
  let summary = "runs module bodies on the rows routed to them";
  let description = [{
    Dispatch, body and combine in one op: module m's body runs on the rows that
    have an entry at m, and the results are combined per row in ascending module
    order. One region with stacked `params` (experts), or one region per module
    (branches, identity, zero experts). docs/spec.md, "apply".

    Example (a mixture-of-experts layer):

    ```mlir
    %y = condcomp.apply %r : !condcomp.routing<?x64, f32, exactly 8>
        rows(%x : tensor<?x128xf32>) params(%w : tensor<64x128x128xf32>)
        outs(%zero : tensor<?x128xf32>) combine(sum) {
    ^bb0(%xe: tensor<?x128xf32>, %we: tensor<128x128xf32>):
      %c0 = arith.constant 0 : index
      %n = tensor.dim %xe, %c0 : tensor<?x128xf32>
      %f0 = arith.constant 0.0 : f32
      %e = tensor.empty(%n) : tensor<?x128xf32>
      %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x128xf32>)
        -> tensor<?x128xf32>
      %h = linalg.matmul ins(%xe, %we : tensor<?x128xf32>, tensor<128x128xf32>)
        outs(%z : tensor<?x128xf32>) -> tensor<?x128xf32>
      condcomp.yield %h : tensor<?x128xf32>
    } -> tensor<?x128xf32>
    ```
  }];
  let arguments = (ins
    CondComp_RoutingType:$routing,
    Variadic<AnyRankedTensor>:$rows,
    Variadic<AnyRankedTensor>:$entries,
    Variadic<AnyRankedTensor>:$params,
    Variadic<AnyRankedTensor>:$outs,
    DefaultValuedAttr<CondComp_CombineKind,
                      "::condcomp::CombineKind::Sum">:$combine,
    DefaultValuedAttr<CondComp_WeightUse,
                      "::condcomp::WeightUse::Output">:$weight_use,
    DefaultValuedAttr<CondComp_Scope, "::condcomp::Scope::Row">:$scope,
    UnitAttr:$with_ids, UnitAttr:$with_module);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let assemblyFormat = [{
    $routing `:` qualified(type($routing))
    (`rows` `(` $rows^ `:` type($rows) `)`)?
    (`entries` `(` $entries^ `:` type($entries) `)`)?
    (`params` `(` $params^ `:` type($params) `)`)?
    (`outs` `(` $outs^ `:` type($outs) `)`)?
    (`combine` `(` $combine^ `)`)? (`weights` `(` $weight_use^ `)`)?
    (`scope` `(` $scope^ `)`)? (`with_ids` $with_ids^)?
    (`with_module` $with_module^)? attr-dict-with-keyword
    $bodies `->` type($results)
  }];
  let extraClassDeclaration = [{
    /// Whether one region, with stacked params, serves all modules.
    bool hasSharedBody() { return getBodies().size() == 1; }
    /// Types of the block arguments that every body must have.
    ::llvm::SmallVector<::mlir::Type> getBodyArgumentTypes();
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}

def CondComp_CascadeOp : CondComp_Op<"cascade", [
    AttrSizedOperandSegments, RecursiveMemoryEffects,
    RecursivelySpeculatable, SingleBlock,
    DeclareOpInterfaceMethods<RegionBranchOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<CondComp_ConditionalOpInterface>,
    DeclareOpInterfaceMethods<CondComp_ExitingOpInterface,
        ["mayKeepRows", "getNumSurvivors"]>]> {
  let summary = "stages with exits: sure rows leave, the others go on";
  let description = [{
    A stage sees the rows that are still there and ends in `exit`, which sends
    `done` rows out with the stage's results and the others on with what they
    carry. Results come in the original row order, followed by the state tensors
    and by the stage at which each row left. A cascade whose last stage ends in
    `exit` too is open: the rows that stay keep `outs`, and their ids and what
    they carry come last. docs/spec.md, "cascade".

    Example:

    ```mlir
    func.func private @stage0(tensor<?x64xf32>)
      -> (tensor<?xi1>, tensor<?x10xf32>, tensor<?x64xf32>)
    func.func private @stage1(tensor<?x64xf32>) -> tensor<?x10xf32>

    func.func @f(%h: tensor<?x64xf32>) -> (tensor<?x10xf32>, tensor<?xi32>) {
      %class, %left_at = condcomp.cascade rows(%h : tensor<?x64xf32>) {
      ^bb0(%h0: tensor<?x64xf32>):
        %done, %logits, %h1 = func.call @stage0(%h0) : (tensor<?x64xf32>)
          -> (tensor<?xi1>, tensor<?x10xf32>, tensor<?x64xf32>)
        condcomp.exit %done : tensor<?xi1> results(%logits : tensor<?x10xf32>)
          carry(%h1 : tensor<?x64xf32>)
      }, {
      ^bb0(%h1: tensor<?x64xf32>):
        %logits = func.call @stage1(%h1) : (tensor<?x64xf32>)
          -> tensor<?x10xf32>
        condcomp.yield %logits : tensor<?x10xf32>
      } -> tensor<?x10xf32>, tensor<?xi32>
      return %class, %left_at : tensor<?x10xf32>, tensor<?xi32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$rows,
                       Variadic<AnyRankedTensor>:$state,
                       Variadic<AnyRankedTensor>:$outs,
                       UnitAttr:$with_ids,
                       OptionalAttr<CondComp_FormAttr>:$form);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region VariadicRegion<SizedRegion<1>>:$stages);
  let assemblyFormat = [{
    `rows` `(` $rows `:` type($rows) `)`
    (`state` `(` $state^ `:` type($state) `)`)?
    (`outs` `(` $outs^ `:` type($outs) `)`)? (`with_ids` $with_ids^)?
    attr-dict-with-keyword $stages `->` type($results)
  }];
  let extraClassDeclaration = [{
    /// The exit of the last stage, which makes the cascade open, or null.
    ExitOp getLastExit();
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def CondComp_IterateOp : CondComp_Op<"iterate", [
    AttrSizedOperandSegments, RecursiveMemoryEffects, SingleBlock,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>,
    DeclareOpInterfaceMethods<RegionBranchOpInterface>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<CondComp_ConditionalOpInterface>,
    DeclareOpInterfaceMethods<CondComp_ExitingOpInterface,
        ["mayKeepRows", "getNumSurvivors"]>]> {
  let summary = "one body, step after step, until each row is done";
  let description = [{
    The body sees the rows that are still there and ends in `exit`: `done` rows
    leave with the step's results, the others take what they carry into the next
    step. At the limit all rows leave. Results come in the original row order,
    followed by the state tensors and by the step at which each row was done.
    `params` are sliced per step. docs/spec.md, "iterate".

    Example (a row is done once its halting probabilities add up to one, as in
    ACT, arXiv 1603.08983):

    ```mlir
    %y, %left_at = condcomp.iterate steps(%limit)
        rows(%h, %p : tensor<?x64xf32>, tensor<?xf32>)
        params(%w : tensor<12x64xf32>) outs(%none : tensor<?x64xf32>) {
    ^bb0(%hs: tensor<?x64xf32>, %sum: tensor<?xf32>, %ws: tensor<64xf32>):
      %halt = linalg.matvec ins(%hs, %ws : tensor<?x64xf32>, tensor<64xf32>)
        outs(%sum : tensor<?xf32>) -> tensor<?xf32>
      %c0 = arith.constant 0 : index
      %n = tensor.dim %halt, %c0 : tensor<?xf32>
      %one = arith.constant 1.0 : f32
      %e = tensor.empty(%n) : tensor<?xi1>
      %done = linalg.generic {indexing_maps = [affine_map<(r) -> (r)>,
                                               affine_map<(r) -> (r)>],
                              iterator_types = ["parallel"]}
          ins(%halt : tensor<?xf32>) outs(%e : tensor<?xi1>) {
      ^bb1(%s: f32, %o: i1):
        %full = arith.cmpf oge, %s, %one : f32
        linalg.yield %full : i1
      } -> tensor<?xi1>
      %next = math.tanh %hs : tensor<?x64xf32>
      condcomp.exit %done : tensor<?xi1> results(%next : tensor<?x64xf32>)
        carry(%next, %halt : tensor<?x64xf32>, tensor<?xf32>)
    } -> tensor<?x64xf32>, tensor<?xi32>
    ```
  }];
  let arguments = (ins Index:$steps,
                       Variadic<AnyRankedTensor>:$rows,
                       Variadic<AnyRankedTensor>:$params,
                       Variadic<AnyRankedTensor>:$state,
                       Variadic<AnyRankedTensor>:$outs,
                       UnitAttr:$with_ids, UnitAttr:$with_step,
                       OptionalAttr<CondComp_FormAttr>:$form);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `steps` `(` $steps `)` `rows` `(` $rows `:` type($rows) `)`
    (`params` `(` $params^ `:` type($params) `)`)?
    (`state` `(` $state^ `:` type($state) `)`)?
    (`outs` `(` $outs^ `:` type($outs) `)`)? (`with_ids` $with_ids^)?
    (`with_step` $with_step^)? attr-dict-with-keyword $body `->` type($results)
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def CondComp_ExitOp : CondComp_Op<"exit", [Pure, Terminator,
    DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>,
    AttrSizedOperandSegments,
    ParentOneOf<["::condcomp::CascadeOp", "::condcomp::IterateOp"]>]> {
  let summary = "ends a stage: done rows leave, the others are carried on";
  let description = [{
    `results` are what done rows leave with, `carry` what the others go on with,
    `state` the state tensors for the next stage. `soft` is the probability with
    which each row leaves; only the soft form looks at it. docs/spec.md,
    "cascade".

    Example (rows whose mark is set leave as they are):

    ```mlir
    %y, %left_at = condcomp.cascade rows(%x, %marks : tensor<?x64xf32>, tensor<?xi1>) {
    ^bb0(%h: tensor<?x64xf32>, %done: tensor<?xi1>):
      %e = math.exp %h : tensor<?x64xf32>
      condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x64xf32>)
        carry(%e : tensor<?x64xf32>)
    }, {
    ^bb0(%h: tensor<?x64xf32>):
      condcomp.yield %h : tensor<?x64xf32>
    } -> tensor<?x64xf32>, tensor<?xi32>
    ```
  }];
  let arguments = (ins CondComp_MaskTensor:$done,
                       Variadic<AnyRankedTensor>:$results,
                       Variadic<AnyRankedTensor>:$carry,
                       Variadic<AnyRankedTensor>:$state,
                       Optional<CondComp_WeightTensor>:$soft);
  let assemblyFormat = [{
    $done `:` type($done)
    (`results` `(` $results^ `:` type($results) `)`)?
    (`carry` `(` $carry^ `:` type($carry) `)`)?
    (`state` `(` $state^ `:` type($state) `)`)?
    (`soft` `(` $soft^ `:` type($soft) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

def CondComp_YieldOp : CondComp_Op<"yield", [Pure, Terminator,
    DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>,
    ParentOneOf<["::condcomp::ApplyOp", "::condcomp::CascadeOp"]>]> {
  let summary = "ends a body or the last stage of a cascade";
  let description = [{
    Example:

    ```mlir
    %y = condcomp.apply %r : !condcomp.routing<?x2, f32> rows(%x : tensor<?x64xf32>)
        outs(%x : tensor<?x64xf32>) {
    ^bb0(%xe: tensor<?x64xf32>):
      %e = math.exp %xe : tensor<?x64xf32>
      condcomp.yield %e : tensor<?x64xf32>
    } -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ /* an empty yield */ }]>];
}

def CondComp_ConfidenceOp : CondComp_Op<"confidence", [NoMemoryEffect,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "how sure a classifier is: max_prob, entropy or margin";
  let description = [{
    Of p = softmax(logits) over the last dim: the largest p, −Σ p ln p in nats
    (BranchyNet, arXiv 1709.01686; small when sure), or the largest less the
    second largest. docs/spec.md, "confidence".

    Example:

    ```mlir
    %c = condcomp.confidence max_prob %logits : tensor<?x10xf32> -> tensor<?xf32>
    ```
  }];
  let arguments = (ins CondComp_ConfidenceKind:$kind,
                       CondComp_FloatTensor:$logits);
  let results = (outs CondComp_WeightTensor:$result);
  let assemblyFormat = [{
    $kind $logits attr-dict `:` type($logits) `->` type($result)
  }];
  let hasVerifier = 1;
}

def CondComp_CheckOp : CondComp_Op<"check", [
    MemoryEffects<[MemWrite]>]> {
  let summary = "ends the call with a message when a condition is false";
  let description = [{
    `{i}` in the message stands for the i-th value. `condcomp-lower-checks` turns
    it into a status in the call context. docs/spec.md, "check".

    Example:

    ```mlir
    condcomp.check %ok, "k = {0} exceeds the number of modules, {1}"(%k, %m)
      : index, index
    ```
  }];
  let arguments = (ins I1:$condition, StrAttr:$message,
    Variadic<AnyTypeOf<[Index, AnySignlessInteger, AnyFloat]>>:$values);
  let assemblyFormat = [{
    $condition `,` $message (`(` $values^ `)` `:` type($values))? attr-dict
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif // CONDCOMP_CONTROL_TD
