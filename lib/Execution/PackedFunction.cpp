//===- PackedFunction.cpp - functions that loaders can call ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/PackedFunction.h"
#include "condcomp/Execution/ExportedNames.h"
#include "llvm/IR/IRBuilder.h"

using namespace condcomp;

void condcomp::addPackedFunction(llvm::Module &module,
                                 llvm::Function &function) {
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> builder(context);
  llvm::Type *pointer = builder.getPtrTy();
  auto *packed = llvm::Function::Create(
      llvm::FunctionType::get(builder.getVoidTy(), pointer, false),
      llvm::GlobalValue::ExternalLinkage, getPackedName(function.getName()),
      module);
  builder.SetInsertPoint(llvm::BasicBlock::Create(context, "", packed));
  auto getSlot = [&](unsigned index) {
    llvm::Value *slot = builder.CreateConstGEP1_64(
        pointer, packed->getArg(0), static_cast<uint64_t>(index));
    return builder.CreateLoad(pointer, slot);
  };
  llvm::SmallVector<llvm::Value *> arguments;
  for (llvm::Argument &argument : function.args())
    arguments.push_back(
        builder.CreateLoad(argument.getType(), getSlot(argument.getArgNo())));
  llvm::Value *result = builder.CreateCall(&function, arguments);
  if (!result->getType()->isVoidTy())
    builder.CreateStore(result, getSlot(function.arg_size()));
  builder.CreateRetVoid();
}
