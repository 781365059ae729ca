//===- Compile.cpp - text to programs, for the C API ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Objects.h"
#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "condcomp/InitAll.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Remarks.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/SourceMgr.h"
#include <map>
#include <mutex>

using namespace mlir;
using namespace condcomp;

static const DialectRegistry &getRegistry() {
  static const DialectRegistry *registry = [] {
    auto *registry = new DialectRegistry;
    mlir::registerAllDialects(*registry);
    mlir::registerAllExtensions(*registry);
    condcomp::registerAllDialects(*registry);
    Program::registerDialects(*registry);
    // Kernels are translated to code within a pipeline.
    mlir::registerAllGPUToLLVMIRTranslations(*registry);
    return registry;
  }();
  return *registry;
}

void condcomp_compile_options_init(condcomp_compile_options *options) {
  *options = {sizeof(*options), "<text>",    "auto",          "cpu",
              /*opt_level=*/3,
              /*prepack=*/1,    /*trace=*/0, /*chip=*/nullptr};
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

/// The names of arguments in the source: what follows the %, if it is a word.
static void nameArguments(const AsmParserState &state, func::FuncOp function,
                          Signature &signature) {
  signature.argumentNames.assign(function.getNumArguments(), "");
  const AsmParserState::BlockDefinition *block =
      state.getBlockDef(&function.front());
  if (!block || block->arguments.size() != function.getNumArguments())
    return;
  for (auto [name, argument] :
       llvm::zip_equal(signature.argumentNames, block->arguments)) {
    const char *begin = argument.loc.Start.getPointer();
    const char *end = argument.loc.End.getPointer();
    if (!begin || end <= begin)
      continue;
    StringRef text(begin, end - begin);
    text.consume_front("%");
    if (!text.empty() && !llvm::isDigit(text.front()))
      name = text.str();
  }
}

/// Parses the text that `sources` holds, and names the arguments.
static OwningOpRef<ModuleOp> parse(llvm::SourceMgr &sources,
                                   MLIRContext &context,
                                   std::vector<condcomp_function> &functions) {
  ParserConfig config(&context);
  AsmParserState state;
  Block block;
  if (failed(parseAsmSourceFile(sources, &block, config, &state)))
    return {};
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  Location location =
      FileLineColLoc::get(&context, buffer->getBufferIdentifier(), 0, 0);
  OwningOpRef<ModuleOp> module =
      mlir::detail::constructContainerOpForParserIfNecessary<ModuleOp>(
          &block, &context, location);
  if (!module)
    return {};
  // Before there is a look-up table for names: in the module's order.
  std::vector<Signature> signatures = getSignatures(*module);
  size_t next = 0;
  for (auto function : module->getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    condcomp_function &added = functions.emplace_back();
    added.signature = std::move(signatures[next++]);
    added.constants = getConstantArguments(function);
    nameArguments(state, function, added.signature);
    std::map<std::string, int64_t> ops;
    function.getBody().walk(
        [&](Operation *op) { ++ops[op->getName().getStringRef().str()]; });
    added.ops.assign(ops.begin(), ops.end());
  }
  return module;
}

//===----------------------------------------------------------------------===//
// Traces and remarks
//===----------------------------------------------------------------------===//

/// "model.mlir:12:8: "
static std::string formatPlace(Location location) {
  auto place = location->findInstanceOf<FileLineColLoc>();
  return place
             ? (place.getFilename().getValue() + ":" + Twine(place.getLine()) +
                ":" + Twine(place.getColumn()) + ": ")
                   .str()
             : "";
}

static bool isRouting(Value value) { return isa<RoutingType>(value.getType()); }

/// Traces every routing that something other than a routing is made with,
/// unless the source does.
static void addTraces(ModuleOp module) {
  module.walk([](Operation *op) {
    for (Value result : op->getResults()) {
      bool isTraced = llvm::any_of(result.getUsers(), llvm::IsaPred<TraceOp>);
      bool isUsed = llvm::any_of(result.getUsers(), [](Operation *user) {
        return llvm::none_of(user->getResults(), isRouting);
      });
      if (!isRouting(result) || isTraced || !isUsed)
        continue;
      OpBuilder b(op->getContext());
      b.setInsertionPointAfter(op);
      std::string name =
          formatPlace(op->getLoc()) + op->getName().stripDialect().str();
      TraceOp::create(b, op->getLoc(), result, b.getStringAttr(name), Value());
    }
  });
}

namespace {
/// Collects what passes say of code that they could not make fast.
class RemarkCollector : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit RemarkCollector(std::vector<std::string> &remarks)
      : remarks(remarks) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    // The text alone, without what getMsg puts before it.
    std::string text = formatPlace(remark.getLocation()) + "remark: ";
    for (const remark::detail::Remark::Arg &argument : remark.getArgs())
      text += argument.val;
    text += " [" + remark.getCombinedCategoryName().str() + "]";
    // Passes run on several functions at once.
    std::lock_guard<std::mutex> lock(mutex);
    if (!llvm::is_contained(remarks, text))
      remarks.push_back(std::move(text));
  }

private:
  std::vector<std::string> &remarks;
  std::mutex mutex;
};
} // namespace

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

namespace {
/// Options with nothing missing.
struct Options {
  condcomp_compile_options values;

  explicit Options(const condcomp_compile_options *given) {
    condcomp_compile_options_init(&values);
    // A caller of an older header knows fewer of them.
    if (given)
      std::memcpy(&values, given, std::min(given->struct_size, sizeof(values)));
  }

  llvm::Error check() const {
    StringRef form = values.form, target = values.target;
    if (!llvm::is_contained({"masked", "compact", "auto", "soft"}, form))
      return makeError("the form is masked, compact, auto or soft, not '" +
                       form + "'");
    if (!llvm::is_contained({"cpu", "cuda"}, target))
      return makeError("the target is cpu or cuda, not '" + target + "'");
    if (isCUDA() && values.trace != 0)
      return makeError("programs for the target cuda have no traces");
    if (!isCUDA() && values.chip)
      return makeError("the chip '" + StringRef(values.chip) +
                       "' is for the target cuda only");
    if (values.opt_level < 0 || values.opt_level > 3)
      return makeError("the optimization level is 0 to 3, not " +
                       Twine(values.opt_level));
    return llvm::Error::success();
  }

  bool isCUDA() const { return StringRef(values.target) == "cuda"; }

  void apply(ToCPUOptions &pipeline) const {
    pipeline.form = std::string(values.form);
    pipeline.trace = values.trace != 0;
    // Who looks at all routings wants to know what they save.
    pipeline.reportCost = values.trace > 1;
  }
};
} // namespace

/// Functions that can't be called have to be private.
static llvm::Error checkSignatures(ArrayRef<condcomp_function> functions) {
  if (functions.empty())
    return makeError("the module has no public function");
  for (const condcomp_function &function : functions) {
    const Signature &signature = function.signature;
    std::string obstacle = signature.obstacle;
    for (ArrayRef<ValueType> types :
         {ArrayRef(signature.arguments), ArrayRef(signature.results)})
      for (const ValueType &type : types)
        if (type.shape.size() > CONDCOMP_MAX_RANK)
          obstacle = type.format() + " has a rank above " +
                     std::to_string(CONDCOMP_MAX_RANK);
    if (!obstacle.empty())
      return makeError("the public function '" + signature.name +
                       "' could not be called: " + obstacle +
                       "; make it private or change its type");
  }
  return llvm::Error::success();
}

static llvm::Error compile(OwningOpRef<ModuleOp> module, const Options &options,
                           condcomp_program &program) {
  if (llvm::Error error = checkSignatures(program.functions))
    return error;
  if (options.isCUDA())
    return compileForCUDA(std::move(module), options.values, program);
  bool prepack = false;
  for (condcomp_function &function : program.functions) {
    function.split = options.values.prepack && !function.constants.empty();
    prepack |= function.split;
  }
  ToCPUOptions pipeline;
  options.apply(pipeline);
  if (prepack) {
    PassManager pm((*module)->getName());
    buildPrepackPipeline(pm, pipeline);
    if (failed(pm.run(*module)))
      return makeError("the module can't be compiled");
    pipeline.reportCost = false;
  }
  program.program = std::make_unique<Program>(std::move(module));
  if (llvm::Error error = program.program->compile(
          [&](PassManager &pm) {
            buildToCPUPipeline(pm, pipeline);
            return success();
          },
          /*only=*/"", options.values.opt_level))
    return error;
  return program.link();
}

condcomp_error *condcomp_compile(const char *text, size_t length,
                                 const condcomp_compile_options *given,
                                 condcomp_program **result) {
  Options options(given);
  if (llvm::Error error = options.check())
    return makeCError(CONDCOMP_ERROR_VALUE, std::move(error));
  StringRef name = options.values.source_name;
  llvm::IntrusiveRefCntPtr<condcomp_program> program(new condcomp_program);
  std::string diagnostics;
  llvm::raw_string_ostream os(diagnostics);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(StringRef(text, length), name),
      llvm::SMLoc());
  MLIRContext context(getRegistry());
  SourceMgrDiagnosticHandler printer(sources, &context, os);
  // Asked before the printer.
  ScopedDiagnosticHandler warnings(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Warning)
      return failure();
    program->remarks.push_back(formatPlace(diagnostic.getLocation()) +
                               "warning: " + diagnostic.str());
    return success();
  });
  remark::RemarkCategories categories;
  // "all" alone adds to kinds that are asked for, and asks for none.
  categories.passed = categories.missed = categories.analysis =
      categories.failed = ".*";
  if (failed(remark::enableOptimizationRemarks(
          context, std::make_unique<RemarkCollector>(program->remarks),
          std::make_unique<remark::RemarkEmittingPolicyAll>(), categories)))
    return makeCError(CONDCOMP_ERROR_COMPILE, "remarks can't be collected");
  OwningOpRef<ModuleOp> module = parse(sources, context, program->functions);
  if (!module)
    return makeCError(CONDCOMP_ERROR_COMPILE,
                      makeError(name + " is not a valid module"), diagnostics);
  inferResultSizes(*module, program->functions);
  if (options.values.trace > 1)
    addTraces(*module);
  if (llvm::Error error = compile(std::move(module), options, *program))
    return makeCError(CONDCOMP_ERROR_COMPILE,
                      addContext(std::move(error), name), diagnostics);
  program->Retain();
  *result = program.get();
  return nullptr;
}
