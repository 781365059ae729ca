//===- Program.cpp - compiled modules that can be called ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Program.h"
#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "condcomp/Execution/RunCall.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace condcomp;

void Program::registerDialects(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

static_assert(kUnknownSize == ShapedType::kDynamic);

std::optional<ElementType> condcomp::getElementType(Type type) {
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return parseElementType(name);
}

/// The type as a caller sees it; none when it can't be passed.
static std::optional<ValueType> convertType(Type type) {
  ValueType result;
  Type element = type;
  if (auto shaped = dyn_cast<ShapedType>(type)) {
    if (!isa<RankedTensorType, MemRefType>(type))
      return std::nullopt;
    if (auto memref = dyn_cast<MemRefType>(type))
      if (!memref.getLayout().isIdentity())
        return std::nullopt;
    result.isTensor = true;
    result.shape.assign(shaped.getShape().begin(), shaped.getShape().end());
    element = shaped.getElementType();
  }
  std::optional<ElementType> elementType = getElementType(element);
  if (!elementType)
    return std::nullopt;
  result.element = *elementType;
  return result;
}

static Signature makeSignature(func::FuncOp function) {
  Signature signature;
  signature.name = function.getName().str();
  auto convert = [&](StringRef what, TypeRange types,
                     SmallVectorImpl<ValueType> &converted) {
    for (auto [index, type] : llvm::enumerate(types)) {
      std::optional<ValueType> value = convertType(type);
      if (!value) {
        llvm::raw_string_ostream(signature.obstacle)
            << what << " " << index << " has type " << type
            << ", which can't be passed";
        return;
      }
      converted.push_back(std::move(*value));
    }
  };
  convert("argument", function.getArgumentTypes(), signature.arguments);
  convert("result", function.getResultTypes(), signature.results);
  return signature;
}

std::vector<Signature> condcomp::getSignatures(ModuleOp module) {
  std::vector<Signature> signatures;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isExternal())
      signatures.push_back(makeSignature(function));
  return signatures;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

Program::Program(OwningOpRef<ModuleOp> source)
    : module(std::move(source)), functions(getSignatures(*module)) {}

Program::~Program() = default;

/// Whether `name` is `function` or what prepares its constant arguments.
static bool belongsTo(StringRef name, StringRef function) {
  return name.consume_front(function) &&
         (name.empty() || name == kPrepackSuffix);
}

LogicalResult condcomp::keepOnly(ModuleOp module, StringRef name) {
  for (auto function : module.getOps<func::FuncOp>())
    if (!belongsTo(function.getName(), name))
      function.setPrivate();
  PassManager pm(module->getName());
  pm.addPass(createSymbolDCEPass());
  return pm.run(module);
}

llvm::Error Program::compile(const PipelineBuilder &buildPipeline,
                             StringRef only, unsigned optLevel) {
  assert(module && "a program is compiled once");
  OwningOpRef<ModuleOp> lowered = std::move(module);

  double start = condcomp::getSeconds();
  PassManager pm((*lowered)->getName());
  if ((!only.empty() && failed(keepOnly(*lowered, only))) ||
      failed(buildPipeline(pm)) || failed(pm.run(*lowered)))
    return makeError("the module can't be compiled");
  seconds.lower = condcomp::getSeconds() - start;

  std::vector<std::string> names;
  for (const Signature &function : functions)
    if (only.empty() || belongsTo(function.name, only))
      names.push_back(function.name);
  llvm::Expected<ObjectCode> generated =
      generateObject(*lowered, names, optLevel, seconds);
  if (!generated)
    return generated.takeError();
  auto loaded = LoadedCode::load(*generated, names);
  if (!loaded)
    return loaded.takeError();
  object = std::move(*generated);
  code = std::move(*loaded);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Program>>
Program::load(std::vector<Signature> functions, ObjectCode object) {
  std::vector<std::string> names;
  for (const Signature &function : functions)
    names.push_back(function.name);
  auto code = LoadedCode::load(object, names);
  if (!code)
    return code.takeError();
  std::unique_ptr<Program> program(new Program(std::move(functions)));
  program->object = std::move(object);
  program->code = std::move(*code);
  return program;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

llvm::Expected<const Signature &> Program::lookup(StringRef name) const {
  for (const Signature &function : functions) {
    if (function.name != name)
      continue;
    if (!function.obstacle.empty())
      return makeError("'" + name + "' can't be called: " + function.obstacle);
    return function;
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "no public function '" << name << "'; the module has ";
  if (functions.empty())
    os << "none";
  llvm::interleaveComma(functions, os, [&](const Signature &function) {
    os << "'" << function.name << "'";
  });
  return makeError(text);
}

llvm::Expected<SmallVector<Array>>
Program::checkArguments(StringRef name, ArrayRef<Array> arguments) const {
  llvm::Expected<const Signature &> signature = lookup(name);
  if (!signature)
    return signature.takeError();
  return condcomp::checkArguments(*signature, arguments);
}

llvm::Expected<std::unique_ptr<Call>>
Program::prepare(StringRef name, ArrayRef<Array> arguments) const {
  assert(isCompiled() && "compile before calling");
  llvm::Expected<SmallVector<Array>> checked = checkArguments(name, arguments);
  if (!checked)
    return checked.takeError();
  llvm::Expected<const Signature &> signature = lookup(name);
  if (!signature)
    return signature.takeError();
  auto function = code->lookup(name);
  if (!function)
    return function.takeError();
  return std::make_unique<Call>(*signature, *function, *checked);
}
