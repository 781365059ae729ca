//===- TensorEmitter.cpp - short ways to write tensor code ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

static RankedTensorType getTensorType(Value tensor) {
  return cast<RankedTensorType>(tensor.getType());
}

Value TensorEmitter::dim(Value tensor, int64_t i) {
  int64_t size = getTensorType(tensor).getDimSize(i);
  if (!ShapedType::isDynamic(size))
    return index(size);
  return createOrFold<tensor::DimOp>(tensor, i);
}

SmallVector<Value> TensorEmitter::dims(Value tensor) {
  return dimsFrom(tensor, 0);
}

SmallVector<Value> TensorEmitter::dimsFrom(Value tensor, int64_t first) {
  SmallVector<Value> sizes;
  for (int64_t i = first, e = getTensorType(tensor).getRank(); i < e; ++i)
    sizes.push_back(dim(tensor, i));
  return sizes;
}

Value TensorEmitter::empty(ValueRange sizes, Type elementType) {
  return tensor::EmptyOp::create(*this, getAsOpFoldResult(sizes), elementType);
}

Value TensorEmitter::filled(ValueRange sizes, Value element) {
  return linalg::FillOp::create(*this, element, empty(sizes, element.getType()))
      .getResult(0);
}

Value TensorEmitter::extract(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(*this, tensor, indices);
}

Value TensorEmitter::insert(Value element, Value tensor, ValueRange indices) {
  return tensor::InsertOp::create(*this, element, tensor, indices);
}

/// Whether a type says that its tensors have no elements. Upstream takes no
/// slices of such tensors: none begins before they end.
static bool hasNoElements(Value tensor) {
  return llvm::is_contained(getTensorType(tensor).getShape(), 0);
}

/// Offsets, sizes and strides of a slice of dim 0.
namespace {
struct LeadingSlice {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  LeadingSlice(TensorEmitter &b, Value tensor, Value offset, Value size) {
    int64_t rank = getTensorType(tensor).getRank();
    offsets.assign(rank, b.getIndexAttr(0));
    strides.assign(rank, b.getIndexAttr(1));
    sizes = getAsOpFoldResult(b.dims(tensor));
    offsets[0] = getAsOpFoldResult(offset);
    sizes[0] = getAsOpFoldResult(size);
  }
};
} // namespace

Value TensorEmitter::slice(Value tensor, Value offset, Value size) {
  if (hasNoElements(tensor)) {
    SmallVector<Value> sizes = dims(tensor);
    sizes.front() = size;
    return empty(sizes, getElementTypeOrSelf(tensor));
  }
  LeadingSlice at(*this, tensor, offset, size);
  return tensor::ExtractSliceOp::create(*this, tensor, at.offsets, at.sizes,
                                        at.strides);
}

Value TensorEmitter::insertSlice(Value source, Value tensor, Value offset,
                                 Value size) {
  if (hasNoElements(tensor))
    return tensor;
  LeadingSlice at(*this, tensor, offset, size);
  // Where the trailing dims are known in one of the types only, the verifier
  // wants the sizes of the source.
  auto type = getTensorType(source);
  for (int64_t i = 1, e = type.getRank(); i < e; ++i)
    at.sizes[i] = getAsOpFoldResult(dim(source, i));
  return tensor::InsertSliceOp::create(*this, source, tensor, at.offsets,
                                       at.sizes, at.strides);
}

Value TensorEmitter::insertSliceAt(Value source, Value tensor, Value offset,
                                   Value size) {
  if (hasNoElements(tensor))
    return tensor;
  LeadingSlice at(*this, tensor, offset, index(1));
  at.sizes[0] = getIndexAttr(1);
  for (int64_t i = 0, e = getTensorType(source).getRank(); i < e; ++i)
    at.sizes[i + 1] = getAsOpFoldResult(i == 0 ? size : dim(source, i));
  return tensor::InsertSliceOp::create(*this, source, tensor, at.offsets,
                                       at.sizes, at.strides);
}

Value TensorEmitter::copyRow(Value source, Value from, Value tensor, Value at) {
  if (getTensorType(source).getRank() == 1)
    return insert(extract(source, from), tensor, at);
  return insertSlice(slice(source, from, index(1)), tensor, at, index(1));
}

Value TensorEmitter::sliceAt(Value tensor, Value offset) {
  if (hasNoElements(tensor))
    return empty(dimsFrom(tensor, 1), getElementTypeOrSelf(tensor));
  LeadingSlice at(*this, tensor, offset, index(1));
  at.sizes[0] = getIndexAttr(1);
  RankedTensorType type = getTensorType(tensor);
  auto result = RankedTensorType::get(type.getShape().drop_front(),
                                      type.getElementType());
  return tensor::ExtractSliceOp::create(*this, result, tensor, at.offsets,
                                        at.sizes, at.strides);
}

Value TensorEmitter::castTo(Type type, Value tensor) {
  if (tensor.getType() == type)
    return tensor;
  return tensor::CastOp::create(*this, type, tensor);
}

Value TensorEmitter::flattenLeading(Value tensor, int64_t count) {
  if (count == 1)
    return tensor;
  RankedTensorType type = getTensorType(tensor);
  // Upstream's bufferization fails on groups such as ?x0.
  if (llvm::is_contained(type.getShape().take_front(count), 0)) {
    SmallVector<Value> sizes = {index(0)};
    for (int64_t i = count, e = type.getRank(); i < e; ++i)
      sizes.push_back(dim(tensor, i));
    return empty(sizes, type.getElementType());
  }
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t i = 0, e = type.getRank(); i < e; ++i) {
    if (i < count)
      groups[0].push_back(i);
    else
      groups.push_back({i});
  }
  return tensor::CollapseShapeOp::create(*this, tensor, groups);
}

/// expand_shape to the sizes `shape`, some of which are known by now although
/// the type of the tensor doesn't have them.
static Value expandShape(TensorEmitter &b, Value tensor,
                         ArrayRef<ReassociationIndices> groups,
                         ArrayRef<OpFoldResult> shape) {
  auto [staticShape, dynamicSizes] = decomposeMixedValues(shape);
  Type element = getElementTypeOrSelf(tensor.getType());
  auto result = RankedTensorType::get(staticShape, element);
  // It wants a static source dim exactly where all its parts are static.
  SmallVector<int64_t> sourceShape;
  for (const ReassociationIndices &group : groups) {
    int64_t product = 1;
    for (int64_t position : group) {
      int64_t size = staticShape[position];
      product = ShapedType::isDynamic(size) || ShapedType::isDynamic(product)
                    ? ShapedType::kDynamic
                    : product * size;
    }
    sourceShape.push_back(product);
  }
  Value source = b.castTo(RankedTensorType::get(sourceShape, element), tensor);
  return tensor::ExpandShapeOp::create(b, result, source, groups, shape);
}

Value TensorEmitter::unflattenLeading(Value tensor, ValueRange sizes) {
  if (sizes.size() == 1)
    return tensor;
  SmallVector<ReassociationIndices> groups(1);
  SmallVector<OpFoldResult> shape = getAsOpFoldResult(sizes);
  for (int64_t i = 0, e = sizes.size(); i < e; ++i)
    groups[0].push_back(i);
  for (int64_t i = 1, e = getTensorType(tensor).getRank(); i < e; ++i) {
    groups.push_back({static_cast<int64_t>(shape.size())});
    shape.push_back(getAsOpFoldResult(dim(tensor, i)));
  }
  return expandShape(*this, tensor, groups, shape);
}

Value TensorEmitter::unflattenLast(Value tensor, ValueRange sizes) {
  SmallVector<ReassociationIndices> groups;
  SmallVector<Value> shape = dims(tensor);
  shape.pop_back();
  for (int64_t i = 0, e = shape.size(); i < e; ++i)
    groups.push_back({i});
  groups.emplace_back();
  for (Value size : sizes) {
    groups.back().push_back(shape.size());
    shape.push_back(size);
  }
  return expandShape(*this, tensor, groups, getAsOpFoldResult(shape));
}

Value TensorEmitter::elementwise(Type elementType, ValueRange inputs,
                                 ElementFn fn) {
  unsigned rank = getTensorType(inputs.front()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<SmallVector<int64_t>> maps(inputs.size() + 1, all);
  return generic(inputs, empty(dims(inputs.front()), elementType), rank, maps,
                 fn);
}

Value TensorEmitter::tabulate(ValueRange sizes, Type elementType, IndexFn fn) {
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
  return generic({}, empty(sizes, elementType), sizes.size(), {all},
                 [&](TensorEmitter &b, ValueRange) {
                   SmallVector<Value> indices;
                   for (int64_t i : all)
                     indices.push_back(b.loopIndex(i));
                   return fn(b, indices);
                 });
}

Value TensorEmitter::generic(ValueRange inputs, Value init, unsigned numLoops,
                             ArrayRef<SmallVector<int64_t>> maps,
                             ElementFn fn) {
  SmallVector<AffineMap> affineMaps;
  for (ArrayRef<int64_t> loops : maps) {
    SmallVector<AffineExpr> exprs;
    for (int64_t loop : loops)
      exprs.push_back(getAffineDimExpr(loop));
    affineMaps.push_back(AffineMap::get(numLoops, 0, exprs, getContext()));
  }
  SmallVector<utils::IteratorType> iterators(numLoops,
                                             utils::IteratorType::reduction);
  for (int64_t loop : maps.back())
    iterators[loop] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             *this, init.getType(), inputs, init, affineMaps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange elements) {
               TensorEmitter b(loc, nested);
               linalg::YieldOp::create(b, fn(b, elements));
             })
      .getResult(0);
}

Value TensorEmitter::reduceLast(ValueRange inputs, Value init, ElementFn fn) {
  unsigned rank = getTensorType(inputs.front()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<SmallVector<int64_t>> maps(inputs.size(), all);
  maps.emplace_back(ArrayRef<int64_t>(all).drop_back());
  return generic(inputs, init, rank, maps, fn);
}

Value TensorEmitter::iota(Value size) {
  return tabulate(size, getIndexType(),
                  [](TensorEmitter &, ValueRange i) { return i[0]; });
}

Value TensorEmitter::gatherRows(Value source, Value indices) {
  SmallVector<Value> sizes = dimsFrom(source, 1);
  sizes.insert(sizes.begin(), dim(indices, 0));
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
  return generic(indices, empty(sizes, getTensorType(source).getElementType()),
                 sizes.size(), {{0}, all},
                 [&](TensorEmitter &b, ValueRange elements) {
                   SmallVector<Value> at = {elements[0]};
                   for (int64_t i : ArrayRef<int64_t>(all).drop_front())
                     at.push_back(b.loopIndex(i));
                   return b.extract(source, at);
                 });
}

Value TensorEmitter::loopIndex(int64_t dim) {
  return linalg::IndexOp::create(*this, dim);
}

SmallVector<Value> TensorEmitter::forBlocks(Value count, Value block,
                                            ValueRange inits, PlaceFn placeOf,
                                            BlockFn fn) {
  SmallVector<Value> made(inits), filled;
  for (Value init : inits)
    if (!hasNoElements(init))
      filled.push_back(init);
  if (filled.empty())
    return made;

  Value one = index(1);
  Value blocks = div(add(count, sub(block, one)), block);
  OpFoldResult zero = getIndexAttr(0), step = getIndexAttr(1);
  auto loop = scf::ForallOp::create(
      *this, {zero}, {getAsOpFoldResult(blocks)}, {step}, filled, std::nullopt,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        TensorEmitter b(loc, nested);
        Value first = b.mul(args[0], block);
        Value size = b.createOrFold<arith::MinUIOp>(block, b.sub(count, first));
        SmallVector<Value> results;
        for (auto [result, init] : llvm::zip_equal(fn(b, first, size), inits))
          if (!hasNoElements(init))
            results.push_back(result);
        Value offset = placeOf(b, first);
        Value length = b.sub(placeOf(b, b.add(first, size)), offset);
        SmallVector<LeadingSlice> slices;
        for (Value result : results)
          slices.emplace_back(b, result, offset, length);
        auto end = scf::InParallelOp::create(b);
        b.setInsertionPointToStart(end.getBody());
        for (auto [result, out, at] :
             llvm::zip_equal(results, args.drop_front(), slices))
          tensor::ParallelInsertSliceOp::create(b, result, out, at.offsets,
                                                at.sizes, at.strides);
      });
  ValueRange results = loop.getResults();
  for (Value &value : made)
    if (!hasNoElements(value)) {
      value = results.front();
      results = results.drop_front();
    }
  return made;
}
