//===- LoopVectorizer.h - one linalg op as a loop nest ----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_LOOPVECTORIZER_H
#define CONDCOMP_LIB_CODEGEN_CPU_LOOPVECTORIZER_H

#include "LoopBody.h"

namespace condcomp {

/// Emits the loops of one linalg op on memrefs and erases it.
class LoopVectorizer {
public:
  LoopVectorizer(mlir::linalg::LinalgOp op, int64_t lanes, bool parallel)
      : op(op), b(op.getLoc(), op), body(b, op), fullLanes(lanes),
        parallel(parallel && !body.hasSideEffects()) {}

  /// Emits the loops; returns why they are not on vectors, or an empty string.
  llvm::StringRef run();

private:
  void collectLoops();
  bool unitOrZero(mlir::OpOperand *operand, unsigned loop, bool allowZero);
  std::optional<unsigned> chooseParallelLoop(bool &gathers);
  std::optional<unsigned> chooseReductionLoop(bool mayGather);
  mlir::Operation *combinerOf(unsigned output);
  void emitNest(std::optional<unsigned> vectorLoop,
                llvm::function_ref<void(llvm::ArrayRef<mlir::Value>,
                                        mlir::Value, mlir::Value)>
                    emitRow);
  void emitParallelRow(llvm::ArrayRef<mlir::Value> ivs,
                       std::optional<unsigned> loop, mlir::Value lower,
                       mlir::Value upper);
  mlir::Value
  emitVectors(const LoopBody::Point &start, unsigned loop, mlir::Value lower,
              mlir::Value upper, int64_t group,
              llvm::function_ref<void(llvm::ArrayRef<LoopBody::Point>)> emit);
  void emitTail(const LoopBody::Point &start, unsigned loop, mlir::Value lower,
                mlir::Value upper);
  void emitPoints(llvm::ArrayRef<LoopBody::Point> points);
  llvm::SmallVector<mlir::Value> loadOuts(const LoopBody::Point &point);
  void storeOuts(const LoopBody::Point &point,
                 llvm::ArrayRef<mlir::Value> outs);
  void emitBody(const LoopBody::Point &point,
                llvm::MutableArrayRef<mlir::Value> outs);
  bool isStreamed(unsigned loop) const;
  void emitStreamedRow(const LoopBody::Point &start, unsigned loop,
                       mlir::Value lower, mlir::Value upper);
  void emitReductionRow(llvm::ArrayRef<mlir::Value> ivs, unsigned loop);
  llvm::SmallVector<mlir::Value> emitReductionStep(const LoopBody::Point &point,
                                                   mlir::ValueRange sums);
  mlir::Value neutral(mlir::Operation *combiner);
  mlir::Value combine(mlir::Operation *combiner, mlir::Value sum,
                      mlir::Value value);
  mlir::Value reduceLanes(mlir::Operation *combiner, mlir::Value vector);

  mlir::linalg::LinalgOp op;
  mlir::ImplicitLocOpBuilder b;
  LoopBody body;
  int64_t fullLanes;
  bool parallel;
  /// Sizes by loop; loops that are run, in order, by kind. A loop merged into
  /// its neighbour, or of one iteration, is in neither list.
  llvm::SmallVector<mlir::Value> sizes;
  llvm::SmallVector<unsigned> parallelLoops, reductionLoops;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_LOOPVECTORIZER_H
