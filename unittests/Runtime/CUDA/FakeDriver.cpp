//===- FakeDriver.cpp - a stand-in for NVIDIA's driver --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"
#include "../../../lib/Runtime/CUDA/DriverAPI.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <map>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace condcomp::runtime::cuda;

namespace {
constexpr Result kInvalidValue = 1;
constexpr int kMultiprocessors = 2;

struct Kernel {
  std::string name;
  condcomp_kernel code;
};

/// An image that was loaded: the handle of a library, or null for registered
/// kernels.
struct Image {
  void *library;
  std::map<std::string, Kernel> kernels;
};

struct Fake {
  std::recursive_mutex mutex;
  std::map<std::string, std::string> settings;
  std::map<std::string, int64_t> counts;
  std::map<const void *, int64_t> onStream;
  std::map<std::string, condcomp_kernel> registered;
  /// Blocks of the device's memory by where they begin.
  std::map<Address, size_t> blocks;
  int64_t live = 0;

  void configure(const char *text);
  void enter(const char *function, const std::string &details = "",
             Stream stream = nullptr);
  /// The number of a setting.
  int64_t get(const char *name, int64_t otherwise) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    auto at = settings.find(name);
    return at == settings.end() ? otherwise : atoll(at->second.c_str());
  }
  bool holds(Address address, size_t bytes) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    auto after = blocks.upper_bound(address);
    if (after == blocks.begin())
      return false;
    const auto &[begin, size] = *std::prev(after);
    return address - begin <= size && bytes <= size - (address - begin);
  }
};

Fake &fake() {
  static Fake *instance = new Fake;
  return *instance;
}
} // namespace

void Fake::configure(const char *text) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  settings.clear();
  std::string rest = text;
  while (!rest.empty()) {
    size_t end = rest.find(',');
    std::string word = rest.substr(0, end);
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
    size_t at = word.find('=');
    settings[word.substr(0, at)] =
        at == std::string::npos ? "1" : word.substr(at + 1);
  }
}

void Fake::enter(const char *function, const std::string &details,
                 Stream stream) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  ++counts[function];
  if (stream)
    ++onStream[stream], ++onStream[nullptr];
  auto log = settings.find("log");
  if (log == settings.end())
    return;
  if (FILE *file = fopen(log->second.c_str(), "a")) {
    fprintf(file, "%s %s\n", function, details.c_str());
    fclose(file);
  }
}

//===----------------------------------------------------------------------===//
// For tests
//===----------------------------------------------------------------------===//

void fake_cuda_configure(const char *settings) { fake().configure(settings); }

void fake_cuda_register(const char *name, condcomp_kernel kernel) {
  fake().registered[name] = kernel;
}

int64_t fake_cuda_count(const char *function) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  return fake().counts[function];
}

int64_t fake_cuda_count_on(const void *stream) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  return fake().onStream[stream];
}

int64_t fake_cuda_live_bytes() { return fake().live; }

bool fake_cuda_is_device(const void *address) {
  return fake().holds(reinterpret_cast<Address>(address), 1);
}

void *fake_cuda_allocate(int64_t bytes) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
  // Nobody may count on zeros.
  memset(memory, 0xA5, bytes);
  fake().blocks[reinterpret_cast<Address>(memory)] = bytes;
  fake().live += bytes;
  return memory;
}

void fake_cuda_free(void *address) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  auto at = fake().blocks.find(reinterpret_cast<Address>(address));
  fake().live -= static_cast<int64_t>(at->second);
  fake().blocks.erase(at);
  free(address);
}

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

#define FAKE extern "C" CONDCOMP_RUNTIME_EXPORT Result

FAKE cuInit(unsigned) {
  if (const char *settings = getenv("FAKE_CUDA"))
    fake().configure(settings);
  fake().enter("cuInit");
  return fake().get("no-device", 0) ? kNoDevice : kSuccess;
}

FAKE cuDriverGetVersion(int *version) {
  *version = static_cast<int>(fake().get("version", 13000));
  return kSuccess;
}

FAKE cuGetErrorName(Result error, const char **text) {
  static const std::map<Result, const char *> names = {
      {kInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
      {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
      {kNoDevice, "CUDA_ERROR_NO_DEVICE"},
      {kInvalidImage, "CUDA_ERROR_INVALID_IMAGE"},
      {kNoBinaryForGPU, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
      {kInvalidPTX, "CUDA_ERROR_INVALID_PTX"},
      {kUnsupportedPTXVersion, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
      {kNotFound, "CUDA_ERROR_NOT_FOUND"},
      {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
      {kCooperativeLaunchTooLarge, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE"}};
  auto at = names.find(error);
  *text = at == names.end() ? nullptr : at->second;
  return at == names.end() ? kInvalidValue : kSuccess;
}

FAKE cuGetErrorString(Result, const char **text) {
  *text = "of the stand-in";
  return kSuccess;
}

FAKE cuDeviceGetCount(int *count) {
  *count = 1;
  return kSuccess;
}

FAKE cuDeviceGet(Device *device, int ordinal) {
  *device = ordinal;
  return kSuccess;
}

FAKE cuDeviceGetName(char *name, int size, Device) {
  snprintf(name, size, "stand-in");
  return kSuccess;
}

FAKE cuDeviceGetAttribute(int *value, int attribute, Device) {
  int chip = static_cast<int>(fake().get("sm", 90));
  switch (attribute) {
  case kMultiprocessorCount:
    *value = kMultiprocessors;
    return kSuccess;
  case kComputeCapabilityMajor:
    *value = chip / 10;
    return kSuccess;
  case kComputeCapabilityMinor:
    *value = chip % 10;
    return kSuccess;
  case kCooperativeLaunch:
    *value = !fake().get("no-cooperative", 0);
    return kSuccess;
  case kMemoryPoolsSupported:
    *value = 1;
    return kSuccess;
  default:
    return kInvalidValue;
  }
}

FAKE cuDevicePrimaryCtxRetain(Context *context, Device) {
  fake().enter("cuDevicePrimaryCtxRetain");
  *context = reinterpret_cast<Context>(&fake());
  return kSuccess;
}

static thread_local Context currentContext = nullptr;

FAKE cuCtxGetCurrent(Context *context) {
  *context = currentContext;
  return kSuccess;
}

FAKE cuCtxGetDevice(Device *device) {
  *device = 0;
  return currentContext ? kSuccess : kInvalidValue;
}

FAKE cuCtxPushCurrent_v2(Context context) {
  currentContext = context;
  return kSuccess;
}

FAKE cuCtxPopCurrent_v2(Context *context) {
  *context = currentContext;
  currentContext = nullptr;
  return kSuccess;
}

/// Opens an image for the CPU as a library.
static void *openImage(const void *image) {
  const auto *header = static_cast<const Elf64_Ehdr *>(image);
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) ||
      header->e_machine != EM_X86_64)
    return nullptr;
  size_t bytes = header->e_shoff + header->e_shnum * header->e_shentsize;
  int file = memfd_create("kernels", 0);
  if (file < 0 || write(file, image, bytes) != static_cast<ssize_t>(bytes))
    return nullptr;
  std::string path = "/proc/self/fd/" + std::to_string(file);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fprintf(stderr, "stand-in for CUDA: %s\n", dlerror());
  close(file);
  return library;
}

FAKE cuModuleLoadDataEx(Module *module, const void *image, unsigned, int *,
                        void **) {
  fake().enter("cuModuleLoadDataEx");
  if (int64_t error = fake().get("load", 0))
    return static_cast<Result>(error);
  auto *loaded = new Image{openImage(image), {}};
  if (!loaded->library)
    for (const auto &[name, code] : fake().registered)
      loaded->kernels[name] = {name, code};
  *module = reinterpret_cast<Module>(loaded);
  return kSuccess;
}

FAKE cuModuleGetFunction(Function *function, Module module, const char *name) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  auto *image = reinterpret_cast<Image *>(module);
  if (image->library)
    if (void *code = dlsym(image->library, name))
      image->kernels[name] = {name, reinterpret_cast<condcomp_kernel>(code)};
  auto at = image->kernels.find(name);
  if (at == image->kernels.end())
    return kNotFound;
  *function = reinterpret_cast<Function>(&at->second);
  return kSuccess;
}

FAKE cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, Function,
                                                 int blockSize, size_t) {
  *blocks = blockSize > 1024 ? 0 : 1;
  return kSuccess;
}

FAKE cuStreamCreate(Stream *stream, unsigned) {
  fake().enter("cuStreamCreate");
  *stream = reinterpret_cast<Stream>(new char);
  return kSuccess;
}

FAKE cuStreamDestroy_v2(Stream stream) {
  delete reinterpret_cast<char *>(stream);
  return kSuccess;
}

FAKE cuStreamSynchronize(Stream stream) {
  fake().enter("cuStreamSynchronize", "", stream);
  return static_cast<Result>(fake().get("sync", 0));
}

FAKE cuDeviceGetDefaultMemPool(Pool *pool, Device) {
  *pool = reinterpret_cast<Pool>(&fake());
  return kSuccess;
}

FAKE cuMemPoolSetAttribute(Pool, int attribute, void *) {
  return attribute == kReleaseThreshold ? kSuccess : kInvalidValue;
}

static int64_t getMemory() { return fake().get("memory", 1 << 30); }

FAKE cuMemAllocAsync(Address *address, size_t bytes, Stream stream) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  fake().enter("cuMemAllocAsync", std::to_string(bytes), stream);
  if (bytes == 0)
    return kInvalidValue;
  if (static_cast<int64_t>(bytes) > getMemory() - fake().live)
    return kOutOfMemory;
  *address = reinterpret_cast<Address>(fake_cuda_allocate(bytes));
  return kSuccess;
}

FAKE cuMemFreeAsync(Address address, Stream stream) {
  std::lock_guard<std::recursive_mutex> lock(fake().mutex);
  fake().enter("cuMemFreeAsync", "", stream);
  if (!fake().blocks.count(address))
    return kInvalidValue;
  fake_cuda_free(reinterpret_cast<void *>(address));
  return kSuccess;
}

FAKE cuMemGetInfo_v2(size_t *free, size_t *total) {
  *total = getMemory();
  *free = getMemory() - fake().live;
  return kSuccess;
}

FAKE cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes,
                          Stream stream) {
  fake().enter("cuMemcpyHtoDAsync_v2", std::to_string(bytes), stream);
  if (!fake().holds(to, bytes))
    return kInvalidValue;
  memcpy(reinterpret_cast<void *>(to), from, bytes);
  return kSuccess;
}

FAKE cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Stream stream) {
  fake().enter("cuMemcpyDtoHAsync_v2", std::to_string(bytes), stream);
  if (!fake().holds(from, bytes))
    return kInvalidValue;
  memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return kSuccess;
}

FAKE cuPointerGetAttribute(void *value, int attribute, Address address) {
  if (!fake().holds(address, 1))
    return kInvalidValue;
  unsigned type = kDeviceMemory;
  if (attribute == kDeviceOrdinal)
    type = static_cast<unsigned>(fake().get("memory-of", 0));
  memcpy(value, &type, sizeof(type));
  return kSuccess;
}

FAKE cuLaunchCooperativeKernel(Function function, unsigned gridX, unsigned,
                               unsigned, unsigned blockX, unsigned, unsigned,
                               unsigned, Stream stream, void **parameters) {
  auto *kernel = reinterpret_cast<Kernel *>(function);
  fake().enter("cuLaunchCooperativeKernel",
               kernel->name + " " + std::to_string(gridX) + "x" +
                   std::to_string(blockX),
               stream);
  if (int64_t error = fake().get("launch", 0))
    return static_cast<Result>(error);
  if (gridX > kMultiprocessors)
    return kCooperativeLaunchTooLarge;
  condcomp_emulate_grid(int64_t(gridX) * blockX, kernel->code, parameters);
  return kSuccess;
}
