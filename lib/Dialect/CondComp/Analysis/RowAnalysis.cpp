//===- RowAnalysis.cpp - does a body treat its rows independently? --------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/RowAnalysis.h"
#include "RowAnalyzer.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

RowAnalysis::RowAnalysis(ConditionalOpInterface op, unsigned index) {
  RowAnalyzer analyzer;
  Frame frame;
  (void)analyzer.analyzeBody(op, index, frame);
  diagnostic = std::move(analyzer.diagnostic);
  for (auto [value, state] : frame.states)
    if (value.getParentRegion() == frame.region)
      classes[value] = analyzer.getClass(state);
}

std::optional<RowClass> RowAnalysis::classify(Value value) const {
  auto it = classes.find(value);
  if (it == classes.end())
    return std::nullopt;
  return it->second;
}
