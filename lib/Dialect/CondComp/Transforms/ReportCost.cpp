//===- ReportCost.cpp - the costs of functions as remarks and JSON --------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/Cost.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ToolOutputFile.h"

namespace condcomp {
#define GEN_PASS_DEF_REPORTCOST
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

static llvm::json::Array formatAll(const CostAnalysis &analysis,
                                   ArrayRef<Polynomial> polynomials) {
  llvm::json::Array array;
  for (const Polynomial &polynomial : polynomials)
    array.push_back(analysis.format(polynomial));
  return array;
}

static llvm::json::Object toJSON(const CostAnalysis &analysis,
                                 const Cost &cost) {
  return llvm::json::Object{
      {"flops", analysis.format(cost.flops)},
      {"contraction_flops", analysis.format(cost.contractionFlops)},
      {"bytes", analysis.format(cost.bytes)},
      {"peak_bytes", formatAll(analysis, cost.peakBytes)}};
}

static llvm::json::Object toJSON(func::FuncOp function,
                                 const CostAnalysis &analysis) {
  llvm::json::Array symbols, regions;
  for (unsigned id : analysis.getOpenSymbols()) {
    const CostSymbol &symbol = analysis.getSymbols()[id];
    symbols.push_back(
        llvm::json::Object{{"name", symbol.name},
                           {"meaning", symbol.meaning},
                           {"at_most", formatAll(analysis, symbol.atMost)}});
  }
  for (const RegionCost &region : analysis.getRegions())
    regions.push_back(
        llvm::json::Object{{"op", describeOp(region.op)},
                           {"region", region.region},
                           {"rows", analysis.format(region.rows)},
                           {"all_rows", analysis.format(region.allRows)},
                           {"flops", analysis.format(region.flops)}});
  return llvm::json::Object{
      {"name", function.getName()},
      {"exact", analysis.isExact()},
      {"symbols", std::move(symbols)},
      {"cost", toJSON(analysis, analysis.getCost())},
      {"dense", toJSON(analysis, analysis.getDenseCost())},
      {"regions", std::move(regions)}};
}

/// Emits a remark on the function, and one on each conditional region.
static void emitRemarks(func::FuncOp function, const CostAnalysis &analysis) {
  auto emit = [](Location loc, const Twine &text) {
    remark::analysis(
        loc, remark::RemarkOpts::name("Cost").category("condcomp-report-cost"))
        << text.str();
  };
  const Cost &cost = analysis.getCost(), &dense = analysis.getDenseCost();
  std::string symbols;
  for (unsigned id : analysis.getOpenSymbols()) {
    const CostSymbol &symbol = analysis.getSymbols()[id];
    symbols += "; " + symbol.name + ": " + symbol.meaning;
    for (auto [i, bound] : llvm::enumerate(symbol.atMost))
      symbols += (i ? " and " : ", at most ") + analysis.format(bound);
  }
  std::string peak =
      llvm::join(llvm::map_range(cost.peakBytes,
                                 [&](const Polynomial &candidate) {
                                   return analysis.format(candidate);
                                 }),
                 ", ");
  if (cost.peakBytes.size() > 1)
    peak = "the largest of " + peak;
  emit(function.getLoc(),
       Twine(function.getName()) + ": " +
           (analysis.isExact() ? "" : "at most ") +
           analysis.format(cost.flops) + " FLOPs (" +
           analysis.format(dense.flops) + " if nothing is skipped), " +
           analysis.format(cost.bytes) + " bytes moved, " +
           (peak.empty() ? "0" : peak) + " bytes at once" + symbols);
  for (const RegionCost &region : analysis.getRegions())
    emit(region.op->getLoc(), region.op->getName().getStringRef() +
                                  ", region " + Twine(region.region) +
                                  ": runs on " + analysis.format(region.rows) +
                                  " of " + analysis.format(region.allRows) +
                                  " rows, " + analysis.format(region.flops) +
                                  " FLOPs");
}

namespace {
struct ReportCost : condcomp::impl::ReportCostBase<ReportCost> {
  using Base::Base;

  void runOnOperation() override {
    markAllAnalysesPreserved();
    llvm::json::Array functions;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!function.isPublic() || function.isExternal())
        continue;
      CostAnalysis analysis(function);
      emitRemarks(function, analysis);
      if (!json.empty())
        functions.push_back(toJSON(function, analysis));
    }
    if (json.empty())
      return;
    std::string message;
    std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(json, &message);
    if (!file) {
      getOperation().emitError("condcomp-report-cost: ") << message;
      return signalPassFailure();
    }
    file->os() << llvm::formatv("{0:2}",
                                llvm::json::Value(llvm::json::Object{
                                    {"functions", std::move(functions)}}))
               << "\n";
    file->keep();
  }
};
} // namespace
