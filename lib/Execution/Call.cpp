//===- Call.cpp - calls with arguments known at run time ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Call.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace condcomp;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Twine;

char ArgumentError::ID = 0;

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

llvm::Expected<Array> condcomp::checkArgument(const Signature &signature,
                                              unsigned index,
                                              const Array &array) {
  const ValueType &type = signature.arguments[index];
  auto bad = [&](ArgumentError::Kind kind, const Twine &why) {
    std::string name;
    if (index < signature.argumentNames.size() &&
        !signature.argumentNames[index].empty())
      name = " ('" + signature.argumentNames[index] + "')";
    return llvm::make_error<ArgumentError>(
        kind,
        ("argument " + Twine(index) + name + " of '" + signature.name +
         "' is " + type.format() + ", got " + array.formatType() + ": " + why)
            .str());
  };
  bool indexFromInteger =
      type.element == ElementType::Index && array.getType() == ElementType::I64;
  if (array.getRank() != static_cast<int64_t>(type.shape.size()))
    return bad(ArgumentError::Kind::Value, "rank " + Twine(type.shape.size()) +
                                               " expected, not " +
                                               Twine(array.getRank()));
  if (array.getType() != type.element && !indexFromInteger)
    return bad(ArgumentError::Kind::Type,
               "element type " + getName(type.element) + " expected, not " +
                   getName(array.getType()));
  for (auto [dim, sizes] :
       llvm::enumerate(llvm::zip_equal(type.shape, array.getShape()))) {
    auto [expected, actual] = sizes;
    if (expected != kUnknownSize && expected != actual)
      return bad(ArgumentError::Kind::Value,
                 "size " + Twine(expected) + " expected in dim " + Twine(dim) +
                     ", not " + Twine(actual));
  }
  return array.withType(type.element);
}

llvm::Expected<SmallVector<Array>>
condcomp::checkArguments(const Signature &signature,
                         ArrayRef<Array> arguments) {
  if (arguments.size() != signature.arguments.size())
    return makeError("'" + signature.name + "' takes " +
                     Twine(signature.arguments.size()) + " arguments, got " +
                     Twine(arguments.size()));
  SmallVector<Array> checked;
  for (auto [index, array] : llvm::enumerate(arguments)) {
    llvm::Expected<Array> argument = checkArgument(signature, index, array);
    if (!argument)
      return argument.takeError();
    checked.push_back(std::move(*argument));
  }
  return checked;
}

/// Words of a ranked memref descriptor: two pointers, an offset, sizes and
/// strides; or of a scalar.
static size_t getNumWords(const ValueType &type) {
  return type.isTensor ? 3 + 2 * type.shape.size() : 1;
}

static void fillDescriptor(int64_t *words, const Array &array) {
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
  for (const ValueType &type : signature.arguments)
    firstResult += type.isTensor ? getNumWords(type) : 0;
  size_t numWords = firstResult;
  for (const ValueType &type : signature.results)
    numWords += getNumWords(type);
  // Nothing moves from here on.
  words.resize(numWords);
  pointers.reserve(signature.arguments.size() + signature.results.size());
  int64_t *next = words.data();
  auto addPointer = [&](const ValueType &type) {
    pointers.push_back(next);
    slots.push_back(&pointers.back());
    next += getNumWords(type);
  };
  slots.push_back(&contextSlot);
  for (auto [type, array] :
       llvm::zip_equal(signature.arguments, this->arguments)) {
    if (!type.isTensor) {
      slots.push_back(array.getData());
      continue;
    }
    fillDescriptor(next, array);
    addPointer(type);
  }
  for (const ValueType &type : signature.results)
    addPointer(type);
  slots.push_back(&status);
}

llvm::Error Call::run(condcomp_context *context) {
  freeResults();
  contextSlot = context;
  function(slots.data());
  if (status != CONDCOMP_SUCCESS)
    return makeError(condcomp_context_error(context));
  hasResults = true;
  return checkResults();
}

llvm::Error Call::checkResults() {
  const int64_t *descriptor = words.data() + firstResult;
  for (auto [index, type] : llvm::enumerate(signature.results)) {
    for (size_t dim = 0; type.isTensor && dim < type.shape.size(); ++dim)
      if (int64_t size = descriptor[3 + dim]; size < 0)
        return makeError("result " + Twine(index) + " of '" + signature.name +
                         "' has the size " + Twine(size) + " in dim " +
                         Twine(dim));
    descriptor += getNumWords(type);
  }
  return llvm::Error::success();
}

SmallVector<Call::RawResult, 4> Call::releaseResults() {
  SmallVector<RawResult, 4> results;
  int64_t *descriptor = words.data() + firstResult;
  for (const ValueType &type : signature.results) {
    if (type.isTensor)
      results.push_back({&type, reinterpret_cast<void *>(descriptor[0]),
                         reinterpret_cast<char *>(descriptor[1]) +
                             descriptor[2] * getSize(type.element),
                         ArrayRef(descriptor + 3, type.shape.size())});
    else
      results.push_back({&type, nullptr, descriptor, {}});
    descriptor += getNumWords(type);
  }
  hasResults = false;
  return results;
}

SmallVector<Array> Call::takeResults() {
  SmallVector<Array> results;
  for (const RawResult &raw : releaseResults()) {
    ElementType element = raw.type->element;
    if (!raw.type->isTensor) {
      results.emplace_back(element, ArrayRef<int64_t>());
      std::memcpy(results.back().getData(), raw.data, getSize(element));
      continue;
    }
    results.emplace_back(
        element, raw.shape, raw.data,
        [allocated = raw.allocated] { condcomp_free(allocated); });
  }
  return results;
}

void Call::freeResults() {
  if (hasResults)
    takeResults();
}
