//===- CostControlFlow.cpp - sums, branches and loops of costs ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostWalker.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace condcomp;

void condcomp::add(Cost &sum, const Cost &cost) {
  sum.flops += cost.flops;
  sum.contractionFlops += cost.contractionFlops;
  sum.bytes += cost.bytes;
}

Cost condcomp::transform(
    Cost cost, llvm::function_ref<Polynomial(const Polynomial &)> sum,
    llvm::function_ref<Polynomial(const Polynomial &)> peak) {
  cost.flops = sum(cost.flops);
  cost.contractionFlops = sum(cost.contractionFlops);
  cost.bytes = sum(cost.bytes);
  for (Polynomial &candidate : cost.peakBytes)
    candidate = peak(candidate);
  return cost;
}

void condcomp::addCandidate(SmallVectorImpl<Polynomial> &candidates,
                            const Polynomial &candidate) {
  if (llvm::any_of(candidates, [&](const Polynomial &other) {
        return candidate.isAtMost(other);
      }))
    return;
  llvm::erase_if(candidates, [&](const Polynomial &other) {
    return other.isAtMost(candidate);
  });
  candidates.push_back(candidate);
}

Cost CostWalker::walkBranches(Operation *op) {
  Cost most;
  bool first = true;
  for (Region &region : op->getRegions()) {
    if (region.empty())
      continue;
    Cost cost = walkBlock(region.front());
    sizes.exact &=
        first || (cost.flops == most.flops && cost.bytes == most.bytes);
    first = false;
    most.flops = Polynomial::max(most.flops, cost.flops);
    most.contractionFlops =
        Polynomial::max(most.contractionFlops, cost.contractionFlops);
    most.bytes = Polynomial::max(most.bytes, cost.bytes);
    for (const Polynomial &candidate : cost.peakBytes)
      addCandidate(most.peakBytes, candidate);
  }
  return most;
}

Cost CostWalker::walkLoop(Operation *op) {
  std::optional<Polynomial> trips;
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    std::optional<int64_t> low = getConstantIntValue(loop.getLowerBound());
    std::optional<int64_t> step = getConstantIntValue(loop.getStep());
    std::optional<int64_t> high = getConstantIntValue(loop.getUpperBound());
    if (low && high && step && *step > 0)
      trips = Polynomial::constant(
          *high > *low ? llvm::divideCeil(*high - *low, *step) : 0);
    else if (low == 0 && step)
      trips = sizes.resolve(sizes.getValue(loop.getUpperBound()))
                  .divide(Polynomial::constant(*step));
  }
  if (!trips)
    trips = Polynomial::symbol(sizes.createSymbol(
        't', "iterations of " + describeOp(op), /*isCount=*/true));
  unsigned inner = sizes.symbols.size();
  Cost body;
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      Cost cost = walkBlock(block);
      add(body, cost);
      for (const Polynomial &candidate : cost.peakBytes)
        addCandidate(body.peakBytes, candidate);
    }
  // Counts of what is inside add up over the iterations.
  auto overTrips = [&](const Polynomial &polynomial) {
    Polynomial sum;
    for (const auto &[symbols, coefficient] : polynomial.getTerms()) {
      Polynomial product;
      product.add(symbols, coefficient);
      if (llvm::none_of(symbols, [&](unsigned id) {
            return id >= inner && sizes.symbols[id].isCount;
          }))
        product *= *trips;
      sum += product;
    }
    return sum;
  };
  for (unsigned id = inner; id < sizes.symbols.size(); ++id) {
    CostSymbol &symbol = sizes.symbols[id];
    if (!symbol.isCount)
      continue;
    if (symbol.value)
      symbol.value = overTrips(*symbol.value);
    if (symbol.full)
      symbol.full = overTrips(*symbol.full);
    for (Polynomial &bound : symbol.atMost)
      bound = overTrips(bound);
  }
  return transform(body, overTrips,
                   [](const Polynomial &candidate) { return candidate; });
}
