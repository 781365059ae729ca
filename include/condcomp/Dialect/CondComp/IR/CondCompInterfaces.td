//===- CondCompInterfaces.td - op interfaces -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_INTERFACES_TD
#define CONDCOMP_INTERFACES_TD

include "mlir/IR/OpBase.td"

def CondComp_GateOpInterface : OpInterface<"GateOpInterface"> {
  let cppNamespace = "::condcomp";
  let description = [{
    An op that decides which modules each row uses: its result is a routing.
    An op of another dialect that implements it takes part in the row analysis,
    and with `decomposeGate` in every pipeline (docs/extending.md).
  }];
  let methods = [
    InterfaceMethod<"The routing that the gate makes.",
      "::mlir::TypedValue<::condcomp::RoutingType>", "getRouting", (ins)>,
    InterfaceMethod<[{
        Whether the decision for one row depends on that row alone. Gates that
        are not row-wise couple the rows of a batch index and are refused
        inside row-wise bodies.
      }], "bool", "isRowwise", (ins), [{}], [{ return true; }]>,
    InterfaceMethod<[{
        Makes the same routing, of the same type, with condcomp's own ops
        (`from_mask`, `assign`, ...), which `condcomp-decompose-gates` puts in
        the gate's place. Fails, without having made anything, for a gate that
        has a lowering of its own.
      }], "::llvm::FailureOr<::mlir::Value>", "decomposeGate",
      (ins "::mlir::OpBuilder &":$builder), [{}], [{
        return ::mlir::failure();
      }]>,
  ];
}

def CondComp_ConditionalOpInterface : OpInterface<"ConditionalOpInterface"> {
  let cppNamespace = "::condcomp";
  let description = [{
    An op with regions that run for some rows only: `apply`, `cascade`,
    `iterate`.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether region `index` must treat its rows independently
        (docs/spec.md, "Rows and bodies").
      }], "bool", "isRowwiseRegion", (ins "unsigned":$index)>,
    InterfaceMethod<[{
        The block arguments of region `index` whose leading dim is the rows it
        runs on.
      }], "::llvm::SmallVector<::mlir::BlockArgument>", "getRowArguments",
      (ins "unsigned":$index)>,
    InterfaceMethod<[{
        The block argument of region `index` that holds the ids of its rows, or
        null.
      }], "::mlir::BlockArgument", "getIdsArgument", (ins "unsigned":$index)>,
    InterfaceMethod<[{
        The block arguments of region `index` that hold values of all rows, to
        be read and written only at a row's own id.
      }], "::llvm::SmallVector<::mlir::BlockArgument>", "getStateArguments",
      (ins "unsigned":$index)>,
    InterfaceMethod<[{
        On which rows region `index` runs, and how often: what the op costs, and
        what it skips (`condcomp-report-cost`).
      }], "::condcomp::RegionRuns", "getRegionRuns", (ins "unsigned":$index)>,
  ];
}

def CondComp_ExitingOpInterface : OpInterface<"ExitingOpInterface"> {
  let cppNamespace = "::condcomp";
  let description = [{
    An op whose rows leave one after another while the others are carried on:
    `cascade`, `iterate`. Its results are those of the rows, the state, where
    each row left and, where rows may stay, the survivors' ids and what they
    carry.
  }];
  let methods = [
    InterfaceMethod<"The rows that go in.", "::mlir::OperandRange", "getRows",
      (ins)>,
    InterfaceMethod<"The rows that go in, to be changed.",
      "::mlir::MutableOperandRange", "getRowsMutable", (ins)>,
    InterfaceMethod<"Tensors of all rows that never move.",
      "::mlir::OperandRange", "getState", (ins)>,
    InterfaceMethod<"What rows that do not leave get.", "::mlir::OperandRange",
      "getOuts", (ins)>,
    InterfaceMethod<"Whether the regions take the ids of their rows.", "bool",
      "getWithIds", (ins)>,
    InterfaceMethod<"Whether the regions are to take the ids of their rows.",
      "void", "setWithIds", (ins "bool":$withIds)>,
    InterfaceMethod<"The form, if it is chosen.",
      "::std::optional<::condcomp::Form>", "getForm", (ins)>,
    InterfaceMethod<"Chooses the form.", "void", "setForm",
      (ins "::std::optional<::condcomp::Form>":$form)>,
    InterfaceMethod<"Whether rows may stay to the end, or not be run at all.",
      "bool", "mayKeepRows", (ins)>,
    InterfaceMethod<[{
        How many results hold survivors: their ids and what they carry, or none.
      }], "unsigned", "getNumSurvivors", (ins)>,
  ];
  let extraSharedClassDeclaration = [{
    /// The ids of the rows that stayed, and what they carry.
    ::mlir::ResultRange getSurvivors() {
      return $_op->getResults().take_back($_op.getNumSurvivors());
    }
    /// Where each row left.
    ::mlir::OpResult getLeftAt() {
      ::mlir::ResultRange all = $_op->getResults();
      return all[all.size() - $_op.getNumSurvivors() - 1];
    }
    ::mlir::ResultRange getStateResults() {
      return $_op->getResults()
          .drop_back($_op.getNumSurvivors() + 1)
          .take_back($_op.getState().size());
    }
    /// The results of the rows, without state and what follows it.
    ::mlir::ResultRange getRowResults() {
      return $_op->getResults().drop_back($_op.getNumSurvivors() + 1 +
                                          $_op.getState().size());
    }
  }];
}

#endif // CONDCOMP_INTERFACES_TD
