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
    An op of another dialect that implements it takes part in form selection
    and in the row analysis.
  }];
  let methods = [
    InterfaceMethod<"The routing that the gate makes.",
      "::mlir::TypedValue<::condcomp::RoutingType>", "getRouting", (ins)>,
    InterfaceMethod<[{
        Whether the decision for one row depends on that row alone. Gates that
        are not row-wise couple the rows of a batch index and are refused
        inside row-wise bodies.
      }], "bool", "isRowwise", (ins), [{}], [{ return true; }]>,
  ];
}

def CondComp_ConditionalOpInterface : OpInterface<"ConditionalOpInterface"> {
  let cppNamespace = "::condcomp";
  let description = [{
    An op with regions that run for some rows only: `apply`, `cascade`.
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
  ];
}

#endif // CONDCOMP_INTERFACES_TD
