//===- Modules.cpp - lowering of complement, slice_modules, concat_modules ===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

RoutingValue condcomp::filterEntries(
    TensorEmitter &b, const RoutingValue &compact, RoutingType type,
    ArrayRef<Value> dims,
    function_ref<Value(TensorEmitter &, Value entry, Value module)> keep,
    Value firstModule) {
  Value zero = b.index(0), one = b.index(1), numRows = compact.getNumRows(b);
  Value numEntries = compact.getNumEntries(b);
  SmallVector<Value> inits = {
      b.insert(zero, b.empty(b.add(numRows, one), b.getIndexType()), zero),
      b.empty(b.add(numEntries, one), b.getIndexType()),
      b.empty(b.add(numEntries, one), type.getElementType()), zero};
  SmallVector<Value> packed = b.forLoop(
      zero, numRows, inits, [&](TensorEmitter &b, Value row, ValueRange outer) {
        SmallVector<Value> inner = b.forLoop(
            compact.getRowStart(b, row),
            compact.getRowStart(b, b.add(row, one)), outer.drop_front(),
            [&](TensorEmitter &b, Value entry, ValueRange carried) {
              // Written always, overwritten by the next one if not kept.
              Value at = carried[2];
              Value module = b.extract(compact.getModules(), entry);
              Value kept = keep(b, entry, module);
              if (firstModule)
                module = b.sub(module, firstModule);
              return SmallVector<Value>{
                  b.insert(module, carried[0], at),
                  b.insert(b.extract(compact.getWeights(), entry), carried[1],
                           at),
                  b.select(kept, b.add(at, one), at)};
            });
        SmallVector<Value> next = {
            b.insert(inner[2], outer[0], b.add(row, one))};
        llvm::append_range(next, inner);
        return next;
      });
  return RoutingValue::fromEntries(b, type, dims, Value(), packed[0],
                                   b.slice(packed[1], zero, packed[3]),
                                   b.slice(packed[2], zero, packed[3]));
}

namespace {

//===----------------------------------------------------------------------===//
// complement
//===----------------------------------------------------------------------===//

/// Writes the modules between a row's entries.
RoutingValue complementEntries(TensorEmitter &b, const RoutingValue &compact,
                               RoutingType type, Value k) {
  Value zero = b.index(0), one = b.index(1);
  Value numRows = compact.getNumRows(b), numModules = compact.getNumModules();
  Value total = b.sub(b.mul(numRows, numModules), compact.getNumEntries(b));
  auto fill = [&](TensorEmitter &b, Value from, Value to, ValueRange carried) {
    return b.forLoop(from, to, carried,
                     [&](TensorEmitter &b, Value module, ValueRange carried) {
                       return SmallVector<Value>{
                           b.insert(module, carried[0], carried[1]),
                           b.add(carried[1], one)};
                     });
  };
  SmallVector<Value> inits = {b.empty(total, b.getIndexType()), zero};
  Value modules = b.forLoop(
      zero, numRows, inits, [&](TensorEmitter &b, Value row, ValueRange outer) {
        SmallVector<Value> carried(outer);
        carried.push_back(zero);
        carried =
            b.forLoop(compact.getRowStart(b, row),
                      compact.getRowStart(b, b.add(row, one)), carried,
                      [&](TensorEmitter &b, Value entry, ValueRange carried) {
                        Value module = b.extract(compact.getModules(), entry);
                        SmallVector<Value> next =
                            fill(b, carried[2], module, carried.drop_back());
                        next.push_back(b.add(module, one));
                        return next;
                      });
        return fill(b, carried[2], numModules, ArrayRef(carried).drop_back());
      })[0];
  Value offsets;
  if (!type.hasUniformRows())
    offsets = b.tabulate(b.add(numRows, one), b.getIndexType(),
                         [&](TensorEmitter &b, ValueRange i) {
                           return b.sub(b.mul(i[0], numModules),
                                        compact.getRowStart(b, i[0]));
                         });
  return RoutingValue::fromEntries(
      b, type, compact.getDims(), k, offsets, modules,
      b.filled(total, b.scalar(type.getElementType(), 1)));
}

struct LowerComplement : EmitterPattern<ComplementOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ComplementOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getResult().getType();
    auto routing = RoutingValue::unpack(b, op.getRouting().getType(),
                                        adaptor.getRouting());
    Value k = routing.getK();
    if (k) {
      // Without rows there may be fewer modules than entries per row.
      Value modules = routing.getNumModules();
      Value fewer = b.compare(arith::CmpIPredicate::slt, modules, k);
      k = b.select(fewer, b.index(0), b.sub(modules, k));
    }
    if (!routing.isMasked())
      return replaceWithRouting(op, complementEntries(b, routing, type, k), b,
                                rewriter);
    Value presence = b.elementwise(
        b.getI1Type(), routing.getPresence(),
        [](TensorEmitter &b, ValueRange e) { return b.logicalNot(e[0]); });
    Value weights =
        b.filled(routing.getDims(), b.scalar(type.getElementType(), 1));
    return replaceWithRouting(op,
                              RoutingValue::fromMask(b, type, routing.getDims(),
                                                     k, presence, weights),
                              b, rewriter);
  }
};

//===----------------------------------------------------------------------===//
// slice_modules
//===----------------------------------------------------------------------===//

struct LowerSliceModules : EmitterPattern<SliceModulesOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(SliceModulesOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getResult().getType();
    auto routing = RoutingValue::unpack(b, op.getRouting().getType(),
                                        adaptor.getRouting());
    if (op.isFull())
      return replaceWithRouting(op, routing, b, rewriter);
    Value offset = op.getStaticOffset() ? b.index(*op.getStaticOffset())
                                        : adaptor.getOffset().front();
    Value size = op.getStaticSize() ? b.index(*op.getStaticSize())
                                    : adaptor.getSize().front();
    Value numModules = routing.getNumModules();
    // Unsigned, negative numbers are too large.
    using Predicate = arith::CmpIPredicate;
    Value inside = b.logicalAnd(
        b.compare(Predicate::ule, offset, numModules),
        b.compare(Predicate::ule, size, b.sub(numModules, offset)));
    b.check(inside,
            "slice_modules C3: modules {0} to {0} + {1} are not within the {2} "
            "modules",
            {offset, size, numModules});
    SmallVector<Value> dims(routing.getDims());
    dims.back() = size;
    if (routing.isMasked())
      return replaceWithRouting(
          op,
          RoutingValue::fromMask(b, type, dims, Value(),
                                 slice(b, routing.getPresence(), offset, size),
                                 slice(b, routing.getWeights(), offset, size)),
          b, rewriter);
    return replaceWithRouting(
        op,
        filterEntries(
            b, routing, type, dims,
            [&](TensorEmitter &b, Value, Value module) {
              return b.compare(Predicate::ult, b.sub(module, offset), size);
            },
            offset),
        b, rewriter);
  }

  /// `tensor[…, offset : offset + size]`.
  static Value slice(TensorEmitter &b, Value tensor, Value offset, Value size) {
    SmallVector<OpFoldResult> sizes = getAsOpFoldResult(b.dims(tensor));
    // Upstream takes no slice that begins where the tensor ends, if it sees
    // that: such a slice is empty.
    ArrayRef<int64_t> shape = cast<ShapedType>(tensor.getType()).getShape();
    std::optional<int64_t> first =
        getConstantIntValue(getAsOpFoldResult(offset));
    bool beginsAtEnd =
        first && ShapedType::isStatic(shape.back()) && *first >= shape.back();
    if (beginsAtEnd || llvm::is_contained(shape, 0) ||
        isConstantIntValue(getAsOpFoldResult(size), 0)) {
      SmallVector<Value> none = b.dims(tensor);
      none.back() = size;
      return b.empty(none, getElementTypeOrSelf(tensor));
    }
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    sizes.back() = getAsOpFoldResult(size);
    offsets.back() = getAsOpFoldResult(offset);
    return tensor::ExtractSliceOp::create(b, tensor, offsets, sizes, strides);
  }
};

//===----------------------------------------------------------------------===//
// concat_modules
//===----------------------------------------------------------------------===//

/// Copies the entries of each row from one routing after the other.
RoutingValue concatEntries(TensorEmitter &b, ArrayRef<RoutingValue> routings,
                           RoutingType type, ArrayRef<Value> dims, Value k) {
  Value zero = b.index(0), one = b.index(1);
  Value numRows = routings.front().getNumRows(b), total = zero, offsets;
  for (const RoutingValue &routing : routings)
    total = b.add(total, routing.getNumEntries(b));
  SmallVector<Value> inits = {b.empty(total, b.getIndexType()),
                              b.empty(total, type.getElementType()), zero};
  SmallVector<Value> packed = b.forLoop(
      zero, numRows, inits, [&](TensorEmitter &b, Value row, ValueRange outer) {
        SmallVector<Value> carried(outer);
        Value first = zero;
        for (const RoutingValue &routing : routings) {
          carried =
              b.forLoop(routing.getRowStart(b, row),
                        routing.getRowStart(b, b.add(row, one)), carried,
                        [&](TensorEmitter &b, Value entry, ValueRange carried) {
                          Value at = carried[2];
                          Value module = b.extract(routing.getModules(), entry);
                          return SmallVector<Value>{
                              b.insert(b.add(module, first), carried[0], at),
                              b.insert(b.extract(routing.getWeights(), entry),
                                       carried[1], at),
                              b.add(at, one)};
                        });
          first = b.add(first, routing.getNumModules());
        }
        return carried;
      });
  if (!type.hasUniformRows())
    offsets = b.tabulate(b.add(numRows, one), b.getIndexType(),
                         [&](TensorEmitter &b, ValueRange i) {
                           Value sum = b.index(0);
                           for (const RoutingValue &routing : routings)
                             sum = b.add(sum, routing.getRowStart(b, i[0]));
                           return sum;
                         });
  return RoutingValue::fromEntries(b, type, dims, k, offsets, packed[0],
                                   packed[1]);
}

/// Tensors side by side along their last dim.
Value concatLast(TensorEmitter &b, ArrayRef<Value> tensors,
                 ArrayRef<Value> sizes) {
  Value result = b.empty(sizes, getElementTypeOrSelf(tensors.front()));
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
  Value first = b.index(0);
  for (Value tensor : tensors) {
    // Upstream takes no slice that begins where the tensor ends.
    if (llvm::is_contained(cast<ShapedType>(tensor.getType()).getShape(), 0))
      continue;
    offsets.back() = getAsOpFoldResult(first);
    result = tensor::InsertSliceOp::create(
        b, tensor, result, offsets, getAsOpFoldResult(b.dims(tensor)), strides);
    first = b.add(first, b.dim(tensor, sizes.size() - 1));
  }
  return result;
}

struct LowerConcatModules : EmitterPattern<ConcatModulesOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ConcatModulesOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getResult().getType();
    SmallVector<RoutingValue> routings;
    for (auto [value, converted] :
         llvm::zip_equal(op.getRoutings(), adaptor.getRoutings()))
      routings.push_back(RoutingValue::unpack(
          b, cast<RoutingType>(value.getType()), converted));

    SmallVector<Value> dims(routings.front().getDims());
    Value k = routings.front().getK();
    for (auto [i, routing] : llvm::enumerate(routings)) {
      for (auto [dim, size] : llvm::enumerate(dims)) {
        Value own = routing.getDims()[dim];
        if (dim + 1 == dims.size() || own == size)
          continue;
        b.check(b.compare(arith::CmpIPredicate::eq, own, size),
                "concat_modules C1: routing " + Twine(i) +
                    " has size {0} in dim " + Twine(dim) + ", the first {1}",
                {own, size});
      }
      if (i == 0)
        continue;
      dims.back() = b.add(dims.back(), routing.getNumModules());
      k = k && routing.getK() ? b.add(k, routing.getK()) : Value();
    }
    if (!routings.front().isMasked())
      return replaceWithRouting(op, concatEntries(b, routings, type, dims, k),
                                b, rewriter);
    SmallVector<Value> presence, weights;
    for (const RoutingValue &routing : routings) {
      presence.push_back(routing.getPresence());
      weights.push_back(routing.getWeights());
    }
    return replaceWithRouting(
        op,
        RoutingValue::fromMask(b, type, dims, k, concatLast(b, presence, dims),
                               concatLast(b, weights, dims)),
        b, rewriter);
  }
};

} // namespace

void condcomp::populateModulePatterns(const TypeConverter &converter,
                                      RewritePatternSet &patterns) {
  patterns.add<LowerComplement, LowerSliceModules, LowerConcatModules>(
      converter, patterns.getContext());
}
