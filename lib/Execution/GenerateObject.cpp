//===- GenerateObject.cpp - modules to object files for this machine ------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Array.h"
#include "condcomp/Execution/CPUFeatures.h"
#include "condcomp/Execution/Code.h"
#include "condcomp/Execution/PackedFunction.h"
#include "condcomp/Execution/RunCall.h"
#include "condcomp/Execution/Sanitize.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace condcomp;

std::string condcomp::describeHostCPU() {
  llvm::SubtargetFeatures features;
  for (const auto &feature : getHostFeatures())
    features.AddFeature(feature.first(), feature.second);
  // The order of a hash table is nobody's business.
  std::vector<std::string> sorted = features.getFeatures();
  llvm::sort(sorted);
  return llvm::sys::getHostCPUName().str() + " " + llvm::join(sorted, ",");
}

/// A target machine for this CPU with the features that results allow.
static llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createHostMachine(llvm::CodeGenOptLevel level) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  for (const auto &feature : getHostFeatures())
    builder->getFeatures().AddFeature(feature.first(), feature.second);
  builder->addFeatures(
      {std::begin(kAvoidedFeatures), std::end(kAvoidedFeatures)});
  builder->setCodeGenOptLevel(level);
  builder->setRelocationModel(llvm::Reloc::PIC_);
  builder->setCodeModel(llvm::CodeModel::Small);
  return builder->createTargetMachine();
}

/// A feature that a function names and this machine does not let it use.
static std::optional<std::string> findMissingFeature(llvm::Module &module) {
  llvm::StringMap<bool> host = getHostFeatures();
  for (llvm::Function &function : module) {
    llvm::StringRef own =
        function.getFnAttribute("target-features").getValueAsString();
    for (llvm::StringRef feature : llvm::split(own, ','))
      if (feature.consume_front("+") && !host.lookup(feature))
        return feature.str();
  }
  return std::nullopt;
}

void condcomp::addFunctionFeatures(llvm::Module &module,
                                   llvm::StringRef features) {
  for (llvm::Function &function : module) {
    llvm::Attribute own = function.getFnAttribute("target-features");
    if (!own.isValid())
      continue;
    std::string all = (features + "," + own.getValueAsString()).str();
    function.addFnAttr("target-features", all);
  }
}

llvm::Expected<ObjectCode>
condcomp::generateObject(ModuleOp source, ArrayRef<std::string> functions,
                         unsigned optLevel, CompileSeconds &seconds) {
  double start = getSeconds();
  std::optional<llvm::CodeGenOptLevel> level =
      llvm::CodeGenOpt::getLevel(optLevel);
  if (!level)
    return makeError("the optimization level is 0 to 3, not " +
                     Twine(optLevel));
  auto machine = createHostMachine(*level);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(source, context);
  if (!module)
    return makeError("the module can't be translated to LLVM IR");
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  for (const std::string &name : functions) {
    llvm::Function *function = module->getFunction(name);
    if (!function || function->isDeclaration())
      return makeError("the compiled module has no function '" + name + "'");
    addPackedFunction(*module, *function);
    // LLVM calls functions of the C library by name: one of the program must
    // not be taken for them.
    function->setName(name + "$entry");
    function->setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  if (std::optional<std::string> missing = findMissingFeature(*module))
    return makeError("the compiled module needs " + *missing +
                     ", which this machine lacks or its operating system "
                     "refuses");
  addFunctionFeatures(*module, (*machine)->getTargetFeatureString());
  // LLVM 22 can't keep a tile from one block to another without optimizing.
  if (*level == llvm::CodeGenOptLevel::None &&
      module->getFunction("llvm.x86.tdpbf16ps.internal"))
    (*machine)->setOptLevel(llvm::CodeGenOptLevel::Less);
  double optimizeStart = getSeconds();
  auto optimize =
      makeOptimizingTransformer(optLevel, /*sizeLevel=*/0, machine->get());
  if (llvm::Error error = optimize(module.get()))
    return error;
  // A compiler that is checked checks what it compiles.
  if (LLVM_ADDRESS_SANITIZER_BUILD)
    sanitizeAddresses(*module);
  seconds.optimize = getSeconds() - optimizeStart;

  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, /*DwoOut=*/nullptr,
                                      llvm::CodeGenFileType::ObjectFile))
    return makeError("LLVM can't write object files for " +
                     module->getTargetTriple().str());
  passes.run(*module);
  ObjectCode object;
  object.bytes.assign(bytes.data(), bytes.size());
  seconds.generate = getSeconds() - start - seconds.optimize;
  return object;
}
