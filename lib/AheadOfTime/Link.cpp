//===- Link.cpp - object files to shared libraries ------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/AheadOfTime/Compile.h"
#include "condcomp/Execution/Array.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace condcomp;

static llvm::Expected<std::string> findLinker(const std::string &wanted) {
  llvm::SmallVector<llvm::StringRef> candidates{"cc", "clang-22", "clang",
                                                "gcc"};
  if (!wanted.empty())
    candidates = {wanted};
  for (llvm::StringRef name : candidates)
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return makeError((wanted.empty() ? "no C compiler (cc, clang-22, clang, gcc)"
                                   : "'" + wanted + "'") +
                   " is not on PATH, and linking needs one: install one, name "
                   "one with --linker, or write an object file (-o f.o)");
}

/// Writes the object file for the linker.
static llvm::Error writeObject(const CompiledCode &code,
                               llvm::SmallVectorImpl<char> &object) {
  int descriptor;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile(
          "cc-compile", "o", descriptor, object))
    return makeError("a temporary file can't be made: " + error.message());
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << code.contents;
  os.close();
  if (!os.has_error())
    return llvm::Error::success();
  std::string why = os.error().message();
  os.clear_error();
  return makeError(llvm::Twine(object) + ": can't be written: " + why);
}

llvm::Error condcomp::linkSharedLibrary(const CompiledCode &code,
                                        llvm::StringRef output,
                                        const LinkOptions &options) {
  llvm::SmallString<128> object;
  if (llvm::Error error = writeObject(code, object))
    return error;
  llvm::FileRemover remover(object);
  llvm::Expected<std::string> linker = findLinker(options.linker);
  if (!linker)
    return linker.takeError();
  // Complete under its name or not there at all.
  std::string temporary = (output + ".link").str();
  std::string soname =
      ("-Wl,-soname," + llvm::sys::path::filename(output)).str();
  std::string search = "-L" + options.runtimeDir;
  std::string rpath = "-Wl,-rpath,$ORIGIN:" + options.runtimeDir;
  llvm::SmallVector<llvm::StringRef> command{
      *linker,   "-shared", "-o",
      temporary, object,    soname,
      search,    rpath,     "-lcondcomp_runtime",
      "-lm"};
  if (options.cuda)
    command.push_back("-lcondcomp_cuda");
  std::string error;
  int status = llvm::sys::ExecuteAndWait(*linker, command, std::nullopt, {}, 0,
                                         0, &error);
  if (status != 0) {
    llvm::sys::fs::remove(temporary);
    return makeError(*linker + " can't link " + output +
                     (error.empty() ? "" : ": " + error));
  }
  if (std::error_code code = llvm::sys::fs::rename(temporary, output)) {
    llvm::sys::fs::remove(temporary);
    return makeError(output + ": can't be written: " + code.message());
  }
  return llvm::Error::success();
}
