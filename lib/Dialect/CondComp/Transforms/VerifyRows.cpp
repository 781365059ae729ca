//===- VerifyRows.cpp - row-wise bodies treat rows independently ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/RowAnalysis.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"

namespace condcomp {
#define GEN_PASS_DEF_VERIFYROWS
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
struct VerifyRowsPass : public condcomp::impl::VerifyRowsBase<VerifyRowsPass> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    // Inner bodies first: they are part of what is proven of outer ones, and
    // one error for each op is enough.
    llvm::SmallPtrSet<Operation *, 8> reported;
    getOperation()->walk([&](ConditionalOpInterface op) {
      for (unsigned i = 0, e = op->getNumRegions(); i < e; ++i)
        if (op.isRowwiseRegion(i))
          verify(op, i, reported);
    });
  }

  void verify(ConditionalOpInterface op, unsigned region,
              llvm::SmallPtrSetImpl<Operation *> &reported) {
    RowAnalysis analysis(op, region);
    if (analysis.isRowwise())
      return;
    signalPassFailure();
    const RowDiagnostic &found = *analysis.getDiagnostic();
    if (!reported.insert(found.op).second)
      return;
    InFlightDiagnostic error = found.op->emitOpError()
                               << "R" << static_cast<int>(found.rule) << ": "
                               << found.message;
    for (Operation *call : found.calls)
      error.attachNote(call->getLoc()) << "called from here";
    error.attachNote(op->getLoc())
        << "in region " << region << " of this '" << op->getName()
        << "', which must treat its rows independently";
  }
};
} // namespace
