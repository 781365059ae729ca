//===- RunCall.cpp - one call, as a command line gives it -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/RunCall.h"
#include "condcomp/Execution/Npy.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace condcomp;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;

/// How much of a result is printed.
static constexpr int64_t kPrintedElements = 256;

/// More would be a mistake, and may exhaust the system.
static constexpr int32_t kMostThreads = 1024;

double CallReply::getMin() const {
  return *std::min_element(seconds.begin(), seconds.end());
}

double CallReply::getMedian() const {
  std::vector<double> sorted = seconds;
  llvm::sort(sorted);
  size_t middle = sorted.size() / 2;
  return sorted.size() % 2 ? sorted[middle]
                           : (sorted[middle - 1] + sorted[middle]) / 2;
}

double condcomp::getSeconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

static llvm::Expected<Array> readArray(StringRef text) {
  return text.consume_front("@") ? readNpy(text) : parseLiteral(text);
}

llvm::Error condcomp::checkThreads(int32_t threads) {
  if (threads < 0 || threads > kMostThreads)
    return makeError("the number of threads is 0 (as OpenMP decides) to " +
                     Twine(kMostThreads) + ", not " + Twine(threads));
  return llvm::Error::success();
}

llvm::Expected<SmallVector<Array>>
condcomp::readArrays(ArrayRef<std::string> texts, const Twine &what) {
  SmallVector<Array> arrays;
  for (auto [index, text] : llvm::enumerate(texts)) {
    llvm::Expected<Array> array = readArray(text);
    if (!array)
      return addContext(array.takeError(), what + " " + Twine(index));
    arrays.push_back(std::move(*array));
  }
  return arrays;
}

/// Writes the outputs: all of them or none.
static llvm::Error writeOutputs(const CallRequest &request,
                                ArrayRef<Array> results) {
  std::vector<AtomicFile> files;
  for (auto [output, result] : llvm::zip(request.outputs, results)) {
    StringRef path = output;
    if (!path.consume_front("@"))
      return makeError("output '" + path + "' is not a file (@y.npy)");
    auto file = AtomicFile::create(path, formatNpy(result));
    if (!file)
      return file.takeError();
    files.push_back(std::move(*file));
  }
  for (AtomicFile &file : files)
    if (llvm::Error error = file.commit())
      return error;
  return llvm::Error::success();
}

llvm::Expected<SmallVector<Array>>
condcomp::readExpected(const CallRequest &request, const Signature &signature) {
  for (auto [what, given] :
       {std::pair{"outputs", request.outputs.size()},
        std::pair{"expected outputs", request.expected.size()}})
    if (given > signature.results.size())
      return makeError("'" + request.function + "' has " +
                       Twine(signature.results.size()) + " results, but " +
                       Twine(given) + " " + what + " are given");
  return readArrays(request.expected, "expected output");
}

llvm::Error condcomp::runCall(const CallRequest &request, Call &call,
                              condcomp_context *context,
                              ArrayRef<Array> expected, CallReply &reply) {
  reply.threads = condcomp_context_get_threads(context);
  if (llvm::Error error = call.run(context))
    return error;
  for (unsigned i = 0; i < request.warmup; ++i)
    if (llvm::Error error = call.run(context))
      return error;
  for (unsigned i = 0; i < request.repetitions; ++i) {
    call.freeResults();
    double start = getSeconds();
    if (llvm::Error error = call.run(context))
      return error;
    reply.seconds.push_back(getSeconds() - start);
  }
  SmallVector<Array> results = call.takeResults();
  bool taken = !request.outputs.empty() || !request.expected.empty() ||
               request.repetitions > 0;
  for (const Array &result : results) {
    reply.resultTypes.push_back(result.formatType());
    if (!taken)
      reply.resultTexts.push_back(result.format(kPrintedElements));
  }

  if (llvm::Error error = writeOutputs(request, results))
    return error;
  for (auto [index, pair] : llvm::enumerate(llvm::zip(results, expected)))
    if (llvm::Error error = compareArrays(std::get<0>(pair), std::get<1>(pair),
                                          request.tolerance))
      return addContext(std::move(error), "result " + Twine(index) + " of '" +
                                              request.function + "'");
  return llvm::Error::success();
}

void condcomp::printReply(llvm::raw_ostream &os, const CallRequest &request,
                          const CallReply &reply) {
  for (auto [index, text] : llvm::enumerate(reply.resultTexts))
    os << "result " << index << ": " << text << "\n";
  if (!reply.seconds.empty())
    os << llvm::format(
        "%s: min %.3f ms, median %.3f ms, %zu runs, %d threads\n",
        request.function.c_str(), reply.getMin() * 1e3, reply.getMedian() * 1e3,
        reply.seconds.size(), reply.threads);
}
