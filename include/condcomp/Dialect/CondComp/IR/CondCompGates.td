//===- CondCompGates.td - scores to routings -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_GATES_TD
#define CONDCOMP_GATES_TD

include "condcomp/Dialect/CondComp/IR/CondCompBase.td"

class CondComp_GateOp<string mnemonic, list<Trait> traits = []>
    : CondComp_Op<mnemonic, !listconcat(traits,
        [DeclareOpInterfaceMethods<CondComp_GateOpInterface>])> {
  let results = (outs CondComp_RoutingType:$routing);
  let hasVerifier = 1;
}

def CondComp_TopKOp : CondComp_GateOp<"top_k", [NoMemoryEffect, 
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "token choice: each row takes its k best modules";
  let description = [{
    Scores `[B…, R, M]` to a routing with exactly k entries per row, weighted by
    the score. Larger scores first, ties to the lower module, every number
    before every NaN. Shazeer et al. 2017, arXiv 1701.06538. docs/spec.md,
    "top_k".

    Example:

    ```mlir
    %r = condcomp.top_k %scores, 8 : tensor<?x64xf32>
      -> !condcomp.routing<?x64, f32, exactly 8>
    %s = condcomp.top_k %saliency, %k : tensor<32x196xf32>
      -> !condcomp.routing<32x196, f32, exactly ?>
    ```
  }];
  let arguments = (ins CondComp_FloatTensor:$scores, Optional<Index>:$k,
                       OptionalAttr<I64Attr>:$static_k);
  let assemblyFormat = [{
    $scores `,` custom<IndexOrInteger>($k, $static_k) attr-dict
    `:` type($scores) `->` qualified(type($routing))
  }];
}

def CondComp_ThresholdOp : CondComp_GateOp<"threshold", [Pure]> {
  let summary = "an entry wherever the score reaches a threshold";
  let description = [{
    Scores `[B…, R, M]` to a routing with an entry wherever score ≥ tau, weighted
    by the score. NaN gives no entry. docs/spec.md, "threshold".

    Example:

    ```mlir
    %r = condcomp.threshold %scores, %tau : tensor<?x64xf32>, f32
      -> !condcomp.routing<?x64, f32>
    ```
  }];
  let arguments = (ins CondComp_FloatTensor:$scores, CondComp_WeightScalar:$tau);
  let assemblyFormat = [{
    $scores `,` $tau attr-dict `:` type($scores) `,` type($tau) `->`
    qualified(type($routing))
  }];
}

def CondComp_TopPOp : CondComp_GateOp<"top_p", [NoMemoryEffect,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "each row takes its best modules until their scores reach p";
  let description = [{
    Scores `[B…, R, M]`, usually probabilities, to a routing in which each row
    has the fewest best modules whose scores sum to at least p, but at least
    `min` and at most `max` of them, weighted by the score. Huang et al. 2024,
    arXiv 2403.07652. docs/spec.md, "top_p".

    Example:

    ```mlir
    %r = condcomp.top_p %probs, %p : tensor<?x64xf32>, f32
      -> !condcomp.routing<?x64, f32>
    %s = condcomp.top_p %probs, %p min(%least) max(8) : tensor<?x64xf32>, f32
      -> !condcomp.routing<?x64, f32, at_most 8>
    ```
  }];
  let arguments = (ins CondComp_FloatTensor:$scores, CondComp_WeightScalar:$p,
                       Optional<Index>:$min, OptionalAttr<I64Attr>:$static_min,
                       Optional<Index>:$max, OptionalAttr<I64Attr>:$static_max);
  let assemblyFormat = [{
    $scores `,` $p (`min` `(` custom<IndexOrInteger>($min, $static_min)^ `)`)?
    (`max` `(` custom<IndexOrInteger>($max, $static_max)^ `)`)? attr-dict
    `:` type($scores) `,` type($p) `->` qualified(type($routing))
  }];
}

def CondComp_ExpertChoiceOp : CondComp_GateOp<"expert_choice", [NoMemoryEffect,
    DeclareOpInterfaceMethods<CondComp_GateOpInterface, ["isRowwise"]>,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "each module takes its c best rows";
  let description = [{
    Scores `[B…, R, M]` to a routing in which every module of a batch index has
    exactly c entries, weighted by the score. Larger scores first, ties to the
    lower row, every number before every NaN. Zhou et al. 2022, arXiv
    2202.09368. docs/spec.md, "expert_choice".

    Example:

    ```mlir
    %r = condcomp.expert_choice %probs, 32 : tensor<8x512x64xf32>
      -> !condcomp.routing<8x512x64, f32, per_module exactly 32>
    %s = condcomp.expert_choice %router, %c : tensor<?x64xf32>
      -> !condcomp.routing<?x64, f32, per_module exactly ?>
    ```
  }];
  let arguments = (ins CondComp_FloatTensor:$scores, Optional<Index>:$c,
                       OptionalAttr<I64Attr>:$static_c);
  let assemblyFormat = [{
    $scores `,` custom<IndexOrInteger>($c, $static_c) attr-dict
    `:` type($scores) `->` qualified(type($routing))
  }];
}

def CondComp_SampleOp : CondComp_GateOp<"sample", [NoMemoryEffect,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "each row draws k modules without replacement";
  let description = [{
    Logits `[B…, R, M]` to a routing with exactly k entries per row: the k best
    of logits plus Gumbel noise, which draws modules without replacement in
    proportion to softmax(logits). Weight: the logit. The noise is a function of
    (key, row id, step, module) alone; `ids` gives each row's id, else it is the
    row's position. Kool et al. 2019, arXiv 1903.06059. docs/spec.md, "sample".

    Example:

    ```mlir
    %r = condcomp.sample %logits, 2 key(%key) : tensor<?x64xf32>
      -> !condcomp.routing<?x64, f32, exactly 2>
    %s = condcomp.sample %logits, %k key(%key) step(%i)
      ids(%ids : tensor<?xindex>) : tensor<?x64xf32>
      -> !condcomp.routing<?x64, f32, exactly ?>
    ```
  }];
  let arguments = (ins CondComp_FloatTensor:$logits, Optional<Index>:$k,
                       OptionalAttr<I64Attr>:$static_k, I64:$key,
                       Optional<Index>:$step,
                       Optional<CondComp_IndexTensor>:$ids);
  let assemblyFormat = [{
    $logits `,` custom<IndexOrInteger>($k, $static_k) `key` `(` $key `)`
    (`step` `(` $step^ `)`)? (`ids` `(` $ids^ `:` type($ids) `)`)? attr-dict
    `:` type($logits) `->` qualified(type($routing))
  }];
}

def CondComp_AssignOp : CondComp_GateOp<"assign", [NoMemoryEffect, AttrSizedOperandSegments]> {
  let summary = "entries at given indices: hash, fixed or oracle routing";
  let description = [{
    Indices `[B…, R, k]` to a routing with the entries (row, index), weighted by
    `weights` or 1. The indices of a row are distinct and in range; with
    `out_of_range(drop)` an index outside [0, M) gives no entry. docs/spec.md,
    "assign".

    Example:

    ```mlir
    %r = condcomp.assign %expert_of_token : tensor<?x1xi32>
      -> !condcomp.routing<?x16, f32, exactly 1>
    %s = condcomp.assign %ids weights(%w : tensor<?x2xf32>) modules(%m)
      out_of_range(drop) : tensor<?x2xindex>
      -> !condcomp.routing<?x?, f32, at_most 2>
    ```
  }];
  let arguments = (ins
    CondComp_IndicesTensor:$indices,
    Optional<CondComp_WeightTensor>:$weights,
    Optional<Index>:$modules,
    DefaultValuedAttr<CondComp_OutOfRange,
                      "::condcomp::OutOfRange::Error">:$out_of_range);
  let assemblyFormat = [{
    $indices (`weights` `(` $weights^ `:` type($weights) `)`)?
    (`modules` `(` $modules^ `)`)?
    (`out_of_range` `(` $out_of_range^ `)`)? attr-dict
    `:` type($indices) `->` qualified(type($routing))
  }];
}

def CondComp_FromMaskOp : CondComp_GateOp<"from_mask", [Pure]> {
  let summary = "an entry wherever a mask is true";
  let description = [{
    Mask `[B…, R, M]` to a routing, weighted by `weights` or 1. docs/spec.md,
    "from_mask".

    Example:

    ```mlir
    %r = condcomp.from_mask %mask weights(%w : tensor<?x64xf32>)
      : tensor<?x64xi1> -> !condcomp.routing<?x64, f32>
    ```
  }];
  let arguments = (ins CondComp_MaskTensor:$mask,
                       Optional<CondComp_WeightTensor>:$weights);
  let assemblyFormat = [{
    $mask (`weights` `(` $weights^ `:` type($weights) `)`)? attr-dict
    `:` type($mask) `->` qualified(type($routing))
  }];
}

def CondComp_FromOffsetsOp : CondComp_GateOp<"from_offsets", [NoMemoryEffect, 
    DeclareOpInterfaceMethods<CondComp_GateOpInterface, ["isRowwise"]>]> {
  let summary = "segments: row i belongs to the module whose segment holds it";
  let description = [{
    Offsets `[M + 1]` to a routing with one entry of weight 1 per row: module m
    holds the rows offsets[m] to offsets[m+1] − 1. docs/spec.md,
    "from_offsets".

    Example:

    ```mlir
    %r = condcomp.from_offsets %offsets : tensor<33xindex>
      -> !condcomp.routing<?x32, f32, exactly 1>
    ```
  }];
  let arguments = (ins CondComp_IndexTensor:$offsets);
  let assemblyFormat = [{
    $offsets attr-dict `:` type($offsets) `->` qualified(type($routing))
  }];
}

def CondComp_MatchTokensOp : CondComp_GateOp<"match_tokens", [NoMemoryEffect,
    DeclareOpInterfaceMethods<CondComp_GateOpInterface, ["isRowwise"]>]> {
  let summary = "bipartite soft matching: which tokens merge into which";
  let description = [{
    Scores `[B…, Na, Nb]` between two sets of tokens to a routing of all of them
    (those of a, then those of b) to what is left: the r tokens of a with the
    largest best score go to their best token of b, the others stay. Bolya et
    al., ToMe, arXiv 2210.09461, appendix D. docs/spec.md, "match_tokens".

    Example:

    ```mlir
    %r = condcomp.match_tokens %scores, 16 : tensor<8x99x98xf32>
      -> !condcomp.routing<8x197x181, f32, exactly 1>
    ```
  }];
  let arguments = (ins CondComp_FloatTensor:$scores, Optional<Index>:$r,
                       OptionalAttr<I64Attr>:$static_r);
  let assemblyFormat = [{
    $scores `,` custom<IndexOrInteger>($r, $static_r) attr-dict
    `:` type($scores) `->` qualified(type($routing))
  }];
}

//===----------------------------------------------------------------------===//
// Scores to scores
//===----------------------------------------------------------------------===//

def CondComp_LimitGroupsOp : CondComp_Op<"limit_groups", [NoMemoryEffect,
    AllTypesMatch<["scores", "result"]>,
    TypesMatchWith<"fill has the element type of the scores", "scores", "fill",
                   "::mlir::getElementTypeOrSelf($_self)">,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
        ["reifyResultShapes"]>]> {
  let summary = "keeps the scores of each row's best groups of modules";
  let description = [{
    Modules are split into `groups` equal groups. In each row the `keep` groups
    of the largest group score keep their scores; those of the others become
    `fill`. A group's score is the sum of its `sum_of` best scores (1 when
    absent: its largest score). DeepSeek-V2 and V3, arXiv 2405.04434 and
    2412.19437. docs/spec.md, "limit_groups".

    Example:

    ```mlir
    %a = condcomp.limit_groups %probs groups(8) keep(3) fill(%zero)
      : tensor<?x160xf32>
    %b = condcomp.limit_groups %biased groups(8) keep(4) sum_of(2)
      fill(%minus_infinity) : tensor<?x256xf32>
    ```
  }];
  let arguments = (ins
    CondComp_FloatTensor:$scores, I64Attr:$groups, Optional<Index>:$keep,
    OptionalAttr<I64Attr>:$static_keep, DefaultValuedAttr<I64Attr, "1">:$sum_of,
    AnyFloat:$fill);
  let results = (outs CondComp_FloatTensor:$result);
  let assemblyFormat = [{
    $scores `groups` `(` $groups `)`
    `keep` `(` custom<IndexOrInteger>($keep, $static_keep) `)`
    (`sum_of` `(` $sum_of^ `)`)? `fill` `(` $fill `)` attr-dict
    `:` type($scores)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // CONDCOMP_GATES_TD
