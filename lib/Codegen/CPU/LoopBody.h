//===- LoopBody.h - linalg bodies on lanes ----------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_LOOPBODY_H
#define CONDCOMP_LIB_CODEGEN_CPU_LOOPBODY_H

#include "LinearView.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace condcomp {

/// Emits the body of a linalg op on memrefs for one point of its iteration
/// space, or for several neighbours along one loop as lanes of vectors.
///
/// Every op of the body is emitted as itself on scalars or on vectors, so that
/// lanes and scalars compute the same. What does not depend on the vector loop
/// stays scalar.
class LoopBody {
public:
  LoopBody(mlir::ImplicitLocOpBuilder &b, mlir::linalg::LinalgOp op);

  /// The operand as strides; null for a scalar operand.
  const LinearView *view(mlir::OpOperand &operand) const;

  /// Whether the body has a vector form.
  bool isVectorizable() const;
  /// Whether lanes that are masked off must not be computed, or cannot be
  /// masked: the end of a loop then has to be run element by element.
  bool needsScalarTail() const;
  /// Whether the body does nothing but compute and read.
  bool hasSideEffects() const;
  /// Work of one point, in vector instructions.
  int64_t cost() const;
  bool usesIndex(unsigned loop) const;
  /// Whether the body reads a table at places that do not lie together for
  /// neighbours along `loop`.
  bool gathersAlong(unsigned loop) const;

  /// A value of the body: one scalar for all lanes, or a vector. Consecutive
  /// integers are kept by their first one.
  struct Lanes {
    mlir::Value value;
    bool uniform = true;
    bool consecutive = false;
  };

  /// A point: `ivs` has one value per loop, null where the loop is absent. With
  /// several `lanes` these are neighbours along `loop`, beginning at its value,
  /// and those outside `mask`, if there is one, do not exist.
  struct Point {
    llvm::SmallVector<mlir::Value> ivs;
    std::optional<unsigned> loop;
    int64_t lanes = 1;
    mlir::Value mask;
    /// Values that do not change along `loop`.
    llvm::DenseMap<mlir::Value, Lanes> uniform;
  };

  /// Emits what does not change along `point.loop`, for all points that are
  /// made from this one: reads of operands and what follows from them.
  void emitUniform(Point &point);

  /// Emits the body except `skipped` ops. `outs` are the values of the outputs'
  /// block arguments, null where the body does not read one.
  void emit(const Point &point, llvm::ArrayRef<mlir::Value> outs,
            const llvm::SmallPtrSetImpl<mlir::Operation *> &skipped);

  /// The value in lanes of a value of the body, after `emit`.
  mlir::Value lookup(const Point &point, mlir::Value value);

  mlir::Value load(const Point &point, mlir::OpOperand &operand);
  void store(const Point &point, mlir::OpOperand &operand, mlir::Value value);

private:
  mlir::Value linearOffset(const Point &point, const LinearView &view) const;
  mlir::Value stepVector(int64_t lanes, mlir::Value stride);
  mlir::Value loadLanes(const Point &point, mlir::Value flat,
                        mlir::Value offset, mlir::Value stride);
  mlir::Value toVector(const Lanes &lanes, int64_t count);
  Lanes find(const Point &point, mlir::Value value) const;
  Lanes emitLoad(const Point &point, mlir::Operation *load);
  Lanes emitOp(const Point &point, mlir::Operation *op);

  mlir::ImplicitLocOpBuilder &b;
  /// Accessors of linalg ops are not const.
  mutable mlir::linalg::LinalgOp op;
  llvm::DenseMap<mlir::OpOperand *, LinearView> views;
  llvm::DenseMap<mlir::Value, mlir::Value> flats;
  /// Of the point emitted last.
  llvm::DenseMap<mlir::Value, Lanes> varying;
};

/// A vector of `lanes` elements of `type`.
mlir::VectorType vectorOf(mlir::Type type, int64_t lanes);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_LOOPBODY_H
