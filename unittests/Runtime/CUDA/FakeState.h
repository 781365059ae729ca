//===- FakeState.h - what the stand-in for a driver knows ------ -*- C++
//-*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_UNITTESTS_RUNTIME_CUDA_FAKESTATE_H
#define CONDCOMP_UNITTESTS_RUNTIME_CUDA_FAKESTATE_H

#include "../../../lib/Runtime/CUDA/DriverAPI.h"
#include "FakeDriver.h"
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

using namespace condcomp::runtime::cuda;

inline constexpr Result kInvalidValue = 1;
inline constexpr Result kCaptureUnsupported = 900;
inline constexpr int kMostDevices = 8;

/// Memory of a device.
struct Block {
  size_t bytes;
  int device;
};

/// A CUDA graph: what was asked of a stream while it was captured.
struct fake_cuda_graph {
  std::vector<std::function<void()>> works;
  /// Memory of its nodes, and whether one of them frees it.
  std::map<Address, bool> memory;
  bool launched = false;
  /// Whether something was called that a capture does not allow.
  bool broken = false;
};

struct Fake {
  std::recursive_mutex mutex;
  std::map<std::string, std::string> settings;
  std::map<std::string, int64_t> counts;
  std::map<const void *, int64_t> onStream;
  std::map<std::string, condcomp_kernel> registered;
  /// Blocks by where they begin.
  std::map<Address, Block> blocks;
  int64_t live = 0;
  /// With `lazy`, what is still to be done on a stream.
  std::map<Stream, std::vector<std::function<void()>>> waiting;
  /// Streams that are being captured.
  std::map<Stream, fake_cuda_graph *> captures;
  /// Whose memory it is, of graphs.
  std::map<Address, fake_cuda_graph *> graphMemory;
  /// A primary context is a place in here.
  char contexts[kMostDevices];

  static Fake &get();

  void configure(const char *text);
  void enter(const char *function, const std::string &details = "",
             Stream stream = nullptr);
  /// The number of a setting.
  int64_t get(const char *name, int64_t otherwise);
  /// The block that has `bytes` bytes from `address` on; null for none.
  const Block *find(Address address, size_t bytes);
  /// Does something now, or with `lazy` when the stream is waited for, or adds
  /// it to the graph that the stream is captured into.
  void put(Stream stream, std::function<void()> work);
  /// Does what waits on a stream.
  void finish(Stream stream);
  /// The graph that a stream is captured into; null for none.
  fake_cuda_graph *getCapture(Stream stream);
  /// Ends a capture, or all of them, as CUDA does after what it does not allow.
  Result breakCapture(Stream stream);
  Result breakCaptures();
  /// The device of the context that is current in this thread; -1 for none.
  int getDevice();
};

#define FAKE extern "C" CONDCOMP_RUNTIME_EXPORT Result

#endif // CONDCOMP_UNITTESTS_RUNTIME_CUDA_FAKESTATE_H
