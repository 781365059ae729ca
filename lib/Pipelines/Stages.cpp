//===- Stages.cpp - what the pipelines share ------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stages.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Conversion/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace condcomp;

void condcomp::addVerification(OpPassManager &pm, bool trace) {
  pm.addPass(createElementwiseToLinalg());
  if (!trace)
    pm.addPass(createEraseTraces());
  // A helper function is compiled where it is called, for the sizes it has
  // there.
  pm.addPass(createExpandAffine());
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createRefineShapes());
  pm.addPass(createVerifyRows());
  pm.addPass(createDecomposeGates());
  pm.addNestedPass<func::FuncOp>(createCheckArgumentSizes());
  pm.addNestedPass<func::FuncOp>(createCheckIndices());
}

void condcomp::addForm(OpPassManager &pm, ChooseFormOptions forms) {
  if (forms.form == "soft") {
    pm.addPass(createLowerSoft());
    // Nothing is left out: there is nothing to gather.
    forms.form = "masked";
  }
  pm.addPass(createChooseForm(forms));
}

void condcomp::addLinalg(OpPassManager &pm, ChooseFormOptions forms) {
  addForm(pm, forms);
  pm.addPass(createCondCompToLinalg());
  pm.addPass(createElementwiseToLinalg());
  pm.addPass(createDropEmptyTensors());
  pm.addPass(createDecomposeOps());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createFuseElementwise());
  pm.addPass(createCanonicalizerPass());
}

void condcomp::addBufferization(OpPassManager &pm) {
  pm.addPass(createSeparateFills());
  pm.addPass(createUpdateInPlace());
  pm.addPass(createProtectArguments());
  pm.addPass(createSeparateResults());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  // Loops of users may carry a new tensor from step to step.
  bufferize.allowReturnAllocsFromLoops = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void condcomp::addDeallocation(OpPassManager &pm) {
  // Callers own the results they get; all else is freed where it dies.
  pm.addPass(memref::createExpandReallocPass());
  pm.addPass(bufferization::createOwnershipBasedBufferDeallocationPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(bufferization::createBufferDeallocationSimplificationPass());
  pm.addPass(bufferization::createLowerDeallocationsPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(
      bufferization::createOptimizeAllocationLivenessPass());
  pm.addPass(createConvertBufferizationToMemRefPass());
}

void condcomp::addControlFlow(OpPassManager &pm, bool expandBF16) {
  pm.addPass(createExpandReshapes());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = expandBF16;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  pm.addPass(createSCFToControlFlowPass());
}

void condcomp::addLLVM(OpPassManager &pm) {
  pm.addPass(createLowerChecks());
  pm.addPass(createEmitCEntryPoints());
  // Functions of the C library take scalars: vectors are taken apart.
  ConvertMathToLLVMPassOptions math;
  math.approximateLog1p = false;
  pm.addPass(createConvertMathToLLVMPass(math));
  pm.addPass(createConvertMathToLibmPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  FinalizeMemRefToLLVMConversionPassOptions memref;
  memref.useGenericFunctions = true;
  pm.addPass(createFinalizeMemRefToLLVMConversionPass(memref));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createMaskHalvesAsIntegers());
  pm.addPass(createOutlineParallel());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}
