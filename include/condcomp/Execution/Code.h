//===- Code.h - machine code of modules, made and loaded --------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_CODE_H
#define CONDCOMP_EXECUTION_CODE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace condcomp {

/// An object file for this machine: what can be kept and loaded again.
struct ObjectCode {
  std::string bytes;
};

/// What compiling took: passes down to the LLVM dialect, LLVM's optimizations,
/// and translation and machine code.
struct CompileSeconds {
  double lower = 0, optimize = 0, generate = 0;
};

/// Makes code of a module in the LLVM dialect for this machine. `functions` are
/// those that will be looked up. `optLevel` is LLVM's, 0 to 3.
llvm::Expected<ObjectCode> generateObject(mlir::ModuleOp module,
                                          llvm::ArrayRef<std::string> functions,
                                          unsigned optLevel,
                                          CompileSeconds &seconds);

/// The CPU that code is made for here: LLVM's name and features.
std::string describeHostCPU();

/// Code in memory that can be called.
class LoadedCode {
public:
  /// A function of the module; takes where its arguments lie, then where its
  /// result goes.
  using Function = void (*)(void **);

  /// Links the code with the run-time library of this process, and makes sure
  /// that `functions` are there.
  static llvm::Expected<std::unique_ptr<LoadedCode>>
  load(const ObjectCode &object, llvm::ArrayRef<std::string> functions);
  ~LoadedCode();

  llvm::Expected<Function> lookup(llvm::StringRef name) const;

private:
  explicit LoadedCode(std::unique_ptr<llvm::orc::LLJIT> jit);

  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_CODE_H
