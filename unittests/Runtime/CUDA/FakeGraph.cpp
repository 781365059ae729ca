//===- FakeGraph.cpp - CUDA graphs of the stand-in for a driver -----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeState.h"

fake_cuda_graph *Fake::getCapture(Stream stream) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  auto at = captures.find(stream);
  return at == captures.end() ? nullptr : at->second;
}

Result Fake::breakCapture(Stream stream) {
  fake_cuda_graph *graph = getCapture(stream);
  if (!graph)
    return kSuccess;
  graph->broken = true;
  return kCaptureUnsupported;
}

Result Fake::breakCaptures() {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  for (auto &[stream, graph] : captures)
    graph->broken = true;
  return captures.empty() ? kSuccess : kCaptureUnsupported;
}

//===----------------------------------------------------------------------===//
// For tests
//===----------------------------------------------------------------------===//

void fake_cuda_begin_capture(void *stream) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
  Fake::get().captures[static_cast<Stream>(stream)] = new fake_cuda_graph;
}

fake_cuda_graph *fake_cuda_end_capture(void *stream) {
  Fake &fake = Fake::get();
  std::lock_guard<std::recursive_mutex> lock(fake.mutex);
  auto at = fake.captures.find(static_cast<Stream>(stream));
  fake_cuda_graph *graph = at->second;
  fake.captures.erase(at);
  if (!graph->broken)
    return graph;
  fake_cuda_destroy_graph(graph);
  return nullptr;
}

void fake_cuda_launch_graph(fake_cuda_graph *graph, void *stream) {
  graph->launched = true;
  for (const auto &work : graph->works)
    Fake::get().put(static_cast<Stream>(stream), work);
}

void fake_cuda_destroy_graph(fake_cuda_graph *graph) {
  Fake &fake = Fake::get();
  std::lock_guard<std::recursive_mutex> lock(fake.mutex);
  for (const auto &[address, freed] : graph->memory) {
    fake.graphMemory.erase(address);
    fake_cuda_free(reinterpret_cast<void *>(address));
  }
  delete graph;
}

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

FAKE cuStreamIsCapturing(Stream stream, int *status) {
  fake_cuda_graph *graph = Fake::get().getCapture(stream);
  *status = !graph ? kNotCaptured : graph->broken ? 2 : 1;
  return kSuccess;
}
