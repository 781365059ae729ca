//===- Workspaces.cpp - how large workspaces have to be -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Workspaces.h"
#include <algorithm>

using namespace condcomp::runtime::cuda;

/// More are not kept: the oldest are found out again.
static constexpr size_t kMostKnown = 32;

/// Whether no size of `x` is above that of `y`.
static bool isAtMost(const std::vector<int64_t> &x,
                     const std::vector<int64_t> &y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](int64_t a, int64_t b) { return a <= b; });
}

int64_t Workspaces::getBytes() const {
  std::lock_guard<std::mutex> lock(mutex);
  return bytes;
}

void Workspaces::add(int64_t sufficed) {
  std::lock_guard<std::mutex> lock(mutex);
  bytes = std::max(bytes, sufficed);
}

void Workspaces::add(int64_t sufficed, std::vector<int64_t> sizes) {
  if (suffice(sizes))
    return;
  std::lock_guard<std::mutex> lock(mutex);
  bytes = std::max(bytes, sufficed);
  auto isCovered = [&](const std::vector<int64_t> &other) {
    return isAtMost(other, sizes);
  };
  known.erase(std::remove_if(known.begin(), known.end(), isCovered),
              known.end());
  if (known.size() == kMostKnown)
    known.erase(known.begin());
  known.push_back(std::move(sizes));
}

bool Workspaces::suffice(const std::vector<int64_t> &sizes) const {
  std::lock_guard<std::mutex> lock(mutex);
  return std::any_of(known.begin(), known.end(),
                     [&](const std::vector<int64_t> &other) {
                       return isAtMost(sizes, other);
                     });
}

void Workspaces::forget(int64_t wanted) {
  std::lock_guard<std::mutex> lock(mutex);
  bytes = std::max(bytes, wanted);
  known.clear();
}
