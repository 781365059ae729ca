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

/// The least key, that of NaN, and the greatest one, which no score has.
mlir::Value emitLeastKey(TensorEmitter &b, mlir::Type type);
mlir::Value emitGreatestKey(TensorEmitter &b, mlir::Type type);

/// The score, of float type `type`, that a key stands for; −0 comes back as +0.
mlir::Value emitScoreOfKey(TensorEmitter &b, mlir::Value key, mlir::Type type);

/// Whether the place `lhs` comes before `rhs`; scalars.
mlir::Value emitComesBefore(TensorEmitter &b, ChoicePlace lhs, ChoicePlace rhs);

/// The place before all others and, one after the other, the next best ones of
/// each list `[…, N]` of keys.
ChoicePlace emitFirstPlace(TensorEmitter &b, mlir::Value keys);
ChoicePlace emitNextPlace(TensorEmitter &b, mlir::Value keys, ChoicePlace last);

/// Of each list `[lists, N]` of keys: the largest one below the list's bound,
/// the least key where there is none, and how many are at or above the bound.
struct KeysBelow {
  mlir::Value next, reached;
};
KeysBelow emitKeysBelow(TensorEmitter &b, mlir::Value keys, mlir::Value bounds);

/// How many keys of each list `[lists, N]` pass `test`, which gets the key and
/// an element of each of `perList`.
mlir::Value emitCount(TensorEmitter &b, mlir::Value keys,
                      mlir::ValueRange perList, TensorEmitter::ElementFn test);

/// How many lists of so many keys are searched together, in the first level of
/// cache.
mlir::Value emitListsPerBlock(TensorEmitter &b, mlir::Value listSize);

/// What is chosen of lists, one element per list: the keys above `key` and the
/// first `room` ones of those that equal it.
struct ChoiceCut {
  mlir::Value key, room;
};

/// The k best of each list `[lists, N]` of keys, k <= N. `staticK` is k where
/// that is known.
ChoiceCut emitKthCut(TensorEmitter &b, mlir::Value keys, mlir::Value k,
                     std::optional<int64_t> staticK);

/// Makes the cut of a block of lists `[lists, N]` of keys.
using CutFn = llvm::function_ref<ChoiceCut(TensorEmitter &, mlir::Value keys)>;

/// The last place that is chosen of each list `[…, N]`; before all others where
/// none is.
ChoicePlace emitLastPlace(TensorEmitter &b, mlir::Value keys, CutFn cut);

/// True for the scores that do not come after their list's place. `order` as
/// for emitChoiceKeys: its last dim is the one along which scores compete.
mlir::Value emitUpTo(TensorEmitter &b, mlir::Value scores, ChoicePlace last,
                     llvm::ArrayRef<int64_t> order = {});

/// True for the k best of each list.
mlir::Value emitBest(TensorEmitter &b, mlir::Value scores, mlir::Value k,
                     std::optional<int64_t> staticK,
                     llvm::ArrayRef<int64_t> order = {});

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SELECTION_H
