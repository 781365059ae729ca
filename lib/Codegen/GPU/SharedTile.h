//===- SharedTile.h - an operand's tile in shared memory --------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_SHAREDTILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_SHAREDTILE_H

#include "ContractionEmitter.h"

namespace condcomp {

/// 128 lines and 32 terms of an operand, in shared memory: lines are rows of
/// the left-hand side or columns of the right-hand side. It is held as memory
/// has it: the terms of a line together, or the lines of a term. Groups of
/// eight elements, which one copy brings, are exchanged so that neither copies
/// nor reads have bank conflicts.
class SharedTile {
public:
  static constexpr int64_t kLines = 128, kTerms = 32;
  /// Elements of a tile, and of what is copied at once.
  static constexpr int64_t kElements = kLines * kTerms, kGroup = 8;

  /// `begin` is where it lies in each buffer.
  SharedTile(mlir::ImplicitLocOpBuilder &b, bool alongTerms, int64_t begin)
      : b(b), alongTerms(alongTerms), begin(begin) {}

  /// A group of eight elements that a thread copies.
  struct Copy {
    /// The first of its lines and terms in the tile, and its place there.
    mlir::Value line, term, place;
  };
  /// The copies of a thread, of 256.
  llvm::SmallVector<Copy> getCopies(mlir::Value thread);
  bool isAlongTerms() const { return alongTerms; }

  /// What a lane has of a step of 16 terms of `blocks` blocks of 8 lines:
  /// of line lane / 4 of each block the terms 4 m and 4 m + 1, and 4 m + 2 and
  /// 4 m + 3, with m = lane mod 4. These are the unit's 2 m, 2 m + 1, 2 m + 8
  /// and 2 m + 9.
  using Pairs = std::array<mlir::Value, 2>;
  llvm::SmallVector<Pairs> load(mlir::Value memory, mlir::Value buffer,
                                mlir::Value lane, mlir::Value firstLine,
                                int64_t step, int64_t blocks);

private:
  llvm::SmallVector<Pairs> loadLines(mlir::Value memory, mlir::Value place,
                                     mlir::Value lane, int64_t step,
                                     int64_t blocks);
  llvm::SmallVector<Pairs> loadTerms(mlir::Value memory, mlir::Value place,
                                     mlir::Value lane, mlir::Value firstLine,
                                     int64_t step, int64_t blocks);

  mlir::ImplicitLocOpBuilder &b;
  bool alongTerms;
  int64_t begin;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_SHAREDTILE_H
