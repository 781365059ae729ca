//===- RowWords.h - what is chosen of a row as bits of words -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rows are compared in vectors, which leaves a bit per module; entries are then
// packed bit by bit, in time proportional to their number.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_ROWWORDS_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_ROWWORDS_H

#include "TensorEmitter.h"

namespace condcomp {

/// How many words of bits the modules of a row take.
mlir::Value emitNumWords(TensorEmitter &b, mlir::Value numModules);

/// 1, 2, 4, …: the bits of a word of integer type `type`. Made once, outside of
/// loops.
mlir::Value emitWordBits(TensorEmitter &b, mlir::Type type);

/// `fn` of the elements of `[rows, M]`, with `fill` up to a whole number of
/// words.
mlir::Value emitPadded(TensorEmitter &b, mlir::Value rows, mlir::Value fill,
                       TensorEmitter::ElementFn fn);

/// A bit per key of `[rows, W · 32]`, set where it is at or above the row's
/// bound: `[rows, W]`. `bits` is that of emitWordBits.
mlir::Value emitWords(TensorEmitter &b, mlir::Value keys, mlir::Value bounds,
                      mlir::Value bits);

/// `body` of the modules whose bits are set in a row of words, ascending.
llvm::SmallVector<mlir::Value> forSetBits(TensorEmitter &b, mlir::Value words,
                                          mlir::Value row,
                                          mlir::ValueRange inits,
                                          TensorEmitter::LoopFn body);

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_ROWWORDS_H
