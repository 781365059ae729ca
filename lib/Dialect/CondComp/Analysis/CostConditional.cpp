//===- CostConditional.cpp - regions that run for some rows ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostWalker.h"

using namespace mlir;
using namespace condcomp;

Polynomial CostWalker::sumOverRuns(const Polynomial &polynomial,
                                   unsigned placeholder, const Runs &runs) {
  Polynomial sum;
  for (const auto &[symbols, coefficient] : polynomial.getTerms()) {
    Polynomial::Monomial rest(symbols);
    llvm::erase(rest, placeholder);
    unsigned degree = symbols.size() - rest.size();
    // Counts of what is inside add up over the runs already.
    bool isTotal = llvm::any_of(rest, [&](unsigned id) {
      return id > placeholder && sizes.symbols[id].isCount;
    });
    Polynomial product;
    product.add(rest, coefficient);
    if (!isTotal && degree == 0)
      product *= runs.number();
    else if (!isTotal)
      product *= runs.rows;
    // Of a square, the largest run bounds one factor.
    for (unsigned i = isTotal ? 0 : 1; i < degree; ++i) {
      sizes.exact = false;
      product *= runs.most;
    }
    sum += product;
  }
  return sum;
}

/// The rows that a region runs on.
Polynomial CostWalker::getRows(ConditionalOpInterface op, unsigned region,
                               const RegionRuns &runs,
                               const Polynomial &allRows) {
  auto count = [&](std::string meaning, Polynomial full,
                   SmallVector<Polynomial, 2> atMost) {
    unsigned id = sizes.createSymbol('r', std::move(meaning), /*isCount=*/true);
    sizes.symbols[id].full = std::move(full);
    sizes.symbols[id].atMost = std::move(atMost);
    return Polynomial::symbol(id);
  };
  switch (runs.rows) {
  case RegionRuns::Rows::All:
    return allRows;
  case RegionRuns::Rows::Entries: {
    RoutingSizes routing = sizes.getRouting(runs.routing);
    auto type = cast<RoutingType>(runs.routing.getType());
    if (!runs.module || type.getNumModules() == 1)
      return routing.entries;
    auto [it, isNew] =
        moduleRows.try_emplace({runs.routing, *runs.module}, Polynomial());
    if (!isNew)
      return it->second;
    Polynomial rows = count("rows at module " + std::to_string(*runs.module) +
                                " of " + describeOp(op),
                            routing.rows, {routing.rows, routing.entries});
    return moduleRows[{runs.routing, *runs.module}] = rows;
  }
  case RegionRuns::Rows::Survivors: {
    Polynomial most = allRows * sizes.getValue(runs.mostRuns);
    if (isa<IterateOp>(op))
      return count("rows of all steps of " + describeOp(op), most, {most});
    Polynomial before = regions.empty() || regions.back().op != op
                            ? allRows
                            : regions.back().rows;
    return count("rows that reach stage " + std::to_string(region) + " of " +
                     describeOp(op),
                 most, {before});
  }
  }
  llvm_unreachable("unknown kind of rows");
}

SmallVector<BlockArgument>
CostWalker::setArgumentSizes(ConditionalOpInterface op, unsigned region,
                             const Polynomial &rows) {
  SmallVector<BlockArgument> arguments = op.getRowArguments(region);
  if (BlockArgument ids = op.getIdsArgument(region))
    arguments.push_back(ids);
  // Rows and entries of an apply have the inner sizes of what is gathered,
  // params those of one module.
  SmallVector<Value> gathered, params;
  if (auto apply = dyn_cast<ApplyOp>(op.getOperation())) {
    llvm::append_range(gathered, apply.getRows());
    llvm::append_range(gathered, apply.getEntries());
    llvm::append_range(params, apply.getParams());
  }
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    SizeExpressions::Dims dims = {rows};
    ArrayRef<int64_t> inner =
        cast<RankedTensorType>(argument.getType()).getShape().drop_front();
    if (i < gathered.size())
      llvm::append_range(
          dims, ArrayRef(sizes.getDims(gathered[i])).take_back(inner.size()));
    else
      for (auto [dim, size] : llvm::enumerate(inner))
        dims.push_back(ShapedType::isDynamic(size)
                           ? sizes.createSize("size of a row argument of " +
                                              describeOp(op) + " in dim " +
                                              std::to_string(dim + 1))
                           : Polynomial::constant(size));
    sizes.setDims(argument, dims);
  }
  for (auto [i, param] : llvm::enumerate(params)) {
    SizeExpressions::Dims whole = sizes.getDims(param);
    sizes.setDims(op->getRegion(region).getArgument(gathered.size() + i),
                  SizeExpressions::Dims(ArrayRef(whole).drop_front()));
  }
  if (auto exiting = dyn_cast<ExitingOpInterface>(op.getOperation()))
    for (auto [argument, whole] :
         llvm::zip_equal(op.getStateArguments(region), exiting.getState()))
      sizes.setDims(argument, sizes.getDims(whole));
  return arguments;
}

std::optional<RowCost> condcomp::getRowCost(ConditionalOpInterface op,
                                            unsigned region) {
  CostWalker walker;
  unsigned placeholder = walker.sizes.createSymbol('b', "rows of one run");
  SmallVector<BlockArgument> arguments =
      walker.setArgumentSizes(op, region, Polynomial::symbol(placeholder));
  Cost body = walker.walkBlock(op->getRegion(region).front());
  Polynomial rowBytes;
  for (BlockArgument argument : arguments)
    rowBytes += walker.sizes.getBytes(argument);
  // The factor of the number of rows, if it has no other.
  auto perRow = [&](const Polynomial &polynomial) -> std::optional<uint64_t> {
    uint64_t factor = 0;
    Polynomial resolved = walker.sizes.resolve(polynomial);
    for (const auto &[symbols, coefficient] : resolved.getTerms()) {
      if (symbols == Polynomial::Monomial{placeholder})
        factor = coefficient;
      else if (!symbols.empty())
        return std::nullopt;
    }
    return factor;
  };
  std::optional<uint64_t> flops = perRow(body.flops),
                          bytes = perRow(body.bytes), size = perRow(rowBytes);
  if (!walker.sizes.exact || !flops || !bytes || !size)
    return std::nullopt;
  return RowCost{*flops, *bytes, *size};
}

Cost CostWalker::walkConditional(ConditionalOpInterface op) {
  Cost sum = getOpCost(op, sizes);
  Polynomial allRows;
  auto exiting = dyn_cast<ExitingOpInterface>(op.getOperation());
  if (exiting)
    allRows = sizes.getDims(exiting.getRows().front()).front();
  for (Region &region : op->getRegions()) {
    unsigned index = region.getRegionNumber();
    RegionRuns runs = op.getRegionRuns(index);
    Polynomial total = getRows(op, index, runs, allRows);
    Polynomial mostRows = exiting ? allRows : Polynomial();
    Polynomial mostRuns;
    if (runs.routing) {
      RoutingSizes routing = sizes.getRouting(runs.routing);
      mostRows = routing.rows;
      mostRuns = routing.dims.back();
    }
    if (std::optional<int64_t> known = getConstantIntValue(runs.mostRuns);
        !known || !ShapedType::isDynamic(*known))
      mostRuns = sizes.getValue(runs.mostRuns);

    unsigned placeholder = sizes.createSymbol('b', "rows of one run");
    SmallVector<BlockArgument> arguments =
        setArgumentSizes(op, index, Polynomial::symbol(placeholder));
    Cost body = walkBlock(region.front());
    // Rows are gathered, and results put back.
    Polynomial moved;
    for (BlockArgument argument : arguments)
      moved += sizes.getBytes(argument);
    for (Value value : region.front().getTerminator()->getOperands())
      if (isa<RankedTensorType>(value.getType()) &&
          !llvm::is_contained(op.getStateArguments(index), value))
        moved += sizes.getBytes(value);
    body.bytes += moved * Polynomial::constant(2);
    for (Polynomial &candidate : body.peakBytes)
      candidate += moved;

    std::optional<Polynomial> number;
    auto getNumber = [&]() {
      if (!number) {
        unsigned id = sizes.createSymbol(
            'u',
            "runs of region " + std::to_string(index) + " of " + describeOp(op),
            /*isCount=*/true);
        sizes.symbols[id].full = mostRuns;
        sizes.symbols[id].atMost = {mostRuns, total};
        if (runs.rows == RegionRuns::Rows::All)
          sizes.symbols[id].value = mostRuns;
        number = Polynomial::symbol(id);
      }
      return *number;
    };
    Runs summed = {total, mostRows, getNumber};
    auto overRuns = [&](const Polynomial &polynomial) {
      return sumOverRuns(polynomial, placeholder, summed);
    };
    // All modules may run at once, each on its rows; the params are there.
    auto once = [] { return Polynomial::constant(1); };
    Runs atOnce = {total, mostRows, once};
    Cost all = transform(body, overRuns, [&](const Polynomial &candidate) {
      return sumOverRuns(candidate, placeholder, atOnce);
    });
    for (unsigned id = placeholder + 1; id < sizes.symbols.size(); ++id) {
      auto overAll = [&](std::optional<Polynomial> value) {
        return value ? std::optional(overRuns(*value)) : std::nullopt;
      };
      // Not a reference: sums may create symbols.
      CostSymbol symbol = sizes.symbols[id];
      if (!symbol.isCount || number == Polynomial::symbol(id))
        continue;
      symbol.value = overAll(symbol.value);
      symbol.full = overAll(symbol.full);
      for (Polynomial &bound : symbol.atMost)
        bound = overRuns(bound);
      sizes.symbols[id] = symbol;
    }
    regions.push_back({op, index, total, total, all.flops});
    add(sum, all);
    for (const Polynomial &candidate : all.peakBytes)
      addCandidate(sum.peakBytes, candidate);
  }
  return sum;
}
