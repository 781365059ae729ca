//===- Threading.cpp - the threads that run parallel loops ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parallel loops are OpenMP regions, and compiled code calls whichever OpenMP
// library the process holds. Its functions are looked up by name, so that this
// library neither brings a second thread pool into a process nor needs one.
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include <dlfcn.h>

namespace {
bool replaced = false;
condcomp_threading replacement;

condcomp_threading findOpenMP() {
  void *library = RTLD_DEFAULT;
  // A library that came with a plugin is not visible to all.
  if (!dlsym(library, "omp_set_num_threads"))
    if (void *loaded = dlopen("libomp.so.5", RTLD_LAZY | RTLD_NOLOAD))
      library = loaded;
  condcomp_threading found;
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
