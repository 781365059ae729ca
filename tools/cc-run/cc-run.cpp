//===- cc-run.cpp - compiles a module and calls a function ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runner.h"
#include "condcomp/Execution/CallFlags.h"
#include "condcomp/InitAll.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Support/Timing.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace condcomp;

static constexpr StringLiteral kOverview =
    R"(condcomp compiler and runner

Compiles a module for this machine, calls one of its functions and writes,
prints or compares the results:

  cc-run f.mlir --function=f --input=@x.npy --input=2x3xf32=1,2,3,4,5,6
         --input=4x4xf32=1 --input=index=3 --output=@y.npy
  cc-run f.mlir --function=f --input=@x.npy --expected-output=@y.npy
  cc-run f.mlir --function=f --input=@x.npy --benchmark --threads=1

Element types: f64 f32 f16 bf16 i64 i32 i8 i1 index. NumPy has no bf16: files
hold it as two-byte voids (what ml_dtypes writes) or as uint16; index is int64.
MLIR's flags such as --mlir-print-ir-after-all and --mlir-timing work as well
(--help-hidden lists them).
)";

namespace {
struct Options {
  cl::OptionCategory category{"cc-run options"};
  cl::opt<std::string> module{cl::Positional, cl::desc("<module.mlir>"),
                              cl::cat(category)};
  CallFlags call{category};
  cl::opt<std::string> form{
      "form",
      cl::desc(
          "How conditional parts run: masked, compact, auto or soft (auto)"),
      cl::init("auto"), cl::cat(category)};
  cl::opt<bool> prepack{
      "prepack",
      cl::desc("Prepare arguments marked condcomp.constant once, by "
               "@f$prepack, before the call"),
      cl::cat(category)};
  cl::opt<unsigned> optLevel{
      "opt-level",
      cl::desc("How much LLVM optimizes, 0 to 3 (3): less compiles faster"),
      cl::init(3), cl::cat(category)};
  cl::opt<std::string> pipeline{
      "pass-pipeline",
      cl::desc("Passes to run instead of "
               "builtin.module(condcomp-to-cpu{form=…})"),
      cl::cat(category)};
  cl::opt<std::string> json{"benchmark-json",
                            cl::desc("Write timings and memory as JSON (- for "
                                     "the standard output)"),
                            cl::cat(category)};
  cl::opt<bool> reportMemory{
      "report-memory",
      cl::desc("Print the peak of the memory that compiled code held, and fail "
               "if some of it was not freed"),
      cl::cat(category)};
  cl::opt<std::string> trace{
      "trace",
      cl::desc("Keep condcomp.trace ops and write what they record as lines "
               "of JSON to a file (- for the standard output)"),
      cl::cat(category)};
  cl::opt<std::string> batch{
      "batch",
      cl::desc(
          "Run the calls of a file (- for the standard input), a JSON "
          "object per line with the keys module or source, function, "
          "inputs, outputs, expected, form, prepack, threads, opt_level, rtol, "
          "atol, "
          "pipeline, repetitions, warmup, id; print a JSON object for each"),
      cl::cat(category)};
};
} // namespace

/// What a human reads after one call.
static Error printReply(const Options &options, const Request &request,
                        const Reply &reply) {
  condcomp::printReply(outs(), request, reply);
  if (!options.json.empty()) {
    std::error_code error;
    raw_fd_ostream os(options.json, error);
    if (error)
      return makeError(options.json + ": can't be written: " + error.message());
    os << formatv("{0:2}", json::Value(formatReply(reply))) << "\n";
  }
  return Error::success();
}

/// Reports memory, also after a call that failed.
static Error checkMemory(const Options &options, const Reply &reply) {
  if (!options.reportMemory)
    return Error::success();
  outs() << "memory: peak " << reply.peakBytes << " bytes, leaked "
         << reply.leakedBytes << " bytes\n";
  if (reply.leakedBytes)
    return makeError(Twine(reply.leakedBytes) + " bytes were not freed");
  return Error::success();
}

/// Returns whether all calls of a batch succeeded; its answers have said why
/// not.
static Expected<bool> run(const Options &options, Runner &runner) {
  Request request;
  request.path = options.module;
  request.form = options.form;
  request.pipeline = options.pipeline;
  request.prepack = options.prepack;
  if (Error error = options.call.fill(request))
    return std::move(error);
  std::unique_ptr<raw_fd_ostream> trace;
  if (!options.trace.empty()) {
    std::error_code error;
    trace = std::make_unique<raw_fd_ostream>(options.trace, error);
    if (error)
      return makeError(options.trace +
                       ": can't be written: " + error.message());
    request.trace = trace.get();
  }
  request.optLevel = options.optLevel;
  if (!options.batch.empty()) {
    if (!options.module.empty())
      return makeError("a batch names its modules: give either '" +
                       options.module + "' or --batch");
    return runBatch(runner, request, options.batch);
  }
  if (options.module.empty())
    return makeError("no module is given: cc-run f.mlir --function=f …");
  Reply reply;
  Error error = runner.run(request, reply, errs());
  if (!error)
    error = printReply(options, request, reply);
  error = joinErrors(std::move(error), checkMemory(options, reply));
  if (error)
    return std::move(error);
  return true;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  mlir::registerAllPasses();
  condcomp::registerAllPasses();
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
  // The LLVM library brings a flag of this name from its own tools.
  if (cl::Option *other = cl::getRegisteredOptions().lookup("threads"))
    other->removeArgument();
  Options options;
  cl::HideUnrelatedOptions(options.category);
  cl::ParseCommandLineOptions(argc, argv, kOverview);

  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  condcomp::registerAllDialects(registry);
  Program::registerDialects(registry);
  // Kernels are translated to code within a pipeline.
  mlir::registerAllGPUToLLVMIRTranslations(registry);
  mlir::MLIRContext context(registry);
  Runner runner(context);
  Expected<bool> good = run(options, runner);
  if (!good) {
    WithColor::error(errs(), "cc-run") << toString(good.takeError()) << "\n";
    return 1;
  }
  return *good ? 0 : 1;
}
