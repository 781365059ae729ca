//===- CondCompTypes.td - the routing type -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_TYPES_TD
#define CONDCOMP_TYPES_TD

include "condcomp/Dialect/CondComp/IR/CondCompDialect.td"
include "condcomp/Dialect/CondComp/IR/CondCompEnums.td"
include "mlir/IR/AttrTypeBase.td"

def CondComp_RoutingType : TypeDef<CondComp_Dialect, "Routing"> {
  let mnemonic = "routing";
  let summary = "a sparse matrix of rows by modules: who uses what, how much";
  let description = [{
    `!condcomp.routing<[B x] R x M, f32[, row bound][, module bound][, form]>`
    is a routing of R rows over M modules with an *entry* wherever a row uses a
    module; the entry's value is its weight. Presence and weight are separate:
    an entry of weight 0 is an entry. Leading batch dims give one matrix per
    batch index. Dims may be `?`.

    Bounds on the number of entries belong to the type: per row `exactly k`,
    `exactly ?` (one run-time count, the same in every row) or `at_most k`; per
    module `per_module exactly c` or `per_module at_most c`.

    The form is how the routing is held: `#condcomp.form<masked>` (dense
    presence masks) or `#condcomp.form<compact>` (packed entries).
    `condcomp-choose-form` sets it; authors leave it out.

    Examples:

    ```mlir
    !condcomp.routing<?x64, f32, exactly 8>
    !condcomp.routing<32x196, f32, exactly ?>
    !condcomp.routing<4x?x64, f32, at_most 2, per_module at_most 40>
    !condcomp.routing<?x64, f32, #condcomp.form<compact>>
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t", "batch dims, rows, modules">:$shape,
    "::mlir::FloatType":$elementType,
    "::condcomp::Bound":$rowBound,
    "::condcomp::Bound":$moduleBound,
    "::condcomp::Form":$form);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    static constexpr int64_t kDynamic = ::mlir::ShapedType::kDynamic;

    /// Sizes of the leading batch dims; empty for a single matrix.
    ::llvm::ArrayRef<int64_t> getBatchShape() const {
      return getShape().drop_back(2);
    }
    int64_t getNumBatchDims() const { return getShape().size() - 2; }
    /// Number of rows per batch index, or kDynamic.
    int64_t getNumRows() const { return getShape()[getShape().size() - 2]; }
    /// Number of modules, or kDynamic.
    int64_t getNumModules() const { return getShape().back(); }
    /// Whether every row has the same number of entries, known or not.
    bool hasUniformRows() const {
      return getRowBound().kind == BoundKind::Exactly;
    }
    /// The shape of an entry tensor without trailing dims: `[B, R, k]` when
    /// rows are uniform, else packed `[entries]`.
    ::llvm::SmallVector<int64_t> getEntryShape() const;
    /// The number of leading dims of an entry tensor.
    int64_t getEntryRank() const {
      return hasUniformRows() ? getShape().size() : 1;
    }
    RoutingType withForm(Form form) const;
    RoutingType withBounds(Bound row, Bound module) const;
  }];
}

#endif // CONDCOMP_TYPES_TD
