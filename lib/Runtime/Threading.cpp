//===- Threading.cpp - the threads that run parallel loops ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parallel loops are OpenMP regions, and compiled code calls whichever OpenMP
// library of LLVM's kind the process holds. Its functions are looked up by
// name, so that this library neither brings a second thread pool into a process
// nor needs one.
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include <dlfcn.h>

namespace {
bool replaced = false;
condcomp_threading replacement;

/// The library that compiled code calls: others, such as GNU's in a process
/// with PyTorch, have functions of the same names, and threads of their own.
void *findLibrary() {
  if (void *fork = dlsym(RTLD_DEFAULT, "__kmpc_fork_call")) {
    Dl_info info;
    if (dladdr(fork, &info))
      if (void *loaded = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD))
        return loaded;
    // The program itself.
    return dlopen(nullptr, RTLD_LAZY);
  }
  // One that was loaded for a plugin is not visible to all.
  for (const char *name : {"libomp.so.5", "libiomp5.so"})
    if (void *loaded = dlopen(name, RTLD_LAZY | RTLD_NOLOAD))
      return loaded;
  return nullptr;
}

condcomp_threading findOpenMP() {
  condcomp_threading found = {};
  void *library = findLibrary();
  if (!library)
    return found;
  found.set_threads = reinterpret_cast<void (*)(int32_t)>(
      dlsym(library, "omp_set_num_threads"));
  found.get_threads =
      reinterpret_cast<int32_t (*)()>(dlsym(library, "omp_get_max_threads"));
  found.in_parallel =
      reinterpret_cast<int32_t (*)()>(dlsym(library, "omp_in_parallel"));
  return found;
}
} // namespace

const condcomp_threading &condcomp::runtime::getThreading() {
  if (replaced)
    return replacement;
  static thread_local condcomp_threading openMP = {};
  // Looked up again until it is there: the library may be loaded late.
  if (!openMP.set_threads)
    openMP = findOpenMP();
  return openMP;
}

void condcomp_set_threading(const condcomp_threading *threading) {
  replaced = threading != nullptr;
  replacement = threading ? *threading : condcomp_threading{};
}
