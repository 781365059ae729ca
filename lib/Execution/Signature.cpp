//===- Signature.cpp - types of functions as text -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Call.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace condcomp;
using llvm::StringRef;

std::string ValueType::format() const {
  std::string text = formatType(shape, element);
  return isTensor ? "tensor<" + text + ">" : text;
}

static void printTypes(llvm::raw_ostream &os, llvm::ArrayRef<ValueType> types) {
  os << "(";
  llvm::interleaveComma(types, os,
                        [&](const ValueType &type) { os << type.format(); });
  os << ")";
}

std::string condcomp::formatSignature(const Signature &signature) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printTypes(os, signature.arguments);
  os << " -> ";
  printTypes(os, signature.results);
  return text;
}

static std::optional<ValueType> parseType(StringRef text) {
  ValueType type;
  type.isTensor = text.consume_front("tensor<");
  if (type.isTensor && !text.consume_back(">"))
    return std::nullopt;
  while (!text.empty() && (text[0] == '?' || llvm::isDigit(text[0]))) {
    auto [size, rest] = text.split('x');
    int64_t number = kUnknownSize;
    if (size != "?" && size.getAsInteger(10, number))
      return std::nullopt;
    type.shape.push_back(number);
    text = rest;
  }
  std::optional<ElementType> element = parseElementType(text);
  if (!element || (!type.isTensor && !type.shape.empty()))
    return std::nullopt;
  type.element = *element;
  return type;
}

static bool parseTypes(StringRef text,
                       llvm::SmallVectorImpl<ValueType> &types) {
  if (!text.consume_front("(") || !text.consume_back(")"))
    return false;
  llvm::SmallVector<StringRef> parts;
  llvm::SplitString(text, parts, ", ");
  for (StringRef part : parts) {
    std::optional<ValueType> type = parseType(part);
    if (!type)
      return false;
    types.push_back(std::move(*type));
  }
  return true;
}

llvm::Expected<Signature> condcomp::parseSignature(StringRef name,
                                                   StringRef text) {
  Signature signature;
  signature.name = name.str();
  auto [arguments, results] = text.split(" -> ");
  if (!parseTypes(arguments, signature.arguments) ||
      !parseTypes(results, signature.results))
    return makeError("'" + text + "' is not the type of a function");
  return signature;
}
