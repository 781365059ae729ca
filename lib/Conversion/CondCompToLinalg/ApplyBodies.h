//===- ApplyBodies.h - shared by the two lowerings of apply -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_APPLYBODIES_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_APPLYBODIES_H

#include "Patterns.h"

namespace condcomp {

/// Moves the one block of `region` to the insertion point of `b` with
/// `arguments` for its arguments, and returns the operands of its terminator,
/// which is gone.
llvm::SmallVector<mlir::Value>
inlineBody(mlir::Region &region, TensorEmitter &b, mlir::ValueRange arguments,
           mlir::ConversionPatternRewriter &rewriter);

/// The operands of an apply with batch and entry dims folded into one, checked
/// against the routing where types leave sizes open.
struct ApplyOperands {
  llvm::SmallVector<mlir::Value> rows, entries, params, outs;

  ApplyOperands(
      ApplyOp op,
      ApplyOp::GenericAdaptor<llvm::ArrayRef<mlir::ValueRange>> adaptor,
      const RoutingValue &routing, TensorEmitter &b);
};

/// Checks that a body gave as many rows as it got (apply C11, cascade C8).
/// Returns their number, or 0 where it differs: a slice of that size does not
/// exist before the check, so that nothing is written into it ahead of time.
mlir::Value checkRowCount(TensorEmitter &b, mlir::Value tensor,
                          mlir::Value numRows, llvm::StringRef what);

/// The same of a tensor that a body yields, whose other sizes must be those of
/// the last dims of `target`.
mlir::Value checkYielded(TensorEmitter &b, mlir::Value yielded,
                         mlir::Value numRows, mlir::Value target);

/// One buffer per result with a place for what each run of a body gives.
llvm::SmallVector<mlir::Value> makeSlots(ApplyOp op,
                                         const ApplyOperands &operands,
                                         mlir::Value numSlots,
                                         TensorEmitter &b);

/// The results of the op, with the value of every entry at `slotOfEntry`.
llvm::SmallVector<mlir::Value>
combineSlots(ApplyOp op, const RoutingValue &compact,
             const ApplyOperands &operands, mlir::ValueRange slots,
             mlir::Value slotOfEntry, TensorEmitter &b);

/// The results of an op with one module in compact form; on all rows, as they
/// lie, if at least `allFrom` per thousand have an entry.
llvm::SmallVector<mlir::Value>
emitChosenApply(ApplyOp op, int64_t allFrom, const RoutingValue &routing,
                const ApplyOperands &operands, TensorEmitter &b,
                mlir::ConversionPatternRewriter &rewriter);

/// The results of the op in compact form, one entry after another.
llvm::SmallVector<mlir::Value>
emitCompactApply(ApplyOp op, const RoutingValue &routing,
                 const ApplyOperands &operands, TensorEmitter &b,
                 mlir::ConversionPatternRewriter &rewriter);

/// The results of the op in masked form.
llvm::SmallVector<mlir::Value>
emitMaskedApply(ApplyOp op, const RoutingValue &routing,
                const ApplyOperands &operands, TensorEmitter &b,
                mlir::ConversionPatternRewriter &rewriter);

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_APPLYBODIES_H
