//===- Session.cpp - a thread's use of a GPU ------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"
#include "Failures.h"
#include "condcomp/Runtime/EntryPoints.h"
#include <algorithm>
#include <cstdlib>

using namespace condcomp::runtime::cuda;

std::string GPU::describe() const {
  return format("GPU %d (%s, sm_%d%d)", device, name.c_str(), major, minor);
}

Session &Session::get() {
  static thread_local Session session;
  return session;
}

Session::~Session() {
  // Where the driver is gone already, these say so, to nobody.
  freeAll();
  closeStream();
}

void Session::closeStream() {
  if (!stream)
    return;
  Failures::get().disown(stream);
  driver->cuStreamDestroy_v2(stream);
  stream = nullptr;
}

void Session::leaveOnFailure(int32_t status) const {
  if (status != CONDCOMP_SUCCESS)
    condcomp_fail(status, error.c_str());
}

/// The device that the environment names.
static Outcome getOrdinal(int &ordinal) {
  const char *text = getenv("CONDCOMP_CUDA_DEVICE");
  ordinal = 0;
  if (!text || !*text)
    return {};
  char *rest;
  ordinal = static_cast<int>(strtol(text, &rest, 10));
  if (*rest || ordinal < 0)
    return Outcome::failure(
        format("CONDCOMP_CUDA_DEVICE is '%s', not the number of a GPU", text));
  return {};
}

/// The primary context of the device that is to be used; retained once.
Outcome Session::getPrimaryContext(Context &primary) {
  int ordinal = chosenDevice, count = 0;
  Outcome outcome = ordinal < 0 ? getOrdinal(ordinal) : Outcome();
  if (outcome.failed())
    return outcome;
  if (auto known = primaries.find(ordinal); known != primaries.end()) {
    primary = known->second;
    return {};
  }
  outcome = driver->check(driver->cuDeviceGetCount(&count), "cuDeviceGetCount");
  if (outcome.failed())
    return outcome;
  if (ordinal >= count)
    return Outcome::failure(format("no GPU %d: the driver %s has %d of them",
                                   ordinal, driver->getPath().c_str(), count));
  Device device;
  outcome = driver->check(driver->cuDeviceGet(&device, ordinal), "cuDeviceGet");
  if (outcome.failed())
    return outcome;
  outcome = driver->check(driver->cuDevicePrimaryCtxRetain(&primary, device),
                          format("GPU %d can't be used", ordinal));
  if (!outcome.failed())
    primaries[ordinal] = primary;
  return outcome;
}

Outcome Session::begin() {
  Outcome outcome = Driver::get(driver);
  if (outcome.failed())
    return outcome;
  Context current = nullptr;
  driver->cuCtxGetCurrent(&current);
  Context wanted = current;
  if (chosenDevice >= 0 || !current) {
    outcome = getPrimaryContext(wanted);
    if (outcome.failed())
      return outcome;
  }
  if (wanted != current) {
    outcome = driver->check(driver->cuCtxPushCurrent_v2(wanted),
                            "the context of the GPU can't be made current");
    if (outcome.failed())
      return outcome;
    pushed = true;
  }
  if (wanted != context) {
    freeAll();
    context = wanted;
    outcome = describeGPU();
    if (outcome.failed())
      context = nullptr;
  }
  if (!outcome.failed() && !userStream)
    outcome = openStream();
  if (outcome.failed())
    end();
  return outcome;
}

void Session::end() {
  if (!pushed)
    return;
  Context popped;
  driver->cuCtxPopCurrent_v2(&popped);
  pushed = false;
}

Outcome Session::describeGPU() {
  gpu = GPU();
  Outcome outcome =
      driver->check(driver->cuCtxGetDevice(&gpu.device), "cuCtxGetDevice");
  if (outcome.failed())
    return outcome;
  char name[256] = "unknown";
  driver->cuDeviceGetName(name, sizeof(name), gpu.device);
  gpu.name = name;
  auto get = [&](DeviceAttribute attribute) {
    int value = 0;
    driver->cuDeviceGetAttribute(&value, attribute, gpu.device);
    return value;
  };
  gpu.major = get(kComputeCapabilityMajor);
  gpu.minor = get(kComputeCapabilityMinor);
  gpu.multiprocessors = get(kMultiprocessorCount);
  if (!get(kCooperativeLaunch))
    return Outcome::failure(gpu.describe() +
                            " can't launch kernels cooperatively, as all "
                            "kernels have to be: sm_60 and later can");
  if (!get(kMemoryPoolsSupported))
    return Outcome::failure(gpu.describe() +
                            " has no memory pools with its driver, which "
                            "supports CUDA " +
                            driver->getVersion());
  // Freed memory stays in the pool.
  Pool pool;
  uint64_t everything = UINT64_MAX;
  outcome = driver->check(driver->cuDeviceGetDefaultMemPool(&pool, gpu.device),
                          "cuDeviceGetDefaultMemPool");
  if (outcome.failed())
    return outcome;
  return driver->check(
      driver->cuMemPoolSetAttribute(pool, kReleaseThreshold, &everything),
      "cuMemPoolSetAttribute");
}

Outcome Session::openStream() {
  if (stream && contextOfStream == context)
    return {};
  closeStream();
  // It waits for the default stream, on which others fill arguments.
  Outcome outcome = driver->check(driver->cuStreamCreate(&stream, /*flags=*/0),
                                  gpu.describe() + ": a stream can't be made");
  if (outcome.failed())
    stream = nullptr;
  contextOfStream = context;
  return outcome;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Outcome Session::allocate(Address &address, uint64_t bytes,
                          const std::string &purpose) {
  Result result = driver->cuMemAllocAsync(&address, bytes, getStream());
  if (result == kSuccess) {
    held.push_back(address);
    return {};
  }
  if (result != kOutOfMemory)
    return driver->check(result, format("%s: %llu bytes for %s can't be "
                                        "allocated",
                                        gpu.describe().c_str(),
                                        static_cast<unsigned long long>(bytes),
                                        purpose.c_str()));
  size_t free = 0, total = 0;
  driver->cuMemGetInfo_v2(&free, &total);
  return Outcome::failure(
      format("out of memory on %s: %llu bytes were asked for, for %s, and %zu "
             "of its %zu bytes are free",
             gpu.describe().c_str(), static_cast<unsigned long long>(bytes),
             purpose.c_str(), free, total),
      CONDCOMP_OUT_OF_MEMORY);
}

void Session::free(Address address) {
  size_t before = held.size();
  release(address);
  if (held.size() < before)
    driver->cuMemFreeAsync(address, getStream());
}

void Session::release(Address address) {
  auto at = std::find(held.begin(), held.end(), address);
  if (at != held.end())
    held.erase(at);
}

void Session::freeAll() {
  results.clear();
  while (!held.empty())
    free(held.back());
}

Outcome Session::checkCopy(Result result, uint64_t bytes,
                           const std::string &what, const char *where) const {
  return driver->check(result,
                       format("%llu bytes of %s can't be copied %s %s",
                              static_cast<unsigned long long>(bytes),
                              what.c_str(), where, gpu.describe().c_str()));
}

Outcome Session::copyIn(Address to, const void *from, uint64_t bytes,
                        const std::string &what) {
  if (bytes == 0)
    return {};
  return checkCopy(driver->cuMemcpyHtoDAsync_v2(to, from, bytes, getStream()),
                   bytes, what, "to");
}

Outcome Session::copyOut(void *to, Address from, uint64_t bytes,
                         const std::string &what) {
  if (bytes == 0)
    return {};
  return checkCopy(driver->cuMemcpyDtoHAsync_v2(to, from, bytes, getStream()),
                   bytes, what, "from");
}

Outcome Session::copyWithin(Address to, Address from, uint64_t bytes,
                            const std::string &what) {
  if (bytes == 0)
    return {};
  return checkCopy(driver->cuMemcpyDtoDAsync_v2(to, from, bytes, getStream()),
                   bytes, what, "on");
}

Outcome Session::synchronize(const std::string &what) {
  Outcome outcome =
      driver->check(driver->cuStreamSynchronize(getStream()), what);
  if (outcome.failed())
    outcome.text += blameEarlierCalls();
  hasCallsUnderWay = false;
  return outcome;
}

int Session::findDevice(const void *address) const {
  auto pointer = reinterpret_cast<Address>(address);
  unsigned type = 0;
  int ordinal = -1;
  // Memory of the host that the driver does not know is an error here.
  if (driver->cuPointerGetAttribute(&type, kMemoryType, pointer) != kSuccess ||
      type != kDeviceMemory)
    return -1;
  return driver->cuPointerGetAttribute(&ordinal, kDeviceOrdinal, pointer) ==
                 kSuccess
             ? ordinal
             : gpu.device;
}
