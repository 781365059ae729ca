//===- Patterns.h - the patterns of the lowering, by op family -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_PATTERNS_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_PATTERNS_H

#include "RoutingValue.h"
#include "mlir/Transforms/DialectConversion.h"

namespace condcomp {

void populateGatePatterns(const mlir::TypeConverter &converter,
                          mlir::RewritePatternSet &patterns);
void populateTopKPatterns(const mlir::TypeConverter &converter,
                          mlir::RewritePatternSet &patterns);
void populateGivenGatePatterns(const mlir::TypeConverter &converter,
                               mlir::RewritePatternSet &patterns);
void populateTopPPatterns(const mlir::TypeConverter &converter,
                          mlir::RewritePatternSet &patterns);
void populateSamplePatterns(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateLimitGroupsPatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateAlgebraPatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateModulePatterns(const mlir::TypeConverter &converter,
                            mlir::RewritePatternSet &patterns);
void populateMatchTokensPatterns(const mlir::TypeConverter &converter,
                                 mlir::RewritePatternSet &patterns);
void populateCapacityPatterns(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);
void populateQueryPatterns(const mlir::TypeConverter &converter,
                           mlir::RewritePatternSet &patterns);
void populateMovementPatterns(const mlir::TypeConverter &converter,
                              mlir::RewritePatternSet &patterns);
void populatePoolPatterns(const mlir::TypeConverter &converter,
                          mlir::RewritePatternSet &patterns);
void populateTracePatterns(const mlir::TypeConverter &converter,
                           mlir::RewritePatternSet &patterns);
void populateApplyPatterns(const mlir::TypeConverter &converter,
                           mlir::RewritePatternSet &patterns);
void populateCascadePatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateIteratePatterns(const mlir::TypeConverter &converter,
                             mlir::RewritePatternSet &patterns);
void populateConfidencePatterns(const mlir::TypeConverter &converter,
                                mlir::RewritePatternSet &patterns);
void populateGatherScatterPatterns(const mlir::TypeConverter &converter,
                                   mlir::RewritePatternSet &patterns);

/// A conversion pattern that hands its body a TensorEmitter.
template <typename OpT>
class EmitterPattern : public mlir::OpConversionPattern<OpT> {
public:
  using mlir::OpConversionPattern<OpT>::OpConversionPattern;
  using Adaptor = typename mlir::OpConversionPattern<OpT>::OneToNOpAdaptor;

  virtual mlir::LogicalResult
  lower(OpT op, Adaptor adaptor, TensorEmitter &b,
        mlir::ConversionPatternRewriter &rewriter) const = 0;

  mlir::LogicalResult
  matchAndRewrite(OpT op, Adaptor adaptor,
                  mlir::ConversionPatternRewriter &rewriter) const final {
    TensorEmitter b(op.getLoc(), rewriter);
    return lower(op, adaptor, b, rewriter);
  }

protected:
  /// The routing operand in compact form.
  static RoutingValue getCompact(OpT op, Adaptor adaptor, TensorEmitter &b) {
    return RoutingValue::unpack(b, op.getRouting().getType(),
                                adaptor.getRouting())
        .inForm(b, Form::Compact);
  }

  /// Replaces an op whose one result is a routing, in the form of its type.
  static mlir::LogicalResult
  replaceWithRouting(OpT op, const RoutingValue &routing, TensorEmitter &b,
                     mlir::ConversionPatternRewriter &rewriter) {
    auto type = mlir::cast<RoutingType>(op->getResult(0).getType());
    llvm::SmallVector<llvm::SmallVector<mlir::Value>> values;
    values.push_back(routing.inForm(b, type.getForm()).pack(b));
    rewriter.replaceOpWithMultiple(op, std::move(values));
    return mlir::success();
  }
};

/// Emits the combination of entry values into rows, as `combine` defines it
/// (docs/spec.md). `values` holds one value per entry, `[entries, …]`, at
/// `slotOfEntry` where that is given, else in entry order.
mlir::Value emitCombine(TensorEmitter &b, const RoutingValue &routing,
                        CombineKind kind, bool weighted, mlir::Value values,
                        mlir::Value slotOfEntry, mlir::Value outs);

/// The type in which values of `type` are accumulated.
mlir::Type getAccumulatorType(mlir::Type type);

/// `weight · value`, computed in the accumulator type of the value and left
/// there.
mlir::Value emitWeighted(TensorEmitter &b, mlir::Value weight,
                         mlir::Value value);

/// A float tensor with its elements cast to `type`; others as they are.
mlir::Value castElements(TensorEmitter &b, mlir::Value tensor, mlir::Type type);

/// The k best of each row of scores, k <= M, as a routing of `type` with the
/// elements of `weights` at the same places for weights. `staticK` is k where
/// that is known.
RoutingValue emitBestRouting(TensorEmitter &b, RoutingType type,
                             mlir::Value scores, mlir::Value weights,
                             mlir::Value k, std::optional<int64_t> staticK);

/// `logits + noise` of `sample` (docs/spec.md), with its run-time checks;
/// `step` and `ids` may be null.
mlir::Value emitPerturbedLogits(TensorEmitter &b, mlir::Value logits,
                                mlir::Value key, mlir::Value step,
                                mlir::Value ids);

/// The value that a maximum starts from, and the larger of two values (NaN if
/// either is).
mlir::Value emitLeast(TensorEmitter &b, mlir::Type type);
mlir::Value emitMax(TensorEmitter &b, mlir::Value lhs, mlir::Value rhs);

/// The entries of a compact routing for which `keep` (given the entry and its
/// module) holds, as a routing of `type`; modules are numbered from
/// `firstModule` on, or as they were if it is null.
RoutingValue
filterEntries(TensorEmitter &b, const RoutingValue &compact, RoutingType type,
              llvm::ArrayRef<mlir::Value> dims,
              llvm::function_ref<mlir::Value(TensorEmitter &, mlir::Value entry,
                                             mlir::Value module)>
                  keep,
              mlir::Value firstModule = {});

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_PATTERNS_H
