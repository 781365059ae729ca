//===- Runner.cpp - runs requests of cc-run -------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"
#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "condcomp/Execution/PassPipeline.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// The pipeline that a request names, or the default.
static std::string getPipeline(const Request &request) {
  return request.pipeline.empty()
             ? "builtin.module(condcomp-to-cpu{form=" + request.form +
                   (request.trace ? " trace=true" : "") + "})"
             : request.pipeline;
}

llvm::Expected<Runner::Entry &> Runner::getEntry(const Request &request,
                                                 raw_ostream &diagnostics) {
  if (!llvm::is_contained({"masked", "compact", "auto", "soft"}, request.form))
    return makeError("the form is masked, compact, auto or soft, not '" +
                     request.form + "'");
  if (llvm::Error error = checkThreads(request.threads))
    return std::move(error);
  StringRef name = request.path;
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  if (request.path.empty()) {
    name = "source";
    buffer = llvm::MemoryBuffer::getMemBufferCopy(request.source, name);
  } else {
    auto opened = llvm::MemoryBuffer::getFileOrSTDIN(name);
    if (!opened)
      return makeError(name + ": " + opened.getError().message());
    buffer = std::move(*opened);
  }
  // A file that changes between two requests is another module, and one that
  // did not compile is tried again, to give its errors.
  std::string key =
      llvm::formatv("{0} {1} {2:x} {3} {4} {5} {6}", request.function,
                    request.form, llvm::xxh3_64bits(buffer->getBuffer()),
                    request.pipeline, request.optLevel, request.prepack, name);
  std::unique_ptr<Entry> &entry = entries[key];
  if (entry && entry->program->isCompiled())
    return *entry;

  entry = std::make_unique<Entry>();
  entry->sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(entry->sources, &context, diagnostics);
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(entry->sources, ParserConfig(&context));
  if (!module) {
    entries.erase(key);
    return makeError(name + " is not a valid module");
  }
  if (request.prepack)
    if (llvm::Error error = split(request, *module, *entry, diagnostics)) {
      entries.erase(key);
      return addContext(std::move(error), name);
    }
  entry->program = std::make_unique<Program>(std::move(module));
  return *entry;
}

llvm::Error Runner::split(const Request &request, ModuleOp module, Entry &entry,
                          raw_ostream &diagnostics) {
  auto function = module.lookupSymbol<func::FuncOp>(request.function);
  // Program::lookup says so.
  if (!function || function.isPrivate())
    return llvm::Error::success();
  entry.constants = getConstantArguments(function);
  if (entry.constants.empty())
    return makeError("'" + request.function +
                     "' has no argument marked condcomp.constant");
  PassManager pm(module->getName());
  if (failed(keepOnly(module, request.function)) ||
      failed(addPassPipeline(
          pm, "builtin.module(condcomp-prepack{form=" + request.form + "})",
          diagnostics)) ||
      failed(pm.run(module)))
    return makeError("the module can't be compiled");
  return llvm::Error::success();
}

llvm::Error Runner::compile(const Request &request, Entry &entry, Reply &reply,
                            raw_ostream &diagnostics) {
  SourceMgrDiagnosticHandler handler(entry.sources, &context, diagnostics);
  double start = getSeconds();
  llvm::Error error = entry.program->compile(
      [&](PassManager &pm) {
        return addPassPipeline(pm, getPipeline(request), diagnostics);
      },
      request.function, request.optLevel);
  reply.compileSeconds = getSeconds() - start;
  reply.compileParts = entry.program->getSeconds();
  return addContext(std::move(error),
                    request.path.empty() ? "source" : request.path);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// A number as JSON, which has no NaN and no infinities: they are strings.
static void writeWeight(llvm::json::OStream &json, double weight) {
  if (std::isnan(weight))
    json.value("NaN");
  else if (std::isinf(weight))
    json.value(weight > 0 ? "Infinity" : "-Infinity");
  else
    json.value(weight);
}

/// Writes a routing as a line of JSON.
static void writeTrace(void *stream, const condcomp_trace *trace) {
  auto &os = *static_cast<raw_ostream *>(stream);
  llvm::json::OStream json(os);
  auto numbers = [&](StringRef key, const int64_t *values, int64_t count) {
    json.attributeArray(key, [&] {
      for (int64_t i = 0; i < count; ++i)
        json.value(values[i]);
    });
  };
  json.object([&] {
    json.attribute("name", llvm::json::fixUTF8(trace->name));
    json.attribute("call", trace->call);
    numbers("dims", trace->dims, trace->rank);
    numbers("row_offsets", trace->row_offsets, trace->num_rows + 1);
    numbers("modules", trace->modules, trace->num_entries);
    json.attributeArray("weights", [&] {
      for (int64_t i = 0; i < trace->num_entries; ++i)
        writeWeight(json, trace->weight_bytes == 8
                              ? static_cast<const double *>(trace->weights)[i]
                              : static_cast<const float *>(trace->weights)[i]);
    });
    if (trace->ids)
      numbers("ids", trace->ids, trace->num_rows);
  });
  os << "\n";
}

/// Names the contents of inputs: files by when they were written.
static std::string identify(ArrayRef<std::string> inputs) {
  std::string result;
  for (StringRef text : inputs) {
    llvm::sys::fs::file_status status;
    StringRef path = text;
    result += text;
    if (path.consume_front("@") && !llvm::sys::fs::status(path, status))
      result += llvm::formatv(
          " {0} {1}", status.getSize(),
          status.getLastModificationTime().time_since_epoch().count());
    result += "\n";
  }
  return result;
}

llvm::Expected<SmallVector<Array>>
Runner::readArguments(const Request &request, Entry &entry, Reply &reply,
                      raw_ostream &diagnostics) {
  if (entry.constants.empty())
    return readArrays(request.inputs, "input");
  std::vector<std::string> constants, others;
  for (auto [index, text] : llvm::enumerate(request.inputs))
    (llvm::is_contained(entry.constants, index) ? constants : others)
        .push_back(text);
  std::string origin = identify(constants);
  if (origin != entry.preparedFrom) {
    int64_t before = condcomp_memory_live_bytes();
    entry.prepared.clear();
    entry.preparedFrom.clear();
    Program &program = *entry.program;
    std::string name = request.function + kPrepackSuffix.str();
    auto arrays = readArrays(constants, "constant input");
    if (!arrays)
      return arrays.takeError();
    auto checked = program.checkArguments(name, *arrays);
    if (!checked)
      return checked.takeError();
    if (!program.isCompiled())
      if (llvm::Error error = compile(request, entry, reply, diagnostics))
        return error;
    auto call = program.prepare(name, *checked);
    if (!call)
      return call.takeError();
    CallContext context;
    condcomp_context_set_threads(context.get(), request.threads);
    if (llvm::Error error = (*call)->run(context))
      return error;
    entry.prepared = (*call)->takeResults();
    entry.preparedFrom = std::move(origin);
    entry.preparedBytes += condcomp_memory_live_bytes() - before;
  }
  auto arguments = readArrays(others, "input");
  if (arguments)
    arguments->append(entry.prepared);
  return arguments;
}

llvm::Error Runner::execute(const Request &request, Entry &entry, Reply &reply,
                            raw_ostream &diagnostics) {
  Program &program = *entry.program;
  llvm::Expected<const Signature &> signature =
      program.lookup(request.function);
  if (!signature)
    return signature.takeError();
  auto expected = readExpected(request, *signature);
  if (!expected)
    return expected.takeError();

  auto arguments = readArguments(request, entry, reply, diagnostics);
  if (!arguments)
    return arguments.takeError();
  // Compiling takes long: what is wrong with the arguments is said before.
  auto checked = program.checkArguments(request.function, *arguments);
  if (!checked)
    return checked.takeError();
  if (!program.isCompiled())
    if (llvm::Error error = compile(request, entry, reply, diagnostics))
      return error;
  auto call = program.prepare(request.function, *checked);
  if (!call)
    return call.takeError();
  CallContext callContext;
  condcomp_context_set_threads(callContext.get(), request.threads);
  if (request.trace)
    condcomp_context_set_trace_sink(callContext.get(), writeTrace,
                                    request.trace);
  return runCall(request, **call, callContext.get(), *expected, reply);
}

llvm::Error Runner::run(const Request &request, Reply &reply,
                        raw_ostream &diagnostics) {
  llvm::Expected<Entry &> entry = getEntry(request, diagnostics);
  if (!entry)
    return entry.takeError();
  int64_t before = condcomp_memory_live_bytes();
  condcomp_memory_reset_peak();
  int64_t preparedBefore = entry->preparedBytes;
  llvm::Error error = execute(request, *entry, reply, diagnostics);
  reply.peakBytes = condcomp_memory_peak_bytes() - before;
  // Results are gone by now; what is prepared stays for the next call.
  reply.leakedBytes = condcomp_memory_live_bytes() - before -
                      (entry->preparedBytes - preparedBefore);
  return error;
}
