//===- Exits.h - rows that leave: shared by cascade and iterate -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_EXITS_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_EXITS_H

#include "ApplyBodies.h"

namespace condcomp {

/// Rows on their way through the stages of a cascade or the steps of an
/// iterate.
struct ExitRows {
  /// Compact form: of the rows that are left. Masked form: of all rows.
  llvm::SmallVector<mlir::Value> carried;
  /// Compact form: the ids of the rows that are left. Masked form: which rows
  /// are left.
  mlir::Value left;
  /// Compact form, where rows that are done may be carried along: which of the
  /// rows are not. Else null.
  mlir::Value alive;
  /// Whole tensors: the results, and last where each row left.
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<mlir::Value> state;

  /// All values in a row, as loops and branches take them.
  llvm::SmallVector<mlir::Value> flatten() const;
  /// These rows with their values replaced, as `flatten` orders them.
  ExitRows unflatten(mlir::ValueRange values) const;
};

/// What sets one run of a stage or body apart from others.
struct ExitStep {
  /// Slices of params, and the number of the step if the body wants it.
  llvm::SmallVector<mlir::Value> params, step;
  /// What done rows get as the place where they left.
  mlir::Value doneAt;
  /// Whether rows that are not done leave too, and what they get. Null: no.
  mlir::Value last, undoneAt;
};

/// Emits stages in the form of the op. Compact: a stage runs on the rows that
/// are left, gathered. Masked: on all rows; those that have left keep what they
/// left with.
class Exits {
public:
  Exits(ExitingOpInterface op, mlir::ConversionPatternRewriter &rewriter)
      : op(op), name(op->getName().stripDialect()),
        masked(op.getForm() == Form::Masked), rewriter(rewriter) {}

  bool isMasked() const { return masked; }

  /// All rows at the start; `nowhere` is where those have left that never do.
  ExitRows start(TensorEmitter &b, llvm::ArrayRef<mlir::ValueRange> rows,
                 llvm::ArrayRef<mlir::ValueRange> state,
                 llvm::ArrayRef<mlir::ValueRange> outs, mlir::Value nowhere);

  /// Whether rows are left.
  mlir::Value areLeft(TensorEmitter &b, const ExitRows &rows);

  /// Runs `stage`, which is moved to the insertion point: what rows carry from
  /// there, without those that leave.
  ExitRows run(TensorEmitter &b, mlir::Region &stage, const ExitRows &rows,
               const ExitStep &step);

  /// The ids of the rows that are left, then what they carry, packed.
  llvm::SmallVector<mlir::Value> survivors(TensorEmitter &b,
                                           const ExitRows &rows);

  /// Replaces the op by results, state, where rows left, and survivors.
  void replace(TensorEmitter &b, const ExitRows &rows,
               mlir::ValueRange survivors = {});

private:
  /// What a stage leaves behind. `done` is null where all rows leave.
  struct End {
    mlir::Value done;
    llvm::SmallVector<mlir::Value> results, carry, state;
  };
  End inlineStage(TensorEmitter &b, mlir::Region &stage, const ExitRows &rows,
                  const ExitStep &step, mlir::Value ids, mlir::Value numRows);
  void checkSizes(TensorEmitter &b, mlir::Value value, mlir::Value like,
                  const llvm::Twine &what);
  mlir::Value leavesAt(TensorEmitter &b, const ExitStep &step,
                       mlir::Value done);
  /// The positions of the rows that leave, of which only the first ones count
  /// (null: all rows), and of those that stay.
  struct Split {
    mlir::Value survivors, leavers, numLeavers, numSurvivors;
  };
  Split split(TensorEmitter &b, const ExitRows &rows, const ExitStep &step,
              mlir::Value done);
  mlir::Value stayTogether(TensorEmitter &b, mlir::Region &stage,
                           mlir::Value numRows, const Split &split);
  ExitRows runCompact(TensorEmitter &b, mlir::Region &stage,
                      const ExitRows &rows, const ExitStep &step);
  ExitRows runMasked(TensorEmitter &b, mlir::Region &stage,
                     const ExitRows &rows, const ExitStep &step);

  ExitingOpInterface op;
  llvm::StringRef name;
  bool masked;
  mlir::ConversionPatternRewriter &rewriter;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_EXITS_H
