//===- ChooseCPU.cpp - which version of a function this CPU can run -------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "condcomp/Runtime/AMX.h"
#include "condcomp/Runtime/EntryPoints.h"
#include <cstring>

/// Whether code may use the feature of this CPU, by LLVM's name for it.
static bool hasFeature(const std::string &name) {
#if defined(__x86_64__)
  if (name.compare(0, 4, "amx-") == 0 && !condcomp::isAMXPermitted())
    return false;
#define CONDCOMP_CPU_FEATURE(feature)                                          \
  if (name == feature)                                                         \
    return __builtin_cpu_supports(feature);
#include "condcomp/Runtime/CPUFeatures.def"
#endif
  return false;
}

/// The features of a comma-separated list that this CPU lacks, in that form.
static std::string listMissing(const char *features) {
  std::string missing;
  while (*features) {
    size_t length = strcspn(features, ",");
    std::string name(features, length);
    if (!hasFeature(name))
      missing += (missing.empty() ? "" : ", ") + name;
    features += length + (features[length] == ',');
  }
  return missing;
}

int32_t condcomp_choose_cpu(condcomp_context *context, const char *library,
                            int32_t count, const char *const *names,
                            const char *const *features) {
  std::string text;
  for (int32_t i = 0; i < count; ++i) {
    std::string missing = listMissing(features[i]);
    if (missing.empty())
      return i;
    text += (i ? "; " : "") + std::string(names[i]) + " (this machine lacks " +
            missing + ")";
  }
  if (context)
    context->error = std::string(library) + " was compiled for " + text;
  return -1;
}
