//===- Passes.td - passes on the condcomp dialect ----------*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_TRANSFORMS_PASSES
#define CONDCOMP_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def ChooseForm : Pass<"condcomp-choose-form", "::mlir::ModuleOp"> {
  let summary = "Choose how routings are held: masked or compact";
  let description = [{
    Gives every routing type and every cascade without a form one, and inserts
    `convert_form` where the forms of an op's operand and result differ. `auto`
    holds a routing compact unless its type says that every row uses every
    module: then there is nothing to skip and gathering rows would only cost.
    Forms that are written in the program stay.

    With `auto`, an apply with one module whose routing is compact is marked
    `condcomp.all_rows_from = p`: if at least p per thousand rows have an entry,
    the body runs on all rows as they lie, which saves gathering them. p is such
    that the gathering saved pays for the rows run in vain, by the static cost of
    a row; 1000 where that is not known, or where the body may fail on a row that
    it should not see. A cascade is marked `condcomp.compact_from = array<i64: …>`
    likewise: rows that are done go along until p per thousand are, where stages
    are so cheap that moving the others costs as much.
  }];
  let options = [
    Option<"form", "form", "std::string", /*default=*/"\"auto\"",
           "masked, compact or auto">,
    Option<"runTimeChoice", "run-time-choice", "bool", /*default=*/"true",
           "Mark what may run on all rows when few are skipped">,
  ];
  let dependentDialects = ["::condcomp::CondCompDialect"];
}

def ExpandAffine : Pass<"condcomp-expand-affine"> {
  let summary = "Turn affine.apply into arithmetic";
  let description = [{
    Upstream inlines a function with `affine.apply` into other functions and
    affine loops only: a call in the body of a cascade, of an apply or of an
    `scf` op stays a call, and what it does with weights is not seen. As
    arithmetic, sizes do not stand in the way. They do not overflow (`nsw`), so
    that a product divided again folds; divisions stay divisions, which the row
    analysis reads.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def DecomposeGates : Pass<"condcomp-decompose-gates"> {
  let summary = "Replace gates of other dialects by condcomp's own ops";
  let description = [{
    Every gate whose `GateOpInterface::decomposeGate` gives a routing is replaced
    by it, so that passes after this one meet no gate that they do not know.
    condcomp's own gates give none and stay. Runs after `condcomp-verify-rows`,
    which takes the gate at its word, and before a form is chosen.

    ```mlir
    %r = remoe.relu_gate %scores : tensor<?x8xf32> -> !condcomp.routing<?x8, f32>
    // becomes
    %mask = linalg.generic ... // score > 0
    %r = condcomp.from_mask %mask weights(%scores : tensor<?x8xf32>)
      : tensor<?x8xi1> -> !condcomp.routing<?x8, f32>
    ```
  }];
  let dependentDialects = ["::condcomp::CondCompDialect"];
}

def ElementwiseToLinalg : Pass<"condcomp-elementwise-to-linalg"> {
  let summary = "Make ops of arith and math on tensors linalg, before any fold";
  let description = [{
    Upstream's `convert-elementwise-to-linalg`, without its folding. Folds of
    arith know vectors, whose sizes are static: `arith.xori %x, %x` of a
    `tensor<?xi32>` folds to a constant of that type, which has no sizes. So this
    pass comes before all that folds: inlining, canonicalization and conversion.
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def RefineShapes : Pass<"condcomp-refine-shapes"> {
  let summary = "Make sizes static that are constants";
  let description = [{
    A helper function written for any number of tokens, once inlined, has
    constants where it had sizes. Canonicalization makes most types static then;
    this pass does so with `tensor.expand_shape` too, which upstream leaves
    dynamic, and canonicalizes along, as one static size leads to the next.
    A `tensor.reshape` that leaves the one run-time size alone becomes
    `tensor.expand_shape` or `tensor.collapse_shape`, which other ops can be
    moved through. Static sizes let the row analysis tell rows from other dims, and code
    generation unroll.
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def VerifyRows : Pass<"condcomp-verify-rows"> {
  let summary = "Prove that row-wise bodies treat their rows independently";
  let description = [{
    Bodies are row-wise unless `scope(group)` says otherwise: row i of every
    result depends on row i of the row arguments only. This pass proves it for
    every op with `ConditionalOpInterface`, by the row analysis, or emits an
    error at the op that mixes rows, with the rule R1 to R6 of docs/spec.md,
    "Rows and bodies", that it breaks. It changes nothing.
  }];
}

def SplitPrepack : Pass<"condcomp-split-prepack", "::mlir::ModuleOp"> {
  let summary = "Split off what depends on constant arguments alone";
  let description = [{
    For every function @f with arguments marked `condcomp.constant` (docs/abi.md,
    "Constant arguments") makes a function @f$prepack of these arguments. It
    computes what ops of @f's first block compute from them and nothing else, and
    returns what the rest of @f needs of it. @f takes that, after its other
    arguments, in place of the constant ones.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def CheckIndices : Pass<"condcomp-check-indices", "::mlir::func::FuncOp"> {
  let summary = "Check once what bodies of linalg ops read and assert";
  let description = [{
    An index of a `tensor.extract` in the body of a `linalg.generic` that follows
    from data is a promise: a row of a table that there is none of is read out of
    bounds. This pass checks all of them in front of the op, by a reduction over
    the loops that they depend on. What a body asserts (`cf.assert`), as exporters
    do for such tables, moves there as well: an op that can fail would run element
    by element, on one thread.

    Slices, elements and paddings at run-time places are checked in front of the op
    that takes them, too. Ops of other blocks than the function's first are left as
    they are, for they may not run at all, and so are bodies of condcomp ops. The
    function is marked `condcomp.checked`: what the compiler makes of it reads at
    places of its own, and is not checked when it is compiled again.

    ```mlir
    %y = linalg.generic … ins(%ids : tensor<?xi64>) outs(%e : tensor<?x64xf32>) {
    ^bb0(%id: i64, %o: f32):
      %row = arith.index_cast %id : i64 to index
      %i = linalg.index 1 : index
      %v = tensor.extract %table[%row, %i] : tensor<?x64xf32>
      …
    // gets in front of it, over the ids alone,
    %all = linalg.generic … ins(%ids : tensor<?xi64>) outs(%true : tensor<i1>) {
      … arith.cmpi ult, %row, %rows …
    %ok = tensor.extract %all[] : tensor<i1>
    condcomp.check %ok, "tensor.extract: an index is not one of dim 0, which has the size {0}"(%rows) : index
    ```
  }];
  let dependentDialects = [
    "::condcomp::CondCompDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def CheckArgumentSizes
    : Pass<"condcomp-check-argument-sizes", "::mlir::func::FuncOp"> {
  let summary = "Check the sizes that ops take on trust";
  let description = [{
    The sizes that a linalg op's operands share are its caller's promise: a
    matmul of a `?x?` by a `?x?` tensor reads out of bounds when they do not fit.
    For ops in the first block of a public function, and in bodies of condcomp ops
    there, this pass follows sizes back to where they come from: arguments, other
    ops' results, indices. Where two of them that are known before the op (for
    bodies, before the outermost condcomp op) have to agree, one has to be a
    constant, or windows, as of a convolution, must not reach beyond an operand, it
    inserts a `condcomp.check`. `tensor.cast`, `tensor.concat` and
    `tensor.expand_shape` are checked alike.
  }];
  let dependentDialects = [
    "::condcomp::CondCompDialect", "::mlir::arith::ArithDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def EraseTraces : Pass<"condcomp-erase-traces"> {
  let summary = "Remove traces";
  let description = [{
    Removes every `condcomp.trace`, so that a program that is not observed pays
    nothing for them.
  }];
}

def ReportCost : Pass<"condcomp-report-cost", "::mlir::ModuleOp"> {
  let summary = "Report FLOPs, bytes and peak memory as functions of sizes";
  let description = [{
    For every public function a remark (`--remarks-filter=condcomp-report-cost`)
    and an entry of the JSON file with its cost as polynomials in the sizes of its
    arguments and in counts that only run time knows, with bounds: entries of a
    routing, rows that reach a stage. docs/cost.md says what is counted. It
    changes nothing.
  }];
  let options = [
    Option<"json", "json", "std::string", /*default=*/"\"\"",
           "A file to write costs to, - for standard output">,
  ];
}

def SinkIntoConditions : Pass<"condcomp-sink-into-conditions"> {
  let summary = "Move row-wise work under the condition that uses it";
  let description = [{
    Ops that work row by row and whose results only the rows operands of one
    `apply` use move into its bodies: they are then done for the rows that take
    part. So do those that a stage of a `cascade` only carries on: they move into
    the next stage, past the exit. docs/passes.md has an example.

    An `apply` has to skip rows and run none twice: its rows have at most one
    entry, and its type does not promise exactly one. What its rows are made from
    must not be more than what is made (and a quarter), unless contractions are
    saved.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FoldStaticRoutings : Pass<"condcomp-fold-static-routings"> {
  let summary = "Fold applies of which is known what all rows use";
  let description = [{
    Where indices of `assign` or the mask of `from_mask` are one constant, every row
    of an `apply` uses the same module, or none. The module's body then takes the
    place of the `apply`, with its share of `params` and the rows as they lie; with
    no module, `outs` does. Rows are checked as the `apply` would have.

    Not for routings with batch dims, several entries per row, weights that count,
    `scope(group)`, `entries` or `with_ids`, and for other ways to combine than
    `sum` and `replace`. docs/passes.md has an example.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"
  ];
}

def HoistInvariants : Pass<"condcomp-hoist-invariants"> {
  let summary = "Move out of bodies what does not depend on rows or params";
  let description = [{
    What ops of a body compute from values outside of it alone moves in front of
    the op, where the body may run several times: once per module, once per step.
    Stages of a `cascade` and bodies of a single module run once at most, or not
    at all: they keep theirs.
  }];
}

def MergeApplies : Pass<"condcomp-merge-applies"> {
  let summary = "Make one apply of those with the same routing";
  let description = [{
    Two applies with the same routing become one where the second takes what the
    first gives, row by row, and nothing else does (layers that are skipped
    together), or where they gather the same rows and combine alike. Rows are then
    gathered and put back once.

    For a chain, the first apply must hand values on as they are: `weights(none)`
    and `combine(replace)`, which takes at most one entry per row, or
    `combine(none)` to `entries`. docs/passes.md has examples.
  }];
}

def LeaveRowsInPlace : Pass<"condcomp-leave-rows-in-place"> {
  let summary = "Read what stages carry on unchanged where it lies";
  let description = [{
    A tensor of matrices, one for each row, that the stages of a `cascade` or the
    body of an `iterate` carry on as it is, and read by products of one row at a
    time (keys and values of an attention), is no longer moved when rows leave:
    stages read it at the `ids` of the rows that are left. docs/passes.md has an
    example.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def KeepModuleOrder : Pass<"condcomp-keep-module-order"> {
  let summary = "Hand entries on instead of putting them in place and back";
  let description = [{
    What `restore` or `combine` put in place and `select` takes out again by the
    same routing is the entry tensor as it was; rows of an `apply` that a `combine`
    by the same routing made become its entries. docs/passes.md has examples.
  }];
}

#endif // CONDCOMP_TRANSFORMS_PASSES
