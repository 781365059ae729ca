//===- OpenMP.cpp - the threads of an OpenMP library ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Threads that wait for the next loop spin for a while. Two pools of them on
// the same cores, ours and that of PyTorch, would each wait for the other to
// give up: so loops run on the pool that the process has already, whichever
// library it belongs to. GNU's, LLVM's and Intel's all have the functions of
// GNU's.
//
//===----------------------------------------------------------------------===//

#include "Threading.h"
#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <mutex>

namespace {
/// Functions of one OpenMP library.
struct OpenMP {
  void (*parallel)(void (*)(void *), void *, unsigned, unsigned) = nullptr;
  int32_t (*maxThreads)() = nullptr;
  int32_t (*threadNumber)() = nullptr;
  int32_t (*numThreads)() = nullptr;

  explicit operator bool() const {
    return parallel && maxThreads && threadNumber && numThreads;
  }
  static OpenMP in(void *library);
};

/// A library of the process, and what of it is used. Replaced, never destroyed:
/// other threads may be running loops on it.
struct Choice {
  OpenMP functions;
  /// Whether this library brought it, so that one that comes later is better.
  bool own;
  /// How many libraries had been loaded when it was made.
  unsigned long long loaded;
  /// What was chosen before: threads may be using it.
  const Choice *previous = nullptr;
};
std::atomic<const Choice *> choice{nullptr};
std::mutex mutex;
} // namespace

OpenMP OpenMP::in(void *library) {
  OpenMP found;
  auto look = [&](auto &function, const char *name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(
        dlsym(library, name));
  };
  look(found.parallel, "GOMP_parallel");
  look(found.maxThreads, "omp_get_max_threads");
  look(found.threadNumber, "omp_get_thread_num");
  look(found.numThreads, "omp_get_num_threads");
  return found;
}

/// The number of libraries that were ever loaded into the process.
static unsigned long long countLoaded() {
  unsigned long long count = 0;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *count) {
        *static_cast<unsigned long long *>(count) = info->dlpi_adds;
        return 1;
      },
      &count);
  return count;
}

/// An OpenMP library that others brought: one that all can see, or else one by
/// its name, for the libraries of a plugin are visible to it alone. `except` is
/// ours.
static OpenMP findLoaded(const OpenMP &except) {
  OpenMP found = OpenMP::in(RTLD_DEFAULT);
  if (found && found.parallel != except.parallel)
    return found;
  struct Search {
    const OpenMP &except;
    OpenMP found;
  } search{except, {}};
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *data) {
        auto &search = *static_cast<Search *>(data);
        const char *slash = strrchr(info->dlpi_name, '/');
        const char *name = slash ? slash + 1 : info->dlpi_name;
        if (strncmp(name, "libgomp", 7) && strncmp(name, "libomp.so", 9) &&
            strncmp(name, "libiomp5", 8))
          return 0;
        void *library = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
        if (!library)
          return 0;
        search.found = OpenMP::in(library);
        if (search.found && search.found.parallel != search.except.parallel)
          return 1;
        search.found = {};
        return 0;
      },
      &search);
  return search.found;
}

static const OpenMP &choose() {
  const Choice *current = choice.load(std::memory_order_acquire);
  if (current && (!current->own || current->loaded == countLoaded()))
    return current->functions;
  std::lock_guard<std::mutex> guard(mutex);
  current = choice.load(std::memory_order_acquire);
  Choice next{{}, false, countLoaded()};
  if (OpenMP found = findLoaded(current ? current->functions : OpenMP())) {
    next.functions = found;
  } else {
    next.own = true;
    if (current)
      next.functions = current->functions;
    for (const char *name :
         {"libomp.so.5", CONDCOMP_OPENMP_LIBRARY, "libgomp.so.1"}) {
      if (next.functions)
        break;
      if (void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL))
        next.functions = OpenMP::in(library);
    }
    next.loaded = countLoaded();
  }
  next.previous = current;
  current = new Choice(next);
  choice.store(current, std::memory_order_release);
  return current->functions;
}

//===----------------------------------------------------------------------===//
// The threading functions
//===----------------------------------------------------------------------===//

namespace {
struct Region {
  void (*body)(void *, int32_t, int32_t);
  void *data;
  const OpenMP &functions;
};
} // namespace

static int32_t getThreads() {
  const OpenMP &functions = choose();
  return functions ? functions.maxThreads() : 1;
}

static void run(void (*body)(void *, int32_t, int32_t), void *data,
                int32_t threads) {
  const OpenMP &functions = choose();
  if (!functions)
    return body(data, 0, 1);
  Region region{body, data, functions};
  functions.parallel(
      [](void *argument) {
        auto &region = *static_cast<Region *>(argument);
        region.body(region.data, region.functions.threadNumber(),
                    region.functions.numThreads());
      },
      &region, threads, 0);
}

const condcomp_threading &condcomp::runtime::getOpenMP() {
  static const condcomp_threading functions = {getThreads, run};
  return functions;
}
