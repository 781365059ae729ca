//===- SignatureTest.cpp - types of functions as text ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Call.h"
#include "gtest/gtest.h"

using namespace condcomp;

namespace {
/// The text of what a text says, or the error.
std::string roundTrip(llvm::StringRef text) {
  llvm::Expected<Signature> signature = parseSignature("f", text);
  return signature ? formatSignature(*signature)
                   : llvm::toString(signature.takeError());
}

TEST(Signature, ReadsWhatItPrints) {
  for (const char *text :
       {"() -> ()", "(f32) -> (index)", "(tensor<f64>) -> (i1)",
        "(tensor<?x4xf32>, tensor<8xindex>, bf16) -> (tensor<0x?x16xbf16>, "
        "tensor<?xi1>)"})
    EXPECT_EQ(roundTrip(text), text);
}

TEST(Signature, KeepsSizes) {
  Signature signature =
      llvm::cantFail(parseSignature("f", "(tensor<?x4xindex>) -> (f32)"));
  EXPECT_EQ(signature.name, "f");
  ASSERT_EQ(signature.arguments.size(), 1u);
  const ValueType &type = signature.arguments[0];
  EXPECT_TRUE(type.isTensor);
  EXPECT_EQ(type.element, ElementType::Index);
  EXPECT_EQ(type.shape, (llvm::SmallVector<int64_t, 4>{kUnknownSize, 4}));
  EXPECT_FALSE(signature.results[0].isTensor);
}

TEST(Signature, RefusesOthers) {
  for (const char *text : {"", "(f32)", "(f32) -> f32", "(4xf32) -> ()",
                           "(tensor<4xf32) -> ()", "(tensor<4xf33>) -> ()"})
    EXPECT_EQ(roundTrip(text),
              std::string("'") + text + "' is not the type of a function");
}
} // namespace
