//===- CondCompBase.td - shared op definitions -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_BASE_TD
#define CONDCOMP_BASE_TD

include "condcomp/Dialect/CondComp/IR/CondCompDialect.td"
include "condcomp/Dialect/CondComp/IR/CondCompEnums.td"
include "condcomp/Dialect/CondComp/IR/CondCompInterfaces.td"
include "condcomp/Dialect/CondComp/IR/CondCompTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class CondComp_Op<string mnemonic, list<Trait> traits = []>
    : Op<CondComp_Dialect, mnemonic, traits>;

def CondComp_FloatTensor
    : RankedTensorOf<[F16, BF16, F32, F64]>;
def CondComp_WeightTensor : RankedTensorOf<[F32, F64]>;
def CondComp_IndexTensor : RankedTensorOf<[Index]>;
def CondComp_IndicesTensor : RankedTensorOf<[Index, I32, I64]>;
def CondComp_MaskTensor : RankedTensorOf<[I1]>;
def CondComp_WeightScalar : AnyTypeOf<[F32, F64]>;

#endif // CONDCOMP_BASE_TD
