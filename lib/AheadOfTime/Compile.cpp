//===- Compile.cpp - modules to object files ------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/AheadOfTime/Compile.h"
#include "Dispatch.h"
#include "TargetMachine.h"
#include "condcomp/Execution/CPUFeatures.h"
#include "condcomp/Execution/ExportedNames.h"
#include "condcomp/Execution/PackedFunction.h"
#include "condcomp/Execution/Program.h"
#include "condcomp/Execution/Sanitize.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace condcomp;

/// The module for one CPU, with `$<cpu>` after the names of public functions.
static llvm::Expected<std::unique_ptr<llvm::Module>>
translateFor(const CPU &cpu, ModuleOp source, llvm::LLVMContext &context,
             llvm::ArrayRef<std::string> functions,
             const CPUPipelineBuilder &buildPipeline) {
  OwningOpRef<ModuleOp> lowered = source.clone();
  PassManager pm((*lowered)->getName());
  if (failed(buildPipeline(pm, cpu)) || failed(pm.run(*lowered)))
    return makeError("the module can't be compiled");
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(*lowered, context);
  if (!module)
    return makeError("the module can't be translated to LLVM IR");
  addFunctionFeatures(*module, cpu.features);
  for (llvm::Function &function : *module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", cpu.name);
    if (!function.hasFnAttribute("target-features"))
      function.addFnAttr("target-features", cpu.features);
  }
  for (StringRef name : functions) {
    llvm::Function *function = module->getFunction(name);
    assert(function && "public functions stay");
    function->setName(name + "$" + cpu.name);
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
  return module;
}

/// For loaders, which do not know the header.
static void addSignature(llvm::Module &module, const Signature &function) {
  llvm::Constant *text = llvm::ConstantDataArray::getString(
      module.getContext(), formatSignature(function));
  new llvm::GlobalVariable(module, text->getType(), /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, text,
                           getSignatureName(function.name));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

static llvm::Expected<std::string>
emit(llvm::Module &module, llvm::TargetMachine &machine, OutputKind kind) {
  if (kind == OutputKind::LLVMIR) {
    std::string text;
    llvm::raw_string_ostream os(text);
    module.print(os, nullptr);
    return text;
  }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, /*DwoOut=*/nullptr,
                                  kind == OutputKind::Object
                                      ? llvm::CodeGenFileType::ObjectFile
                                      : llvm::CodeGenFileType::AssemblyFile))
    return makeError("LLVM can't write files of this kind for " +
                     module.getTargetTriple().str());
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

static void setTarget(llvm::Module &module, llvm::TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
}

llvm::Expected<CompiledCode> condcomp::compileObject(
    ModuleOp source, const CPUPipelineBuilder &buildPipeline, const CPU &cpu) {
  auto machine = createTargetMachine(cpu.name, cpu.features);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  auto module = translateFor(cpu, source, context, {}, buildPipeline);
  if (!module)
    return module.takeError();
  setTarget(**module, **machine);
  optimize(**module, **machine);
  auto contents = emit(**module, **machine, OutputKind::Object);
  if (!contents)
    return contents.takeError();
  return CompiledCode{std::move(*contents)};
}

llvm::Expected<CompiledCode>
condcomp::compileAheadOfTime(ModuleOp source,
                             const CPUPipelineBuilder &buildPipeline,
                             const CompileOptions &options) {
  assert(!options.cpus.empty() && "code is made for some CPU");
  SmallVector<std::string> names;
  for (auto function : source.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      names.push_back(function.getName().str());
  if (names.empty())
    return makeError("the module has no public function");

  auto machine = createTargetMachine("", "");
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  llvm::Module module(options.libraryName, context);
  setTarget(module, **machine);
  for (const CPU &cpu : options.cpus) {
    auto translated = translateFor(cpu, source, context, names, buildPipeline);
    if (!translated)
      return translated.takeError();
    setTarget(**translated, **machine);
    if (llvm::Linker::linkModules(module, std::move(*translated)))
      return makeError("the code for " + cpu.name + " can't be linked");
  }
  for (StringRef name : names) {
    SmallVector<llvm::Function *> versions;
    for (const CPU &cpu : options.cpus)
      versions.push_back(module.getFunction((name + "$" + cpu.name).str()));
    emitDispatch(module, name, versions, options);
    addPackedFunction(module, *module.getFunction(name));
  }
  for (const Signature &function : getSignatures(source))
    if (function.obstacle.empty())
      addSignature(module, function);

  CompiledCode code;
  optimize(module, **machine);
  if (options.sanitizeAddress)
    sanitizeAddresses(module);
  auto contents = emit(module, **machine, options.output);
  if (!contents)
    return contents.takeError();
  code.contents = std::move(*contents);
  return code;
}
