//===- CPU.cpp - the CPUs that code is made for ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TargetMachine.h"
#include "condcomp/AheadOfTime/Compile.h"
#include "condcomp/Codegen/CPU/Prefetching.h"
#include "condcomp/Execution/Array.h"
#include "condcomp/Execution/CPUFeatures.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace condcomp;

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
condcomp::createTargetMachine(llvm::StringRef cpu, llvm::StringRef features) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string error;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return makeError(error);
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      /*CM=*/std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

llvm::Expected<CPU> CPU::get(llvm::StringRef name) {
  CPU cpu;
  cpu.name = name.str();
  if (name == "native") {
    cpu.name = llvm::sys::getHostCPUName().str();
    llvm::SubtargetFeatures host;
    for (const auto &feature : getHostFeatures())
      host.AddFeature(feature.first(), feature.second);
    cpu.features = host.getString();
  }
  // An unknown name would be answered with a warning for every function.
  auto generic = createTargetMachine("", "");
  if (!generic)
    return generic.takeError();
  if (!(*generic)->getMCSubtargetInfo()->isCPUStringValid(cpu.name))
    return makeError("'" + name + "' is no CPU of LLVM's; " +
                     "`clang-22 --print-supported-cpus` lists them");
  auto machine = createTargetMachine(cpu.name, cpu.features);
  if (!machine)
    return machine.takeError();
  const llvm::MCSubtargetInfo *subtarget = (*machine)->getMCSubtargetInfo();
  auto has = [&](llvm::StringRef feature) {
    return subtarget->checkFeatures(("+" + feature).str());
  };
  cpu.bf16Unit = chooseBF16Unit(has);
  cpu.prefetchesPacked = wantsPackedPrefetched(cpu.name);
  for (llvm::StringRef feature : kAvoidedFeatures)
    cpu.features += (cpu.features.empty() ? "" : ",") + feature.str();
  machine = createTargetMachine(cpu.name, cpu.features);
  if (!machine)
    return machine.takeError();
  subtarget = (*machine)->getMCSubtargetInfo();
#define CONDCOMP_CPU_FEATURE(feature)                                          \
  if (has(feature))                                                            \
    cpu.required.push_back(feature);
#include "condcomp/Runtime/CPUFeatures.def"
  if (cpu.bf16Unit == BF16Unit::Dot)
    cpu.required.push_back(getFeatureName(BF16Unit::Dot).str());
  if (has("avx512f") && has("avx512bw") && has("avx512vl"))
    cpu.vectorBits = 512;
  else if (has("avx2") && has("fma"))
    cpu.vectorBits = 256;
  return cpu;
}
