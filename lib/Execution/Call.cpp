//===- Call.cpp - calls with arguments known at run time ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Program.h"
#include <cstring>

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

std::string ValueType::format() const {
  std::string text = formatType(shape, element);
  return isTensor ? "tensor<" + text + ">" : text;
}

llvm::Expected<Array> condcomp::checkArgument(const Signature &signature,
                                              unsigned index,
                                              const Array &array) {
  const ValueType &type = signature.arguments[index];
  auto bad = [&](const Twine &why) {
    return makeError("argument " + Twine(index) + " of '" + signature.name +
                     "' is " + type.format() + ", got " + array.formatType() +
                     ": " + why);
  };
  if (array.getRank() != static_cast<int64_t>(type.shape.size()))
    return bad("rank " + Twine(type.shape.size()) + " expected, not " +
               Twine(array.getRank()));
  bool indexFromInteger =
      type.element == ElementType::Index && array.getType() == ElementType::I64;
  if (array.getType() != type.element && !indexFromInteger)
    return bad("element type " + getName(type.element) + " expected, not " +
               getName(array.getType()));
  for (auto [dim, sizes] :
       llvm::enumerate(llvm::zip_equal(type.shape, array.getShape()))) {
    auto [expected, actual] = sizes;
    if (!ShapedType::isDynamic(expected) && expected != actual)
      return bad("size " + Twine(expected) + " expected in dim " + Twine(dim) +
                 ", not " + Twine(actual));
  }
  return array.withType(type.element);
}

/// A ranked memref descriptor: two pointers, an offset, sizes and strides.
static std::vector<int64_t> makeDescriptor(size_t rank) {
  return std::vector<int64_t>(3 + 2 * rank, 0);
}

static void fillDescriptor(std::vector<int64_t> &words, const Array &array) {
  size_t rank = array.getRank();
  words[0] = words[1] = reinterpret_cast<int64_t>(array.getData());
  int64_t stride = 1;
  for (size_t dim = rank; dim-- > 0;) {
    words[3 + dim] = array.getShape()[dim];
    words[3 + rank + dim] = stride;
    stride *= array.getShape()[dim];
  }
}

//===----------------------------------------------------------------------===//
// Call
//===----------------------------------------------------------------------===//

Call::Call(const Signature &signature, void (*function)(void **),
           ArrayRef<Array> arguments)
    : signature(signature), function(function), arguments(arguments) {
  size_t count = signature.arguments.size() + signature.results.size();
  storage.reserve(count);
  pointers.reserve(count);
  slots.push_back(&contextSlot);
  for (auto [type, array] : llvm::zip_equal(signature.arguments, arguments)) {
    if (!type.isTensor) {
      slots.push_back(array.getData());
      continue;
    }
    storage.push_back(makeDescriptor(type.shape.size()));
    fillDescriptor(storage.back(), array);
    pointers.push_back(storage.back().data());
    slots.push_back(&pointers.back());
  }
  for (const ValueType &type : signature.results) {
    storage.push_back(makeDescriptor(type.isTensor ? type.shape.size() : 0));
    pointers.push_back(storage.back().data());
    slots.push_back(&pointers.back());
  }
  slots.push_back(&status);
}

llvm::Error Call::run(CallContext &context) {
  freeResults();
  contextSlot = context.get();
  function(slots.data());
  if (status != CONDCOMP_SUCCESS)
    return makeError(condcomp_context_error(context.get()));
  hasResults = true;
  return checkResults();
}

llvm::Error Call::checkResults() {
  size_t first = storage.size() - signature.results.size();
  for (auto [index, type] : llvm::enumerate(signature.results))
    for (size_t dim = 0; type.isTensor && dim < type.shape.size(); ++dim)
      if (int64_t size = storage[first + index][3 + dim]; size < 0)
        return makeError("result " + Twine(index) + " of '" + signature.name +
                         "' has the size " + Twine(size) + " in dim " +
                         Twine(dim));
  return llvm::Error::success();
}

SmallVector<Array> Call::takeResults() {
  SmallVector<Array> results;
  size_t first = storage.size() - signature.results.size();
  for (auto [index, type] : llvm::enumerate(signature.results)) {
    const std::vector<int64_t> &words = storage[first + index];
    if (!type.isTensor) {
      results.emplace_back(type.element, ArrayRef<int64_t>());
      std::memcpy(results.back().getData(), words.data(),
                  getSize(type.element));
      continue;
    }
    void *allocated = reinterpret_cast<void *>(words[0]);
    char *data =
        reinterpret_cast<char *>(words[1]) + words[2] * getSize(type.element);
    results.emplace_back(type.element,
                         ArrayRef(words).slice(3, type.shape.size()), data,
                         [allocated] { condcomp_free(allocated); });
  }
  hasResults = false;
  return results;
}

void Call::freeResults() {
  if (hasResults)
    takeResults();
}
