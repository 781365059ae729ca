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

/// Whether a GPU multiplies bf16 by bf16 in tensor cores: sm_80 and later.
static bool hasTensorCores(StringRef chip) {
  int number = 0;
  return chip.consume_front("sm_") && !chip.consumeInteger(10, number) &&
         number >= 80;
}

namespace {
/// What is multiplied in tensor cores: bf16 and f16, and f32.
struct TensorCores {
  bool narrow, tf32;

  template <typename Options>
  static TensorCores get(const Options &options, bool there) {
    bool narrow = there && options.tensorCores;
    return {narrow, narrow && options.tf32};
  }
};
} // namespace

/// From condcomp ops to kernels in blocks.
static void addKernels(OpPassManager &pm, StringRef form,
                       TensorCores tensorCores, int64_t blockSize,
                       bool deviceMemory = false) {
  addVerification(pm, /*trace=*/false);
  ChooseFormOptions forms;
  forms.form = form.str();
  // It compares the times of a CPU.
  forms.runTimeChoice = false;
  addLinalg(pm, forms);
  pm.addPass(createGuardDivisions());
  pm.addPass(createCSEPass());
  BatchExpertsOptions batching;
  batching.grid = true;
  batching.tensorCores = tensorCores.narrow;
  batching.tf32 = tensorCores.tf32;
  pm.addPass(createBatchExperts(batching));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  addBufferization(pm);
  pm.addNestedPass<func::FuncOp>(bufferization::createBufferLoopHoistingPass());
  OutlineKernelsOptions outline;
  outline.deviceMemory = deviceMemory;
  pm.addPass(createOutlineKernels(outline));
  if (tensorCores.narrow) {
    UseTensorCoresOptions units;
    units.blockSize = blockSize;
    units.tf32 = tensorCores.tf32;
    pm.addNestedPass<func::FuncOp>(createUseTensorCores(units));
  }
  pm.addNestedPass<func::FuncOp>(createParallelizeLoops());
  pm.addNestedPass<func::FuncOp>(createFlattenForalls());
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
  addControlFlow(pm, /*expandBF16=*/false);
  pm.addNestedPass<func::FuncOp>(createLowerKernelChecks());
  pm.addNestedPass<func::FuncOp>(createMem2Reg());
}

static void addEmulatedTensorCores(OpPassManager &pm) {
  LowerTensorCoresOptions lower;
  lower.emulate = true;
  pm.addPass(createLowerTensorCores(lower));
}

/// From the gpu dialect to code for an NVIDIA GPU.
static void addNVIDIA(OpPassManager &pm, StringRef chip, StringRef features) {
  pm.addPass(createLowerTensorCores());
  pm.addNestedPass<gpu::GPUModuleOp>(createConvertNVGPUToNVVMPass());
  pm.addNestedPass<gpu::GPUModuleOp>(createConvertGpuOpsToNVVMOps());
  GpuNVVMAttachTargetOptions target;
  target.chip = chip.str();
  target.features = features.str();
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

/// What upstream's conversions leave of kernels.
static void addCleanup(OpPassManager &pm) {
  OpPassManager &device = pm.nest<gpu::GPUModuleOp>();
  device.addPass(createUseInstructions());
  // What is no function of the device's library.
  device.addPass(createConvertMathToLLVMPass());
  device.addPass(createCanonicalizerPass());
  device.addPass(createCSEPass());
  device.addPass(createReconcileUnrealizedCastsPass());
}

static void addBinary(OpPassManager &pm, StringRef toolkit, StringRef target) {
  GpuModuleToBinaryPassOptions binary;
  binary.toolkitPath = toolkit.str();
  binary.compilationTarget = target.str();
  pm.addPass(createGpuModuleToBinaryPass(binary));
}

void condcomp::buildToGPUPipeline(OpPassManager &pm,
                                  const ToGPUOptions &options) {
  EmitGPUModuleOptions emit;
  addKernels(pm, options.form.getValue(),
             TensorCores::get(options, hasTensorCores(options.chip.getValue())),
             emit.blockSize);
  emit.chip = options.chip.getValue();
  pm.addPass(createEmitGPUModule(emit));
  pm.addNestedPass<gpu::GPUModuleOp>(createSCFToControlFlowPass());
  if (isAMD(options.chip.getValue()))
    addAMD(pm, options);
  else
    addNVIDIA(pm, options.chip.getValue(), options.features.getValue());
  addCleanup(pm);
  if (options.format == GPUFormat::LLVM)
    return;
  addBinary(pm, options.toolkit.getValue(),
            options.format == GPUFormat::PTX     ? "isa"
            : options.format == GPUFormat::Cubin ? "bin"
                                                 : "fatbin");
}

void condcomp::buildToCUDAPipeline(OpPassManager &pm,
                                   const ToCUDAOptions &options) {
  // A warp must not lie in two blocks.
  bool there = hasTensorCores(options.chip.getValue()) &&
               options.blockSize % kWarpSize == 0;
  addKernels(pm, options.form.getValue(), TensorCores::get(options, there),
             options.blockSize,
             /*deviceMemory=*/true);
  LaunchByCUDAOptions launch;
  launch.chip = options.chip.getValue();
  launch.format = options.ptx ? "ptx" : "cubin";
  launch.blockSize = options.blockSize;
  pm.addPass(createLaunchByCUDA(launch));
  if (options.image.empty()) {
    EmitGPUModuleOptions emit;
    emit.blockSize = options.blockSize;
    emit.chip = options.chip.getValue();
    pm.addPass(createEmitGPUModule(emit));
    pm.addNestedPass<gpu::GPUModuleOp>(createSCFToControlFlowPass());
    addNVIDIA(pm, options.chip.getValue(), options.features.getValue());
    addCleanup(pm);
    addBinary(pm, options.toolkit.getValue(), options.ptx ? "isa" : "bin");
  }
  EmbedKernelsOptions embed;
  embed.file = options.image.getValue();
  pm.addPass(createEmbedKernels(embed));
  addLLVM(pm);
}

void condcomp::buildToGPUThreadsPipeline(OpPassManager &pm,
                                         const ToGPUThreadsOptions &options) {
  // The stand-in has blocks of one warp.
  addKernels(pm, options.form.getValue(),
             TensorCores::get(options, /*there=*/true), kWarpSize,
             /*deviceMemory=*/true);
  addEmulatedTensorCores(pm);
  pm.addPass(createExportThreads());
  addLLVM(pm);
}

void condcomp::buildToEmulatedGPUPipeline(OpPassManager &pm,
                                          const ToEmulatedGPUOptions &options) {
  EmulateGridOptions grid;
  grid.threads = options.threads;
  // All blocks are whole.
  for (int64_t size : {grid.blockSize, kWarpSize, int64_t(1)}) {
    grid.blockSize = size;
    if (options.threads % size == 0)
      break;
  }
  addKernels(pm, options.form.getValue(),
             TensorCores::get(options, options.threads % kWarpSize == 0),
             grid.blockSize);
  addEmulatedTensorCores(pm);
  pm.addPass(createEmulateGrid(grid));
  addLLVM(pm);
}
