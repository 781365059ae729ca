//===- Session.h - a thread's use of a GPU -------------------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_SESSION_H
#define CONDCOMP_LIB_RUNTIME_CUDA_SESSION_H

#include "Driver.h"
#include <map>
#include <vector>

namespace condcomp {
namespace runtime {
namespace cuda {

/// A GPU, for errors and limits.
struct GPU {
  Device device = 0;
  std::string name;
  int major = 0, minor = 0;
  int multiprocessors = 0;

  /// "GPU 0 (NVIDIA H200, sm_90)".
  std::string describe() const;
};

/// What one thread of the program has on a GPU: a stream, and the memory of the
/// call that runs. Memory comes from the device's pool, which keeps what is
/// freed.
class Session {
public:
  ~Session();

  /// The session of this thread.
  static Session &get();

  /// Makes a context current: that of the chosen device, without one the
  /// thread's own if it has one, such as PyTorch's, else that of the device
  /// CONDCOMP_CUDA_DEVICE (0). `end` undoes it.
  Outcome begin();
  void end();

  const Driver &getDriver() const { return *driver; }
  const GPU &getGPU() const { return gpu; }
  Context getContext() const { return context; }
  Stream getStream() const { return userStream ? userStream : stream; }
  /// What callers choose: a device (-1 for none), a stream (null for the
  /// thread's own), where results go, and whether calls wait for their kernels.
  int32_t chosenDevice = -1;
  Stream userStream = nullptr;
  bool resultsOnDevice = false;
  bool waits = true;

  /// Memory that `freeAll` frees; `purpose` is for errors.
  Outcome allocate(Address &address, uint64_t bytes,
                   const std::string &purpose);
  void free(Address address);
  /// Hands memory over to the caller.
  void release(Address address);
  void freeAll();

  Outcome copyIn(Address to, const void *from, uint64_t bytes,
                 const std::string &what);
  Outcome copyOut(void *to, Address from, uint64_t bytes,
                  const std::string &what);
  /// From memory of the device to memory of the device.
  Outcome copyWithin(Address to, Address from, uint64_t bytes,
                     const std::string &what);
  /// Waits for all that was asked for.
  Outcome synchronize(const std::string &what);

  /// The GPU whose memory it is, -1 for memory of the host, which has to be
  /// copied.
  int findDevice(const void *address) const;

  /// Where the results of the call that runs are, and their copies on the
  /// device. Of a call that is not waited for, results are where they will be,
  /// and `numTaken` of them were asked for.
  Address workspace = 0;
  int64_t workspaceBytes = 0;
  std::vector<Address> results;
  bool isWaitedFor = true;
  size_t numTaken = 0;
  /// Results that belong to the CUDA graph that is being captured.
  std::vector<Address> graphMemory;

  /// For errors of the driver: calls that were not waited for and may be what
  /// failed; "" if there are none.
  const char *blameEarlierCalls() const {
    return hasCallsUnderWay ? " (the error may be of a call before, which was "
                              "not waited for)"
                            : "";
  }
  bool hasCallsUnderWay = false;

  /// The text of the last failure, which `keep` puts where it outlives the
  /// frames that made it: when a call ends early, nothing of them is destroyed.
  std::string error;
  int32_t keep(Outcome outcome) {
    error = std::move(outcome.text);
    return outcome.status;
  }
  /// Ends the call from outside unless the status that `keep` returned is 0:
  /// in a statement of its own, so that nothing is left to be destroyed.
  void leaveOnFailure(int32_t status) const;

private:
  /// Of the copy of `what` "to", "from" or "on" the GPU.
  Outcome checkCopy(Result result, uint64_t bytes, const std::string &what,
                    const char *where) const;
  Outcome getPrimaryContext(Context &primary);
  Outcome describeGPU();
  Outcome openStream();
  void closeStream();

  const Driver *driver = nullptr;
  GPU gpu;
  /// The context in use, and the one that `stream` belongs to.
  Context context = nullptr, contextOfStream = nullptr;
  /// Primary contexts that were needed, by device.
  std::map<int, Context> primaries;
  bool pushed = false;
  Stream stream = nullptr;
  std::vector<Address> held;
};

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_SESSION_H
