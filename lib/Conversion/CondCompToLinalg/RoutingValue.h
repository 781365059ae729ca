//===- RoutingValue.h - a routing as tensors -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_ROUTINGVALUE_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_ROUTINGVALUE_H

#include "TensorEmitter.h"
#include "mlir/Transforms/DialectConversion.h"

namespace condcomp {

/// The values that a routing becomes. In both forms the sizes of dynamic dims
/// and, for `exactly ?`, the count k come first; then
///   masked:  presence `[B…, R, M]` of i1, weights `[B…, R, M]`;
///   compact: row offsets `[B·R + 1]` (not for uniform rows), modules
///            `[entries]` of index, weights `[entries]`, in entry order.
/// Rows are numbered over all batch indices (b·R + r) where "row" is said
/// below. Weights where presence is false have no meaning.
class RoutingValue {
public:
  using Value = mlir::Value;

  /// The types that stand for `type`; empty when its form is not set.
  static llvm::SmallVector<mlir::Type> getConvertedTypes(RoutingType type);

  /// Reads the converted values of a routing.
  static RoutingValue unpack(TensorEmitter &b, RoutingType type,
                             mlir::ValueRange values);
  static RoutingValue fromMask(TensorEmitter &b, RoutingType type,
                               llvm::ArrayRef<Value> dims, Value k,
                               Value presence, Value weights);
  /// `offsets` is null for uniform rows.
  static RoutingValue fromEntries(TensorEmitter &b, RoutingType type,
                                  llvm::ArrayRef<Value> dims, Value k,
                                  Value offsets, Value modules, Value weights);
  /// The converted values.
  llvm::SmallVector<Value> pack(TensorEmitter &b) const;

  RoutingType getType() const { return type; }
  bool isMasked() const { return type.getForm() == Form::Masked; }
  llvm::ArrayRef<Value> getDims() const { return dims; }
  Value getNumModules() const { return dims.back(); }
  /// The count of `exactly k`, null for other bounds.
  Value getK() const { return k; }
  /// Sizes of the leading dims of an entry tensor of uniform rows.
  llvm::SmallVector<Value> getEntrySizes() const {
    llvm::SmallVector<Value> sizes(llvm::ArrayRef(dims).drop_back());
    sizes.push_back(k);
    return sizes;
  }
  /// Number of rows over all batch indices.
  Value getNumRows(TensorEmitter &b) const;

  /// This routing in another form, or with other bounds in its type.
  RoutingValue inForm(TensorEmitter &b, Form form) const;
  RoutingValue withWeights(TensorEmitter &b, Value newWeights) const;

  //===--------------------------------------------------------------------===//
  // The masked view, shaped like the routing
  //===--------------------------------------------------------------------===//

  Value getPresence() const { return presence; }
  /// Weights: dense when masked, `[entries]` when compact.
  Value getWeights() const { return weights; }

  //===--------------------------------------------------------------------===//
  // The compact view; call on a compact routing
  //===--------------------------------------------------------------------===//

  Value getModules() const { return modules; }
  Value getNumEntries(TensorEmitter &b) const;
  /// Where the entries of `row` begin (row = number of rows: where they end).
  Value getRowStart(TensorEmitter &b, Value row) const;
  /// `[B·R + 1]`.
  Value getRowOffsets(TensorEmitter &b) const;
  /// Row of each entry, `[entries]`.
  Value getRowOfEntry(TensorEmitter &b) const;
  /// Batch index and module of each entry as one number, `[entries]`.
  Value getGroupOfEntry(TensorEmitter &b) const;
  /// The largest number of entries in a row.
  Value getMaxRowSize(TensorEmitter &b) const;
  /// Position of the entry (row, module), −1 where there is none: `[B·R, M]`.
  Value getPositions(TensorEmitter &b) const;

private:
  RoutingType type;
  llvm::SmallVector<Value> dims;
  Value k;
  Value presence;
  Value offsets, modules;
  Value weights;
};

/// The entries of a routing in order of module.
struct ModuleOrder {
  /// Where each group's entries begin in `entryOfSlot`, `[groups + 1]`.
  mlir::Value groupOffsets;
  /// The entry at each slot, by group and within a group in entry order.
  mlir::Value entryOfSlot;
  /// The slot of each entry.
  mlir::Value slotOfEntry;

  /// Groups by module; `perBatch`: by (batch index, module).
  static ModuleOrder get(TensorEmitter &b, const RoutingValue &routing,
                         bool perBatch);
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_ROUTINGVALUE_H
