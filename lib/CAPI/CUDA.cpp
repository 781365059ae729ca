//===- CUDA.cpp - programs for NVIDIA GPUs, for the C API -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/AheadOfTime/CUDA.h"
#include "Objects.h"
#include "condcomp/Runtime/CUDA.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include <cstring>
#include <dlfcn.h>

using namespace mlir;
using namespace condcomp;

/// Only kernels for the stand-in, in tests, are linked.
static LinkOptions getLinkOptions() {
  LinkOptions link;
  Dl_info info;
  if (dladdr(reinterpret_cast<void *>(&condcomp_free), &info))
    link.runtimeDir = llvm::sys::path::parent_path(info.dli_fname).str();
  return link;
}

static llvm::Expected<std::string> getChip(const char *given) {
  if (given && *given)
    return std::string(given);
  CallContext context;
  char chip[16];
  int32_t device;
  if (condcomp_cuda_get_gpu(context.get(), &device, chip) != CONDCOMP_SUCCESS)
    return makeError("no chip is named, and that of this machine can't be "
                     "found out: " +
                     llvm::StringRef(condcomp_context_error(context.get())));
  return std::string(chip);
}

llvm::Error condcomp::compileForCUDA(OwningOpRef<ModuleOp> module,
                                     const condcomp_compile_options &options,
                                     condcomp_program &program) {
  llvm::Expected<std::string> chip = getChip(options.chip);
  if (!chip)
    return chip.takeError();
  llvm::SmallString<128> kernels;
  llvm::FileRemover remover;
  if (*chip == kEmulatedChip) {
    if (std::error_code error =
            llvm::sys::fs::createTemporaryFile("condcomp", "so", kernels))
      return makeError("a temporary file can't be made: " + error.message());
    remover.setFile(kernels);
  }
  KernelOptions target;
  target.form = options.form;
  target.chip = *chip;
  ToCUDAOptions pipeline;
  if (llvm::Error error =
          setCUDAOptions(target, *module, kernels, getLinkOptions(), pipeline))
    return error;
  program.isCUDA = true;
  program.program = std::make_unique<Program>(std::move(module));
  if (llvm::Error error = program.program->compile(
          [&](PassManager &pm) {
            buildToCUDAPipeline(pm, pipeline);
            return success();
          },
          /*only=*/"", options.opt_level))
    return error;
  return program.link();
}

condcomp_error *condcomp::keepOnGPU(const condcomp_function &function,
                                    condcomp_context *context,
                                    llvm::MutableArrayRef<Array> constants,
                                    int64_t &bytes) {
  const Signature &signature = function.signature;
  for (auto [array, position] :
       llvm::zip_equal(constants, function.constants)) {
    if (!signature.arguments[position].isTensor) {
      Array copy(array.getType(), array.getShape());
      std::memcpy(copy.getData(), array.getData(), array.getNumBytes());
      array = std::move(copy);
      continue;
    }
    if (condcomp_cuda_find_device(array.getData()) >= 0)
      continue;
    void *address;
    int32_t status = condcomp_cuda_upload(context, array.getData(),
                                          array.getNumBytes(), &address);
    if (status != CONDCOMP_SUCCESS)
      return makeCallError(status, makeError(condcomp_context_error(context)));
    bytes += array.getNumBytes();
    array = Array(array.getType(), array.getShape(), address,
                  [address] { condcomp_cuda_free(address); });
  }
  return nullptr;
}
