//===- Serialize.cpp - compiled programs as bytes -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A header of fixed size (magic, checksum of the rest, size of the
// description), a description in JSON, and the object file.
//
//===----------------------------------------------------------------------===//

#include "Objects.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#include <dlfcn.h>

using namespace condcomp;
namespace json = llvm::json;

static constexpr llvm::StringLiteral kMagic = "CondCmp1";
static constexpr size_t kHeaderSize = 24;

//===----------------------------------------------------------------------===//
// What code depends on
//===----------------------------------------------------------------------===//

int32_t condcomp_api_version(void) { return CONDCOMP_C_API_VERSION; }

const char *condcomp_version(void) { return CONDCOMP_VERSION; }

const char *condcomp_host_cpu(void) {
  static const std::string cpu = describeHostCPU();
  return cpu.c_str();
}

const char *condcomp_compiler_id(void) {
  // The library's own bytes tell one build from another.
  static const std::string id = [] {
    Dl_info info;
    uint64_t hash = 0;
    if (dladdr(reinterpret_cast<void *>(&condcomp_compiler_id), &info))
      if (auto file = llvm::MemoryBuffer::getFile(info.dli_fname))
        hash = llvm::xxh3_64bits((*file)->getBuffer());
    return llvm::formatv("condcomp {0}, LLVM {1}, build {2:x-16}",
                         CONDCOMP_VERSION, LLVM_VERSION_STRING, hash)
        .str();
  }();
  return id.c_str();
}

//===----------------------------------------------------------------------===//
// Descriptions
//===----------------------------------------------------------------------===//

static json::Value describe(const ValueType &type) {
  return json::Object{{"element", toC(type.element)},
                      {"tensor", type.isTensor},
                      {"shape", json::Array(type.shape)}};
}

static json::Value describe(const Signature &signature) {
  json::Array arguments, results;
  for (const ValueType &type : signature.arguments)
    arguments.push_back(describe(type));
  for (const ValueType &type : signature.results)
    results.push_back(describe(type));
  return json::Object{{"name", signature.name},
                      {"names", json::Array(signature.argumentNames)},
                      {"arguments", std::move(arguments)},
                      {"results", std::move(results)}};
}

static bool fromJSON(const json::Value &value, ValueType &type,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  int element;
  std::vector<int64_t> shape;
  if (!map || !map.map("element", element) ||
      !map.map("tensor", type.isTensor) || !map.map("shape", shape))
    return false;
  std::optional<ElementType> known = fromC(element);
  if (!known)
    return false;
  type.element = *known;
  type.shape.assign(shape.begin(), shape.end());
  return true;
}

namespace condcomp {
static bool fromJSON(const json::Value &value, ResultSize &size,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("unknown", size.whyUnknown) &&
         map.map("code", size.code);
}

static bool fromJSON(const json::Value &value, Signature &signature,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  std::vector<std::string> names;
  const json::Object *object = value.getAsObject();
  if (!map || !map.map("name", signature.name) || !map.map("names", names))
    return false;
  signature.argumentNames.assign(names.begin(), names.end());
  for (auto [key, types] : {std::pair{"arguments", &signature.arguments},
                            std::pair{"results", &signature.results}}) {
    const json::Array *array = object->getArray(key);
    if (!array)
      return false;
    for (const json::Value &type : *array)
      if (!::fromJSON(type, types->emplace_back(), path.field(key)))
        return false;
  }
  return true;
}
} // namespace condcomp

static std::string describe(const condcomp_program &program) {
  json::Array functions, compiled;
  for (const condcomp_function &function : program.functions) {
    json::Array ops;
    for (const auto &[name, count] : function.ops)
      ops.push_back(json::Array{name, count});
    json::Array sizes;
    for (const ResultSize &size : function.resultSizes)
      sizes.push_back(json::Object{{"unknown", size.whyUnknown},
                                   {"code", json::Array(size.code)}});
    functions.push_back(
        json::Object{{"signature", describe(function.signature)},
                     {"constants", json::Array(function.constants)},
                     {"ops", std::move(ops)},
                     {"sizes", std::move(sizes)},
                     {"split", function.split}});
  }
  for (const Signature &signature : program.program->getFunctions())
    compiled.push_back(describe(signature));
  return llvm::formatv("{0}", json::Value(json::Object{
                                  {"compiler", condcomp_compiler_id()},
                                  {"cpu", condcomp_host_cpu()},
                                  {"cuda", program.isCUDA},
                                  {"remarks", json::Array(program.remarks)},
                                  {"functions", std::move(functions)},
                                  {"compiled", std::move(compiled)}}))
      .str();
}

static bool readFunction(const json::Value &value, condcomp_function &function,
                         json::Path path) {
  json::ObjectMapper map(value, path);
  std::vector<int64_t> constants;
  if (!map || !map.map("signature", function.signature) ||
      !map.map("constants", constants) || !map.map("split", function.split) ||
      !map.map("sizes", function.resultSizes))
    return false;
  function.constants.assign(constants.begin(), constants.end());
  const json::Array *ops = value.getAsObject()->getArray("ops");
  for (size_t i = 0; ops && i < ops->size(); ++i) {
    const json::Array *op = (*ops)[i].getAsArray();
    if (!op || op->size() != 2 || !(*op)[0].getAsString() ||
        !(*op)[1].getAsInteger())
      return false;
    function.ops.emplace_back(*(*op)[0].getAsString(),
                              *(*op)[1].getAsInteger());
  }
  return ops != nullptr;
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

void condcomp_program_serialize(const condcomp_program *program,
                                void (*write)(void *data, const char *bytes,
                                              size_t size),
                                void *data) {
  std::string description = describe(*program);
  std::string rest(8, 0);
  llvm::support::endian::write64le(rest.data(), description.size());
  rest += description;
  rest += program->program->getObject().bytes;
  char checksum[8];
  llvm::support::endian::write64le(checksum, llvm::xxh3_64bits(rest));
  write(data, kMagic.data(), kMagic.size());
  write(data, checksum, sizeof(checksum));
  write(data, rest.data(), rest.size());
}

/// Fills the program from bytes whose checksum is right.
static llvm::Error read(llvm::StringRef text, llvm::StringRef object,
                        condcomp_program &program) {
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  json::Path::Root root("program");
  json::ObjectMapper map(*value, root);
  std::string compiler, cpu;
  std::vector<Signature> compiled;
  ObjectCode code;
  if (!map || !map.map("compiler", compiler) || !map.map("cpu", cpu) ||
      !map.map("cuda", program.isCUDA) ||
      !map.map("remarks", program.remarks) || !map.map("compiled", compiled))
    return root.getError();
  if (compiler != condcomp_compiler_id())
    return makeError("made by another compiler: " + compiler + "; this is " +
                     condcomp_compiler_id());
  if (cpu != condcomp_host_cpu())
    return makeError("made for another CPU: " + cpu);
  const json::Array *functions = value->getAsObject()->getArray("functions");
  if (!functions)
    return makeError("no functions");
  for (const json::Value &function : *functions)
    if (!readFunction(function, program.functions.emplace_back(), root))
      return root.getError();
  code.bytes = object.str();
  auto loaded = Program::load(std::move(compiled), std::move(code));
  if (!loaded)
    return loaded.takeError();
  program.program = std::move(*loaded);
  return program.link();
}

condcomp_error *condcomp_program_load(const char *bytes, size_t size,
                                      condcomp_program **result) {
  auto stale = [](llvm::Error error) {
    return makeCError(
        CONDCOMP_ERROR_STALE,
        addContext(std::move(error), "not a program for this compiler"));
  };
  llvm::StringRef contents(bytes, size);
  if (size < kHeaderSize || !contents.starts_with(kMagic))
    return stale(makeError("no header"));
  llvm::StringRef rest = contents.drop_front(16);
  if (llvm::support::endian::read64le(bytes + 8) != llvm::xxh3_64bits(rest))
    return stale(makeError("the checksum of its " + llvm::Twine(size) +
                           " bytes is wrong"));
  uint64_t length = llvm::support::endian::read64le(rest.data());
  rest = rest.drop_front(8);
  if (length > rest.size())
    return stale(makeError("cut off"));
  llvm::IntrusiveRefCntPtr<condcomp_program> program(new condcomp_program);
  if (llvm::Error error =
          read(rest.take_front(length), rest.drop_front(length), *program))
    return stale(std::move(error));
  program->Retain();
  *result = program.get();
  return nullptr;
}
