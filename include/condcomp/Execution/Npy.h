//===- Npy.h - NumPy's .npy files -------------------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_NPY_H
#define CONDCOMP_EXECUTION_NPY_H

#include "condcomp/Execution/Array.h"

namespace condcomp {

/// Reads a .npy file of version 1 or 2, in C order and little-endian. NumPy has
/// no bfloat16: `<V2` (what ml_dtypes writes) and `<u2` are read as bf16.
/// `<i8` becomes i64, which passes for index as well.
llvm::Expected<Array> readNpy(llvm::StringRef path);
llvm::Expected<Array> parseNpy(llvm::StringRef contents, llvm::StringRef path);

/// The bytes of a .npy file; bf16 as `<V2`, index as `<i8`.
std::string formatNpy(const Array &array);

/// A file that appears under its name only once it is complete.
class AtomicFile {
public:
  /// Writes `contents` to a file beside `path`.
  static llvm::Expected<AtomicFile> create(llvm::StringRef path,
                                           llvm::StringRef contents);
  AtomicFile(AtomicFile &&other);
  AtomicFile &operator=(AtomicFile &&) = delete;
  /// Removes the file unless it was committed.
  ~AtomicFile();

  /// Gives the file its name.
  llvm::Error commit();

private:
  AtomicFile(std::string path, std::string temporary)
      : path(std::move(path)), temporary(std::move(temporary)) {}

  std::string path;
  std::string temporary;
};

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_NPY_H
