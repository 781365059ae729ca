//===- Call.h - calls with arguments known at run time -------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_CALL_H
#define CONDCOMP_EXECUTION_CALL_H

#include "condcomp/Execution/Array.h"
#include "condcomp/Runtime/Runtime.h"

namespace condcomp {

/// The type of an argument or a result.
struct ValueType {
  /// Scalars have rank 0 and are no tensors.
  bool isTensor = false;
  ElementType element = ElementType::F32;
  llvm::SmallVector<int64_t, 4> shape;

  /// As in MLIR: "tensor<?x4xf32>", "f32".
  std::string format() const;
};

/// A public function of a module.
struct Signature {
  std::string name;
  /// Of arguments, for errors; empty when they are not known.
  llvm::SmallVector<std::string> argumentNames;
  llvm::SmallVector<ValueType> arguments;
  llvm::SmallVector<ValueType> results;
  /// Why the function can't be called from here; empty when it can.
  std::string obstacle;
};

/// "(tensor<?x4xf32>, index) -> (f32)", which `parseSignature` reads back.
std::string formatSignature(const Signature &signature);
llvm::Expected<Signature> parseSignature(llvm::StringRef name,
                                         llvm::StringRef text);

/// An argument that does not fit.
class ArgumentError : public llvm::ErrorInfo<ArgumentError> {
public:
  static char ID;
  /// Whether the kind of thing is wrong, or its shape.
  enum class Kind { Type, Value };
  ArgumentError(Kind kind, std::string text)
      : kind(kind), text(std::move(text)) {}

  Kind getKind() const { return kind; }
  void log(llvm::raw_ostream &os) const override { os << text; }
  std::error_code convertToErrorCode() const override {
    return llvm::inconvertibleErrorCode();
  }

private:
  Kind kind;
  std::string text;
};

/// Whether `array` can be passed for argument `index` of `signature`; the array
/// to pass (i64 passes for index).
llvm::Expected<Array> checkArgument(const Signature &signature, unsigned index,
                                    const Array &array);
/// Checks all arguments: their number, ranks, static sizes and element types.
/// Returns the arrays to pass.
llvm::Expected<llvm::SmallVector<Array>>
checkArguments(const Signature &signature, llvm::ArrayRef<Array> arguments);

/// Owns a condcomp_context.
class CallContext {
public:
  CallContext() : context(condcomp_context_create()) {}
  ~CallContext() { condcomp_context_destroy(context); }
  CallContext(const CallContext &) = delete;
  CallContext &operator=(const CallContext &) = delete;
  condcomp_context *get() const { return context; }

private:
  condcomp_context *context;
};

/// A function with arguments that fit it, to be run any number of times.
class Call {
public:
  Call(const Signature &signature, void (*function)(void **),
       llvm::ArrayRef<Array> arguments);
  ~Call() { freeResults(); }
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  /// Runs the function, after freeing results that were not taken. Fails with
  /// the text of a failed check.
  llvm::Error run(condcomp_context *context);
  llvm::Error run(CallContext &context) { return run(context.get()); }

  /// The status of the last run, as in Runtime.h.
  int32_t getStatus() const { return status; }

  /// The results of the last run; the caller owns them from then on.
  llvm::SmallVector<Array> takeResults();
  /// The same without owners.
  struct RawResult {
    const ValueType *type;
    /// What to give to condcomp_free; null for a scalar.
    void *allocated;
    /// Valid as long as this call for a scalar.
    void *data;
    llvm::ArrayRef<int64_t> shape;
  };
  llvm::SmallVector<RawResult, 4> releaseResults();
  void freeResults();

private:
  /// A program can make a size negative; nobody can read such a result.
  llvm::Error checkResults();

  const Signature &signature;
  void (*function)(void **);
  llvm::SmallVector<Array> arguments;
  bool hasResults = false;
  condcomp_context *contextSlot = nullptr;
  int32_t status = 0;
  /// Descriptors of memrefs, and the values of scalar results.
  llvm::SmallVector<int64_t, 64> words;
  /// Where the results' begin.
  size_t firstResult = 0;
  /// What a pointer argument of the C function holds.
  llvm::SmallVector<void *, 8> pointers;
  /// Where the C function's arguments lie, then its result.
  llvm::SmallVector<void *, 16> slots;
};

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_CALL_H
