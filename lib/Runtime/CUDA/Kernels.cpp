//===- Kernels.cpp - kernels loaded onto GPUs -----------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

using namespace condcomp::runtime::cuda;

namespace {
/// What is loaded. It is never destroyed: threads may run kernels while the
/// process ends.
struct Loaded {
  std::mutex mutex;
  /// By context and the image's id.
  std::map<std::pair<Context, std::string>, Module> modules;
  std::map<std::pair<Module, std::string>, std::unique_ptr<LoadedKernel>>
      kernels;

  static Loaded &get() {
    static auto *everything = new Loaded;
    return *everything;
  }
};
} // namespace

/// "8.0" of PTX, from the line that says so.
static std::string getPTXVersion(const char *image) {
  const char *line = strstr(image, ".version ");
  if (!line)
    return "unknown";
  line += strlen(".version ");
  return std::string(line, strcspn(line, " \r\n"));
}

/// Why the driver does not take an image, as far as its error tells.
static std::string explain(const Session &session,
                           const condcomp_cuda_kernel &kernel, Result result,
                           const char *log) {
  const Driver &driver = session.getDriver();
  std::string target =
      format("sm_%d%d", session.getGPU().major, session.getGPU().minor);
  bool isPTX = !strcmp(kernel.format, "ptx");
  if (isPTX && result == kUnsupportedPTXVersion)
    return format("the driver supports CUDA %s and is too old for PTX %s; "
                  "update it, or compile for an older chip than %s or where "
                  "ptxas is",
                  driver.getVersion().c_str(),
                  getPTXVersion(kernel.image).c_str(), kernel.chip);
  if (isPTX && result == kJITCompilerNotFound)
    return "the driver lacks its compiler for PTX "
           "(libnvidia-ptxjitcompiler.so.1); install it, or compile where "
           "ptxas is";
  switch (result) {
  case kInvalidImage:
  case kNoBinaryForGPU:
  case kInvalidPTX:
  case kInvalidSource:
    if (target != std::string(kernel.chip).substr(0, target.size()))
      return format("it was compiled for another chip; compile with --chip=%s",
                    target.c_str());
    return format("the driver supports CUDA %s, which may be too old for this "
                  "chip%s%s",
                  driver.getVersion().c_str(), *log ? "; it says: " : "", log);
  default:
    return format("the driver supports CUDA %s%s%s",
                  driver.getVersion().c_str(), *log ? "; it says: " : "", log);
  }
}

/// The failure to load a kernel or the module that it is in.
static Outcome fail(const Session &session, const condcomp_cuda_kernel &kernel,
                    Result result, const char *log) {
  return Outcome::failure(format(
      "kernel '%s' (%s for %s) can't be loaded onto %s: %s: %s", kernel.name,
      kernel.format, kernel.chip, session.getGPU().describe().c_str(),
      session.getDriver().describe(result).c_str(),
      explain(session, kernel, result, log).c_str()));
}

static Outcome loadModule(const Session &session,
                          const condcomp_cuda_kernel &kernel, bool mayLoad,
                          Module &module) {
  Module &slot = Loaded::get().modules[{session.getContext(), kernel.image_id}];
  if (!slot && !mayLoad)
    return Outcome::failure(
        format("kernel '%s' can't be loaded while a CUDA graph is captured: "
               "call the function once before",
               kernel.name));
  if (!slot) {
    char log[1024] = "";
    int options[] = {kErrorLog, kErrorLogBytes};
    void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
    Result result = session.getDriver().cuModuleLoadDataEx(&slot, kernel.image,
                                                           2, options, values);
    if (result != kSuccess) {
      slot = nullptr;
      return fail(session, kernel, result, log);
    }
  }
  module = slot;
  return {};
}

Outcome condcomp::runtime::cuda::loadKernel(const Session &session,
                                            const condcomp_cuda_kernel &kernel,
                                            bool mayLoad,
                                            LoadedKernel *&loaded) {
  std::lock_guard<std::mutex> lock(Loaded::get().mutex);
  const Driver &driver = session.getDriver();
  Module module;
  Outcome outcome = loadModule(session, kernel, mayLoad, module);
  if (outcome.failed())
    return outcome;
  std::unique_ptr<LoadedKernel> &slot =
      Loaded::get().kernels[{module, kernel.name}];
  if (slot) {
    loaded = slot.get();
    return {};
  }
  auto made = std::make_unique<LoadedKernel>();
  Result result =
      driver.cuModuleGetFunction(&made->function, module, kernel.name);
  if (result == kNotFound)
    return driver.check(result, format("the code for %s has no kernel '%s'",
                                       kernel.chip, kernel.name));
  // A driver may put loading off until here.
  if (result != kSuccess)
    return fail(session, kernel, result, "");
  int blocks = 0;
  int blockSize = static_cast<int>(kernel.block_size);
  outcome =
      driver.check(driver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
                       &blocks, made->function, blockSize, /*sharedBytes=*/0),
                   format("kernel '%s' on %s", kernel.name,
                          session.getGPU().describe().c_str()));
  if (outcome.failed())
    return outcome;
  made->blocks = int64_t(blocks) * session.getGPU().multiprocessors;
  if (made->blocks <= 0)
    return Outcome::failure(format(
        "kernel '%s' needs too much of a multiprocessor of %s: no block of %d "
        "threads fits",
        kernel.name, session.getGPU().describe().c_str(), blockSize));
  made->description = format("kernel '%s' on %s", kernel.name,
                             session.getGPU().describe().c_str());
  for (int64_t i = 0; i < kernel.num_checks; ++i) {
    const char *const *texts = kernel.checks + 3 * i;
    made->checks.push_back({texts[0], texts[1], texts[2]});
  }
  slot = std::move(made);
  loaded = slot.get();
  return {};
}
