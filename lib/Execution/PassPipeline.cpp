//===- PassPipeline.cpp - pipelines given as text -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/PassPipeline.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

LogicalResult condcomp::addPassPipeline(PassManager &pm, StringRef text,
                                        raw_ostream &diagnostics) {
  if (failed(applyPassManagerCLOptions(pm)))
    return failure();
  applyDefaultTimingPassManagerCLOptions(pm);
  FailureOr<OpPassManager> passes = parsePassPipeline(text, diagnostics);
  if (failed(passes))
    return failure();
  static_cast<OpPassManager &>(pm) = std::move(*passes);
  return success();
}
