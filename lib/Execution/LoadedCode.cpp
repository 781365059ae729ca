//===- LoadedCode.cpp - object files in memory ----------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code is linked with the functions that this library sees before those that
// are visible in the process: inside Python the run-time library is visible to
// its extension only.
//
//===----------------------------------------------------------------------===//

#include "PerfMap.h"
#include "condcomp/Execution/Code.h"
#include "condcomp/Execution/ExportedNames.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include <dlfcn.h>

using namespace condcomp;
namespace orc = llvm::orc;

/// The file that holds an address.
static std::string getFile(const void *address) {
  Dl_info info;
  return dladdr(address, &info) ? info.dli_fname : "";
}

/// This library, or the program when it is linked in: a look-up sees what it
/// depends on as well, the run-time library among it.
static void *openSelf() {
  static void *self = [] {
    std::string path = getFile(reinterpret_cast<void *>(&openSelf));
    void *handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    return handle ? handle : dlopen(nullptr, RTLD_LAZY);
  }();
  return self;
}

namespace {
/// Finds the functions that compiled code calls.
class Libraries : public orc::DefinitionGenerator {
public:
  llvm::Error tryToGenerate(orc::LookupState &, orc::LookupKind,
                            orc::JITDylib &dylib, orc::JITDylibLookupFlags,
                            const orc::SymbolLookupSet &wanted) override {
    orc::SymbolMap found;
    for (const auto &symbol : wanted)
      if (void *address = find(*symbol.first))
        found[symbol.first] = {orc::ExecutorAddr::fromPtr(address),
                               llvm::JITSymbolFlags::Exported |
                                   llvm::JITSymbolFlags::Callable};
    if (found.empty())
      return llvm::Error::success();
    return dylib.define(orc::absoluteSymbols(std::move(found)));
  }

private:
  static void *find(llvm::StringRef symbol) {
    std::string name = symbol.str();
    if (void *address = dlsym(openSelf(), name.c_str()))
      return address;
    return dlsym(RTLD_DEFAULT, name.c_str());
  }
};
} // namespace

LoadedCode::LoadedCode(std::unique_ptr<orc::LLJIT> jit) : jit(std::move(jit)) {}

LoadedCode::~LoadedCode() = default;

llvm::Expected<std::unique_ptr<LoadedCode>>
LoadedCode::load(const ObjectCode &object,
                 llvm::ArrayRef<std::string> functions) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  auto jit = orc::LLJITBuilder()
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit)
    return jit.takeError();
  (*jit)->getMainJITDylib().addGenerator(std::make_unique<Libraries>());
  writePerfMapIfAsked((*jit)->getObjLinkingLayer());
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(object.bytes, "condcomp");
  if (llvm::Error error = (*jit)->addObjectFile(std::move(buffer)))
    return error;
  std::unique_ptr<LoadedCode> code(new LoadedCode(std::move(*jit)));
  // Code is linked at the first look-up: errors belong here.
  for (llvm::StringRef name : functions) {
    llvm::Expected<Function> function = code->lookup(name);
    if (!function)
      return function.takeError();
  }
  return code;
}

llvm::Expected<LoadedCode::Function>
LoadedCode::lookup(llvm::StringRef name) const {
  auto address = jit->lookup(getPackedName(name));
  if (!address)
    return address.takeError();
  return address->toPtr<Function>();
}
