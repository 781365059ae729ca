//===- RowAnalysis.h - does a body treat its rows independently? -*- C++
//-*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A forward analysis over a region that proves it row-wise: row i of every
// result depends on row i of the row arguments only (docs/spec.md, "Rows and
// bodies"). It follows the rows through dims of tensors, also where they are
// folded with other dims, `[b, s, d]` to `[b·s, d]`, and the number of rows
// through the scalars that size new tensors.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_ROWANALYSIS_H
#define CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_ROWANALYSIS_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "llvm/ADT/DenseMap.h"

namespace condcomp {

/// The rules of docs/spec.md, "Rows and bodies", that a row-wise body keeps.
enum class RowRule {
  Mixing = 1,     // R1: rows meet other rows
  Position = 2,   // R2: the position or number of rows used as data
  Captured = 3,   // R3: a captured tensor indexed by row position
  Reshaping = 4,  // R4: the row dim sliced, padded, split …
  AcrossRows = 5, // R5: an op that looks across rows by definition
  UnknownOp = 6   // R6: an op that the analysis does not know
};

/// Why a region is not row-wise: the op that mixes rows and the rule it breaks.
struct RowDiagnostic {
  mlir::Operation *op;
  RowRule rule;
  std::string message;
  /// The calls that lead to `op`, innermost first.
  llvm::SmallVector<mlir::Operation *> calls;
};

/// What a value is to the rows of the region.
enum class RowKind {
  /// The same for all rows: params, captured values, and tensors that repeat
  /// one value along every dim sized by the number of rows.
  Uniform,
  /// Part of it belongs to each row: a tensor with a row dim, a routing.
  Rows,
  /// The number of rows times other sizes: sizes new tensors, is no data.
  RowCount,
  /// The ids of the rows: data that may also index captured and state tensors.
  Ids,
  /// A tensor of all rows, read and written at ids only.
  State,
  /// Made from the number or the position of rows in a way that the analysis
  /// doesn't follow; an error where it is used.
  RowDependent
};

/// The classification of one value.
struct RowClass {
  RowKind kind;
  /// For Rows and Ids: the dim that holds the rows, and whether it holds other
  /// sizes outside (`[s·b, d]`) or inside (`[b·s, d]`) of them.
  unsigned rowDim = 0;
  bool foldedOutside = false;
  bool foldedInside = false;
};

class RowAnalysis {
public:
  /// Analyzes region `index` of `op`.
  RowAnalysis(ConditionalOpInterface op, unsigned index);

  bool isRowwise() const { return !diagnostic; }
  const std::optional<RowDiagnostic> &getDiagnostic() const {
    return diagnostic;
  }
  /// The classification of a value of the region itself (not of functions that
  /// it calls, of payloads of linalg ops or of nested conditional bodies); none
  /// where the analysis ended before it.
  std::optional<RowClass> classify(mlir::Value value) const;

private:
  std::optional<RowDiagnostic> diagnostic;
  llvm::DenseMap<mlir::Value, RowClass> classes;
};

} // namespace condcomp

#endif // CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_ROWANALYSIS_H
