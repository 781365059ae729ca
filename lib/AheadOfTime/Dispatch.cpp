//===- Dispatch.cpp - one function for several CPUs -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A public function becomes
//
//   int32_t f(condcomp_context *context, …) {
//     static int32_t chosen = -1;
//     if (chosen < 0)
//       chosen = condcomp_choose_cpu(context, "libf.so", 2, names, features);
//     switch (chosen) {
//     case 0: return f$x86-64-v4(context, …);
//     case 1: return f$x86-64-v3(context, …);
//     default: return CONDCOMP_UNSUPPORTED_CPU;
//     }
//   }
//
//===----------------------------------------------------------------------===//

#include "Dispatch.h"
#include "condcomp/Runtime/Runtime.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"

using namespace condcomp;

/// A constant array of pointers to strings, shared by all functions.
static llvm::Constant *getStrings(llvm::Module &module, llvm::StringRef name,
                                  llvm::ArrayRef<std::string> strings) {
  if (llvm::GlobalVariable *existing = module.getNamedGlobal(name))
    return existing;
  llvm::LLVMContext &context = module.getContext();
  llvm::SmallVector<llvm::Constant *> pointers;
  for (const std::string &string : strings) {
    llvm::Constant *text = llvm::ConstantDataArray::getString(context, string);
    pointers.push_back(
        new llvm::GlobalVariable(module, text->getType(), /*isConstant=*/true,
                                 llvm::GlobalValue::PrivateLinkage, text));
  }
  auto *type = llvm::ArrayType::get(llvm::PointerType::getUnqual(context),
                                    pointers.size());
  return new llvm::GlobalVariable(
      module, type, /*isConstant=*/true, llvm::GlobalValue::InternalLinkage,
      llvm::ConstantArray::get(type, pointers), name);
}

/// Where the choice is kept between calls, −1 at first.
static llvm::GlobalVariable *getChosen(llvm::Module &module) {
  constexpr llvm::StringLiteral name = "condcomp.chosen_cpu";
  if (llvm::GlobalVariable *existing = module.getNamedGlobal(name))
    return existing;
  auto *i32 = llvm::Type::getInt32Ty(module.getContext());
  return new llvm::GlobalVariable(module, i32, /*isConstant=*/false,
                                  llvm::GlobalValue::InternalLinkage,
                                  llvm::ConstantInt::getSigned(i32, -1), name);
}

/// Emits a load or store that threads may do at once.
template <typename AccessT>
static AccessT *makeAtomic(AccessT *access) {
  access->setAtomic(llvm::AtomicOrdering::Monotonic);
  access->setAlignment(llvm::Align(4));
  return access;
}

void condcomp::emitDispatch(llvm::Module &module, llvm::StringRef name,
                            llvm::ArrayRef<llvm::Function *> versions,
                            const CompileOptions &options) {
  llvm::LLVMContext &context = module.getContext();
  llvm::Function *first = versions.front();
  auto *function =
      llvm::Function::Create(first->getFunctionType(),
                             llvm::GlobalValue::ExternalLinkage, name, module);
  function->setAttributes(first->getAttributes());
  // This runs on every CPU.
  function->removeFnAttr("target-cpu");
  function->removeFnAttr("target-features");

  auto *entry = llvm::BasicBlock::Create(context, "entry", function);
  auto *choose = llvm::BasicBlock::Create(context, "choose", function);
  auto *call = llvm::BasicBlock::Create(context, "call", function);
  auto *none = llvm::BasicBlock::Create(context, "none", function);
  llvm::IRBuilder<> builder(entry);
  auto *i32 = builder.getInt32Ty();
  auto *pointer = builder.getPtrTy();
  llvm::GlobalVariable *chosen = getChosen(module);
  llvm::Value *known = makeAtomic(builder.CreateLoad(i32, chosen));
  builder.CreateCondBr(builder.CreateICmpSLT(known, builder.getInt32(0)),
                       choose, call);

  builder.SetInsertPoint(choose);
  llvm::SmallVector<std::string> names, features;
  for (const CPU &cpu : options.cpus) {
    names.push_back(cpu.name);
    features.push_back(llvm::join(cpu.required, ","));
  }
  llvm::FunctionCallee chooseFunction = module.getOrInsertFunction(
      "condcomp_choose_cpu", i32, pointer, pointer, i32, pointer, pointer);
  llvm::Value *choice = builder.CreateCall(
      chooseFunction,
      {function->getArg(0),
       builder.CreateGlobalString(options.libraryName, "condcomp.library"),
       builder.getInt32(versions.size()),
       getStrings(module, "condcomp.cpus", names),
       getStrings(module, "condcomp.cpu_features", features)});
  makeAtomic(builder.CreateStore(choice, chosen));
  builder.CreateBr(call);

  builder.SetInsertPoint(call);
  llvm::PHINode *index = builder.CreatePHI(i32, 2);
  index->addIncoming(known, entry);
  index->addIncoming(choice, choose);
  llvm::SwitchInst *cases = builder.CreateSwitch(index, none, versions.size());
  llvm::SmallVector<llvm::Value *> arguments(
      llvm::make_pointer_range(function->args()));
  for (auto [i, version] : llvm::enumerate(versions)) {
    auto *block = llvm::BasicBlock::Create(context, "", function);
    cases->addCase(builder.getInt32(i), block);
    builder.SetInsertPoint(block);
    llvm::CallInst *result = builder.CreateCall(version, arguments);
    result->setTailCall();
    builder.CreateRet(result);
  }
  builder.SetInsertPoint(none);
  builder.CreateRet(builder.getInt32(CONDCOMP_UNSUPPORTED_CPU));
}
