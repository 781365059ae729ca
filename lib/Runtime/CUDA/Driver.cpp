//===- Driver.cpp - NVIDIA's driver, opened when needed -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

using namespace condcomp::runtime::cuda;

std::string condcomp::runtime::cuda::format(const char *pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  std::string text(vsnprintf(nullptr, 0, pattern, arguments), '\0');
  vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  va_end(arguments);
  return text;
}

std::string Driver::describe(Result error) const {
  const char *name = nullptr, *text = nullptr;
  if (cuGetErrorName(error, &name) != kSuccess || !name)
    return format("error %d", error);
  cuGetErrorString(error, &text);
  return format("%s (%s)", name, text ? text : "unknown");
}

Outcome Driver::check(Result result, const std::string &what) const {
  return result == kSuccess ? Outcome()
                            : Outcome::failure(what + ": " + describe(result));
}

std::string Driver::getVersion() const {
  int version = 0;
  cuDriverGetVersion(&version);
  return format("%d.%d", version / 1000, version % 1000 / 10);
}

Outcome Driver::open() {
  const char *wanted = getenv("CONDCOMP_CUDA_DRIVER");
  path = wanted && *wanted ? wanted : "libcuda.so.1";
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return Outcome::failure(format(
        "no NVIDIA driver: its library can't be opened (%s)", dlerror()));
  const char *missing = nullptr;
  auto find = [&](const char *name) {
    void *symbol = dlsym(library, name);
    if (!symbol && !missing)
      missing = name;
    return symbol;
  };
#define X(name, parameters)                                                    \
  name = reinterpret_cast<Result(*) parameters>(find(#name));
  CONDCOMP_CUDA_FUNCTIONS(X)
#undef X
  if (missing) {
    std::string version =
        cuDriverGetVersion ? "supports CUDA " + getVersion() : "is unknown";
    return Outcome::failure(
        format("the NVIDIA driver is too old: %s lacks %s; its version %s, and "
               "CUDA 11.2 or later is needed",
               path.c_str(), missing, version.c_str()));
  }
  Result result = cuInit(0);
  if (result == kNoDevice)
    return Outcome::failure(format("no GPU: cuInit of %s says %s", path.c_str(),
                                   describe(result).c_str()));
  return check(result, format("the NVIDIA driver (%s, CUDA %s) does not start",
                              path.c_str(), getVersion().c_str()));
}

Outcome Driver::get(const Driver *&driver) {
  static std::mutex mutex;
  static Driver *opened = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  if (!opened) {
    // What failed is tried again by the next call; the library stays open.
    static Driver candidate;
    candidate = Driver();
    Outcome outcome = candidate.open();
    if (outcome.failed())
      return outcome;
    opened = &candidate;
  }
  driver = opened;
  return {};
}
