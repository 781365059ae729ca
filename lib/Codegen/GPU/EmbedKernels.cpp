//===- EmbedKernels.cpp - the code of kernels in the program --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"

namespace condcomp {
#define GEN_PASS_DEF_EMBEDKERNELS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
struct EmbedKernelsPass
    : public condcomp::impl::EmbedKernelsBase<EmbedKernelsPass> {
  using EmbedKernelsBase::EmbedKernelsBase;
  void runOnOperation() override;

private:
  /// Takes the code out of the module.
  FailureOr<std::string> take();
};
} // namespace

FailureOr<std::string> EmbedKernelsPass::take() {
  ModuleOp module = getOperation();
  if (!file.empty()) {
    auto buffer = llvm::MemoryBuffer::getFile(file);
    if (!buffer)
      return module.emitError() << file << ": " << buffer.getError().message();
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (isKernel(function) || function.getName() == kBarrierName)
        function.erase();
    return (*buffer)->getBuffer().str();
  }
  auto binaries = module.getOps<gpu::BinaryOp>();
  if (!llvm::hasSingleElement(binaries))
    return module.emitError("has no gpu.binary, or several");
  gpu::BinaryOp binary = *binaries.begin();
  auto object = cast<gpu::ObjectAttr>(binary.getObjects()[0]);
  std::string code = object.getObject().getValue().str();
  binary.erase();
  return code;
}

void EmbedKernelsPass::runOnOperation() {
  ModuleOp module = getOperation();
  auto image = module.lookupSymbol<LLVM::GlobalOp>(kImageName);
  if (!image) {
    module.emitError("no kernel is launched");
    return signalPassFailure();
  }
  FailureOr<std::string> code = take();
  if (failed(code))
    return signalPassFailure();
  // The driver takes PTX that ends in a zero.
  code->push_back('\0');
  std::string id =
      llvm::utohexstr(llvm::xxh3_64bits(StringRef(*code)), /*LowerCase=*/true);
  id.push_back('\0');
  auto fill = [&](LLVM::GlobalOp global, StringRef contents) {
    Builder b(&getContext());
    global.setGlobalType(
        LLVM::LLVMArrayType::get(b.getI8Type(), contents.size()));
    global.setValueAttr(b.getStringAttr(contents));
    global.setLinkage(LLVM::Linkage::Internal);
  };
  fill(image, *code);
  image.setAlignment(64);
  fill(module.lookupSymbol<LLVM::GlobalOp>(kImageIdName), id);
}
