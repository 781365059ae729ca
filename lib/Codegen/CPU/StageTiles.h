//===- StageTiles.h - what the ops of a stage read in a tile ----*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_STAGETILES_H
#define CONDCOMP_LIB_CODEGEN_CPU_STAGETILES_H

#include "ModuleStage.h"

namespace condcomp {

/// A part of one loop of an op, or of one dim of a tensor.
struct Cut {
  unsigned position;
  mlir::OpFoldResult offset, size;
};

/// Makes the operands of a stage's ops for a block of rows of one module.
class StageTiles {
public:
  StageTiles(mlir::ImplicitLocOpBuilder &b, const ModuleLoop &m,
             const Stage &stage, mlir::IRMapping &globals)
      : b(b), m(m), stage(stage), globals(globals) {}

  /// Goes on to another block of rows.
  void startBlock(mlir::Value module, mlir::OpFoldResult row,
                  mlir::OpFoldResult rows);

  /// A value that follows from the module alone, for the module of the block.
  mlir::Value ofModule(mlir::Value value);
  /// What `op` reads of an operand where loops of it are cut.
  mlir::Value ofOperand(mlir::linalg::LinalgOp op, mlir::OpOperand &operand,
                        llvm::ArrayRef<Cut> cuts);
  /// Clones `op`, with loops that are cut, on tiles.
  mlir::Operation *clone(mlir::linalg::LinalgOp op,
                         llvm::ArrayRef<mlir::Value> operands,
                         llvm::ArrayRef<Cut> cuts);
  mlir::Value slice(mlir::Value tensor, llvm::ArrayRef<Cut> cuts);
  /// What `op`, with loops that are cut, begins with in `place`. A zero fill
  /// stays beside a contraction, which takes it in.
  mlir::Value start(mlir::linalg::LinalgOp op, mlir::OpOperand &init,
                    llvm::ArrayRef<Cut> cuts, mlir::Value place);

  /// The tiles of values that the stage has computed.
  mlir::IRMapping values;

private:
  mlir::Value computed(mlir::linalg::LinalgOp op, llvm::ArrayRef<Cut> cuts);

  mlir::ImplicitLocOpBuilder &b;
  const ModuleLoop &m;
  const Stage &stage;
  mlir::IRMapping &globals;
  mlir::OpFoldResult row, rows;
};

/// A tensor for a result of an op in the loop: the rows of all modules.
mlir::Value makeRows(mlir::ImplicitLocOpBuilder &b, mlir::Value result,
                     mlir::Value numRows);

/// Ends an iteration of a forall: puts `part` where `place`, a slice of
/// `target`, is.
void insertInParallel(mlir::ImplicitLocOpBuilder &b, mlir::Value part,
                      mlir::Value place, mlir::Value target);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_STAGETILES_H
