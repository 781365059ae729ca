//===- Cost.cpp - what a function costs, by its sizes and counts ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/Cost.h"
#include "CostWalker.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace condcomp;

std::string condcomp::describeOp(Operation *op) {
  std::string name = op->getName().getStringRef().str();
  if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
    name += (" (" + llvm::sys::path::filename(place.getFilename()) + ":" +
             Twine(place.getLine()) + ")")
                .str();
  return name;
}

/// With the values of symbols put in; candidates for the peak that are never
/// the largest go.
static Cost resolve(const Cost &cost, const SizeExpressions &sizes, bool full) {
  auto resolveOne = [&](const Polynomial &polynomial) {
    return sizes.resolve(polynomial, full);
  };
  Cost resolved = transform(cost, resolveOne, resolveOne);
  SmallVector<Polynomial> peaks;
  for (const Polynomial &candidate : resolved.peakBytes)
    addCandidate(peaks, candidate);
  resolved.peakBytes.assign(peaks.begin(), peaks.end());
  return resolved;
}

CostAnalysis::CostAnalysis(func::FuncOp function) {
  CostWalker walker;
  Cost sum;
  for (Block &block : function.getBody()) {
    Cost part = walker.walkBlock(block);
    add(sum, part);
    llvm::append_range(sum.peakBytes, part.peakBytes);
  }
  SizeExpressions &sizes = walker.sizes;
  // Of several blocks, which ones run is not known.
  exact = sizes.exact && llvm::hasNItemsOrLess(function.getBody(), 1);
  cost = resolve(sum, sizes, /*full=*/false);
  denseCost = resolve(sum, sizes, /*full=*/true);
  for (RegionCost region : walker.regions) {
    region.allRows = sizes.resolve(region.rows, /*full=*/true);
    region.rows = sizes.resolve(region.rows);
    region.flops = sizes.resolve(region.flops);
    regions.push_back(std::move(region));
  }
  symbols = sizes.symbols;

  // The symbols that are left, and those of their bounds.
  llvm::SetVector<unsigned> open;
  auto collect = [&](const Polynomial &polynomial) {
    for (const auto &[product, coefficient] : polynomial.getTerms())
      open.insert_range(product);
  };
  for (const Cost *part : {&cost, &denseCost}) {
    for (const Polynomial &p :
         {part->flops, part->contractionFlops, part->bytes})
      collect(p);
    llvm::for_each(part->peakBytes, collect);
  }
  for (const RegionCost &region : regions) {
    collect(region.rows);
    collect(region.allRows);
  }
  for (unsigned i = 0; i < open.size(); ++i) // Grows.
    for (Polynomial &bound : symbols[open[i]].atMost) {
      bound = sizes.resolve(bound);
      collect(bound);
    }
  openSymbols.assign(open.begin(), open.end());
  llvm::sort(openSymbols);
  llvm::DenseMap<char, unsigned> numbers;
  for (unsigned id : openSymbols) {
    char kind = symbols[id].name.front();
    symbols[id].name = std::string(1, kind) + std::to_string(numbers[kind]++);
  }
}

std::string CostAnalysis::format(const Polynomial &polynomial) const {
  return polynomial.format([&](unsigned id) { return symbols[id].name; });
}
