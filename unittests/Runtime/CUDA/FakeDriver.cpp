//===- FakeDriver.cpp - a stand-in for NVIDIA's driver --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeState.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {
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

/// The contexts that this thread made current, the last one first.
thread_local std::vector<Context> currentContexts;
} // namespace

Fake &Fake::get() {
  static Fake *instance = new Fake;
  return *instance;
}

int64_t Fake::get(const char *name, int64_t otherwise) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  auto at = settings.find(name);
  return at == settings.end() ? otherwise : atoll(at->second.c_str());
}

int Fake::getDevice() {
  if (currentContexts.empty())
    return -1;
  return static_cast<int>(reinterpret_cast<char *>(currentContexts.back()) -
                          contexts);
}

void Fake::configure(const char *text) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  while (!waiting.empty())
    finish(waiting.begin()->first);
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

void fake_cuda_configure(const char *settings) {
  Fake::get().configure(settings);
}

void fake_cuda_register(const char *name, condcomp_kernel kernel) {
  Fake::get().registered[name] = kernel;
}

int64_t fake_cuda_count(const char *function) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
  return Fake::get().counts[function];
}

int64_t fake_cuda_count_on(const void *stream) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
  return Fake::get().onStream[stream];
}

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

FAKE cuInit(unsigned) {
  if (const char *settings = getenv("FAKE_CUDA"))
    Fake::get().configure(settings);
  Fake::get().enter("cuInit");
  return Fake::get().get("no-device", 0) ? kNoDevice : kSuccess;
}

FAKE cuDriverGetVersion(int *version) {
  *version = static_cast<int>(Fake::get().get("version", 13000));
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
      {kCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
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
  *count = static_cast<int>(Fake::get().get("devices", 1));
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
  int chip = static_cast<int>(Fake::get().get("sm", 90));
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
    *value = !Fake::get().get("no-cooperative", 0);
    return kSuccess;
  case kMemoryPoolsSupported:
    *value = 1;
    return kSuccess;
  default:
    return kInvalidValue;
  }
}

FAKE cuDevicePrimaryCtxRetain(Context *context, Device device) {
  Fake::get().enter("cuDevicePrimaryCtxRetain");
  *context = reinterpret_cast<Context>(&Fake::get().contexts[device]);
  return kSuccess;
}

FAKE cuCtxGetCurrent(Context *context) {
  *context = currentContexts.empty() ? nullptr : currentContexts.back();
  return kSuccess;
}

FAKE cuCtxGetDevice(Device *device) {
  *device = Fake::get().getDevice();
  return *device >= 0 ? kSuccess : kInvalidValue;
}

FAKE cuCtxSynchronize() {
  Fake &fake = Fake::get();
  std::lock_guard<std::recursive_mutex> lock(fake.mutex);
  fake.enter("cuCtxSynchronize");
  if (Result error = fake.breakCaptures())
    return error;
  while (!fake.waiting.empty())
    fake.finish(fake.waiting.begin()->first);
  return kSuccess;
}

FAKE cuCtxPushCurrent_v2(Context context) {
  currentContexts.push_back(context);
  return kSuccess;
}

FAKE cuCtxPopCurrent_v2(Context *context) {
  *context = currentContexts.back();
  currentContexts.pop_back();
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
  // It stays open: the loader takes a path it has seen for the same library.
  std::string path = "/proc/self/fd/" + std::to_string(file);
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fprintf(stderr, "stand-in for CUDA: %s\n", dlerror());
  return library;
}

FAKE cuModuleLoadDataEx(Module *module, const void *image, unsigned, int *,
                        void **) {
  Fake::get().enter("cuModuleLoadDataEx");
  if (Result error = Fake::get().breakCaptures())
    return error;
  if (int64_t error = Fake::get().get("load", 0))
    return static_cast<Result>(error);
  auto *loaded = new Image{openImage(image), {}};
  if (!loaded->library)
    for (const auto &[name, code] : Fake::get().registered)
      loaded->kernels[name] = {name, code};
  *module = reinterpret_cast<Module>(loaded);
  return kSuccess;
}

FAKE cuModuleGetFunction(Function *function, Module module, const char *name) {
  std::lock_guard<std::recursive_mutex> lock(Fake::get().mutex);
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
  Fake::get().enter("cuStreamCreate");
  *stream = reinterpret_cast<Stream>(new char);
  return kSuccess;
}

FAKE cuStreamDestroy_v2(Stream stream) {
  Fake::get().finish(stream);
  delete reinterpret_cast<char *>(stream);
  return kSuccess;
}

FAKE cuStreamSynchronize(Stream stream) {
  Fake::get().enter("cuStreamSynchronize", "", stream);
  if (Result error = Fake::get().breakCapture(stream))
    return error;
  Fake::get().finish(stream);
  return static_cast<Result>(Fake::get().get("sync", 0));
}

FAKE cuLaunchCooperativeKernel(Function function, unsigned gridX, unsigned,
                               unsigned, unsigned blockX, unsigned, unsigned,
                               unsigned, Stream stream, void **parameters) {
  auto *kernel = reinterpret_cast<Kernel *>(function);
  Fake::get().enter("cuLaunchCooperativeKernel",
                    kernel->name + " " + std::to_string(gridX) + "x" +
                        std::to_string(blockX),
                    stream);
  if (int64_t error = Fake::get().get("launch", 0))
    return static_cast<Result>(error);
  if (gridX > kMultiprocessors)
    return kCooperativeLaunchTooLarge;
  // The null that ends them is condcomp_cuda's own.
  std::vector<int64_t> words;
  for (; *parameters; ++parameters)
    words.push_back(*static_cast<int64_t *>(*parameters));
  Fake::get().put(stream, [=] {
    std::vector<int64_t> copies = words;
    std::vector<void *> pointers;
    for (int64_t &word : copies)
      pointers.push_back(&word);
    condcomp_emulate_grid(int64_t(gridX) * blockX, blockX, kernel->code,
                          pointers.data());
  });
  return kSuccess;
}
