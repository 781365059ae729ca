//===- cc-compile.cpp - compiles a module to a library or object file -----===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/AheadOfTime/CUDA.h"
#include "condcomp/AheadOfTime/Compile.h"
#include "condcomp/AheadOfTime/Header.h"
#include "condcomp/Execution/Npy.h"
#include "condcomp/Execution/PassPipeline.h"
#include "condcomp/InitAll.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/Timing.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace condcomp;

static constexpr StringLiteral kOverview =
    R"(condcomp ahead-of-time compiler

Compiles the public functions of a module to a shared library with a C header;
docs/abi.md describes the calls.

  cc-compile f.mlir -o libf.so --header=f.h
  cc-compile f.mlir -o libf.so --cpu=x86-64-v4,x86-64-v3
  cc-compile f.mlir -o libf.so --target=cuda --chip=sm_90a
  cc-compile f.mlir -o f.o

The end of the output's name says what to make: .so a shared library (linked by
the system's C compiler), .o an object file, .s assembly, .ll LLVM IR.
)";

namespace {
enum class Sanitizer { None, Address };
enum class Target { CPU, CUDA };

struct Options {
  cl::OptionCategory category{"cc-compile options"};
  cl::opt<std::string> module{cl::Positional, cl::Required,
                              cl::desc("<module.mlir>"), cl::cat(category)};
  cl::opt<std::string> output{"o", cl::desc("The file to write"), cl::Required,
                              cl::value_desc("file"), cl::cat(category)};
  cl::opt<std::string> header{"header", cl::desc("Write a C header here"),
                              cl::value_desc("file"), cl::cat(category)};
  cl::list<std::string> cpus{
      "cpu", cl::CommaSeparated, cl::value_desc("names"),
      cl::desc(
          "The CPUs to make code for, best first; calls run the first that "
          "the machine supports (native, the CPU of this machine)"),
      cl::cat(category)};
  cl::opt<Target> target{
      "target", cl::desc("What runs the functions"), cl::init(Target::CPU),
      cl::values(clEnumValN(Target::CPU, "cpu", "the CPU (default)"),
                 clEnumValN(Target::CUDA, "cuda",
                            "an NVIDIA GPU, by libcondcomp_cuda.so")),
      cl::cat(category)};
  cl::opt<std::string> chip{
      "chip",
      cl::desc("The GPU to make code for: sm_80, sm_90a, ...; emulated: for "
               "tests without one"),
      cl::cat(category)};
  cl::opt<std::string> features{
      "features", cl::desc("LLVM's features of the GPU, such as +ptx80"),
      cl::cat(category)};
  cl::opt<std::string> toolkit{"toolkit",
                               cl::desc("Where CUDA is (as CUDA_HOME says)"),
                               cl::cat(category)};
  cl::opt<std::string> form{
      "form",
      cl::desc(
          "How conditional parts run: masked, compact, auto or soft (auto)"),
      cl::init("auto"), cl::cat(category)};
  cl::opt<std::string> pipeline{
      "pass-pipeline",
      cl::desc("Passes to run instead of "
               "builtin.module(condcomp-to-cpu{form=… vector-bits=… "
               "bf16-unit=… prefetch-packed=…})"),
      cl::cat(category)};
  cl::opt<std::string> linker{
      "linker",
      cl::desc("The C compiler that links (the first of cc, clang-22, clang "
               "and gcc on PATH)"),
      cl::cat(category)};
  cl::opt<Sanitizer> sanitize{
      "sanitize", cl::desc("Check the accesses of compiled code to memory"),
      cl::init(Sanitizer::None),
      cl::values(clEnumValN(Sanitizer::Address, "address",
                            "AddressSanitizer; its run-time library has to be "
                            "in the program that loads the code")),
      cl::cat(category)};
};
} // namespace

static Expected<mlir::OwningOpRef<mlir::ModuleOp>>
parse(StringRef path, SourceMgr &sources, mlir::MLIRContext &context) {
  auto buffer = MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return makeError(path + ": " + buffer.getError().message());
  sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(
      sources, mlir::ParserConfig(&context));
  if (!module)
    return makeError(path + " is not a valid module");
  return module;
}

static Expected<SmallVector<CPU>> getCPUs(ArrayRef<std::string> names) {
  SmallVector<CPU> cpus;
  const std::string native = "native";
  for (const std::string &name : names.empty() ? ArrayRef(native) : names) {
    Expected<CPU> cpu = CPU::get(name);
    if (!cpu)
      return cpu.takeError();
    if (is_contained(map_range(cpus, [](const CPU &c) { return c.name; }),
                     cpu->name))
      return makeError("--cpu names " + cpu->name + " twice");
    cpus.push_back(std::move(*cpu));
  }
  return cpus;
}

static Error writeFile(StringRef path, StringRef contents) {
  Expected<AtomicFile> file = AtomicFile::create(path, contents);
  return file ? file->commit() : file.takeError();
}

static LinkOptions getLinkOptions(const Options &options) {
  LinkOptions link;
  link.linker = options.linker;
  // Built and installed tools alike have the library in ../lib.
  static int anchor;
  SmallString<128> directory(sys::path::parent_path(sys::path::parent_path(
      sys::fs::getMainExecutable("cc-compile", &anchor))));
  sys::path::append(directory, "lib");
  link.runtimeDir = directory.str().str();
  link.cuda = options.target == Target::CUDA;
  return link;
}

/// Sets the passes for a GPU; `kernels` is a file for them.
static Error setCUDAOptions(const Options &options, mlir::ModuleOp module,
                            StringRef kernels, ToCUDAOptions &pipeline) {
  if (options.chip.empty())
    return makeError("--target=cuda needs a --chip, such as sm_80 or sm_90a");
  if (Error error =
          setCUDAOptions(KernelOptions{options.form, options.chip,
                                       options.features, options.toolkit},
                         module, kernels, getLinkOptions(options), pipeline))
    return error;
  if (options.chip != kEmulatedChip)
    outs() << options.output << ": "
           << (pipeline.ptx ? "PTX, which the driver compiles (there is no "
                              "ptxas), for "
                            : "machine code for ")
           << options.chip << "\n";
  return Error::success();
}

/// What belongs to the other target is a mistake.
static Error checkTarget(const Options &options) {
  if (options.target == Target::CUDA) {
    if (options.cpus.size() > 1)
      return makeError("with --target=cuda, --cpu names one CPU, that of the "
                       "code that launches kernels");
    return Error::success();
  }
  for (const cl::opt<std::string> *option :
       {&options.chip, &options.features, &options.toolkit})
    if (!option->empty())
      return makeError("--" + option->ArgStr + " needs --target=cuda");
  return Error::success();
}

static Error run(const Options &options, mlir::MLIRContext &context) {
  StringRef extension = sys::path::extension(options.output);
  auto kind = StringSwitch<std::optional<OutputKind>>(extension)
                  .Cases({".so", ".o"}, OutputKind::Object)
                  .Case(".s", OutputKind::Assembly)
                  .Case(".ll", OutputKind::LLVMIR)
                  .Default(std::nullopt);
  if (!kind)
    return makeError("the name of the output, '" + options.output +
                     "', has to end in .so, .o, .s or .ll");
  if (!is_contained({"masked", "compact", "auto", "soft"}, options.form))
    return makeError("the form is masked, compact, auto or soft, not '" +
                     options.form + "'");
  CompileOptions compile;
  if (Error error = checkTarget(options))
    return error;
  std::vector<std::string> names(options.cpus.begin(), options.cpus.end());
  // Around kernels, no CPU is too slow.
  if (options.target == Target::CUDA && names.empty())
    names.push_back("x86-64");
  Expected<SmallVector<CPU>> cpus = getCPUs(names);
  if (!cpus)
    return cpus.takeError();
  compile.cpus = std::move(*cpus);
  compile.output = *kind;
  compile.libraryName = sys::path::filename(options.output).str();
  compile.sanitizeAddress = options.sanitize == Sanitizer::Address;

  SourceMgr sources;
  mlir::SourceMgrDiagnosticHandler handler(sources, &context);
  auto module = parse(options.module, sources, context);
  if (!module)
    return module.takeError();
  std::string header;
  if (!options.header.empty()) {
    Expected<std::string> text = formatHeader(
        getSignatures(**module), sys::path::filename(options.header),
        sys::path::filename(options.module));
    if (!text)
      return text.takeError();
    header = std::move(*text);
  }
  SmallString<128> kernels;
  FileRemover remover;
  ToCUDAOptions cuda;
  bool forCUDA = options.pipeline.empty() && options.target == Target::CUDA;
  if (forCUDA) {
    if (std::error_code error =
            sys::fs::createTemporaryFile("cc-compile", "so", kernels))
      return makeError("a temporary file can't be made: " + error.message());
    remover.setFile(kernels);
    if (Error error = setCUDAOptions(options, **module, kernels, cuda))
      return addContext(std::move(error), options.module);
  }
  auto buildPipeline = [&](mlir::PassManager &pm, const CPU &cpu) {
    if (forCUDA) {
      buildToCUDAPipeline(pm, cuda);
      return mlir::success();
    }
    std::string text = options.pipeline;
    if (text.empty())
      text = formatv("builtin.module(condcomp-to-cpu{{form={0} "
                     "vector-bits={1} bf16-unit={2} prefetch-packed={3}})",
                     options.form, cpu.vectorBits, getFeatureName(cpu.bf16Unit),
                     cpu.prefetchesPacked);
    return addPassPipeline(pm, text, errs());
  };
  Expected<CompiledCode> code =
      compileAheadOfTime(**module, buildPipeline, compile);
  if (!code)
    return addContext(code.takeError(), options.module);
  if (Error error = extension == ".so"
                        ? linkSharedLibrary(*code, options.output,
                                            getLinkOptions(options))
                        : writeFile(options.output, code->contents))
    return error;
  return header.empty() ? Error::success() : writeFile(options.header, header);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  mlir::registerAllPasses();
  condcomp::registerAllPasses();
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  mlir::registerDefaultTimingManagerCLOptions();
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
  if (Error error = run(options, context)) {
    WithColor::error(errs(), "cc-compile")
        << toString(std::move(error)) << "\n";
    return 1;
  }
  return 0;
}
