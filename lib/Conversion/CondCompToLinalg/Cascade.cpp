//===- Cascade.cpp - lowering of cascade -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exits.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Emits one stage after the other.
class Stages {
public:
  Stages(CascadeOp op, Exits &exits) : op(op), exits(exits) {
    exit = op.getLastExit();
    // Survivors without rows still have the sizes that only stages know.
    bool openSizes =
        exit && llvm::any_of(exit.getCarry().getTypes(), [](Type type) {
          return llvm::any_of(cast<ShapedType>(type).getShape().drop_front(),
                              ShapedType::isDynamic);
        });
    always = exits.isMasked() || openSizes;
    if (exit)
      carried.assign(exit.getCarry().getTypes().begin(),
                     exit.getCarry().getTypes().end());
  }

  /// The rows after stages `index` and following.
  ExitRows emitFrom(TensorEmitter &b, unsigned index, const ExitRows &rows);

private:
  CascadeOp op;
  Exits &exits;
  ExitOp exit;
  /// What survivors carry.
  SmallVector<Type> carried;
  /// Whether stages run also on no rows.
  bool always;
};

ExitRows Stages::emitFrom(TensorEmitter &b, unsigned index,
                          const ExitRows &rows) {
  if (index == op.getStages().size())
    return rows;
  auto run = [&](TensorEmitter &b) {
    ExitStep step;
    step.doneAt = b.scalar(b.getI32Type(), index);
    ExitRows next = exits.run(b, op.getStages()[index], rows, step);
    return emitFrom(b, index + 1, next);
  };
  if (always)
    return run(b);
  // Stages nest, each inside the condition that rows are left.
  ExitRows none = rows;
  SmallVector<Value> values = b.ifElse(
      exits.areLeft(b, rows),
      [&](TensorEmitter &b) { return run(b).flatten(); },
      [&](TensorEmitter &b) {
        none.carried.clear();
        for (Type type : carried) {
          auto shaped = cast<RankedTensorType>(type);
          SmallVector<Value> sizes = {b.index(0)};
          for (int64_t size : shaped.getShape().drop_front())
            sizes.push_back(b.index(size));
          none.carried.push_back(
              b.castTo(type, b.empty(sizes, shaped.getElementType())));
        }
        return none.flatten();
      });
  return none.unflatten(values);
}

struct LowerCascade : EmitterPattern<CascadeOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(CascadeOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Exits exits(op, rewriter);
    Value end = b.scalar(b.getI32Type(), op.getStages().size());
    bool open = op.getNumSurvivors() > 0;
    ExitRows rows = exits.start(b, adaptor.getRows(), adaptor.getState(),
                                adaptor.getOuts(), end);
    rows = Stages(op, exits).emitFrom(b, 0, rows);
    exits.replace(b, rows,
                  open ? exits.survivors(b, rows) : SmallVector<Value>());
    return success();
  }
};

} // namespace

void condcomp::populateCascadePatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerCascade>(converter, patterns.getContext());
}
