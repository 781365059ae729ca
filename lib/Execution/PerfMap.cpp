//===- PerfMap.cpp - names of compiled code for profilers -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM's PerfSupportPlugin writes the richer jitdump files, but needs the ORC
// run-time library in the process, and `perf inject` afterwards.
//
//===----------------------------------------------------------------------===//

#include "PerfMap.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace condcomp;
namespace jitlink = llvm::jitlink;
namespace orc = llvm::orc;

/// Keeps the internal functions of `graph`, which only code of their own
/// section calls, from being dropped as symbols.
static llvm::Error keepFunctions(jitlink::LinkGraph &graph) {
  for (jitlink::Symbol *symbol : graph.defined_symbols())
    if (symbol->isCallable())
      symbol->setLive(true);
  return llvm::Error::success();
}

/// Appends the functions of `graph`, whose addresses are final.
static llvm::Error writeFunctions(jitlink::LinkGraph &graph) {
  std::string path = ("/tmp/perf-" + llvm::Twine(getpid()) + ".map").str();
  std::error_code error;
  llvm::raw_fd_ostream file(path, error, llvm::sys::fs::OF_Append);
  if (error)
    return llvm::createFileError(path, error);
  for (jitlink::Symbol *symbol : graph.defined_symbols())
    if (symbol->hasName() && symbol->isCallable())
      file << llvm::format_hex_no_prefix(symbol->getAddress().getValue(), 0)
           << ' ' << llvm::format_hex_no_prefix(symbol->getSize(), 0) << ' '
           << *symbol->getName() << '\n';
  return llvm::Error::success();
}

namespace {
class PerfMap : public orc::ObjectLinkingLayer::Plugin {
public:
  void modifyPassConfig(orc::MaterializationResponsibility &,
                        jitlink::LinkGraph &,
                        jitlink::PassConfiguration &config) override {
    config.PrePrunePasses.push_back(keepFunctions);
    config.PostFixupPasses.push_back(writeFunctions);
  }

  llvm::Error notifyFailed(orc::MaterializationResponsibility &) override {
    return llvm::Error::success();
  }
  llvm::Error notifyRemovingResources(orc::JITDylib &,
                                      orc::ResourceKey) override {
    return llvm::Error::success();
  }
  void notifyTransferringResources(orc::JITDylib &, orc::ResourceKey,
                                   orc::ResourceKey) override {}
};
} // namespace

void condcomp::writePerfMapIfAsked(orc::ObjectLayer &layer) {
  if (llvm::sys::Process::GetEnv("CONDCOMP_PERF_MAP").value_or("0") == "0")
    return;
  if (auto *linking = llvm::dyn_cast<orc::ObjectLinkingLayer>(&layer))
    linking->addPlugin(std::make_shared<PerfMap>());
}
