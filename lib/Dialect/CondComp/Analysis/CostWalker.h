//===- CostWalker.h - adds up what ops cost ---------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_COSTWALKER_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_COSTWALKER_H

#include "SizeExpressions.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"

namespace condcomp {

/// The cost of one op without its regions. Says that sizes which its operands
/// share are the same.
Cost getOpCost(mlir::Operation *op, SizeExpressions &sizes);

/// Adds FLOPs and bytes.
void add(Cost &sum, const Cost &cost);
/// All parts of a cost changed alike.
Cost transform(Cost cost,
               llvm::function_ref<Polynomial(const Polynomial &)> sum,
               llvm::function_ref<Polynomial(const Polynomial &)> peak);
/// Adds what may be the largest.
void addCandidate(llvm::SmallVectorImpl<Polynomial> &candidates,
                  const Polynomial &candidate);

/// Adds up costs over blocks, regions and calls.
class CostWalker {
public:
  Cost walkBlock(mlir::Block &block);
  /// Gives a region's row arguments, which are returned, that many rows.
  llvm::SmallVector<mlir::BlockArgument>
  setArgumentSizes(ConditionalOpInterface op, unsigned region,
                   const Polynomial &rows);

  SizeExpressions sizes;
  llvm::SmallVector<RegionCost> regions;

private:
  Cost walkOp(mlir::Operation *op);
  Cost walkCall(mlir::CallOpInterface call);
  Cost walkConditional(ConditionalOpInterface op);
  Cost walkLoop(mlir::Operation *op);
  Cost walkBranches(mlir::Operation *op);

  /// The rows that a region of a conditional op runs on, its runs and the most
  /// rows of one run.
  struct Runs {
    Polynomial rows, most;
    llvm::function_ref<Polynomial()> number;
  };
  /// What is a function of one run's number of rows, `placeholder`, summed over
  /// all runs.
  Polynomial sumOverRuns(const Polynomial &polynomial, unsigned placeholder,
                         const Runs &runs);
  Polynomial getRows(ConditionalOpInterface op, unsigned region,
                     const RegionRuns &runs, const Polynomial &allRows);

  mlir::SymbolTableCollection symbolTables;
  llvm::SmallVector<mlir::Operation *> calls;
  /// The rows of one module, where regions serve one each.
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, Polynomial> moduleRows;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_COSTWALKER_H
