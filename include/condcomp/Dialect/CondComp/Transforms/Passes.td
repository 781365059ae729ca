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
  }];
  let options = [
    Option<"form", "form", "std::string", /*default=*/"\"auto\"",
           "masked, compact or auto">,
  ];
  let dependentDialects = ["::condcomp::CondCompDialect"];
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
    Static sizes let the row analysis tell rows from other dims, and code
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

def CheckArgumentSizes
    : Pass<"condcomp-check-argument-sizes", "::mlir::func::FuncOp"> {
  let summary = "Check the sizes that linalg ops take on trust";
  let description = [{
    The sizes that a linalg op's operands share are its caller's promise: a
    matmul of a `?x?` by a `?x?` tensor reads out of bounds when they do not fit.
    For ops in the first block of a public function, this pass follows sizes back
    to the function's arguments and inserts a `condcomp.check` where two of them
    have to agree, or one has to be a constant. Sizes that are not those of an
    argument are made by ops that check them.
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

#endif // CONDCOMP_TRANSFORMS_PASSES
