//===- SharedTile.h - an operand's tile in shared memory --------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_SHAREDTILE_H
#define CONDCOMP_LIB_CODEGEN_GPU_SHAREDTILE_H

#include "TensorCoreTile.h"

namespace condcomp {

/// 128 lines and a slice of terms of an operand, in shared memory: lines are
/// rows of the left-hand side or columns of the right-hand side. It is held as
/// memory has it: the terms of a line together, or the lines of a term. Groups
/// of eight lines, which one copy brings, are exchanged so that neither copies
/// nor reads have bank conflicts; those of terms have none.
class SharedTile {
public:
  static constexpr int64_t kLines = 128, kTerms = 32;
  /// Threads that copy a tile.
  static constexpr int64_t kThreads = 256;
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

  /// What a lane has of a block of 8 lines for each step of the unit: of line
  /// lane / 4, with m = lane mod 4, the terms 8 m + 4 s and 8 m + 4 s + 1, and
  /// 8 m + 4 s + 2 and 8 m + 4 s + 3 in step s. These are the unit's 2 m, 2 m +
  /// 1, 2 m + 8 and 2 m + 9.
  using Pairs = std::array<mlir::Value, 2>;
  using Block = std::array<Pairs, TensorCoreTile::kSteps>;
  /// An even number of `blocks` from `firstLine` on.
  llvm::SmallVector<Block> load(mlir::Value memory, mlir::Value buffer,
                                mlir::Value lane, mlir::Value firstLine,
                                int64_t blocks);

private:
  llvm::SmallVector<Block> loadLines(mlir::Value memory, mlir::Value place,
                                     mlir::Value lane, int64_t blocks);
  llvm::SmallVector<Block> loadTerms(mlir::Value memory, mlir::Value place,
                                     mlir::Value lane, mlir::Value firstLine,
                                     int64_t blocks);

  mlir::ImplicitLocOpBuilder &b;
  bool alongTerms;
  int64_t begin;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_SHAREDTILE_H
