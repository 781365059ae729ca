//===- Sorting.h - stable sorts of items -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Items are numbers from 0 on. Sorts are stable, so that several of them, the
// least significant one first, sort by several criteria, ties by item number.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SORTING_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SORTING_H

#include "TensorEmitter.h"

namespace condcomp {

/// Items in order of bucket.
struct BucketSort {
  /// Where each bucket begins in `items`, `[buckets + 1]`.
  mlir::Value offsets;
  mlir::Value items;
};

/// Sorts `items` (null: 0 to count − 1) by bucket, in time proportional to
/// their number and that of buckets. The sorted items are written to `into`
/// (null: a new tensor).
BucketSort emitBucketSort(
    TensorEmitter &b, mlir::Value items, mlir::Value count,
    mlir::Value numBuckets,
    llvm::function_ref<mlir::Value(TensorEmitter &, mlir::Value item)> bucketOf,
    mlir::Value into = {});

/// The items 0, 1, … by their integer keys `[items]`, larger first.
mlir::Value emitSortDescending(TensorEmitter &b, mlir::Value keys);

/// The place of each item in `items`.
mlir::Value emitPlaces(TensorEmitter &b, mlir::Value items);

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_SORTING_H
