//===- CondCompEnums.td - enumerations and attributes -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_ENUMS_TD
#define CONDCOMP_ENUMS_TD

include "condcomp/Dialect/CondComp/IR/CondCompDialect.td"
include "mlir/IR/EnumAttr.td"

class CondComp_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::condcomp";
}

def CondComp_Form : CondComp_Enum<"Form", "how a routing is held", [
  I32EnumAttrCase<"Unset", 0, "unset">,
  I32EnumAttrCase<"Masked", 1, "masked">,
  I32EnumAttrCase<"Compact", 2, "compact">]> {
  // An attribute of its own: it stands in types.
  let genSpecializedAttr = 0;
}
def CondComp_FormAttr : EnumAttr<CondComp_Dialect, CondComp_Form, "form"> {
  let assemblyFormat = "`<` $value `>`";
}

def CondComp_CombineKind : CondComp_Enum<"CombineKind",
    "how the entries of a row become one value", [
  I32EnumAttrCase<"Sum", 0, "sum">,
  I32EnumAttrCase<"Mean", 1, "mean">,
  I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Replace", 3, "replace">,
  I32EnumAttrCase<"Stack", 4, "stack">,
  I32EnumAttrCase<"None", 5, "none">]>;

def CondComp_WeightUse : CondComp_Enum<"WeightUse",
    "what an entry's weight multiplies", [
  I32EnumAttrCase<"Output", 0, "output">,
  I32EnumAttrCase<"Input", 1, "input">,
  I32EnumAttrCase<"None", 2, "none">]>;

def CondComp_Scope : CondComp_Enum<"Scope", "which rows a body may mix", [
  I32EnumAttrCase<"Row", 0, "row">,
  I32EnumAttrCase<"Group", 1, "group">]>;

def CondComp_Space : CondComp_Enum<"Space",
    "the three spaces around the entries of a routing", [
  I32EnumAttrCase<"Rows", 0, "rows">,
  I32EnumAttrCase<"Modules", 1, "modules">,
  I32EnumAttrCase<"Pairs", 2, "pairs">]>;

def CondComp_NormalizeKind : CondComp_Enum<"NormalizeKind",
    "how the weights of a row are normalized", [
  I32EnumAttrCase<"Sum", 0, "sum">,
  I32EnumAttrCase<"Softmax", 1, "softmax">]>;

def CondComp_CapacityOrder : CondComp_Enum<"CapacityOrder",
    "the order in which entries claim a module's capacity", [
  I32EnumAttrCase<"Arrival", 0, "arrival">,
  I32EnumAttrCase<"Rank", 1, "rank">,
  I32EnumAttrCase<"Weight", 2, "weight">]>;

def CondComp_OutOfRange : CondComp_Enum<"OutOfRange",
    "what an index outside the modules means", [
  I32EnumAttrCase<"Error", 0, "error">,
  I32EnumAttrCase<"Drop", 1, "drop">]>;

def CondComp_ConfidenceKind : CondComp_Enum<"ConfidenceKind",
    "measure of how sure a classifier is", [
  I32EnumAttrCase<"MaxProb", 0, "max_prob">,
  I32EnumAttrCase<"Entropy", 1, "entropy">,
  I32EnumAttrCase<"Margin", 2, "margin">]>;

#endif // CONDCOMP_ENUMS_TD
