//===- Batch.cpp - many requests in one process ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"
#include "llvm/Support/JSON.h"
#include <fstream>
#include <iostream>

using namespace llvm;
using namespace condcomp;

json::Object condcomp::formatReply(const Reply &reply) {
  json::Object object{{"results", json::Array(reply.resultTypes)},
                      {"threads", reply.threads},
                      {"compile_seconds", reply.compileSeconds},
                      {"peak_bytes", reply.peakBytes},
                      {"leaked_bytes", reply.leakedBytes}};
  if (reply.compileSeconds > 0) {
    object["lower_seconds"] = reply.compileParts.lower;
    object["optimize_seconds"] = reply.compileParts.optimize;
    object["generate_seconds"] = reply.compileParts.generate;
  }
  if (!reply.resultTexts.empty())
    object["values"] = json::Array(reply.resultTexts);
  if (!reply.seconds.empty()) {
    object["min_seconds"] = reply.getMin();
    object["median_seconds"] = reply.getMedian();
    object["seconds"] = json::Array(reply.seconds);
  }
  return object;
}

/// Reads a number of 0 or more from a key of an object, if it is there.
static bool mapCount(json::ObjectMapper &map, json::Path path,
                     StringLiteral key, unsigned &count) {
  std::optional<int64_t> number;
  if (!map.mapOptional(key, number))
    return false;
  if (number && !isUInt<31>(*number)) {
    path.field(key).report("expected a number of 0 or more");
    return false;
  }
  if (number)
    count = *number;
  return true;
}

/// Reads a request from a JSON object; what it leaves out is as on the command
/// line.
static Expected<Request> parseRequest(StringRef line, const Request &defaults) {
  Expected<json::Value> value = json::parse(line);
  if (!value)
    return value.takeError();
  Request request = defaults;
  json::Path::Root root("request");
  json::Path path = root;
  json::ObjectMapper map(*value, path);
  bool good = map && map.mapOptional("module", request.path) &&
              map.mapOptional("source", request.source) &&
              map.map("function", request.function) &&
              map.mapOptional("inputs", request.inputs) &&
              map.mapOptional("outputs", request.outputs) &&
              map.mapOptional("expected", request.expected) &&
              map.mapOptional("form", request.form) &&
              map.mapOptional("pipeline", request.pipeline) &&
              map.mapOptional("prepack", request.prepack) &&
              map.mapOptional("threads", request.threads) &&
              mapCount(map, path, "opt_level", request.optLevel) &&
              map.mapOptional("rtol", request.tolerance.rtol) &&
              map.mapOptional("atol", request.tolerance.atol) &&
              mapCount(map, path, "repetitions", request.repetitions) &&
              mapCount(map, path, "warmup", request.warmup);
  if (!good)
    return root.getError();
  static const StringRef known[] = {
      "id",          "module", "source",    "function", "inputs", "outputs",
      "expected",    "form",   "pipeline",  "threads",  "rtol",   "atol",
      "repetitions", "warmup", "opt_level", "prepack"};
  for (const auto &entry : *value->getAsObject())
    if (!is_contained(known, StringRef(entry.first)))
      return makeError("unknown key '" + StringRef(entry.first) + "'");
  if (request.path.empty() == request.source.empty())
    return makeError("a request has either a module (a file) or a source");
  return request;
}

/// Runs one line and returns its answer.
static json::Object runLine(Runner &runner, const Request &defaults,
                            StringRef line) {
  Reply reply;
  std::string diagnostics;
  raw_string_ostream os(diagnostics);
  Error error = [&]() -> Error {
    Expected<Request> request = parseRequest(line, defaults);
    if (!request)
      return request.takeError();
    return runner.run(*request, reply, os);
  }();
  json::Object answer = formatReply(reply);
  answer["status"] = error ? "error" : "ok";
  if (error)
    answer["message"] = toString(std::move(error));
  if (!diagnostics.empty())
    answer["diagnostics"] = json::fixUTF8(diagnostics);
  // Requests may carry a name of their own.
  if (Expected<json::Value> value = json::parse(line)) {
    if (const json::Object *object = value->getAsObject())
      if (const json::Value *id = object->get("id"))
        answer["id"] = *id;
  } else {
    consumeError(value.takeError());
  }
  return answer;
}

Expected<bool> condcomp::runBatch(Runner &runner, const Request &defaults,
                                  StringRef path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path.str());
    if (!file)
      return makeError(path + ": can't be read");
  }
  // Read line by line: a driver may wait for an answer before it goes on.
  std::istream &lines = path == "-" ? std::cin : file;
  bool allGood = true;
  for (std::string line; std::getline(lines, line);) {
    if (StringRef(line).trim().empty())
      continue;
    json::Object answer = runLine(runner, defaults, line);
    allGood &= answer.getString("status") == "ok";
    outs() << json::Value(std::move(answer)) << "\n";
    outs().flush();
  }
  return allGood;
}
