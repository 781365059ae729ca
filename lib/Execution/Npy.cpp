//===- Npy.cpp - NumPy's .npy files ---------------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Npy.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <atomic>
#include <cstring>
#include <unistd.h>

using namespace llvm;
using namespace condcomp;

static constexpr StringLiteral kMagic("\x93NUMPY");

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// The text of a key's value in the header, a Python dict. The quotes of a
/// string are left in place.
static std::optional<StringRef> findValue(StringRef header, StringRef key) {
  for (StringRef quote : {"'", "\""}) {
    size_t at = header.find((quote + key + quote).str());
    if (at == StringRef::npos)
      continue;
    StringRef rest = header.drop_front(at + key.size() + 2).ltrim();
    if (!rest.consume_front(":"))
      return std::nullopt;
    rest = rest.ltrim();
    if (rest.starts_with("("))
      return rest.take_front(rest.find(')') + 1);
    return rest.take_until([](char c) { return c == ',' || c == '}'; }).rtrim();
  }
  return std::nullopt;
}

static std::optional<ElementType> parseDescr(StringRef descr) {
  return StringSwitch<std::optional<ElementType>>(descr)
      .Case("<f8", ElementType::F64)
      .Case("<f4", ElementType::F32)
      .Case("<f2", ElementType::F16)
      .Cases({"<V2", "|V2", "<u2"}, ElementType::BF16)
      .Case("<i8", ElementType::I64)
      .Case("<i4", ElementType::I32)
      .Case("|i1", ElementType::I8)
      .Case("|b1", ElementType::I1)
      .Default(std::nullopt);
}

Expected<Array> condcomp::parseNpy(StringRef contents, StringRef path) {
  auto bad = [&](const Twine &why) { return makeError(path + ": " + why); };
  if (!contents.starts_with(kMagic))
    return bad("not a .npy file: it does not begin with \\x93NUMPY");
  if (contents.size() < 10)
    return bad("truncated: " + Twine(contents.size()) +
               " bytes are less than a header");
  unsigned major = static_cast<unsigned char>(contents[6]);
  if (major != 1 && major != 2)
    return bad("version " + Twine(major) +
               " of the .npy format; versions 1 and 2 are read");
  size_t start = major == 1 ? 10 : 12;
  if (contents.size() < start)
    return bad("truncated: " + Twine(contents.size()) +
               " bytes are less than a header");
  size_t length = major == 1 ? support::endian::read16le(contents.data() + 8)
                             : support::endian::read32le(contents.data() + 8);
  if (contents.size() - start < length)
    return bad("truncated: the header has " + Twine(length) + " bytes, " +
               Twine(contents.size() - start) + " are left in the file");
  StringRef header = contents.substr(start, length);
  StringRef data = contents.drop_front(start + length);

  auto descr = findValue(header, "descr");
  auto order = findValue(header, "fortran_order");
  auto shapeText = findValue(header, "shape");
  if (!descr || !order || !shapeText)
    return bad("the header lacks descr, fortran_order or shape");
  std::optional<ElementType> type = parseDescr(descr->trim("'\""));
  if (!type)
    return bad("element type " + *descr +
               " is not supported; f8, f4, f2, V2 or u2 (bf16), i8, i4, i1 and "
               "b1, little-endian, are");
  if (*order == "True")
    return bad("the array is in Fortran order; save it in C order "
               "(numpy.ascontiguousarray)");
  if (*order != "False")
    return bad("fortran_order is neither True nor False, but " + *order);

  SmallVector<int64_t> shape;
  SmallVector<StringRef> sizes;
  SplitString(*shapeText, sizes, "(), ");
  uint64_t bytes = getSize(*type);
  for (StringRef text : sizes) {
    int64_t size;
    if (text.getAsInteger(10, size) || size < 0)
      return bad("'" + text + "' in the shape is not a size");
    shape.push_back(size);
    bool overflow;
    bytes = SaturatingMultiply<uint64_t>(bytes, size, &overflow);
    if (overflow)
      return bad("the shape " + *shapeText + " is too large");
  }
  if (data.size() < bytes)
    return bad("truncated: " + formatType(shape, *type) + " takes " +
               Twine(bytes) + " bytes, " + Twine(data.size()) +
               " are left in the file");
  if (data.size() > bytes)
    return bad(Twine(data.size() - bytes) + " bytes follow the data of " +
               formatType(shape, *type));
  Array array(*type, shape);
  if (bytes)
    std::memcpy(array.getData(), data.data(), bytes);
  return array;
}

Expected<Array> condcomp::readNpy(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path + ": " + buffer.getError().message());
  return parseNpy((*buffer)->getBuffer(), path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static StringRef getDescr(ElementType type) {
  switch (type) {
  case ElementType::F64:
    return "<f8";
  case ElementType::F32:
    return "<f4";
  case ElementType::F16:
    return "<f2";
  case ElementType::BF16:
    return "<V2";
  case ElementType::I64:
  case ElementType::Index:
    return "<i8";
  case ElementType::I32:
    return "<i4";
  case ElementType::I8:
    return "|i1";
  case ElementType::I1:
    return "|b1";
  }
  llvm_unreachable("all types are listed");
}

std::string condcomp::formatNpy(const Array &array) {
  std::string header;
  raw_string_ostream os(header);
  os << "{'descr': '" << getDescr(array.getType())
     << "', 'fortran_order': False, 'shape': (";
  interleave(array.getShape(), os, ", ");
  os << (array.getRank() == 1 ? ",), }" : "), }");
  // The data begins at a multiple of 64, after a newline.
  header.append(alignTo(10 + header.size() + 1, 64) - 11 - header.size(), ' ');
  header += '\n';

  std::string contents = kMagic.str();
  contents += '\1';
  contents += '\0';
  contents += static_cast<char>(header.size() & 0xff);
  contents += static_cast<char>(header.size() >> 8);
  contents += header;
  contents.append(array.getData(), array.getNumBytes());
  return contents;
}

Expected<AtomicFile> AtomicFile::create(StringRef path, StringRef contents) {
  // LLVM's own temporary names take random numbers from glibc 2.36, which
  // cc-run-aot would need for that alone.
  static std::atomic<unsigned> count{0};
  int descriptor;
  std::string temporary;
  std::error_code error;
  do {
    temporary = formatv("{0}.{1}-{2}.tmp", path, getpid(), count++);
    error =
        sys::fs::openFileForWrite(temporary, descriptor, sys::fs::CD_CreateNew);
  } while (error == std::errc::file_exists);
  if (error)
    return makeError(path + ": can't be written: " + error.message());
  AtomicFile file(path.str(), temporary);
  raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << contents;
  os.close();
  if (os.has_error()) {
    std::error_code error = os.error();
    os.clear_error();
    return makeError(path + ": can't be written: " + error.message());
  }
  return file;
}

AtomicFile::AtomicFile(AtomicFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)) {
  other.temporary.clear();
}

AtomicFile::~AtomicFile() {
  if (!temporary.empty())
    sys::fs::remove(temporary);
}

Error AtomicFile::commit() {
  if (std::error_code error = sys::fs::rename(temporary, path))
    return makeError(path + ": can't be written: " + error.message());
  temporary.clear();
  return Error::success();
}
