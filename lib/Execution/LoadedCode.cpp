//===- LoadedCode.cpp - object files in memory ----------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Code is linked with the functions of libraries that are named here, not with
// whatever is visible in the process: inside Python the run-time library is
// visible to its extension only, and other OpenMP libraries may be around.
//
//===----------------------------------------------------------------------===//

#include "PackedName.h"
#include "condcomp/Execution/Array.h"
#include "condcomp/Execution/Code.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
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

/// The OpenMP library: the one that the process has, for two would compete for
/// the same cores, or else LLVM's.
static llvm::Expected<void *> openOpenMP() {
  static void *library = nullptr;
  if (library)
    return library;
  if (void *fork = dlsym(RTLD_DEFAULT, "__kmpc_fork_call"))
    if (void *found = dlopen(getFile(fork).c_str(), RTLD_LAZY | RTLD_NOLOAD))
      return library = found;
  for (const char *name : {"libomp.so.5", "libiomp5.so"})
    if (void *found = dlopen(name, RTLD_LAZY | RTLD_NOLOAD))
      return library = found;
  // The one that was installed with this library comes first.
  llvm::SmallString<128> beside(getFile(reinterpret_cast<void *>(&openSelf)));
  llvm::sys::path::remove_filename(beside);
  llvm::sys::path::append(beside, "libomp.so.5");
  std::string errors;
  for (const char *name :
       {beside.c_str(), "libomp.so.5", CONDCOMP_OPENMP_LIBRARY}) {
    if (void *found = dlopen(name, RTLD_LAZY))
      return library = found;
    errors += std::string("\n  ") + dlerror();
  }
  return makeError("the program runs loops on several threads and needs LLVM's "
                   "OpenMP library (Debian: apt install libomp-22-dev), which "
                   "can't be loaded:" +
                   errors);
}

namespace {
/// Finds the functions that compiled code calls.
class Libraries : public orc::DefinitionGenerator {
public:
  explicit Libraries(void *openMP) : openMP(openMP) {}

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
  void *find(llvm::StringRef symbol) const {
    std::string name = symbol.str();
    if (symbol.starts_with("__kmpc_") || symbol.starts_with("omp_"))
      return openMP ? dlsym(openMP, name.c_str()) : nullptr;
    if (void *address = dlsym(openSelf(), name.c_str()))
      return address;
    return dlsym(RTLD_DEFAULT, name.c_str());
  }

  void *openMP;
};
} // namespace

LoadedCode::LoadedCode(std::unique_ptr<orc::LLJIT> jit) : jit(std::move(jit)) {}

LoadedCode::~LoadedCode() = default;

llvm::Expected<std::unique_ptr<LoadedCode>>
LoadedCode::load(const ObjectCode &object,
                 llvm::ArrayRef<std::string> functions) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  void *openMP = nullptr;
  if (object.needsOpenMP) {
    llvm::Expected<void *> library = openOpenMP();
    if (!library)
      return library.takeError();
    openMP = *library;
  }
  auto jit = orc::LLJITBuilder()
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit)
    return jit.takeError();
  (*jit)->getMainJITDylib().addGenerator(std::make_unique<Libraries>(openMP));
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
