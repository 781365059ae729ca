//===- Pool.cpp - lowering of pool and mix --------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of a routing P with a dense matrix: Pᵀ x for `pool`, P w for `mix`.
// A routing that turns out to be full is a dense matrix, and the product a
// contraction; any other is walked by groups of entries. Both sum in ascending
// order with fused multiply-adds into one accumulator, so that they agree bit
// for bit, whichever form the routing has.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Elements of an accumulator that one task works on: half of an L1 cache.
constexpr int64_t kPanel = 4096;

/// The dims after the first as one, of size 1 if there are none.
Value flattenTrailing(TensorEmitter &b, Value tensor) {
  int64_t rank = cast<ShapedType>(tensor.getType()).getRank();
  if (rank == 1)
    return b.unflattenLeading(tensor, {b.dim(tensor, 0), b.index(1)});
  if (rank == 2)
    return tensor;
  SmallVector<ReassociationIndices> groups = {{0}, {}};
  llvm::append_range(groups[1], llvm::seq<int64_t>(1, rank));
  return tensor::CollapseShapeOp::create(b, tensor, groups);
}

/// `tensor[row, offset : offset + size]` without its leading dim.
struct RowPanel {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  RowPanel(TensorEmitter &b, Value row, Value offset, Value size)
      : offsets({row, getAsOpFoldResult(offset)}),
        sizes({b.getIndexAttr(1), getAsOpFoldResult(size)}),
        strides(2, b.getIndexAttr(1)) {}

  Value extract(TensorEmitter &b, Value tensor) const {
    int64_t size = getConstantIntValue(sizes[1]).value_or(ShapedType::kDynamic);
    auto type = RankedTensorType::get(size, getElementTypeOrSelf(tensor));
    return tensor::ExtractSliceOp::create(b, type, tensor, offsets, sizes,
                                          strides);
  }
};

/// Entries as groups that each become one row of the result: those of a module
/// for `pool`, those of a row for `mix`.
struct Groups {
  /// Where each group's slots begin, `[groups + 1]`.
  Value offsets;
  /// Row of the source and weight (null: none) of each slot, `[slots]`.
  Value sourceOfSlot, weightOfSlot;

  Value getSize(TensorEmitter &b, Value group) const {
    return b.sub(b.extract(offsets, b.add(group, b.index(1))),
                 b.extract(offsets, group));
  }
  Value accumulate(TensorEmitter &b, CombineKind kind, Value source,
                   Value init) const;

private:
  Value addSlot(TensorEmitter &b, CombineKind kind, Value row, Value weight,
                Value sums) const;
};

Value Groups::addSlot(TensorEmitter &b, CombineKind kind, Value row,
                      Value weight, Value sums) const {
  Type accumulator = getElementTypeOrSelf(sums);
  return b.generic(
      row, sums, 1, {{0}, {0}}, [&](TensorEmitter &b, ValueRange e) -> Value {
        if (kind == CombineKind::Max)
          return emitMax(b, e[1], emitWeighted(b, weight, e[0]));
        Value value = emitWeighted(b, Value(), e[0]);
        if (!weight)
          return b.add(e[1], value);
        return b.createOrFold<math::FmaOp>(accumulator, weight, value, e[1]);
      });
}

/// Adds the slots of each group, in order, to its row of `init` `[groups, d]`.
Value Groups::accumulate(TensorEmitter &b, CombineKind kind, Value source,
                         Value init) const {
  Value width = b.dim(init, 1), panel = b.index(kPanel), zero = b.index(0);
  std::optional<int64_t> knownWidth = getConstantIntValue(width);
  bool onePanel = knownWidth && *knownWidth <= kPanel;
  SmallVector<OpFoldResult> tasks = {getAsOpFoldResult(b.dim(init, 0))};
  if (!onePanel)
    tasks.push_back(
        getAsOpFoldResult(b.createOrFold<arith::CeilDivUIOp>(width, panel)));
  auto forall = scf::ForallOp::create(b, tasks, init, std::nullopt);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forall.getBody());

  Value group = forall.getInductionVar(0), offset = zero, size = width;
  if (!onePanel) {
    offset = b.mul(forall.getInductionVar(1), panel);
    size = b.createOrFold<arith::MinUIOp>(b.sub(width, offset), panel);
  }
  RowPanel own(b, group, offset, size);
  Value sums = own.extract(b, forall.getRegionIterArgs().front());
  sums = b.forLoop(
      b.extract(offsets, group), b.extract(offsets, b.add(group, b.index(1))),
      sums, [&](TensorEmitter &b, Value slot, ValueRange carried) {
        RowPanel panel(b, b.extract(sourceOfSlot, slot), offset, size);
        Value weight = weightOfSlot ? b.extract(weightOfSlot, slot) : Value();
        return SmallVector<Value>{
            addSlot(b, kind, panel.extract(b, source), weight, carried[0])};
      })[0];
  b.setInsertionPointToStart(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(b, sums,
                                        forall.getRegionIterArgs().front(),
                                        own.offsets, own.sizes, own.strides);
  return forall.getResult(0);
}

/// One product: the routing, how it is used, and its operands with batch dims
/// folded into the groups and trailing dims into one.
class Product {
public:
  Product(TensorEmitter &b, const RoutingValue &routing, bool toModules,
          CombineKind kind, bool weighted, Value source, Value outs)
      : routing(routing), toModules(toModules), kind(kind), weighted(weighted),
        source(flattenTrailing(b, source)), outs(flattenTrailing(b, outs)),
        accumulator(getAccumulatorType(getElementTypeOrSelf(outs))) {
    ArrayRef<Value> dims = routing.getDims();
    numBatches = b.product(dims.drop_back(2));
    numRows = dims[dims.size() - 2];
    numModules = dims.back();
  }

  Value emit(TensorEmitter &b) const;

private:
  bool mayBeFull() const;
  Value isFull(TensorEmitter &b) const;
  Groups getGroups(TensorEmitter &b) const;
  SmallVector<Value> emitSums(TensorEmitter &b, Value init) const;
  Value emitContraction(TensorEmitter &b, Value init) const;
  Value finish(TensorEmitter &b, Value result, Value counts) const;

  const RoutingValue &routing;
  bool toModules;
  CombineKind kind;
  bool weighted;
  Value source, outs;
  Type accumulator;
  Value numBatches, numRows, numModules;
};

/// Whether there is a dense product for the kind, and no bound excludes it.
bool Product::mayBeFull() const {
  if (!weighted || kind == CombineKind::Max || !isa<FloatType>(accumulator))
    return false;
  RoutingType type = routing.getType();
  auto below = [](Bound bound, int64_t size) {
    std::optional<int64_t> max = bound.getStaticMax();
    return max && !ShapedType::isDynamic(size) && *max < size;
  };
  return !below(type.getRowBound(), type.getNumModules()) &&
         !below(type.getModuleBound(), type.getNumRows());
}

Value Product::isFull(TensorEmitter &b) const {
  Value pairs = b.product(routing.getDims()), entries;
  if (routing.getK()) {
    entries = b.mul(routing.getNumRows(b), routing.getK());
  } else if (!routing.isMasked()) {
    entries = routing.getNumEntries(b);
  } else {
    Type i64 = b.getI64Type();
    Value flat =
        b.flattenLeading(routing.getPresence(), routing.getDims().size());
    Value counted = b.reduceLast(
        flat, b.filled({}, b.scalar(i64, 0)),
        [&](TensorEmitter &b, ValueRange e) {
          return b.add(e[1], b.createOrFold<arith::ExtUIOp>(i64, e[0]));
        });
    entries = b.createOrFold<arith::IndexCastOp>(b.getIndexType(),
                                                 b.extract(counted, {}));
  }
  return b.compare(arith::CmpIPredicate::eq, entries, pairs);
}

Groups Product::getGroups(TensorEmitter &b) const {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  Value rowOf = compact.getRowOfEntry(b);
  Value weights =
      weighted ? castElements(b, compact.getWeights(), accumulator) : Value();
  if (!toModules) {
    Value sources = compact.getModules();
    if (routing.getDims().size() > 2)
      sources = b.elementwise(
          b.getIndexType(), {rowOf, sources},
          [&](TensorEmitter &b, ValueRange e) {
            return b.add(b.mul(b.div(e[0], numRows), numModules), e[1]);
          });
    return {compact.getRowOffsets(b), sources, weights};
  }
  auto order = ModuleOrder::get(b, compact, /*perBatch=*/true);
  return {order.groupOffsets, b.gatherRows(rowOf, order.entryOfSlot),
          weighted ? b.gatherRows(weights, order.entryOfSlot) : Value()};
}

/// What is accumulated, and for mean and max the entries of each group.
SmallVector<Value> Product::emitSums(TensorEmitter &b, Value init) const {
  Groups groups = getGroups(b);
  SmallVector<Value> results = {groups.accumulate(b, kind, source, init)};
  if (kind != CombineKind::Sum)
    results.push_back(b.tabulate(b.dim(init, 0), b.getIndexType(),
                                 [&](TensorEmitter &b, ValueRange i) {
                                   return groups.getSize(b, i[0]);
                                 }));
  return results;
}

/// The weights are the dense matrix: in entry order when they are all there.
Value Product::emitContraction(TensorEmitter &b, Value init) const {
  bool batched = routing.getDims().size() > 2;
  Value weights = routing.getWeights();
  if (!routing.isMasked()) {
    SmallVector<Value> sizes = {numRows, numModules};
    if (batched)
      sizes.insert(sizes.begin(), numBatches);
    weights = b.unflattenLeading(weights, sizes);
  } else if (batched) {
    weights = b.flattenLeading(weights, routing.getDims().size() - 2);
  }
  weights = castElements(b, weights, accumulator);
  Value sourceRows = toModules ? numRows : numModules;
  Value resultRows = toModules ? numModules : numRows;
  Value matrix = source, sums = init;
  if (batched) {
    matrix = b.unflattenLeading(matrix, {numBatches, sourceRows});
    sums = b.unflattenLeading(sums, {numBatches, resultRows});
  }
  // Loops: result rows, columns, terms; the batch before them.
  SmallVector<SmallVector<int64_t>> maps = {{0, 2}, {2, 1}, {0, 1}};
  if (toModules)
    std::swap(maps[0][0], maps[0][1]);
  if (batched)
    for (SmallVector<int64_t> &map : maps) {
      for (int64_t &loop : map)
        ++loop;
      map.insert(map.begin(), 0);
    }
  sums = b.generic({weights, matrix}, sums, batched ? 4 : 3, maps,
                   [&](TensorEmitter &b, ValueRange e) {
                     return b.add(e[2],
                                  b.mul(e[0], b.castFloat(e[1], accumulator)));
                   });
  return b.castTo(init.getType(), batched ? b.flattenLeading(sums, 2) : sums);
}

/// mean and max from what was accumulated; groups without entries keep outs.
Value Product::finish(TensorEmitter &b, Value result, Value counts) const {
  Type element = getElementTypeOrSelf(outs);
  return b.generic(
      {outs, result, counts}, b.empty(b.dims(outs), element), 2,
      {{0, 1}, {0, 1}, {0}, {0, 1}}, [&](TensorEmitter &b, ValueRange e) {
        Value some = b.compare(arith::CmpIPredicate::ugt, e[2], b.index(0));
        Value value = e[1];
        if (kind == CombineKind::Mean)
          value =
              b.div(value, b.createOrFold<arith::UIToFPOp>(
                               accumulator, b.createOrFold<arith::IndexCastOp>(
                                                b.getI64Type(), e[2])));
        if (value.getType() != element)
          value = b.castFloat(value, element);
        return b.select(some, value, e[0]);
      });
}

Value Product::emit(TensorEmitter &b) const {
  Value init;
  if (kind == CombineKind::Sum)
    init = castElements(b, outs, accumulator);
  else if (kind == CombineKind::Mean)
    init = b.filled(b.dims(outs), b.scalar(accumulator, 0));
  else
    init = b.filled(b.dims(outs), emitLeast(b, accumulator));
  SmallVector<Value> results;
  if (!mayBeFull()) {
    results = emitSums(b, init);
  } else {
    results = b.ifElse(
        isFull(b),
        [&](TensorEmitter &b) {
          SmallVector<Value> results = {emitContraction(b, init)};
          if (kind != CombineKind::Sum)
            results.push_back(b.filled({b.dim(init, 0)}, numRows));
          return results;
        },
        [&](TensorEmitter &b) { return emitSums(b, init); });
  }
  if (kind == CombineKind::Sum)
    return castElements(b, results[0], getElementTypeOrSelf(outs));
  return finish(b, results[0], results[1]);
}

/// `pool` and `mix`.
template <typename OpT>
struct LowerProduct : EmitterPattern<OpT> {
  using EmitterPattern<OpT>::EmitterPattern;
  using typename EmitterPattern<OpT>::Adaptor;

  LogicalResult lower(OpT op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const final {
    constexpr bool toModules = std::is_same_v<OpT, PoolOp>;
    CombineKind kind = CombineKind::Sum;
    if constexpr (toModules)
      kind = op.getKind();
    RoutingType type = op.getRouting().getType();
    auto routing = RoutingValue::unpack(b, type, adaptor.getRouting());
    Value source = adaptor.getSource().front();
    Value outs = adaptor.getOuts().front();
    SmallVector<Value> rows(routing.getDims()), modules(routing.getDims());
    rows.pop_back();
    modules.erase(modules.end() - 2);
    StringRef name = op.getOperation()->getName().stripDialect();
    b.checkLeadingDims(source, toModules ? rows : modules,
                       name + " C1: the source");
    b.checkLeadingDims(outs, toModules ? modules : rows,
                       name + " C2: the outs operand");
    // The dims that follow are shared.
    for (int64_t i = rows.size(),
                 e = cast<ShapedType>(outs.getType()).getRank();
         i < e; ++i) {
      Value size = b.dim(source, i), expected = b.dim(outs, i);
      b.check(b.compare(arith::CmpIPredicate::eq, size, expected),
              name + " C2: the source has size {0} in dim " + Twine(i) +
                  ", outs {1}",
              {size, expected});
    }
    // Upstream takes no slices of what has no elements.
    for (Value operand : {source, outs})
      if (llvm::is_contained(cast<ShapedType>(operand.getType())
                                 .getShape()
                                 .drop_front(rows.size()),
                             0)) {
        rewriter.replaceOp(op, outs);
        return success();
      }
    int64_t leading = rows.size();
    Product product(
        b, routing, toModules, kind, op.getWeightUse() == WeightUse::Output,
        b.flattenLeading(source, leading), b.flattenLeading(outs, leading));
    Value result =
        restoreShape(b, product.emit(b), outs, toModules ? modules : rows);
    rewriter.replaceOp(op, b.castTo(op.getResult().getType(), result));
    return success();
  }

  /// `[groups, d]` as `[leading…, trailing dims of outs…]`.
  static Value restoreShape(TensorEmitter &b, Value result, Value outs,
                            ValueRange leading) {
    SmallVector<Value> trailing = b.dimsFrom(outs, leading.size());
    SmallVector<ReassociationIndices> groups(2);
    SmallVector<OpFoldResult> shape = getAsOpFoldResult(leading);
    llvm::append_range(shape, getAsOpFoldResult(trailing));
    llvm::append_range(groups[0], llvm::seq<int64_t>(0, leading.size()));
    llvm::append_range(groups[1],
                       llvm::seq<int64_t>(leading.size(), shape.size()));
    if (trailing.empty()) {
      result = b.flattenLeading(result, 2);
      return b.unflattenLeading(result, leading);
    }
    auto [staticShape, dynamic] = decomposeMixedValues(shape);
    auto type = RankedTensorType::get(staticShape, getElementTypeOrSelf(outs));
    auto flat = tensor::CollapseShapeOp::inferCollapsedType(type, groups);
    if (leading.size() == 1 && trailing.size() == 1)
      return b.castTo(type, result);
    return tensor::ExpandShapeOp::create(b, type, b.castTo(flat, result),
                                         groups, shape);
  }
};

} // namespace

void condcomp::populatePoolPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerProduct<PoolOp>, LowerProduct<MixOp>>(
      converter, patterns.getContext());
}
