//===- CUDA.cpp - libraries for NVIDIA GPUs -------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/AheadOfTime/CUDA.h"
#include "condcomp/Execution/Array.h"
#include "mlir/Target/LLVM/NVVM/Utils.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"

using namespace condcomp;

/// Fails unless LLVM knows the chip.
static llvm::Error checkChip(llvm::StringRef chip) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return makeError("this LLVM makes no code for NVIDIA GPUs: " + error);
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!info->isCPUStringValid(chip))
    return makeError("'" + chip +
                     "' is no NVIDIA GPU of LLVM's, which are called sm_80, "
                     "sm_90a, ...");
  return llvm::Error::success();
}

/// Whether there is a ptxas, where upstream looks for it: in the toolkit if one
/// is named, on PATH, and where CUDA is.
static bool hasPTXAssembler(llvm::StringRef toolkit) {
  auto isIn = [](llvm::StringRef folder) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, "bin");
    return !folder.empty() &&
           !!llvm::sys::findProgramByName("ptxas", {path.str()});
  };
  return isIn(toolkit) || llvm::sys::findProgramByName("ptxas") ||
         isIn(mlir::NVVM::getCUDAToolkitPath());
}

/// Makes a shared library of the kernels for this machine's CPU.
static llvm::Error compileEmulatedKernels(mlir::ModuleOp module,
                                          const std::string &form,
                                          llvm::StringRef output,
                                          const LinkOptions &link) {
  llvm::Expected<CPU> cpu = CPU::get("native");
  if (!cpu)
    return cpu.takeError();
  auto buildPipeline = [&](mlir::PassManager &pm, const CPU &) {
    ToGPUThreadsOptions options;
    options.form = form;
    buildToGPUThreadsPipeline(pm, options);
    return mlir::success();
  };
  llvm::Expected<CompiledCode> code =
      compileObject(module, buildPipeline, *cpu);
  if (!code)
    return code.takeError();
  // The stand-in runs them without libcondcomp_cuda.
  LinkOptions alone = link;
  alone.cuda = false;
  return linkSharedLibrary(*code, output, alone);
}

llvm::Error condcomp::setCUDAOptions(const KernelOptions &options,
                                     mlir::ModuleOp module,
                                     llvm::StringRef kernels,
                                     const LinkOptions &link,
                                     ToCUDAOptions &pipeline) {
  pipeline.form = options.form;
  pipeline.chip = options.chip;
  pipeline.features = options.features;
  pipeline.toolkit = options.toolkit;
  if (options.chip == kEmulatedChip) {
    // A warp per block: few threads, and enough for tensor cores.
    pipeline.blockSize = 32;
    pipeline.image = kernels.str();
    return compileEmulatedKernels(module, options.form, kernels, link);
  }
  pipeline.ptx = !hasPTXAssembler(options.toolkit);
  return checkChip(options.chip);
}
