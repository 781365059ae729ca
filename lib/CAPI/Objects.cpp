//===- Objects.cpp - errors, types and functions of the C API -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Objects.h"
#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "llvm/Support/raw_ostream.h"

using namespace condcomp;

static_assert(mlir::ShapedType::kDynamic == CONDCOMP_UNKNOWN_SIZE,
              "shapes are passed on as they are");

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

condcomp_error *condcomp::makeCError(int32_t kind, llvm::Error error,
                                     std::string diagnostics) {
  return new condcomp_error{kind, llvm::toString(std::move(error)),
                            std::move(diagnostics)};
}

condcomp_error *condcomp::makeCError(int32_t kind, const llvm::Twine &message) {
  return new condcomp_error{kind, message.str(), ""};
}

condcomp_error *condcomp::makeArgumentError(llvm::Error error) {
  int32_t kind = CONDCOMP_ERROR_VALUE;
  error = llvm::handleErrors(std::move(error), [&](ArgumentError &argument) {
    if (argument.getKind() == ArgumentError::Kind::Type)
      kind = CONDCOMP_ERROR_TYPE;
    return makeError(argument.message());
  });
  return makeCError(kind, std::move(error));
}

condcomp_error *condcomp::makeCallError(int32_t status, llvm::Error error) {
  int32_t kind = status == CONDCOMP_OUT_OF_MEMORY ? CONDCOMP_ERROR_OUT_OF_MEMORY
                 : status == CONDCOMP_DEVICE_FAILED ? CONDCOMP_ERROR_DEVICE
                                                    : CONDCOMP_ERROR_CHECK;
  return makeCError(kind, std::move(error));
}

int32_t condcomp_error_kind(const condcomp_error *error) { return error->kind; }

const char *condcomp_error_message(const condcomp_error *error) {
  return error->message.c_str();
}

const char *condcomp_error_diagnostics(const condcomp_error *error) {
  return error->diagnostics.c_str();
}

void condcomp_error_destroy(condcomp_error *error) { delete error; }

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

static constexpr std::pair<int32_t, ElementType> kElementTypes[] = {
    {CONDCOMP_F64, ElementType::F64},     {CONDCOMP_F32, ElementType::F32},
    {CONDCOMP_F16, ElementType::F16},     {CONDCOMP_BF16, ElementType::BF16},
    {CONDCOMP_I64, ElementType::I64},     {CONDCOMP_I32, ElementType::I32},
    {CONDCOMP_I8, ElementType::I8},       {CONDCOMP_I1, ElementType::I1},
    {CONDCOMP_INDEX, ElementType::Index},
};

int32_t condcomp::toC(ElementType type) {
  for (auto [number, element] : kElementTypes)
    if (element == type)
      return number;
  llvm_unreachable("every element type has a number");
}

std::optional<ElementType> condcomp::fromC(int32_t type) {
  for (auto [number, element] : kElementTypes)
    if (number == type)
      return element;
  return std::nullopt;
}

condcomp_type condcomp::toC(const ValueType &type) {
  return {toC(type.element), type.isTensor,
          static_cast<int32_t>(type.shape.size()), type.shape.data()};
}

const char *condcomp_element_name(int32_t type) {
  std::optional<ElementType> element = fromC(type);
  return element ? getName(*element).data() : nullptr;
}

int64_t condcomp_element_size(int32_t type) {
  std::optional<ElementType> element = fromC(type);
  return element ? getSize(*element) : 0;
}

//===----------------------------------------------------------------------===//
// Programs and functions
//===----------------------------------------------------------------------===//

llvm::Error condcomp_program::link() {
  auto find = [&](const std::string &name, const Signature *&signature,
                  LoadedCode::Function &code) -> llvm::Error {
    llvm::Expected<const Signature &> found = program->lookup(name);
    if (!found)
      return found.takeError();
    auto address = program->getCode(name);
    if (!address)
      return address.takeError();
    signature = &*found;
    code = *address;
    return llvm::Error::success();
  };
  for (condcomp_function &function : functions) {
    function.program = this;
    const std::string &name = function.signature.name;
    if (llvm::Error error = find(name, function.compiled, function.code))
      return error;
    if (function.split)
      if (llvm::Error error =
              find(name + kPrepackSuffix.str(), function.prepackCompiled,
                   function.prepackCode))
        return error;
  }
  return llvm::Error::success();
}

void condcomp_program_retain(condcomp_program *program) { program->Retain(); }

void condcomp_program_release(condcomp_program *program) {
  if (program)
    program->Release();
}

const char *condcomp_program_target(const condcomp_program *program) {
  return program->isCUDA ? "cuda" : "cpu";
}

int32_t condcomp_program_num_remarks(const condcomp_program *program) {
  return program->remarks.size();
}

const char *condcomp_program_remark(const condcomp_program *program,
                                    int32_t index) {
  return program->remarks[index].c_str();
}

int32_t condcomp_program_num_functions(const condcomp_program *program) {
  return program->functions.size();
}

const condcomp_function *
condcomp_program_function(const condcomp_program *program, int32_t index) {
  return &program->functions[index];
}

condcomp_error *condcomp_program_find(const condcomp_program *program,
                                      const char *name,
                                      const condcomp_function **function) {
  std::string text =
      "no public function '" + std::string(name) + "'; the program has ";
  llvm::raw_string_ostream os(text);
  if (program->functions.empty())
    os << "none";
  llvm::ListSeparator comma;
  for (const condcomp_function &candidate : program->functions) {
    if (candidate.signature.name == name) {
      *function = &candidate;
      return nullptr;
    }
    os << comma << "'" << candidate.signature.name << "'";
  }
  return makeCError(CONDCOMP_ERROR_VALUE, text);
}

const char *condcomp_function_name(const condcomp_function *function) {
  return function->signature.name.c_str();
}

int32_t condcomp_function_num_arguments(const condcomp_function *function) {
  return function->signature.arguments.size();
}

condcomp_argument condcomp_function_argument(const condcomp_function *function,
                                             int32_t index) {
  return {function->signature.argumentNames[index].c_str(),
          toC(function->signature.arguments[index]),
          function->isConstant(index)};
}

int32_t condcomp_function_num_results(const condcomp_function *function) {
  return function->signature.results.size();
}

condcomp_type condcomp_function_result(const condcomp_function *function,
                                       int32_t index) {
  return toC(function->signature.results[index]);
}

int32_t condcomp_function_num_op_names(const condcomp_function *function) {
  return function->ops.size();
}

const char *condcomp_function_op_name(const condcomp_function *function,
                                      int32_t index, int64_t *count) {
  *count = function->ops[index].second;
  return function->ops[index].first.c_str();
}
