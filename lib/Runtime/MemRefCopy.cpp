//===- MemRefCopy.cpp - copies between strided memrefs --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/EntryPoints.h"
#include <cstring>

namespace {
/// The parts of a ranked descriptor, whose size depends on the rank.
struct View {
  char *data;
  const int64_t *sizes;
  const int64_t *strides;

  View(const condcomp_unranked_memref &memref, int64_t elementSize) {
    auto *words = static_cast<int64_t *>(memref.descriptor);
    data = reinterpret_cast<char *>(words[1]) + words[2] * elementSize;
    sizes = words + 3;
    strides = sizes + memref.rank;
  }
};

void copyDim(const View &source, const View &target, int64_t dim, int64_t rank,
             int64_t elementSize, const char *from, char *to) {
  if (dim == rank) {
    memcpy(to, from, elementSize);
    return;
  }
  int64_t size = source.sizes[dim];
  if (dim == rank - 1 && source.strides[dim] == 1 && target.strides[dim] == 1) {
    memcpy(to, from, size * elementSize);
    return;
  }
  for (int64_t i = 0; i < size; ++i)
    copyDim(source, target, dim + 1, rank, elementSize,
            from + i * source.strides[dim] * elementSize,
            to + i * target.strides[dim] * elementSize);
}
} // namespace

void memrefCopy(int64_t element_size, condcomp_unranked_memref *source,
                condcomp_unranked_memref *target) {
  View from(*source, element_size), to(*target, element_size);
  for (int64_t dim = 0; dim < source->rank; ++dim)
    if (from.sizes[dim] == 0)
      return;
  copyDim(from, to, 0, source->rank, element_size, from.data, to.data);
}
