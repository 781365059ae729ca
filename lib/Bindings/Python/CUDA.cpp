//===- CUDA.cpp - arrays on GPUs, and calls there -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/CUDA.h"
#include "DLPack.h"
#include "Place.h"
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

using namespace condcomp::python;

std::string Where::describe() const {
  return isGPU() ? "on device CUDA " + std::to_string(device)
                 : "in memory of the CPU";
}

RunOn::RunOn(const Where &where, bool resultsOnDevice, bool wait)
    : isGPU(where.isGPU()),
      resultsOnDevice(condcomp_cuda_set_results_on_device(resultsOnDevice)),
      waited(condcomp_cuda_set_waiting(wait)) {
  if (!isGPU)
    return;
  device = condcomp_cuda_set_device(where.device);
  stream = condcomp_cuda_set_stream(reinterpret_cast<void *>(where.stream));
}

RunOn::~RunOn() {
  condcomp_cuda_set_results_on_device(resultsOnDevice);
  condcomp_cuda_set_waiting(waited);
  if (!isGPU)
    return;
  condcomp_cuda_set_device(device);
  condcomp_cuda_set_stream(stream);
}

void condcomp::python::freeResult(void *allocated, const Where &where) {
  if (!where.isGPU())
    return condcomp_free(allocated);
  RunOn there(where, /*resultsOnDevice=*/false);
  condcomp_cuda_free(allocated);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static const char *getDeviceName(int32_t type) {
  switch (type) {
  case kDLCUDA:
    return "CUDA";
  case 4:
    return "OpenCL";
  case 7:
    return "Vulkan";
  case 8:
    return "Metal";
  case 10:
    return "ROCm";
  case 13:
    return "CUDA (managed)";
  case 14:
    return "oneAPI";
  default:
    return nullptr;
  }
}

void Arguments::checkDevice(const Place &place, int32_t type, int32_t id) {
  if (type == kDLCPU || type == kDLCUDAHost || (forGPU && type == kDLCUDA))
    return;
  const char *known = getDeviceName(type);
  place.failValue("an array on device " +
                  (known ? known : "DLPack's type " + std::to_string(type)) +
                  " " + std::to_string(id) +
                  (forGPU ? ": the program runs on an NVIDIA GPU, move it there"
                   : type == kDLCUDA
                       ? ": the program runs on the CPU, move it there first, "
                         "or compile with target='cuda'"
                       : ": the program runs on the CPU, move it there first"));
}

void Arguments::locate(const Place &place, int32_t device) {
  if (!forGPU)
    return;
  if (!condcomp_function_argument(place.function, place.index).type.is_tensor) {
    if (device >= 0)
      place.failValue("an array " + Where{device}.describe() +
                      ": numbers are read on the CPU, pass array.item()");
    return;
  }
  if (first >= 0 && device != where.device)
    place.failValue("an array " + Where{device}.describe() + ", but " +
                    nameArgument(place.function, first) + " is " +
                    where.describe() + ": move one of them");
  if (first >= 0)
    return;
  first = place.index;
  where.device = device;
  if (device >= 0)
    where.stream = nb::cast<intptr_t>(
        nb::module_::import_("condcomp._cuda").attr("current_stream")(device));
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

/// Calls the run-time library, and raises what fails.
template <typename Callable>
static void call(Callable callable) {
  condcomp_context *context = condcomp_context_create();
  int32_t status = callable(context);
  std::string error = condcomp_context_error(context);
  condcomp_context_destroy(context);
  raise(status, error);
}

std::pair<int32_t, std::string> condcomp::python::getGPU() {
  int32_t device;
  char chip[16];
  call([&](condcomp_context *context) {
    return condcomp_cuda_get_gpu(context, &device, chip);
  });
  return {device, chip};
}

void condcomp::python::waitFor(const Where &where) {
  call([&](condcomp_context *context) {
    nb::gil_scoped_release released;
    RunOn there(where, /*resultsOnDevice=*/false);
    return condcomp_cuda_synchronize(context);
  });
}

void condcomp::python::defineCUDA(nb::module_ &module) {
  module.def("cuda_gpu", &getGPU);
  module.def("cuda_synchronize", [](int32_t device, intptr_t stream) {
    waitFor({device, stream});
  });
}
