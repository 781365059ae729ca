//===- Array.h - arrays and scalars given to programs -----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_ARRAY_H
#define CONDCOMP_EXECUTION_ARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace condcomp {

/// The element types that programs can be called with.
enum class ElementType { F64, F32, F16, BF16, I64, I32, I8, I1, Index };

/// "f32", "index", ….
llvm::StringRef getName(ElementType type);
std::optional<ElementType> parseElementType(llvm::StringRef name);
/// Bytes of an element; a truth value takes one.
unsigned getSize(ElementType type);
bool isFloat(ElementType type);

/// A size that is not known, as MLIR has it.
inline constexpr int64_t kUnknownSize = std::numeric_limits<int64_t>::min();

/// "2x3xf32", with `?` for unknown sizes; "f32" for rank 0.
std::string formatType(llvm::ArrayRef<int64_t> shape, ElementType type);

/// An error with a text.
llvm::Error makeError(const llvm::Twine &message);
/// Prefixes an error's text with what it is about.
llvm::Error addContext(llvm::Error error, const llvm::Twine &what);

/// A contiguous array in C order, aligned to 64 bytes. A scalar is an array of
/// rank 0. Copies share their memory.
class Array {
public:
  Array() = default;
  /// New memory, zeroed.
  Array(ElementType type, llvm::ArrayRef<int64_t> shape);
  /// Takes `data` over; `release` frees it.
  Array(ElementType type, llvm::ArrayRef<int64_t> shape, void *data,
        std::function<void()> release);

  ElementType getType() const { return type; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const;
  uint64_t getNumBytes() const { return getNumElements() * getSize(type); }
  char *getData() const { return data.get(); }
  std::string formatType() const { return condcomp::formatType(shape, type); }

  /// The same memory with another element type of the same size.
  Array withType(ElementType newType) const;

  /// An element as a double, exact but for large 64-bit integers.
  double getDouble(int64_t index) const;
  /// An element of an integer type.
  int64_t getInteger(int64_t index) const;
  /// Sets an element from its text; fails when it is no number of the type or
  /// does not fit.
  llvm::Error setFromText(int64_t index, llvm::StringRef text);
  /// An element as text that `setFromText` reads back.
  std::string formatElement(int64_t index) const;
  /// "2x3xf32=1,2,3,4,5,6"; longer arrays are cut after `limit` elements.
  std::string format(int64_t limit) const;

private:
  ElementType type = ElementType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  std::shared_ptr<char> data;
};

/// Reads `2x3xf32=1,2,3,4,5,6`, `4x4xf32=1` (all elements) or `i32=5`. Elements
/// may be separated by commas, spaces and brackets.
llvm::Expected<Array> parseLiteral(llvm::StringRef text);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_ARRAY_H
