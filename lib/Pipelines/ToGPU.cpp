//===- ToGPU.cpp - the pipelines for GPUs ---------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Stages.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Pipelines/Pipelines.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace condcomp;

/// From condcomp ops to kernels in blocks.
static void addKernels(OpPassManager &pm, StringRef form) {
  addVerification(pm, /*trace=*/false);
  ChooseFormOptions forms;
  forms.form = form.str();
  addLinalg(pm, forms);
  pm.addPass(createGuardDivisions());
  pm.addPass(createCSEPass());
  addBufferization(pm);
  pm.addNestedPass<func::FuncOp>(bufferization::createBufferLoopHoistingPass());
  // What blocks of rows do is shared among threads, not the blocks.
  pm.addPass(createForallToForLoopPass());
  pm.addPass(createOutlineKernels());
  pm.addNestedPass<func::FuncOp>(createParallelizeLoops());
  pm.addPass(createExpandMath());
  // As on the CPU: the device's own would be an approximation.
  math::MathExpandOpsPassOptions roots;
  roots.opMnemonics = {"rsqrt"};
  pm.addPass(math::createMathExpandOpsPass(roots));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<func::FuncOp>(createShareScalars());
  pm.addNestedPass<func::FuncOp>(createInsertBarriers());
  pm.addNestedPass<func::FuncOp>(createDistributeLoops());
  pm.addNestedPass<func::FuncOp>(createPlaceBuffers());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  addControlFlow(pm);
  pm.addNestedPass<func::FuncOp>(createLowerKernelChecks());
  pm.addNestedPass<func::FuncOp>(createMem2Reg());
}

/// From the gpu dialect to code for an NVIDIA GPU.
static void addNVIDIA(OpPassManager &pm, const ToGPUOptions &options) {
  pm.addNestedPass<gpu::GPUModuleOp>(createConvertGpuOpsToNVVMOps());
  GpuNVVMAttachTargetOptions target;
  target.chip = options.chip.getValue();
  target.features = options.features.getValue();
  pm.addPass(createGpuNVVMAttachTarget(target));
}

/// From the gpu dialect to code for an AMD GPU.
static void addAMD(OpPassManager &pm, const ToGPUOptions &options) {
  ConvertGpuOpsToROCDLOpsOptions convert;
  convert.chipset = options.chip.getValue();
  pm.addNestedPass<gpu::GPUModuleOp>(createConvertGpuOpsToROCDLOps(convert));
  GpuROCDLAttachTargetOptions target;
  target.chip = options.chip.getValue();
  target.features = options.features.getValue();
  pm.addPass(createGpuROCDLAttachTarget(target));
}

void condcomp::buildToGPUPipeline(OpPassManager &pm,
                                  const ToGPUOptions &options) {
  addKernels(pm, options.form.getValue());
  bool isAMD = StringRef(options.chip.getValue()).starts_with("gfx");
  EmitGPUModuleOptions emit;
  emit.scope = isAMD ? "agent" : "device";
  pm.addPass(createEmitGPUModule(emit));
  pm.addNestedPass<gpu::GPUModuleOp>(createSCFToControlFlowPass());
  if (isAMD)
    addAMD(pm, options);
  else
    addNVIDIA(pm, options);
  pm.addNestedPass<gpu::GPUModuleOp>(createUseInstructions());
  // What is no function of the device's library.
  pm.addNestedPass<gpu::GPUModuleOp>(createConvertMathToLLVMPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  if (options.format == GPUFormat::LLVM)
    return;
  GpuModuleToBinaryPassOptions binary;
  binary.toolkitPath = options.toolkit.getValue();
  binary.compilationTarget = options.format == GPUFormat::PTX     ? "isa"
                             : options.format == GPUFormat::Cubin ? "bin"
                                                                  : "fatbin";
  pm.addPass(createGpuModuleToBinaryPass(binary));
}

void condcomp::buildToEmulatedGPUPipeline(OpPassManager &pm,
                                          const ToEmulatedGPUOptions &options) {
  addKernels(pm, options.form.getValue());
  EmulateGridOptions grid;
  grid.threads = options.threads;
  pm.addPass(createEmulateGrid(grid));
  addLLVM(pm);
}
