//===- CondComp.h - the condcomp dialect -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_IR_CONDCOMP_H
#define CONDCOMP_DIALECT_CONDCOMP_IR_CONDCOMP_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "condcomp/Dialect/CondComp/IR/CondCompDialect.h.inc"
#include "condcomp/Dialect/CondComp/IR/CondCompEnums.h.inc"

namespace condcomp {

/// What a bound says about the number of entries in a row or module.
enum class BoundKind { None, Exactly, AtMost };

/// A bound of a routing type. `count` is kDynamic for `exactly ?`.
struct Bound {
  BoundKind kind = BoundKind::None;
  int64_t count = 0;

  static Bound none() { return {}; }
  static Bound exactly(int64_t count) { return {BoundKind::Exactly, count}; }
  static Bound atMost(int64_t count) { return {BoundKind::AtMost, count}; }

  bool operator==(const Bound &other) const {
    return kind == other.kind && count == other.count;
  }
  bool operator!=(const Bound &other) const { return !(*this == other); }
  explicit operator bool() const { return kind != BoundKind::None; }
  bool isDynamic() const {
    return kind == BoundKind::Exactly && count == mlir::ShapedType::kDynamic;
  }
  /// The largest number of entries, if it is static.
  std::optional<int64_t> getStaticMax() const {
    if (kind == BoundKind::None || count == mlir::ShapedType::kDynamic)
      return std::nullopt;
    return count;
  }
  /// Whether everything this bound promises is promised by `other` too.
  bool isImpliedBy(const Bound &other) const;
};

inline llvm::hash_code hash_value(const Bound &bound) {
  return llvm::hash_combine(static_cast<int>(bound.kind), bound.count);
}

/// On which rows a region of a conditional op runs; the others are skipped.
struct RegionRuns {
  enum class Rows {
    /// All rows of the op.
    All,
    /// One row per entry of a routing.
    Entries,
    /// Those of all rows that did not leave in an earlier run.
    Survivors
  };
  Rows rows = Rows::All;
  /// For `Entries`: the routing, and the only module that the region serves, if
  /// it does not serve all.
  mlir::Value routing;
  std::optional<unsigned> module;
  /// The largest number of runs that together have these rows: an index value,
  /// or a count (kDynamic: one per module of the routing).
  mlir::OpFoldResult mostRuns;
};

} // namespace condcomp

#define GET_ATTRDEF_CLASSES
#include "condcomp/Dialect/CondComp/IR/CondCompAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "condcomp/Dialect/CondComp/IR/CondCompTypes.h.inc"

#include "condcomp/Dialect/CondComp/IR/CondCompInterfaces.h.inc"

#define GET_OP_CLASSES
#include "condcomp/Dialect/CondComp/IR/CondCompOps.h.inc"

#endif // CONDCOMP_DIALECT_CONDCOMP_IR_CONDCOMP_H
