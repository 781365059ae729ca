//===- ModuleLoop.h - loops over groups of rows -----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_MODULELOOP_H
#define CONDCOMP_LIB_CODEGEN_CPU_MODULELOOP_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace condcomp {

/// A loop over modules as the compact form of apply has it:
///   for module: begin = offsets[module], size = offsets[module + 1] - begin
///     if size > 0: slots[begin : begin + size] = body(rows of the module)
class ModuleLoop {
public:
  /// What a value is to the loop.
  enum class Kind {
    /// Defined before the loop.
    Outside,
    /// Follows from the number of the module alone, cheaply: slices of
    /// parameters, their reshapes, scalars.
    Module,
    /// A tensor computed from the former element by element, such as
    /// dequantized weights: not before a tile of it is needed.
    Computed,
    /// A tensor whose dim 0 are the rows of the module.
    Rows,
    /// Where the module's rows begin, and how many there are.
    Extent,
  };

  /// Reads `loop` if it has this form. If only what it yields has another one,
  /// `reason` says so.
  static std::optional<ModuleLoop> match(mlir::scf::ForOp loop,
                                         std::string &reason);

  /// Sorts the ops of the body. Returns the first one that mixes rows or is not
  /// understood, with the reason, or null.
  mlir::Operation *analyze(std::string &reason);

  mutable mlir::scf::ForOp loop;
  mlir::Value offsets, begin, size;
  /// What each result of the loop gets.
  llvm::SmallVector<mlir::tensor::InsertSliceOp> inserts;

  Kind kindOf(mlir::Value value) const;
  /// The ops that make tensors of rows, in order.
  llvm::ArrayRef<mlir::Operation *> getSteps() const { return steps; }
  /// Whether the rows of an op are computed with what belongs to the module.
  bool usesModule(mlir::Operation *op) const;
  /// The first op that computes a tensor from parameters alone, or null.
  mlir::Operation *findComputed() const;
  /// The loop of a linalg op that goes over rows.
  unsigned getRowLoop(mlir::Operation *op) const { return rowLoops.at(op); }

private:
  mlir::Block *body() const;
  std::string classify(mlir::Operation &op);
  std::string classifyLinalg(mlir::linalg::LinalgOp op);
  std::string classifyComputed(mlir::linalg::LinalgOp op);
  bool isRowSize(mlir::OpFoldResult value) const;

  mlir::scf::IfOp guard;
  llvm::DenseMap<mlir::Value, Kind> kinds;
  llvm::DenseMap<mlir::Operation *, unsigned> rowLoops;
  llvm::SmallVector<mlir::Operation *> steps;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_MODULELOOP_H
