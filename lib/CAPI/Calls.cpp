//===- Calls.cpp - calls and bound functions of the C API -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Objects.h"
#include "condcomp/Runtime/CUDA.h"
#include <cstring>
#include <numeric>

using namespace condcomp;
using llvm::Twine;

namespace {
/// The caller's context, or one for this call.
class Context {
public:
  explicit Context(condcomp_context *given) : given(given) {}
  condcomp_context *get() { return given ? given : own.emplace().get(); }

private:
  condcomp_context *given;
  std::optional<CallContext> own;
};
} // namespace

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// Copies a strided array to a contiguous one, and returns where it ends.
static char *copyStrided(char *to, const char *from,
                         llvm::ArrayRef<int64_t> shape, const int64_t *strides,
                         int64_t size) {
  if (shape.empty()) {
    std::memcpy(to, from, size);
    return to + size;
  }
  if (shape.size() == 1 && strides[0] == 1) {
    std::memcpy(to, from, shape[0] * size);
    return to + shape[0] * size;
  }
  for (int64_t i = 0; i < shape[0]; ++i)
    to = copyStrided(to, from + i * strides[0] * size, shape.drop_front(),
                     strides + 1, size);
  return to;
}

/// Whether elements follow one another; strides of single elements say nothing.
static bool isContiguous(const condcomp_array &array) {
  if (!array.strides)
    return true;
  int64_t expected = 1;
  for (int64_t dim = array.rank; dim-- > 0;) {
    if (array.shape[dim] == 0)
      return true;
    if (array.shape[dim] != 1 && array.strides[dim] != expected)
      return false;
    expected *= array.shape[dim];
  }
  return true;
}

/// A contiguous array of the same elements; a copy unless the memory can be
/// used as it is. Programs for a GPU (`isCUDA`) take memory of it, too.
static llvm::Expected<Array> convert(const condcomp_array &array, bool mustCopy,
                                     bool isCUDA) {
  std::optional<ElementType> type = fromC(array.element_type);
  if (!type)
    return makeError("there is no element type " + Twine(array.element_type));
  if (array.rank < 0 || array.rank > CONDCOMP_MAX_RANK)
    return makeError("ranks are 0 to " + Twine(CONDCOMP_MAX_RANK) + ", not " +
                     Twine(array.rank));
  llvm::ArrayRef<int64_t> shape(array.shape, array.rank);
  for (int64_t size : shape)
    if (size < 0)
      return makeError("a size is " + Twine(size));
  int64_t size = getSize(*type);
  bool contiguous = isContiguous(array);
  bool aligned = reinterpret_cast<uintptr_t>(array.data) % size == 0;
  if (contiguous && aligned && !mustCopy && array.data)
    return Array(*type, shape, const_cast<void *>(array.data), [] {});
  Array copy(*type, shape);
  if (copy.getNumElements() == 0)
    return copy;
  if (!array.data)
    return makeError("an array of " + copy.formatType() + " has no memory");
  if (isCUDA && condcomp_cuda_find_device(array.data) >= 0)
    return makeError("an array of " + copy.formatType() +
                     " in memory of a GPU is not contiguous in C order, or not "
                     "aligned");
  if (contiguous)
    std::memcpy(copy.getData(), array.data, copy.getNumBytes());
  else
    copyStrided(copy.getData(), static_cast<const char *>(array.data), shape,
                array.strides, size);
  return copy;
}

/// Checks and converts arguments; `positions` says which ones they are.
static condcomp_error *readArguments(const condcomp_function &function,
                                     llvm::ArrayRef<condcomp_array> arrays,
                                     llvm::ArrayRef<unsigned> positions,
                                     bool mustCopy,
                                     llvm::SmallVectorImpl<Array> &arguments) {
  const Signature &signature = function.signature;
  if (arrays.size() != positions.size())
    return makeCError(
        CONDCOMP_ERROR_TYPE,
        "'" + signature.name + "' takes " + Twine(positions.size()) +
            (positions.size() == signature.arguments.size() ? " arguments"
             : mustCopy ? " constant arguments"
                        : " arguments besides those that are bound") +
            ", got " + Twine(arrays.size()));
  for (auto [position, array] : llvm::zip_equal(positions, arrays)) {
    llvm::Expected<Array> converted =
        convert(array, mustCopy, function.program->isCUDA);
    if (!converted)
      return makeArgumentError(addContext(converted.takeError(),
                                          "argument " + Twine(position) +
                                              " of '" + signature.name + "'"));
    llvm::Expected<Array> checked =
        checkArgument(signature, position, *converted);
    if (!checked)
      return makeArgumentError(checked.takeError());
    arguments.push_back(std::move(*checked));
  }
  return nullptr;
}

/// Positions of the arguments that are constant, or of the others.
static llvm::SmallVector<unsigned>
getPositions(const condcomp_function &function, bool constant) {
  llvm::SmallVector<unsigned> positions;
  for (unsigned i = 0; i < function.signature.arguments.size(); ++i)
    if (function.isConstant(i) == constant)
      positions.push_back(i);
  return positions;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static condcomp_error *run(Call &call, condcomp_context *context) {
  llvm::Error error = call.run(context);
  if (!error)
    return nullptr;
  return makeCallError(call.getStatus(), std::move(error));
}

static void giveResults(Call &call, condcomp_result *results) {
  for (const Call::RawResult &raw : call.releaseResults()) {
    *results = {};
    results->element_type = toC(raw.type->element);
    results->rank = raw.shape.size();
    llvm::copy(raw.shape, results->shape);
    if (raw.type->isTensor) {
      results->data = raw.data;
      results->allocated = raw.allocated;
    } else {
      std::memcpy(&results->scalar, raw.data, getSize(raw.type->element));
    }
    ++results;
  }
}

/// Packs constants: runs @f$prepack, or keeps copies.
static condcomp_error *prepare(const condcomp_function &function,
                               condcomp_context *context,
                               llvm::SmallVectorImpl<Array> &constants) {
  if (!function.split)
    return nullptr;
  Call call(*function.prepackCompiled, function.prepackCode, constants);
  if (condcomp_error *error = run(call, context))
    return error;
  constants = call.takeResults();
  return nullptr;
}

/// Runs the function on what is not constant and what was prepared.
static condcomp_error *runPrepared(const condcomp_function &function,
                                   condcomp_context *context,
                                   llvm::ArrayRef<Array> others,
                                   llvm::ArrayRef<Array> prepared,
                                   condcomp_result *results) {
  llvm::SmallVector<Array> arguments;
  if (function.split) {
    llvm::append_range(arguments, others);
    llvm::append_range(arguments, prepared);
  } else {
    for (unsigned i = 0; i < function.signature.arguments.size(); ++i) {
      llvm::ArrayRef<Array> &from = function.isConstant(i) ? prepared : others;
      arguments.push_back(from.front());
      from = from.drop_front();
    }
  }
  Call call(*function.compiled, function.code, arguments);
  if (condcomp_error *error = run(call, context))
    return error;
  giveResults(call, results);
  return nullptr;
}

condcomp_error *condcomp_run(const condcomp_function *function,
                             condcomp_context *given,
                             const condcomp_array *arrays, int32_t count,
                             condcomp_result *results) {
  llvm::SmallVector<unsigned> all(function->signature.arguments.size());
  std::iota(all.begin(), all.end(), 0);
  llvm::SmallVector<Array> arguments;
  if (condcomp_error *error =
          readArguments(*function, llvm::ArrayRef(arrays, count), all,
                        /*mustCopy=*/false, arguments))
    return error;
  Context context(given);
  condcomp_context *used = context.get();
  if (!function->split) {
    Call call(*function->compiled, function->code, arguments);
    if (condcomp_error *error = run(call, used))
      return error;
    giveResults(call, results);
    return nullptr;
  }
  llvm::SmallVector<Array> constants, others;
  for (auto [index, array] : llvm::enumerate(arguments))
    (function->isConstant(index) ? constants : others).push_back(array);
  if (condcomp_error *error = prepare(*function, used, constants))
    return error;
  return runPrepared(*function, used, others, constants, results);
}

condcomp_error *condcomp_bind(const condcomp_function *function,
                              condcomp_context *given,
                              const condcomp_array *arrays, int32_t count,
                              condcomp_bound **result) {
  auto bound = std::make_unique<condcomp_bound>();
  bound->function = function;
  bound->program = function->program;
  bool isCUDA = function->program->isCUDA;
  if (condcomp_error *error = readArguments(
          *function, llvm::ArrayRef(arrays, count),
          getPositions(*function, /*constant=*/true),
          /*mustCopy=*/!function->split && !isCUDA, bound->prepared))
    return error;
  Context context(given);
  if (isCUDA) {
    if (condcomp_error *error =
            keepOnGPU(*function, context.get(), bound->prepared, bound->bytes))
      return error;
  } else {
    if (condcomp_error *error =
            prepare(*function, context.get(), bound->prepared))
      return error;
    for (const Array &array : bound->prepared)
      bound->bytes += array.getNumBytes();
  }
  *result = bound.release();
  return nullptr;
}

void condcomp_bound_destroy(condcomp_bound *bound) { delete bound; }

int64_t condcomp_bound_bytes(const condcomp_bound *bound) {
  return bound->bytes;
}

int32_t condcomp_bound_num_packed(const condcomp_bound *bound) {
  return bound->program->isCUDA ? 0 : bound->prepared.size();
}

condcomp_result condcomp_bound_packed(const condcomp_bound *bound,
                                      int32_t index) {
  const Array &array = bound->prepared[index];
  condcomp_result result = {};
  result.data = array.getData();
  result.element_type = toC(array.getType());
  result.rank = array.getRank();
  llvm::copy(array.getShape(), result.shape);
  return result;
}

condcomp_error *condcomp_bound_run(const condcomp_bound *bound,
                                   condcomp_context *given,
                                   const condcomp_array *arrays, int32_t count,
                                   condcomp_result *results) {
  const condcomp_function &function = *bound->function;
  llvm::SmallVector<Array> others;
  if (condcomp_error *error =
          readArguments(function, llvm::ArrayRef(arrays, count),
                        getPositions(function, /*constant=*/false),
                        /*mustCopy=*/false, others))
    return error;
  Context context(given);
  return runPrepared(function, context.get(), others, bound->prepared, results);
}
