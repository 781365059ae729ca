//===- ToCPU.cpp - the condcomp-to-cpu pipeline ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Conversion/Passes.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "condcomp/Pipelines/Pipelines.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace condcomp;

/// The widest vectors of the machine this runs on.
static unsigned hostVectorBits() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (features.lookup("avx512f") && features.lookup("avx512bw") &&
      features.lookup("avx512vl"))
    return 512;
  return features.lookup("avx2") && features.lookup("fma") ? 256 : 128;
}

/// From linalg on tensors to linalg on memrefs.
static void addBufferization(OpPassManager &pm) {
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

/// From linalg on memrefs to loops on vectors.
static void addLoops(OpPassManager &pm, const ToCPUOptions &options,
                     unsigned vectorBits) {
  // Tasks that were cut out already run in parallel as they are.
  if (!options.parallel)
    pm.addPass(createForallToForLoopPass());
  pm.addPass(createExpandMath());
  LowerContractionsOptions contractions;
  contractions.parallel = options.parallel;
  contractions.vectorBits = vectorBits;
  pm.addPass(createLowerContractions(contractions));
  VectorizeLoopsOptions loops;
  loops.parallel = options.parallel;
  loops.vectorBits = vectorBits;
  pm.addPass(createVectorizeLoops(loops));
  // What has no linear operands: element by element.
  pm.addPass(createConvertLinalgToLoopsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// From loops on memrefs to the LLVM dialect.
static void addLLVM(OpPassManager &pm) {
  pm.addPass(createParallelToOpenMP());
  pm.addPass(createExpandReshapes());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  pm.addPass(createSCFToControlFlowPass());
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
  pm.addPass(createOutlineParallel());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

static unsigned getVectorBits(const ToCPUOptions &options) {
  return options.vectorBits ? options.vectorBits.getValue() : hostVectorBits();
}

/// From condcomp ops to linalg on tensors.
static void addLinalg(OpPassManager &pm, const ToCPUOptions &options) {
  pm.addPass(createElementwiseToLinalg());
  if (!options.trace)
    pm.addPass(createEraseTraces());
  // A helper function is compiled where it is called, for the sizes it has
  // there.
  pm.addPass(createInlinerPass());
  pm.addPass(createSymbolDCEPass());
  pm.addPass(createRefineShapes());
  pm.addPass(createVerifyRows());
  pm.addPass(createDecomposeGates());
  pm.addNestedPass<func::FuncOp>(createCheckArgumentSizes());
  ChooseFormOptions forms;
  forms.form = options.form;
  if (options.form == "soft") {
    pm.addPass(createLowerSoft());
    // Nothing is left out: there is nothing to gather.
    forms.form = "masked";
  }
  pm.addPass(createChooseForm(forms));
  pm.addPass(createCondCompToLinalg());
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  pm.addPass(createDropEmptyTensors());
  pm.addPass(createDecomposeOps());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createFuseElementwise());
  pm.addPass(createCanonicalizerPass());
}

void condcomp::buildToCPUPipeline(OpPassManager &pm,
                                  const ToCPUOptions &options) {
  unsigned vectorBits = getVectorBits(options);
  addLinalg(pm, options);
  pm.addPass(createGuardDivisions());
  pm.addPass(createCSEPass());
  if (options.batchExperts) {
    pm.addPass(createBatchExperts());
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  if (options.tileChains) {
    pm.addPass(createTileChains());
    // An op that several ops of a chain read was taken in for each.
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  addBufferization(pm);
  addLoops(pm, options, vectorBits);
  addLLVM(pm);
}

void condcomp::buildPrepackPipeline(OpPassManager &pm,
                                    const ToCPUOptions &options) {
  addLinalg(pm, options);
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createCollapseWeights());
  PackWeightsOptions weights;
  weights.vectorBits = getVectorBits(options);
  pm.addNestedPass<func::FuncOp>(createPackWeights(weights));
  pm.addPass(createSplitPrepack());
  pm.addPass(createCanonicalizerPass());
}

void condcomp::registerPipelines() {
  PassPipelineRegistration<ToCPUOptions>(
      "condcomp-to-cpu",
      "Compile linalg on tensors to the LLVM dialect, for this machine",
      buildToCPUPipeline);
  PassPipelineRegistration<ToCPUOptions>(
      "condcomp-prepack",
      "Split off @f$prepack, which packs constant arguments for this machine, "
      "from every function @f that has such: linalg for condcomp-to-cpu",
      buildPrepackPipeline);
  PassPipelineRegistration<ToPortableLinalgOptions>(
      "condcomp-to-portable-linalg",
      "Lower condcomp ops to linalg, scf and tensor for other compilers, such "
      "as IREE, which read the text",
      buildToPortableLinalgPipeline);
}
