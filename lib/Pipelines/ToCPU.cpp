//===- ToCPU.cpp - the condcomp-to-cpu pipeline ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stages.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Codegen/CPU/Prefetching.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "condcomp/Execution/CPUFeatures.h"
#include "condcomp/Pipelines/Pipelines.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace condcomp;

/// The widest vectors of the machine this runs on.
static unsigned hostVectorBits() {
  llvm::StringMap<bool> features = getHostFeatures();
  if (features.lookup("avx512f") && features.lookup("avx512bw") &&
      features.lookup("avx512vl"))
    return 512;
  return features.lookup("avx2") && features.lookup("fma") ? 256 : 128;
}

/// The unit for bf16 that was asked for, or that of the machine this runs on.
static BF16Unit getBF16Unit(const ToCPUOptions &options) {
  if (options.bf16Unit.hasValue())
    return options.bf16Unit;
  // Vectors of some width are those of another machine.
  if (options.vectorBits)
    return BF16Unit::None;
  llvm::StringMap<bool> features = getHostFeatures();
  return chooseBF16Unit(
      [&](StringRef feature) { return features.lookup(feature); });
}

/// Whether packed weights are asked for beforehand, as was said or as suits the
/// machine this runs on.
static bool getPrefetchPacked(const ToCPUOptions &options) {
  if (options.prefetchPacked.hasValue())
    return options.prefetchPacked;
  // Vectors of some width are those of another machine.
  return options.vectorBits ||
         wantsPackedPrefetched(llvm::sys::getHostCPUName());
}

/// From linalg on memrefs to loops on vectors.
static void addLoops(OpPassManager &pm, const ToCPUOptions &options,
                     unsigned vectorBits) {
  if (options.shareLeaves)
    pm.addPass(createShareLeaves());
  // Tasks that were cut out already run in parallel as they are.
  if (!options.parallel)
    pm.addPass(createForallToForLoopPass());
  pm.addPass(createExpandMath());
  if (options.lowerConvolutions) {
    LowerConvolutionsOptions convolutions;
    convolutions.parallel = options.parallel;
    convolutions.vectorBits = vectorBits;
    pm.addPass(createLowerConvolutions(convolutions));
  }
  LowerContractionsOptions contractions;
  contractions.parallel = options.parallel;
  contractions.vectorBits = vectorBits;
  contractions.bf16Unit = getBF16Unit(options);
  contractions.prefetchPacked = getPrefetchPacked(options);
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

static unsigned getVectorBits(const ToCPUOptions &options) {
  return options.vectorBits ? options.vectorBits.getValue() : hostVectorBits();
}

/// From condcomp ops to fewer of them, with work where it is done least.
static void addStructure(OpPassManager &pm, const ToCPUOptions &options) {
  if (options.foldStaticRoutings)
    pm.addPass(createFoldStaticRoutings());
  if (options.keepModuleOrder)
    pm.addPass(createKeepModuleOrder());
  if (options.hoistInvariants)
    pm.addPass(createHoistInvariants());
  if (options.sinkIntoConditions)
    pm.addPass(createSinkIntoConditions());
  // What was carried on for one stage alone may be that stage's work now.
  if (options.leaveRowsInPlace)
    pm.addPass(createLeaveRowsInPlace());
  // What lay between two applies may be in the second one now.
  if (options.mergeApplies)
    pm.addPass(createMergeApplies());
}

/// From condcomp ops to linalg on tensors, the structure improved before.
static void addTensors(OpPassManager &pm, const ToCPUOptions &options) {
  addVerification(pm, options.trace);
  if (options.form != "soft")
    addStructure(pm, options);
  if (options.reportCost)
    pm.addPass(createReportCost());
  ChooseFormOptions forms;
  forms.form = options.form;
  forms.runTimeChoice = options.runTimeChoice;
  addLinalg(pm, forms);
}

void condcomp::buildToCPUPipeline(OpPassManager &pm,
                                  const ToCPUOptions &options) {
  unsigned vectorBits = getVectorBits(options);
  addTensors(pm, options);
  pm.addPass(createGuardDivisions());
  pm.addPass(createCSEPass());
  if (options.batchExperts) {
    BatchExpertsOptions batching;
    // Units take bf16 as it is.
    batching.widenBF16 = getBF16Unit(options) == BF16Unit::None;
    pm.addPass(createBatchExperts(batching));
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  if (options.readRowsInPlace) {
    pm.addPass(createReadRowsInPlace());
    pm.addPass(createCanonicalizerPass());
    pm.addPass(createCSEPass());
  }
  addBufferization(pm);
  addDeallocation(pm);
  addLoops(pm, options, vectorBits);
  pm.addPass(createParallelToOpenMP());
  // Without instructions of its own LLVM calls a function for every number that
  // is rounded to bf16.
  addControlFlow(pm, /*expandBF16=*/true);
  addLLVM(pm);
}

void condcomp::buildPrepackPipeline(OpPassManager &pm,
                                    const ToCPUOptions &options) {
  addTensors(pm, options);
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
  PassPipelineRegistration<ToGPUOptions>(
      "condcomp-to-gpu",
      "Compile linalg on tensors to one kernel per public function, for NVIDIA "
      "and AMD GPUs",
      buildToGPUPipeline);
  PassPipelineRegistration<ToCUDAOptions>(
      "condcomp-to-cuda",
      "Compile linalg on tensors to the LLVM dialect, for an NVIDIA GPU that "
      "libcondcomp_cuda launches kernels on",
      buildToCUDAPipeline);
  PassPipelineRegistration<ToGPUThreadsOptions>(
      "condcomp-to-gpu-threads",
      "Compile linalg on tensors to the kernels of condcomp-to-cuda, as "
      "functions for this machine's CPU: for tests",
      buildToGPUThreadsPipeline);
  PassPipelineRegistration<ToEmulatedGPUOptions>(
      "condcomp-to-gpu-emulated",
      "Compile linalg on tensors to the kernels of condcomp-to-gpu, and run "
      "them on this machine's CPU: for tests",
      buildToEmulatedGPUPipeline);
  PassPipelineRegistration<ToPortableLinalgOptions>(
      "condcomp-to-portable-linalg",
      "Lower condcomp ops to linalg, scf and tensor for other compilers, such "
      "as IREE, which read the text",
      buildToPortableLinalgPipeline);
}
