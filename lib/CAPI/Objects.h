//===- Objects.h - what the handles of the C API are ------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CAPI_OBJECTS_H
#define CONDCOMP_LIB_CAPI_OBJECTS_H

#include "ResultSizes.h"
#include "condcomp-c/CondComp.h"
#include "condcomp/Execution/Program.h"
#include "llvm/ADT/IntrusiveRefCntPtr.h"

struct condcomp_error {
  int32_t kind;
  std::string message;
  std::string diagnostics;
};

/// A function as the source has it. With `split`, the compiled function takes
/// what is not constant, and then the results of another that takes the
/// constants.
struct condcomp_function {
  condcomp_program *program;
  condcomp::Signature signature;
  llvm::SmallVector<unsigned> constants;
  /// Names of ops and how many there are.
  std::vector<std::pair<std::string, int64_t>> ops;
  /// Of each dynamic dim of the results, in order.
  std::vector<condcomp::ResultSize> resultSizes;
  bool split = false;

  /// What is compiled: of the function, and with `split` of @f$prepack.
  const condcomp::Signature *compiled = nullptr;
  condcomp::LoadedCode::Function code = nullptr;
  const condcomp::Signature *prepackCompiled = nullptr;
  condcomp::LoadedCode::Function prepackCode = nullptr;

  bool isConstant(unsigned index) const {
    return llvm::is_contained(constants, index);
  }
};

struct condcomp_program
    : public llvm::ThreadSafeRefCountedBase<condcomp_program> {
  std::unique_ptr<condcomp::Program> program;
  std::vector<condcomp_function> functions;
  std::vector<std::string> remarks;
  /// Whether an NVIDIA GPU runs it.
  bool isCUDA = false;

  /// Finds the compiled code of the functions.
  llvm::Error link();
};

struct condcomp_bound {
  const condcomp_function *function;
  llvm::IntrusiveRefCntPtr<condcomp_program> program;
  /// Results of @f$prepack, or copies of the constants; for a GPU, the
  /// constants themselves where they are in its memory.
  llvm::SmallVector<condcomp::Array> prepared;
  int64_t bytes = 0;
};

namespace condcomp {

/// An error of the C API; its text is that of `error`.
condcomp_error *makeCError(int32_t kind, llvm::Error error,
                           std::string diagnostics = "");
condcomp_error *makeCError(int32_t kind, const llvm::Twine &message);
/// The error for an argument that does not fit, of the kind that it says.
condcomp_error *makeArgumentError(llvm::Error error);

/// Compiles a module for an NVIDIA GPU.
llvm::Error compileForCUDA(mlir::OwningOpRef<mlir::ModuleOp> module,
                           const condcomp_compile_options &options,
                           condcomp_program &program);

/// Makes `constants` last, in memory of the GPU where they are tensors, and
/// counts the bytes of copies.
condcomp_error *keepOnGPU(const condcomp_function &function,
                          condcomp_context *context,
                          llvm::MutableArrayRef<Array> constants,
                          int64_t &bytes);

/// The error for a call that ended with a status.
condcomp_error *makeCallError(int32_t status, llvm::Error error);

int32_t toC(ElementType type);
std::optional<ElementType> fromC(int32_t type);
condcomp_type toC(const ValueType &type);

} // namespace condcomp

#endif // CONDCOMP_LIB_CAPI_OBJECTS_H
