//===- SizeRoutings.cpp - sizes of routings and of what they make ---------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SizeExpressions.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

RoutingSizes SizeExpressions::getRouting(Value routing) {
  auto it = frame.routings.find(routing);
  if (it != frame.routings.end())
    return it->second;
  RoutingSizes sizes = makeRouting(routing);
  frame.routings[routing] = sizes;
  return sizes;
}

/// The tensor of the routing's shape that a gate decides on, or null.
static Value getScores(Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<TopKOp, TopPOp, ThresholdOp, ExpertChoiceOp>(
          [](auto gate) { return gate.getScores(); })
      .Case([](SampleOp gate) { return gate.getLogits(); })
      .Case([](FromMaskOp gate) { return gate.getMask(); })
      .Default([](Operation *) { return Value(); });
}

RoutingSizes SizeExpressions::makeRouting(Value routing) {
  auto type = cast<RoutingType>(routing.getType());
  Operation *op = routing.getDefiningOp();
  std::string what = op ? describeOp(op) : "a routing argument";
  // The dims that the type leaves open, where operands have them.
  Dims known;
  std::optional<Polynomial> entries, k;
  if (Value scores = op ? getScores(op) : Value()) {
    known = getDims(scores);
    if (auto gate = dyn_cast<TopKOp>(op); gate && gate.getK())
      k = getValue(gate.getK());
    if (auto gate = dyn_cast<SampleOp>(op); gate && gate.getK())
      k = getValue(gate.getK());
  } else if (auto assign = dyn_cast_or_null<AssignOp>(op)) {
    known = getDims(assign.getIndices());
    k = known.back();
    known.back() =
        assign.getModules() ? getValue(assign.getModules()) : Polynomial();
  } else if (isa_and_nonnull<ReweightOp, NormalizeOp, ScaleOp, ConvertFormOp>(
                 op)) {
    // The same entries with other weights.
    return getRouting(op->getOperand(0));
  } else if (isa_and_nonnull<CapacityOp, ComplementOp, SliceModulesOp>(op)) {
    known = getRouting(op->getOperand(0)).dims;
    if (auto slice = dyn_cast<SliceModulesOp>(op); slice && slice.getSize())
      known.back() = getValue(slice.getSize());
  } else if (auto concat = dyn_cast_or_null<ConcatModulesOp>(op)) {
    Polynomial modules;
    entries = Polynomial();
    for (Value part : concat.getRoutings()) {
      RoutingSizes sizes = getRouting(part);
      modules += sizes.dims.back();
      *entries += sizes.entries;
      known = sizes.dims;
    }
    known.back() = modules;
  }

  RoutingSizes sizes;
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    sizes.dims.push_back(
        !ShapedType::isDynamic(size) ? Polynomial::constant(size)
        : known.empty()
            ? createSize("size of " + what + " in dim " + std::to_string(i))
            : known[i]);
  sizes.rows = Polynomial::constant(1);
  for (const Polynomial &dim : ArrayRef(sizes.dims).drop_back())
    sizes.rows *= dim;
  if (type.hasUniformRows()) {
    if (!type.getRowBound().isDynamic())
      k = Polynomial::constant(type.getRowBound().count);
    sizes.k = k ? *k : createSize("entries per row of " + what);
  }
  sizes.entries = entries ? *entries : makeEntries(routing, sizes);
  return sizes;
}

/// The symbol for a routing's number of entries.
Polynomial SizeExpressions::makeEntries(Value routing,
                                        const RoutingSizes &sizes) {
  auto type = cast<RoutingType>(routing.getType());
  Operation *op = routing.getDefiningOp();
  unsigned id = createSymbol(
      'e', "entries of " + (op ? describeOp(op) : "a routing argument"),
      /*isCount=*/true);
  Polynomial batches = Polynomial::constant(1);
  for (const Polynomial &dim : ArrayRef(sizes.dims).drop_back(2))
    batches *= dim;
  Polynomial full = sizes.rows * sizes.dims.back();
  std::optional<Polynomial> value;
  SmallVector<Polynomial, 2> atMost;
  Bound row = type.getRowBound(), module = type.getModuleBound();
  auto ofModules = [&](const Polynomial &count) {
    return batches * sizes.dims.back() * count;
  };
  if (sizes.k)
    value = sizes.rows * *sizes.k;
  else if (std::optional<int64_t> most = row.getStaticMax())
    atMost.push_back(sizes.rows * Polynomial::constant(*most));
  if (std::optional<int64_t> most = module.getStaticMax()) {
    Polynomial count = ofModules(Polynomial::constant(*most));
    if (module.kind == BoundKind::Exactly)
      value = count;
    else
      atMost.push_back(count);
  } else if (module.isDynamic()) {
    if (auto choice = dyn_cast_or_null<ExpertChoiceOp>(op))
      value = ofModules(getValue(choice.getC()));
  }
  if (isa_and_nonnull<CapacityOp, SliceModulesOp>(op))
    atMost.push_back(getRouting(op->getOperand(0)).entries);
  if (atMost.empty())
    atMost.push_back(full);
  CostSymbol &symbol = symbols[id];
  symbol.value = value;
  symbol.full = full;
  symbol.atMost = std::move(atMost);
  return Polynomial::symbol(id);
}

/// The dims of an entry tensor before what each entry holds.
static SizeExpressions::Dims getEntryDims(RoutingType type,
                                          const RoutingSizes &sizes) {
  if (!type.hasUniformRows())
    return {sizes.entries};
  SizeExpressions::Dims dims(ArrayRef(sizes.dims).drop_back());
  dims.push_back(*sizes.k);
  return dims;
}

std::optional<SizeExpressions::Dims>
SizeExpressions::makeCondCompDims(OpResult result) {
  Operation *op = result.getOwner();
  if (auto exiting = dyn_cast<ExitingOpInterface>(op)) {
    unsigned i = result.getResultNumber();
    unsigned numRowResults = exiting.getRowResults().size();
    if (i < exiting.getOuts().size())
      return getDims(exiting.getOuts()[i]);
    Polynomial rows = getDims(exiting.getRows().front()).front();
    if (i < numRowResults) { // Static after the rows.
      Dims dims = {rows};
      for (int64_t size :
           cast<RankedTensorType>(result.getType()).getShape().drop_front())
        dims.push_back(Polynomial::constant(size));
      return dims;
    }
    if (i < numRowResults + exiting.getState().size())
      return getDims(exiting.getState()[i - numRowResults]);
    return result == exiting.getLeftAt() ? std::optional<Dims>({rows})
                                         : std::nullopt;
  }
  auto ofEntries = [&](Value routing) {
    return getEntryDims(cast<RoutingType>(routing.getType()),
                        getRouting(routing));
  };
  // A result that leads with `leading` and goes on like `source` does after its
  // first `from` dims.
  auto goOn = [&](Dims leading, Value source, size_t from) {
    llvm::append_range(leading, ArrayRef(getDims(source)).drop_front(from));
    return leading;
  };
  using Result = std::optional<Dims>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<CombineOp, RestoreOp, PoolOp, MixOp>(
          [&](auto movement) -> Result { return getDims(movement.getOuts()); })
      .Case([&](SelectOp select) -> Result {
        size_t space = select.getRouting().getType().getShape().size() -
                       (select.getSpace() == Space::Pairs ? 0 : 1);
        return goOn(ofEntries(select.getRouting()), select.getSource(), space);
      })
      .Case([&](ApplyOp apply) -> Result {
        if (!apply.getOuts().empty())
          return getDims(apply.getOuts()[result.getResultNumber()]);
        Dims dims = ofEntries(apply.getRouting());
        for (int64_t size : cast<RankedTensorType>(result.getType())
                                .getShape()
                                .drop_front(dims.size()))
          dims.push_back(Polynomial::constant(size));
        return dims;
      })
      .Case<WeightsOp, IndicesOp>(
          [&](auto query) -> Result { return ofEntries(query.getRouting()); })
      .Case<ToDenseOp, ToMaskOp>([&](auto query) -> Result {
        return getRouting(query.getRouting()).dims;
      })
      .Case<RowSizesOp, ModuleSizesOp>([&](auto query) -> Result {
        Dims dims = getRouting(query.getRouting()).dims;
        dims.erase(isa<RowSizesOp>(op) ? dims.end() - 1 : dims.end() - 2);
        return dims;
      })
      .Case([&](RowOffsetsOp query) -> Result {
        return Dims{getRouting(query.getRouting()).rows +
                    Polynomial::constant(1)};
      })
      .Case([&](ConfidenceOp confidence) -> Result {
        return Dims(ArrayRef(getDims(confidence.getLogits())).drop_back());
      })
      .Case([&](LimitGroupsOp limit) -> Result {
        return getDims(limit.getScores());
      })
      .Default([](Operation *) -> Result { return std::nullopt; });
}
