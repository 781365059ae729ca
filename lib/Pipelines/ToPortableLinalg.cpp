//===- ToPortableLinalg.cpp - the pipeline for other compilers ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stages.h"
#include "condcomp/Conversion/Passes.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "condcomp/Pipelines/Pipelines.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace condcomp;

void condcomp::buildToPortableLinalgPipeline(
    OpPassManager &pm, const ToPortableLinalgOptions &options) {
  pm.addPass(createElementwiseToLinalg());
  pm.addPass(createVerifyRows());
  pm.addPass(createDecomposeGates());
  pm.addPass(createEraseTraces());
  ChooseFormOptions form;
  form.form = options.form;
  addForm(pm, form);
  CondCompToLinalgOptions toLinalg;
  toLinalg.assertChecks = true;
  pm.addPass(createCondCompToLinalg(toLinalg));
  // Names of elementwise ops change from one release of MLIR to the next.
  pm.addNestedPass<func::FuncOp>(createLinalgGeneralizeNamedOpsPass());
  pm.addPass(createTensorForallToFor());
  pm.addPass(createIndexTensorsToI64());
  pm.addPass(createExpandBitCounts());
  if (options.portableLoops) {
    // Sizes of what a call returns are not seen either.
    pm.addPass(createInlinerPass());
    pm.addPass(createPortableLoops());
  }
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}
