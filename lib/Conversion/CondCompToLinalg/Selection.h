//===- Selection.h - the k best of a row of scores -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SELECTION_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SELECTION_H

#include "TensorEmitter.h"

namespace condcomp {

/// A place in the order of choice: larger key first, then lower position.
/// Scalars, or tensors with one element per list.
struct ChoicePlace {
  mlir::Value key, position;
};

/// A score as an integer that compares as the order of choice does
/// (docs/spec.md, "top_k"): −0 equals +0, NaN is below all numbers.
mlir::Value emitChoiceKey(TensorEmitter &b, mlir::Value score,
                          mlir::Type integer);

/// The keys of scores: i32, i64 for f64. `order` lists the dims of the scores
/// in the order that they have in the result.
mlir::Value emitChoiceKeys(TensorEmitter &b, mlir::Value scores,
                           llvm::ArrayRef<int64_t> order = {});

/// The score, of float type `type`, that a key stands for; −0 comes back as +0.
mlir::Value emitScoreOfKey(TensorEmitter &b, mlir::Value key, mlir::Type type);

/// Whether the place `lhs` comes before `rhs`; scalars.
mlir::Value emitComesBefore(TensorEmitter &b, ChoicePlace lhs, ChoicePlace rhs);

/// The place before all others and, one after the other, the next best ones of
/// each list `[…, N]` of keys.
ChoicePlace emitFirstPlace(TensorEmitter &b, mlir::Value keys);
ChoicePlace emitNextPlace(TensorEmitter &b, mlir::Value keys, ChoicePlace last);

/// The place of the k-th best of each list `[…, N]` of keys, k <= N; before all
/// others for k = 0. `staticK` is k where that is known.
ChoicePlace emitKthPlace(TensorEmitter &b, mlir::Value keys, mlir::Value k,
                         std::optional<int64_t> staticK);

/// True for the k best of each list, in the shape of the scores. `order` as for
/// emitChoiceKeys: its last dim is the one along which scores compete.
mlir::Value emitBest(TensorEmitter &b, mlir::Value scores, mlir::Value k,
                     std::optional<int64_t> staticK,
                     llvm::ArrayRef<int64_t> order = {});

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SELECTION_H
