//===- FakeMemory.cpp - memory of the stand-in for a driver ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeState.h"
#include <cstdlib>
#include <cstring>

void Fake::put(Stream stream, std::function<void()> work) {
  if (fake_cuda_graph *graph = getCapture(stream)) {
    graph->works.push_back(std::move(work));
    return;
  }
  if (!get("lazy", 0))
    return work();
  std::lock_guard<std::recursive_mutex> lock(mutex);
  waiting[stream].push_back(std::move(work));
}

void Fake::finish(Stream stream) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  auto works = std::move(waiting[stream]);
  waiting.erase(stream);
  for (const auto &work : works)
    work();
}

const Block *Fake::find(Address address, size_t bytes) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return nullptr;
  const auto &[begin, block] = *std::prev(after);
  return address - begin <= block.bytes &&
                 bytes <= block.bytes - (address - begin)
             ? &block
             : nullptr;
}

//===----------------------------------------------------------------------===//
// For tests
//===----------------------------------------------------------------------===//

int64_t fake_cuda_live_bytes() { return Fake::get().live; }

int32_t fake_cuda_device_of(const void *address) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
  const Block *block = Fake::get().find(reinterpret_cast<Address>(address), 1);
  return block ? block->device : -1;
}

void *fake_cuda_allocate(int64_t bytes, int32_t device) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
  void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
  // Nobody may count on zeros.
  memset(memory, 0xA5, bytes);
  Fake::get().blocks[reinterpret_cast<Address>(memory)] = {
      static_cast<size_t>(bytes), device};
  Fake::get().live += bytes;
  return memory;
}

void fake_cuda_free(void *address) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
  auto at = Fake::get().blocks.find(reinterpret_cast<Address>(address));
  Fake::get().live -= static_cast<int64_t>(at->second.bytes);
  Fake::get().blocks.erase(at);
  free(address);
}

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

FAKE cuDeviceGetDefaultMemPool(Pool *pool, Device) {
  *pool = reinterpret_cast<Pool>(&Fake::get());
  return kSuccess;
}

FAKE cuMemPoolSetAttribute(Pool, int attribute, void *) {
  return attribute == kReleaseThreshold ? kSuccess : kInvalidValue;
}

static int64_t getMemory() { return Fake::get().get("memory", 1 << 30); }

FAKE cuMemAllocAsync(Address *address, size_t bytes, Stream stream) {
  Fake &fake = Fake::get();
  std::lock_guard<std::recursive_mutex> lock(fake.mutex);
  fake.enter("cuMemAllocAsync", std::to_string(bytes), stream);
  if (bytes == 0 || fake.getDevice() < 0)
    return kInvalidValue;
  if (static_cast<int64_t>(bytes) > getMemory() - fake.live)
    return kOutOfMemory;
  void *memory = fake_cuda_allocate(bytes, fake.getDevice());
  *address = reinterpret_cast<Address>(memory);
  if (fake_cuda_graph *graph = fake.getCapture(stream)) {
    graph->memory[*address] = false;
    fake.graphMemory[*address] = graph;
    fake.put(stream, [=] { memset(memory, 0xA5, bytes); });
  }
  return kSuccess;
}

/// Of graphs, until they are destroyed: nobody else gets its address.
static Result freeOfGraph(Fake &fake, fake_cuda_graph &graph, Address address,
                          Stream stream) {
  fake_cuda_graph *capture = fake.getCapture(stream);
  bool &freed = graph.memory[address];
  if (capture ? capture != &graph || freed : !graph.launched)
    return capture ? fake.breakCapture(stream) : kInvalidValue;
  if (capture)
    freed = true;
  fake.put(stream, [=, &fake] {
    memset(reinterpret_cast<void *>(address), 0xDD, fake.blocks[address].bytes);
  });
  return kSuccess;
}

FAKE cuMemFreeAsync(Address address, Stream stream) {
  Fake &fake = Fake::get();
  std::lock_guard<std::recursive_mutex> lock(fake.mutex);
  fake.enter("cuMemFreeAsync", "", stream);
  if (!fake.blocks.count(address))
    return kInvalidValue;
  if (auto at = fake.graphMemory.find(address); at != fake.graphMemory.end())
    return freeOfGraph(fake, *at->second, address, stream);
  if (Result error = fake.breakCapture(stream))
    return error;
  fake.put(stream, [=] { fake_cuda_free(reinterpret_cast<void *>(address)); });
  return kSuccess;
}

FAKE cuMemGetInfo_v2(size_t *free, size_t *total) {
  *total = getMemory();
  *free = getMemory() - Fake::get().live;
  return kSuccess;
}

FAKE cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes,
                          Stream stream) {
  Fake &fake = Fake::get();
  fake.enter("cuMemcpyHtoDAsync_v2", std::to_string(bytes), stream);
  // A graph would use memory of the host that may be gone by then.
  if (Result error = fake.breakCapture(stream))
    return error;
  if (!fake.find(to, bytes))
    return kInvalidValue;
  // CUDA, too, has read pageable memory of the host when it returns.
  std::string staged(static_cast<const char *>(from), bytes);
  fake.put(stream,
           [=] { memcpy(reinterpret_cast<void *>(to), staged.data(), bytes); });
  return kSuccess;
}

FAKE cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Stream stream) {
  Fake &fake = Fake::get();
  fake.enter("cuMemcpyDtoHAsync_v2", std::to_string(bytes), stream);
  // A graph would use memory of the host that may be gone by then.
  if (Result error = fake.breakCapture(stream))
    return error;
  if (!fake.find(from, bytes))
    return kInvalidValue;
  fake.put(stream,
           [=] { memcpy(to, reinterpret_cast<const void *>(from), bytes); });
  return kSuccess;
}

FAKE cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes,
                          Stream stream) {
  Fake &fake = Fake::get();
  fake.enter("cuMemcpyDtoDAsync_v2", std::to_string(bytes), stream);
  if (!fake.find(from, bytes) || !fake.find(to, bytes))
    return kInvalidValue;
  fake.put(stream, [=] {
    memcpy(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from),
           bytes);
  });
  return kSuccess;
}

FAKE cuMemsetD8Async(Address at, unsigned char byte, size_t bytes,
                     Stream stream) {
  Fake &fake = Fake::get();
  fake.enter("cuMemsetD8Async", std::to_string(bytes), stream);
  if (!fake.find(at, bytes))
    return kInvalidValue;
  fake.put(stream, [=] { memset(reinterpret_cast<void *>(at), byte, bytes); });
  return kSuccess;
}

FAKE cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  Fake::get().enter("cuMemHostAlloc", std::to_string(bytes));
  if (Result error = Fake::get().breakCaptures())
    return error;
  *memory = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  return kSuccess;
}

FAKE cuPointerGetAttribute(void *value, int attribute, Address address) {
  Fake &fake = Fake::get();
  std::lock_guard<std::recursive_mutex> lock(fake.mutex);
  const Block *block = fake.find(address, 1);
  if (!block)
    return kInvalidValue;
  unsigned type = kDeviceMemory;
  if (attribute == kDeviceOrdinal)
    type = static_cast<unsigned>(block->device);
  memcpy(value, &type, sizeof(type));
  return kSuccess;
}
