//===- Cost.h - what a function costs, by its sizes and counts --*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// FLOPs, bytes and peak memory of a function as polynomials in sizes (of its
// arguments) and counts (of a routing's entries, of the rows that reach a
// stage): docs/cost.md. Counts that types leave open stay symbols, which have
// bounds.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_COST_H
#define CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_COST_H

#include "condcomp/Dialect/CondComp/Analysis/Polynomial.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace condcomp {

/// A number that a cost is a function of.
struct CostSymbol {
  /// A letter for the kind and a number, such as n0.
  std::string name;
  std::string meaning;
  /// Whether it counts entries, rows or runs, and so adds up over the runs of
  /// the body that it is in. Else it is a size.
  bool isCount = false;
  /// What it is equal to, if that is known.
  std::optional<Polynomial> value;
  /// For counts: what it would be if nothing were skipped.
  std::optional<Polynomial> full;
  /// Bounds that all hold.
  llvm::SmallVector<Polynomial, 2> atMost;
};

/// Costs of executing something.
struct Cost {
  /// Floating-point operations: additions, multiplications, divisions and
  /// functions, one each; a multiply-add is two.
  Polynomial flops;
  /// Of these, the ones of contractions.
  Polynomial contractionFlops;
  /// What ops read and write, every operand and result once.
  Polynomial bytes;
  /// Tensors that are alive at once, arguments not counted: the largest of
  /// these.
  llvm::SmallVector<Polynomial, 2> peakBytes;
};

/// How often a region of a conditional op runs.
struct RegionCost {
  mlir::Operation *op;
  unsigned region;
  /// The rows that it runs on over the whole call, and what they would be if
  /// nothing were skipped.
  Polynomial rows, allRows;
  /// The FLOPs of its runs.
  Polynomial flops;
};

/// The cost of a function and all it calls.
class CostAnalysis {
public:
  explicit CostAnalysis(mlir::func::FuncOp function);

  /// In the symbols of `getOpenSymbols`.
  const Cost &getCost() const { return cost; }
  /// The cost if no row skipped anything, as in masked form.
  const Cost &getDenseCost() const { return denseCost; }
  llvm::ArrayRef<RegionCost> getRegions() const { return regions; }
  llvm::ArrayRef<CostSymbol> getSymbols() const { return symbols; }
  /// The symbols that costs and bounds are in, ascending.
  llvm::ArrayRef<unsigned> getOpenSymbols() const { return openSymbols; }
  /// Whether costs are exact for the values of the symbols; else they are upper
  /// bounds.
  bool isExact() const { return exact; }
  std::string format(const Polynomial &polynomial) const;

private:
  Cost cost, denseCost;
  llvm::SmallVector<RegionCost> regions;
  std::vector<CostSymbol> symbols;
  llvm::SmallVector<unsigned> openSymbols;
  bool exact = true;
};

/// What one row costs in a run of a region, where types say it, and the size of
/// its row arguments.
struct RowCost {
  uint64_t flops, bytes, rowBytes;
};
std::optional<RowCost> getRowCost(ConditionalOpInterface op, unsigned region);

/// `name` and where it is: "condcomp.apply (model.mlir:12)".
std::string describeOp(mlir::Operation *op);

} // namespace condcomp

#endif // CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_COST_H
