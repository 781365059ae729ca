//===- cc-run-aot.cpp - calls a function of a compiled library ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/CallFlags.h"
#include "condcomp/Execution/ExportedNames.h"
#include "condcomp/Runtime/CUDA.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"
#include <dlfcn.h>
#include <elf.h>

using namespace llvm;
using namespace condcomp;

static constexpr StringLiteral kOverview =
    R"(condcomp runner of compiled libraries

Calls a function of a library that cc-compile made, for CPUs or for GPUs, and
writes, prints or compares the results, with the flags of cc-run. Needs no LLVM.

  cc-run-aot libf.so --function=f --input=@x.npy --output=@y.npy
  cc-run-aot libf.so --function=f --input=@x.npy --expected-output=@y.npy
)";

namespace {
struct Options {
  cl::OptionCategory category{"cc-run-aot options"};
  cl::opt<std::string> library{cl::Positional, cl::Required,
                               cl::desc("<library.so>"), cl::cat(category)};
  CallFlags call{category};
  cl::opt<bool> onGPU{"inputs-on-gpu",
                      cl::desc("Copy tensors to the GPU once, before the call "
                               "and its timing"),
                      cl::cat(category)};
};

/// A function of a library that stays open.
struct LoadedFunction {
  Signature signature;
  void (*code)(void **);
  void *library;
};
} // namespace

/// Refuses a file that ends before what its headers say is in it: the loader
/// maps such a library and the process ends with a signal.
static Error checkComplete(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> file =
      MemoryBuffer::getFile(path, /*IsText=*/false,
                            /*RequiresNullTerminator=*/false);
  if (!file)
    return Error::success(); // dlopen says why
  StringRef bytes = (*file)->getBuffer();
  if (!bytes.starts_with(ELFMAG) || bytes.size() < sizeof(Elf64_Ehdr))
    return Error::success();
  auto *header = reinterpret_cast<const Elf64_Ehdr *>(bytes.data());
  uint64_t end = SaturatingMultiplyAdd<uint64_t>(
      header->e_phnum, sizeof(Elf64_Phdr), header->e_phoff);
  if (end <= bytes.size()) {
    auto *segments =
        reinterpret_cast<const Elf64_Phdr *>(bytes.data() + header->e_phoff);
    for (const Elf64_Phdr &segment : ArrayRef(segments, header->e_phnum))
      end = std::max<uint64_t>(
          end, SaturatingAdd(segment.p_offset, segment.p_filesz));
  }
  if (end <= bytes.size())
    return Error::success();
  return makeError(Twine(path) + " is not whole: it has " +
                   Twine(bytes.size()) + " bytes of at least " + Twine(end));
}

static Expected<LoadedFunction> load(const std::string &path,
                                     const std::string &name) {
  // Without a slash the loader would look among the system's libraries.
  std::string file = StringRef(path).contains('/') ? path : "./" + path;
  if (Error error = checkComplete(file))
    return std::move(error);
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return makeError(Twine("the library can't be loaded: ") + dlerror());
  void *code = dlsym(library, getPackedName(name).c_str());
  auto *text =
      static_cast<const char *>(dlsym(library, getSignatureName(name).c_str()));
  if (!code || !text)
    return makeError(path + " has no function '" + name +
                     "' that cc-compile made");
  Expected<Signature> signature = parseSignature(name, text);
  if (!signature)
    return signature.takeError();
  return LoadedFunction{std::move(*signature),
                        reinterpret_cast<void (*)(void **)>(code), library};
}

/// Puts the tensors among the arguments into memory of the GPU.
static Error upload(const LoadedFunction &function, CallContext &context,
                    MutableArrayRef<Array> arguments) {
  auto copy = reinterpret_cast<decltype(&condcomp_cuda_upload)>(
      dlsym(function.library, "condcomp_cuda_upload"));
  auto free = reinterpret_cast<decltype(&condcomp_cuda_free)>(
      dlsym(function.library, "condcomp_cuda_free"));
  if (!copy || !free)
    return makeError("--inputs-on-gpu: the library is not for GPUs");
  for (auto [type, array] : zip(function.signature.arguments, arguments)) {
    if (!type.isTensor)
      continue;
    void *address;
    if (copy(context.get(), array.getData(), array.getNumBytes(), &address))
      return makeError(condcomp_context_error(context.get()));
    array = Array(array.getType(), array.getShape(), address,
                  [free, address] { free(address); });
  }
  return Error::success();
}

static Error run(const Options &options) {
  CallRequest request;
  if (Error error = options.call.fill(request))
    return error;
  if (Error error = checkThreads(request.threads))
    return error;
  auto function = load(options.library, request.function);
  if (!function)
    return function.takeError();
  const Signature &signature = function->signature;
  auto expected = readExpected(request, signature);
  if (!expected)
    return expected.takeError();
  auto inputs = readArrays(request.inputs, "input");
  if (!inputs)
    return inputs.takeError();
  auto arguments = checkArguments(signature, *inputs);
  if (!arguments)
    return arguments.takeError();
  CallContext context;
  if (options.onGPU)
    if (Error error = upload(*function, context, *arguments))
      return error;
  Call call(signature, function->code, *arguments);
  condcomp_context_set_threads(context.get(), request.threads);
  CallReply reply;
  if (Error error = runCall(request, call, context.get(), *expected, reply))
    return error;
  printReply(outs(), request, reply);
  return Error::success();
}

int main(int argc, char **argv) {
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);
  if (Error error = run(options)) {
    WithColor::error(errs(), "cc-run-aot")
        << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
