//===- Array.cpp - arrays and scalars given to programs -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Array.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <unistd.h>

using namespace condcomp;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringLiteral;
using llvm::StringRef;
using llvm::Twine;

namespace {
struct ElementInfo {
  ElementType type;
  StringLiteral name;
  unsigned size;
};
} // namespace

static constexpr ElementInfo kElements[] = {
    {ElementType::F64, "f64", 8},    {ElementType::F32, "f32", 4},
    {ElementType::F16, "f16", 2},    {ElementType::BF16, "bf16", 2},
    {ElementType::I64, "i64", 8},    {ElementType::I32, "i32", 4},
    {ElementType::I8, "i8", 1},      {ElementType::I1, "i1", 1},
    {ElementType::Index, "index", 8}};

static const ElementInfo &getInfo(ElementType type) {
  return kElements[static_cast<int>(type)];
}

llvm::Error condcomp::makeError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

llvm::Error condcomp::addContext(llvm::Error error, const llvm::Twine &what) {
  return error ? makeError(what + ": " + llvm::toString(std::move(error)))
               : llvm::Error::success();
}

StringRef condcomp::getName(ElementType type) { return getInfo(type).name; }
unsigned condcomp::getSize(ElementType type) { return getInfo(type).size; }

bool condcomp::isFloat(ElementType type) {
  return type == ElementType::F64 || type == ElementType::F32 ||
         type == ElementType::F16 || type == ElementType::BF16;
}

std::optional<ElementType> condcomp::parseElementType(StringRef name) {
  for (const ElementInfo &info : kElements)
    if (info.name == name)
      return info.type;
  return std::nullopt;
}

std::string condcomp::formatType(ArrayRef<int64_t> shape, ElementType type) {
  std::string text;
  for (int64_t size : shape)
    text += (size == kUnknownSize ? "?" : std::to_string(size)) + "x";
  return text + getName(type).str();
}

//===----------------------------------------------------------------------===//
// Array
//===----------------------------------------------------------------------===//

Array::Array(ElementType type, ArrayRef<int64_t> shape)
    : type(type), shape(shape) {
  // Never null, and no larger than it has to be: AddressSanitizer then sees
  // accesses behind the end.
  uint64_t bytes = std::max<uint64_t>(getNumBytes(), 1);
  void *memory = nullptr;
  if (posix_memalign(&memory, 64, bytes))
    llvm::report_bad_alloc_error("no memory for an array");
  std::memset(memory, 0, bytes);
  data = std::shared_ptr<char>(static_cast<char *>(memory), std::free);
}

Array::Array(ElementType type, ArrayRef<int64_t> shape, void *data,
             std::function<void()> release)
    : type(type), shape(shape),
      data(static_cast<char *>(data), [release](char *) { release(); }) {}

int64_t Array::getNumElements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1),
                         std::multiplies<int64_t>());
}

Array Array::withType(ElementType newType) const {
  assert(getSize(type) == getSize(newType) && "types of different sizes");
  Array result = *this;
  result.type = newType;
  return result;
}

static const llvm::fltSemantics &getSemantics(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return llvm::APFloat::IEEEhalf();
  case ElementType::BF16:
    return llvm::APFloat::BFloat();
  case ElementType::F32:
    return llvm::APFloat::IEEEsingle();
  default:
    return llvm::APFloat::IEEEdouble();
  }
}

static uint64_t loadBits(const char *at, unsigned size) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, size);
  return bits;
}

double Array::getDouble(int64_t index) const {
  if (!isFloat(type))
    return static_cast<double>(getInteger(index));
  unsigned size = getSize(type);
  llvm::APFloat number(
      getSemantics(type),
      llvm::APInt(size * 8, loadBits(getData() + index * size, size)));
  bool lost;
  number.convert(llvm::APFloat::IEEEdouble(),
                 llvm::APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

int64_t Array::getInteger(int64_t index) const {
  unsigned size = getSize(type);
  uint64_t bits = loadBits(getData() + index * size, size);
  if (type == ElementType::I1)
    return bits != 0;
  return llvm::SignExtend64(bits, size * 8);
}

llvm::Error Array::setFromText(int64_t index, StringRef text) {
  unsigned size = getSize(type);
  uint64_t bits;
  auto bad = [&](StringRef why) {
    return makeError("'" + text + "' " + why + " " + getName(type));
  };
  if (isFloat(type)) {
    StringRef digits = text;
    bool negative = digits.consume_front("-");
    llvm::APFloat number(getSemantics(type));
    if (digits == "nan") {
      number = llvm::APFloat::getNaN(getSemantics(type), negative);
    } else if (digits == "inf") {
      number = llvm::APFloat::getInf(getSemantics(type), negative);
    } else {
      auto status =
          number.convertFromString(text, llvm::APFloat::rmNearestTiesToEven);
      if (!status) {
        llvm::consumeError(status.takeError());
        return bad("is not a number of type");
      }
      if (*status & llvm::APFloat::opOverflow)
        return bad("does not fit");
    }
    bits = number.bitcastToAPInt().getZExtValue();
  } else if (type == ElementType::I1) {
    if (text != "true" && text != "false" && text != "1" && text != "0")
      return bad("is not true, false, 1 or 0, a value of type");
    bits = text == "true" || text == "1";
  } else {
    int64_t number;
    if (text.getAsInteger(10, number))
      return bad("is not an integer of type");
    if (size < 8 && !llvm::isIntN(size * 8, number))
      return bad("does not fit");
    bits = number;
  }
  std::memcpy(getData() + index * size, &bits, size);
  return llvm::Error::success();
}

std::string Array::formatElement(int64_t index) const {
  if (type == ElementType::I1)
    return getInteger(index) ? "true" : "false";
  if (!isFloat(type))
    return std::to_string(getInteger(index));
  double value = getDouble(index);
  char buffer[40];
  if (std::abs(value) < 1e9 && value == std::trunc(value)) {
    snprintf(buffer, sizeof(buffer), "%.0f", value);
    return buffer;
  }
  // The shortest text that reads back as the same number.
  for (int digits = 1; digits < 17; ++digits) {
    snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
    double back = strtod(buffer, nullptr);
    bool same = type == ElementType::F64
                    ? back == value
                    : static_cast<float>(back) == static_cast<float>(value);
    if (same || value != value)
      return buffer;
  }
  snprintf(buffer, sizeof(buffer), "%.17g", value);
  return buffer;
}

std::string Array::format(int64_t limit) const {
  std::string text = formatType() + "=";
  int64_t count = getNumElements();
  for (int64_t i = 0; i < std::min(count, limit); ++i)
    text += (i ? "," : "") + formatElement(i);
  if (count > limit)
    text += ",... (" + std::to_string(count) + " elements)";
  return text;
}

//===----------------------------------------------------------------------===//
// Literals
//===----------------------------------------------------------------------===//

llvm::Expected<Array> condcomp::parseLiteral(StringRef text) {
  auto [typeText, values] = text.split('=');
  if (!text.contains('='))
    return makeError("'" + text +
                     "' is neither a file (@x.npy) nor a value "
                     "(2x3xf32=1,2,3,4,5,6 or f32=1)");
  SmallVector<StringRef> parts;
  typeText.split(parts, 'x');
  // "index" holds an x itself.
  if (parts.size() >= 2 && parts.back().empty() &&
      parts[parts.size() - 2] == "inde") {
    parts.pop_back();
    parts.back() = "index";
  }
  std::optional<ElementType> type = parseElementType(parts.back());
  if (!type)
    return makeError("'" + parts.back() + "' in '" + typeText +
                     "' is not an element type (f64, f32, f16, bf16, i64, i32, "
                     "i8, i1, index)");
  SmallVector<int64_t> shape;
  uint64_t bytes = getSize(*type);
  for (StringRef part : ArrayRef(parts).drop_back()) {
    int64_t size;
    if (part.getAsInteger(10, size) || size < 0)
      return makeError("'" + part + "' in '" + typeText +
                       "' is not the size of a dimension");
    shape.push_back(size);
    bytes = llvm::SaturatingMultiply<uint64_t>(bytes, size);
  }
  static const uint64_t memory =
      uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  if (bytes > memory)
    return makeError("an array of type " + typeText +
                     " takes more memory than this machine has");
  int64_t count = bytes / getSize(*type);

  SmallVector<StringRef> elements;
  llvm::SplitString(values, elements, ", \t\n[]");
  Array array(*type, shape);
  bool all = elements.size() == 1 && count != 1;
  if (!all && static_cast<int64_t>(elements.size()) != count)
    return makeError("'" + typeText + "' takes " + Twine(count) +
                     " values, or one for all, got " + Twine(elements.size()));
  if (count == 0)
    return array;
  for (auto [index, element] : llvm::enumerate(elements))
    if (llvm::Error error = array.setFromText(index, element))
      return std::move(error);
  if (all)
    for (int64_t i = 1; i < count; ++i)
      std::memcpy(array.getData() + i * getSize(*type), array.getData(),
                  getSize(*type));
  return array;
}
