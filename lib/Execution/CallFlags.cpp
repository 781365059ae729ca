//===- CallFlags.cpp - flags of tools that call functions -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/CallFlags.h"

using namespace condcomp;

llvm::Error CallFlags::fill(CallRequest &request) const {
  request.function = function;
  request.inputs.assign(inputs.begin(), inputs.end());
  request.outputs.assign(outputs.begin(), outputs.end());
  request.expected.assign(expected.begin(), expected.end());
  request.threads = threads;
  request.tolerance = {rtol, atol};
  if (!benchmark)
    return llvm::Error::success();
  if (repetitions == 0)
    return makeError("--benchmark-repetitions is 0; a time needs one run");
  request.repetitions = repetitions;
  request.warmup = warmup;
  return llvm::Error::success();
}
