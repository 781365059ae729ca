//===- CondCompQueries.td - what a routing holds -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_QUERIES_TD
#define CONDCOMP_QUERIES_TD

include "condcomp/Dialect/CondComp/IR/CondCompBase.td"

class CondComp_QueryOp<string mnemonic, Type resultType>
    : CondComp_Op<mnemonic, [Pure, InferTypeOpAdaptorWithIsCompatible]> {
  let arguments = (ins CondComp_RoutingType:$routing);
  let results = (outs resultType:$result);
  let assemblyFormat = [{
    $routing attr-dict `:` qualified(type($routing)) `->` type($result)
  }];
}

def CondComp_RowSizesOp : CondComp_QueryOp<"row_sizes", CondComp_IndexTensor> {
  let summary = "number of entries per row, [B…, R]";
  let description = [{
    Example:

    ```mlir
    %n = condcomp.row_sizes %r : !condcomp.routing<?x64, f32> -> tensor<?xindex>
    ```
  }];
}

def CondComp_ModuleSizesOp
    : CondComp_QueryOp<"module_sizes", CondComp_IndexTensor> {
  let summary = "number of entries per module, [B…, M]";
  let description = [{
    Example:

    ```mlir
    %n = condcomp.module_sizes %r : !condcomp.routing<?x64, f32>
      -> tensor<64xindex>
    ```
  }];
}

def CondComp_NumEntriesOp : CondComp_Op<"num_entries", [Pure]> {
  let summary = "number of entries over all batch indices";
  let description = [{
    Example:

    ```mlir
    %n = condcomp.num_entries %r : !condcomp.routing<?x64, f32>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing);
  let results = (outs Index:$result);
  let assemblyFormat = "$routing attr-dict `:` qualified(type($routing))";
}

def CondComp_RowOffsetsOp
    : CondComp_QueryOp<"row_offsets", CondComp_IndexTensor> {
  let summary = "where each row's entries begin, [B·R + 1]";
  let description = [{
    Example:

    ```mlir
    %o = condcomp.row_offsets %r : !condcomp.routing<32x196, f32>
      -> tensor<33xindex>
    ```
  }];
}

def CondComp_WeightsOp
    : CondComp_QueryOp<"weights", CondComp_WeightTensor> {
  let summary = "the weights as an entry tensor";
  let description = [{
    Example:

    ```mlir
    %w = condcomp.weights %r : !condcomp.routing<?x64, f32, exactly 8>
      -> tensor<?x8xf32>
    ```
  }];
}

def CondComp_IndicesOp : CondComp_QueryOp<"indices", CondComp_IndexTensor> {
  let summary = "each entry's module as an entry tensor";
  let description = [{
    Example:

    ```mlir
    %m = condcomp.indices %r : !condcomp.routing<?x64, f32, exactly 8>
      -> tensor<?x8xindex>
    ```
  }];
}

def CondComp_ToDenseOp : CondComp_QueryOp<"to_dense", CondComp_WeightTensor> {
  let summary = "the weights as a matrix, 0 where there is no entry";
  let description = [{
    Example:

    ```mlir
    %d = condcomp.to_dense %r : !condcomp.routing<?x64, f32> -> tensor<?x64xf32>
    ```
  }];
}

def CondComp_ToMaskOp : CondComp_QueryOp<"to_mask", CondComp_MaskTensor> {
  let summary = "presence as a matrix of i1";
  let description = [{
    Example:

    ```mlir
    %d = condcomp.to_mask %r : !condcomp.routing<?x64, f32> -> tensor<?x64xi1>
    ```
  }];
}

def CondComp_TraceOp : CondComp_Op<"trace", [MemoryEffects<[MemWrite]>]> {
  let summary = "records a routing when somebody listens";
  let description = [{
    Hands the routing, under a name, to the sink of the call context
    (docs/abi.md); without one it is a test and a branch. In a body `ids` says
    which rows those of the routing are. `condcomp-erase-traces` removes it;
    `condcomp-to-cpu` runs that unless `trace` is set. docs/spec.md, "trace".

    Example:

    ```mlir
    condcomp.trace %r "layer 3" : !condcomp.routing<?x64, f32, exactly 8>
    ```
  }];
  let arguments = (ins CondComp_RoutingType:$routing, StrAttr:$name,
                       Optional<CondComp_IndexTensor>:$ids);
  let assemblyFormat = [{
    $routing $name (`ids` `(` $ids^ `:` type($ids) `)`)? attr-dict
    `:` qualified(type($routing))
  }];
  let hasVerifier = 1;
}

#endif // CONDCOMP_QUERIES_TD
