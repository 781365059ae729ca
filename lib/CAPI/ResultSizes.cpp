//===- ResultSizes.cpp - sizes of results before a call -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Objects.h"
#include "llvm/Support/MathExtras.h"

using namespace condcomp;
using llvm::Twine;

/// The number that an operation makes of two; none where it would divide by
/// what is no size.
static std::optional<int64_t> combine(int64_t operation, int64_t lhs,
                                      int64_t rhs) {
  switch (operation) {
  case ResultSize::Add:
    return lhs + rhs;
  case ResultSize::Sub:
    return lhs - rhs;
  case ResultSize::Mul:
    return lhs * rhs;
  case ResultSize::Min:
    return std::min(lhs, rhs);
  case ResultSize::Max:
    return std::max(lhs, rhs);
  }
  if (rhs <= 0)
    return std::nullopt;
  if (operation == ResultSize::Mod)
    return llvm::mod(lhs, rhs);
  return operation == ResultSize::FloorDiv ? llvm::divideFloorSigned(lhs, rhs)
                                           : llvm::divideCeilSigned(lhs, rhs);
}

/// The value of an integer scalar.
static int64_t readScalar(const condcomp_array &array) {
  switch (array.element_type) {
  case CONDCOMP_I32:
    return *static_cast<const int32_t *>(array.data);
  case CONDCOMP_I8:
    return *static_cast<const int8_t *>(array.data);
  case CONDCOMP_I1:
    return *static_cast<const uint8_t *>(array.data);
  default:
    return *static_cast<const int64_t *>(array.data);
  }
}

static std::string nameArgument(const Signature &signature, int64_t index) {
  const std::string &name = signature.argumentNames[index];
  return "argument " + std::to_string(index) +
         (name.empty() ? "" : " ('" + name + "')");
}

static llvm::Expected<int64_t>
evaluate(const ResultSize &size, const Signature &signature,
         llvm::ArrayRef<condcomp_array> arguments) {
  if (size.code.empty())
    return makeError(
        "is known in calls only" +
        (size.whyUnknown.empty() ? "" : ": it comes from " + size.whyUnknown));
  llvm::SmallVector<int64_t> stack;
  for (size_t i = 0; i < size.code.size(); i += 2) {
    int64_t operand = size.code[i + 1];
    switch (size.code[i]) {
    case ResultSize::Constant:
      stack.push_back(operand);
      continue;
    case ResultSize::Dim:
      stack.push_back(arguments[operand / CONDCOMP_MAX_RANK]
                          .shape[operand % CONDCOMP_MAX_RANK]);
      continue;
    case ResultSize::Scalar:
      if (!arguments[operand].data)
        return makeError("depends on the value of " +
                         nameArgument(signature, operand) +
                         ", which is not known");
      stack.push_back(readScalar(arguments[operand]));
      continue;
    default:
      int64_t rhs = stack.pop_back_val(), lhs = stack.pop_back_val();
      std::optional<int64_t> number = combine(size.code[i], lhs, rhs);
      if (!number)
        return makeError("would be divided by zero or less");
      stack.push_back(*number);
    }
  }
  if (stack.back() < 0)
    return makeError("would be " + Twine(stack.back()));
  return stack.back();
}

condcomp_error *
condcomp_function_result_shape(const condcomp_function *function,
                               const condcomp_array *arrays, int32_t count,
                               int32_t result, int64_t *shape) {
  const Signature &signature = function->signature;
  llvm::ArrayRef<condcomp_array> arguments(arrays, count);
  if (arguments.size() != signature.arguments.size())
    return makeCError(CONDCOMP_ERROR_TYPE,
                      "'" + signature.name + "' takes " +
                          Twine(signature.arguments.size()) +
                          " arguments, got " + Twine(count));
  for (auto [index, array] : llvm::enumerate(arguments)) {
    std::optional<ElementType> type = fromC(array.element_type);
    if (!type)
      return makeCError(CONDCOMP_ERROR_VALUE, "there is no element type " +
                                                  Twine(array.element_type));
    // Nothing of it is read.
    Array described(*type, llvm::ArrayRef(array.shape, array.rank), nullptr,
                    [] {});
    if (llvm::Error error =
            checkArgument(signature, index, described).takeError())
      return makeArgumentError(std::move(error));
  }
  // Sizes are kept for all results, one after another.
  const ResultSize *size = function->resultSizes.data();
  for (const ValueType &type :
       llvm::ArrayRef(signature.results).take_front(result))
    size += llvm::count(type.shape, CONDCOMP_UNKNOWN_SIZE);
  for (auto [dim, known] : llvm::enumerate(signature.results[result].shape)) {
    shape[dim] = known;
    if (known != CONDCOMP_UNKNOWN_SIZE)
      continue;
    llvm::Expected<int64_t> value = evaluate(*size++, signature, arguments);
    if (!value)
      return makeCError(CONDCOMP_ERROR_VALUE,
                        "the size of dim " + Twine(dim) + " of result " +
                            Twine(result) + " of '" + signature.name + "' " +
                            llvm::toString(value.takeError()));
    shape[dim] = *value;
  }
  return nullptr;
}
