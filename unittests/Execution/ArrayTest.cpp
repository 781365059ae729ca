//===- ArrayTest.cpp - literals, .npy files and comparisons ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Array.h"
#include "condcomp/Execution/Compare.h"
#include "condcomp/Execution/Npy.h"
#include "condcomp/Execution/Program.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace condcomp;
using llvm::StringRef;

namespace {

Array parse(StringRef text) { return llvm::cantFail(parseLiteral(text)); }

template <typename T>
std::string takeText(llvm::Expected<T> value) {
  return value ? "no error" : llvm::toString(value.takeError());
}

TEST(Literal, RoundTrip) {
  for (StringRef text :
       {"2x3xf32=1,2.5,-0,nan,inf,-inf", "f64=0.1", "0x4xf16=", "i8=-128",
        "2xi1=true,false", "3xindex=0,1,9223372036854775807", "1x1x1xbf16=1.5",
        "index=3", "2xi32=2147483647,-2147483648"})
    EXPECT_EQ(parse(text).format(100), text.str());
  EXPECT_EQ(parse("3xi32=7").format(2), "3xi32=7,7,... (3 elements)");
}

TEST(Literal, Rounding) {
  // To nearest even in the type itself, not by way of double.
  EXPECT_EQ(parse("bf16=1.00390625").getDouble(0), 1.0);
  EXPECT_EQ(parse("bf16=1.01171875").getDouble(0), 1.015625);
  EXPECT_EQ(parse("f16=65504").getDouble(0), 65504.0);
  EXPECT_EQ(parse("f32=1e-45").format(1), "f32=1e-45");
}

TEST(Literal, Errors) {
  EXPECT_EQ(takeText(parseLiteral("f16=70000")), "'70000' does not fit f16");
  EXPECT_EQ(takeText(parseLiteral("i1=2")),
            "'2' is not true, false, 1 or 0, a value of type i1");
  EXPECT_EQ(takeText(parseLiteral("i64=9223372036854775808")),
            "'9223372036854775808' is not an integer of type i64");
  EXPECT_EQ(takeText(parseLiteral("f32=")),
            "'f32' takes 1 values, or one for all, got 0");
  EXPECT_EQ(takeText(parseLiteral("=1")),
            "'' in '' is not an element type (f64, f32, f16, bf16, i64, i32, "
            "i8, i1, index)");
}

TEST(Npy, RoundTrip) {
  for (StringRef text :
       {"2x3xf32=1,2,3,4,5,6", "f64=0.1", "0x4xf16=", "3xi8=-1,0,1",
        "2xi1=true,false", "2xbf16=1,2", "1xi32=5", "2x1xi64=1,2"}) {
    Array array = parse(text);
    std::string contents = formatNpy(array);
    size_t data = contents.size() - array.getNumBytes();
    EXPECT_EQ(data % 64, 0u) << text.str();
    Array back = llvm::cantFail(parseNpy(contents, "x.npy"));
    EXPECT_EQ(back.format(100), text.str());
  }
  // NumPy has no index.
  EXPECT_EQ(llvm::cantFail(parseNpy(formatNpy(parse("2xindex=1,2")), "x.npy"))
                .format(100),
            "2xi64=1,2");
}

TEST(Npy, EveryTruncationIsAnError) {
  std::string contents = formatNpy(parse("2x3xf32=1"));
  for (size_t size = 0; size < contents.size(); ++size) {
    std::string text =
        takeText(parseNpy(StringRef(contents).take_front(size), "x.npy"));
    EXPECT_EQ(text.rfind("x.npy: ", 0), 0u) << size << ": " << text;
  }
}

TEST(AtomicFile, AppearsWhenCommitted) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("condcomp", "npy", path));
  llvm::sys::fs::remove(path);
  {
    AtomicFile file = llvm::cantFail(AtomicFile::create(path, "contents"));
    EXPECT_FALSE(llvm::sys::fs::exists(path));
  }
  EXPECT_FALSE(llvm::sys::fs::exists(path));
  AtomicFile file = llvm::cantFail(AtomicFile::create(path, "contents"));
  llvm::cantFail(file.commit());
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(path))->getBuffer(), "contents");
  llvm::sys::fs::remove(path);
}

std::string compare(StringRef actual, StringRef expected,
                    Tolerance tolerance = {}) {
  llvm::Error error = compareArrays(parse(actual), parse(expected), tolerance);
  return error ? llvm::toString(std::move(error)) : "equal";
}

TEST(Compare, Floats) {
  EXPECT_EQ(compare("3xf32=1,nan,inf", "3xf32=1,nan,inf"), "equal");
  EXPECT_EQ(compare("2xf32=1,1", "2xf32=1,1.1", {0.1, 0}), "equal");
  EXPECT_EQ(compare("2xf32=0,1", "2xf32=1e-9,1"), "equal");
  EXPECT_EQ(compare("2xbf16=1,2", "2xf64=1,2"), "equal");
  EXPECT_EQ(compare("2xf32=1,nan", "2xf32=1,2", {1, 1}),
            "1 of 2 elements differ; the worst is nan, expected 2, at [1] "
            "(difference nan, rtol 1.0e+00, atol 1.0e+00)");
  EXPECT_NE(compare("f32=3", "f32=inf", {1e9, 1e9}), "equal");
}

TEST(Compare, IntegersAreExact) {
  EXPECT_EQ(compare("2xi64=1,9007199254740993", "2xi64=1,9007199254740993"),
            "equal");
  EXPECT_EQ(
      compare("2xi64=1,9007199254740993", "2xi64=1,9007199254740992", {1, 1}),
      "1 of 2 elements differ; the worst is 9007199254740993, expected "
      "9007199254740992, at [1]");
  EXPECT_EQ(compare("2xindex=1,2", "2xi64=1,2"), "equal");
}

TEST(Compare, Types) {
  EXPECT_EQ(compare("2xf32=1", "3xf32=1"), "is 2xf32, expected 3xf32");
  EXPECT_EQ(compare("2xf32=1", "2xi32=1"), "is 2xf32, expected 2xi32");
}

TEST(Signature, Arguments) {
  Signature signature;
  signature.name = "f";
  signature.arguments.push_back(
      {true, ElementType::F32, {mlir::ShapedType::kDynamic, 4}});
  signature.arguments.push_back({false, ElementType::Index, {}});
  EXPECT_EQ(signature.arguments[0].format(), "tensor<?x4xf32>");
  EXPECT_EQ(takeText(checkArgument(signature, 0, parse("0x4xf32="))),
            "no error");
  EXPECT_EQ(
      takeText(checkArgument(signature, 0, parse("2x5xf32=1"))),
      "argument 0 of 'f' is tensor<?x4xf32>, got 2x5xf32: size 4 expected "
      "in dim 1, not 5");
  EXPECT_EQ(takeText(checkArgument(signature, 1, parse("i64=1"))), "no error");
  EXPECT_EQ(takeText(checkArgument(signature, 1, parse("i32=1"))),
            "argument 1 of 'f' is index, got i32: element type index expected, "
            "not i32");
}

} // namespace
