//===- OutlineKernels.cpp - kernels and what calls them -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CallerValues.h"
#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace condcomp {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// The first workspace that a call tries, in bytes.
static constexpr int64_t kFirstWorkspace = 1 << 20;

namespace {
/// Splits one function.
class Outliner {
public:
  Outliner(func::FuncOp function, SymbolTable &symbols, bool deviceMemory)
      : function(function), symbols(symbols), deviceMemory(deviceMemory),
        b(function.getLoc(), function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult checkBody();
  void makeKernel();
  void makeDestinations();
  void reportResults();
  Value inWorkspace(Value result);
  void makeCaller();
  bool expectResults();
  void callKernel(Value workspace);
  Value callUntilItFits();
  Value callOnDevice();
  void makeChecks();
  Value copyOut(MemRefType type, Value workspace, int64_t &word);
  Value getBytes(MemRefType type, ValueRange sizes);
  Value take(MemRefType type, Value offset, ValueRange sizes);

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value word(int64_t value) {
    return arith::ConstantIntOp::create(b, value, 64);
  }
  void store(Value value, int64_t word) {
    memref::StoreOp::create(b, value, report, index(word));
  }
  Value load(int64_t word) {
    return memref::LoadOp::create(b, report, index(word));
  }

  func::FuncOp function, kernel;
  SymbolTable &symbols;
  bool deviceMemory;
  ImplicitLocOpBuilder b;
  /// A check or assertion of the kernel; its number is its position plus 1.
  SmallVector<Operation *> checks;
  MemRefType workspaceType, reportType;
  /// The kernel's tensors, and what it says where they are.
  SmallVector<Value> buffers, places;
  /// Whether a call need not be waited for.
  bool hasDestinations = false;
  /// Of the function that is being made.
  Value report;
};
} // namespace

LogicalResult Outliner::checkBody() {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError()
           << "has " << function.getBody().getBlocks().size()
           << " blocks: a kernel is made of structured control flow";
  WalkResult result = function.walk([&](CallOpInterface call) {
    call.emitOpError("is not inlined: a kernel calls no functions");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// The result as a buffer of the workspace in row-major order, of its own.
Value Outliner::inWorkspace(Value result) {
  Value buffer = result;
  while (Operation *op = buffer.getDefiningOp()) {
    if (!isa<memref::CastOp, memref::CollapseShapeOp, memref::ExpandShapeOp>(
            op))
      break;
    buffer = op->getOperand(0);
  }
  auto type = cast<MemRefType>(result.getType());
  if (buffer.getDefiningOp<memref::AllocOp>() &&
      type.getLayout().isIdentity() && llvm::none_of(buffers, [&](Value other) {
        return getViewed(other) == buffer;
      }))
    return result;
  SmallVector<Value> sizes;
  for (int64_t i = 0, e = type.getRank(); i < e; ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(memref::DimOp::create(b, result, i));
  auto identity = MemRefType::get(type.getShape(), type.getElementType());
  Value copy = memref::AllocOp::create(b, identity, sizes);
  memref::CopyOp::create(b, result, copy);
  return copy;
}

/// At the end of the kernel: where the results are.
void Outliner::reportResults() {
  Operation *end = kernel.getBody().front().getTerminator();
  b.setInsertionPoint(end);
  report = kernel.getArgument(Report);
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(
      b, kernel.getArgument(Workspace));
  int64_t next = FirstValue;
  for (Value result : end->getOperands()) {
    auto type = dyn_cast<MemRefType>(result.getType());
    if (!type) {
      store(toWord(b, result), next++);
      continue;
    }
    Value buffer = inWorkspace(result);
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, buffer);
    buffers.push_back(buffer);
    places.push_back(address);
    store(toWord(b, arith::SubIOp::create(b, address, start)), next++);
    for (int64_t i = 0, e = type.getRank(); i < e; ++i)
      if (type.isDynamicDim(i))
        store(toWord(b, memref::DimOp::create(b, buffer, i)), next++);
  }
  func::ReturnOp::create(b);
  end->erase();
}

void Outliner::makeKernel() {
  function.walk([&](Operation *op) {
    if (isa<CheckOp, cf::AssertOp>(op)) {
      checks.push_back(op);
      op->setAttr(kCheckAttrName, b.getI64IntegerAttr(checks.size()));
    }
  });
  // The size of the next workspace takes one word.
  int64_t words = 1, values = 0;
  for (Type type : function.getResultTypes()) {
    auto memref = dyn_cast<MemRefType>(type);
    values += 1 + (memref ? memref.getNumDynamicDims() : 0);
  }
  words = std::max(words, values);
  for (Operation *op : checks)
    if (auto check = dyn_cast<CheckOp>(op))
      words = std::max<int64_t>(words, check.getValues().size());
  reportType = MemRefType::get(FirstValue + words, b.getI64Type());
  workspaceType = MemRefType::get(ShapedType::kDynamic, b.getI8Type());

  SmallVector<Type> types = {b.getIndexType(), b.getIndexType(), workspaceType,
                             reportType};
  b.setInsertionPoint(function);
  kernel = func::FuncOp::create(b, (function.getName() + "$kernel").str(),
                                b.getFunctionType(types, {}));
  kernel.setPrivate();
  kernel->setAttr(kKernelAttrName, b.getUnitAttr());
  symbols.insert(kernel);
  kernel.getBody().takeBody(function.getBody());
  Block &body = kernel.getBody().front();
  for (auto [i, type] : llvm::enumerate(types))
    body.insertArgument(i, type, b.getLoc());
  kernel.setFunctionType(b.getFunctionType(body.getArgumentTypes(), {}));
  reportResults();
}

/// Writes to the report, in place of the kernel, how large results will be: in
/// bytes, and their dynamic sizes. Fails where only the kernel can know.
bool Outliner::expectResults() {
  auto fail = [&](size_t result, const Twine &why) {
    remark::failed(function.getLoc(),
                   remark::RemarkOpts::name("Waits").category(
                       "condcomp-gpu-outline-kernels"))
        << ("calls of '" + function.getName() + "' wait for the GPU: result " +
            Twine(result) + " " + why)
               .str();
    return false;
  };
  CallerValues values(kernel.getBody().front(), FirstArgument,
                      function.getArguments());
  SmallVector<Value> expected;
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref)
      return fail(i, "is a number");
    SmallVector<Value> sizes;
    for (int64_t dim = 0, e = memref.getRank(); dim < e; ++dim) {
      if (!memref.isDynamicDim(dim))
        continue;
      // All results are tensors up to here.
      sizes.push_back(values.getSize(b, buffers[i], dim));
      if (!sizes.back())
        return fail(i, "has a size in dim " + Twine(dim) +
                           " that follows from data");
    }
    expected.push_back(getBytes(memref, sizes));
    llvm::append_range(expected, sizes);
  }
  for (auto [i, value] : llvm::enumerate(expected))
    store(toWord(b, value), FirstValue + i);
  return true;
}

/// What the kernel gets from a call that is not waited for.
void Outliner::makeDestinations() {
  Block &body = kernel.getBody().front();
  for (auto [i, place] : llvm::enumerate(places)) {
    body.addArgument(workspaceType, b.getLoc());
    place.getDefiningOp()->setAttr(kDestinationAttrName,
                                   b.getI64IntegerAttr(i));
  }
  body.addArgument(reportType, b.getLoc());
  kernel.setFunctionType(b.getFunctionType(body.getArgumentTypes(), {}));
  kernel->setAttr(kDestinationsAttrName,
                  b.getI64IntegerAttr(places.size() + 1));
  hasDestinations = true;
}

void Outliner::callKernel(Value workspace) {
  SmallVector<Value> operands = {index(0), index(1), workspace, report};
  llvm::append_range(operands, function.getArguments());
  if (hasDestinations) {
    operands.append(places.size(), workspace);
    operands.push_back(report);
  }
  func::CallOp::create(b, kernel, operands);
}

/// The library that launches the kernel has the workspace.
Value Outliner::callOnDevice() {
  if (expectResults())
    makeDestinations();
  Value none = memref::AllocOp::create(b, workspaceType, index(0));
  callKernel(none);
  return none;
}

/// Calls the kernel with larger workspaces until one suffices.
Value Outliner::callUntilItFits() {
  Type indexType = b.getIndexType();
  auto loop = scf::WhileOp::create(b, TypeRange{workspaceType, indexType},
                                   index(kFirstWorkspace));
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, indexType, b.getLoc());
  auto alignment = b.getI64IntegerAttr(64);
  Value workspace = memref::AllocOp::create(b, workspaceType,
                                            before->getArgument(0), alignment);
  store(word(0), Status);
  store(word(0), BarrierCount);
  callKernel(workspace);
  Value full = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, load(Status),
                                     word(kNoSpace));
  Value next = fromWord(b, load(FirstValue), indexType);
  scf::ConditionOp::create(b, full, ValueRange{workspace, next});
  Block *after = b.createBlock(&loop.getAfter(), {}, {workspaceType, indexType},
                               {b.getLoc(), b.getLoc()});
  memref::DeallocOp::create(b, after->getArgument(0));
  scf::YieldOp::create(b, after->getArgument(1));
  return loop.getResult(0);
}

/// The checks of the kernel, on what it reported.
void Outliner::makeChecks() {
  Value status = load(Status);
  Location loc = b.getLoc();
  for (auto [i, op] : llvm::enumerate(checks)) {
    b.setLoc(op->getLoc());
    Value good =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ne, status, word(i + 1));
    Operation *made;
    if (auto check = dyn_cast<CheckOp>(op)) {
      SmallVector<Value> values;
      for (auto [position, value] : llvm::enumerate(check.getValues()))
        values.push_back(
            fromWord(b, load(FirstValue + position), value.getType()));
      made = CheckOp::create(b, good, check.getMessage(), values);
    } else {
      made = cf::AssertOp::create(b, good, cast<cf::AssertOp>(op).getMsg());
    }
    made->setAttr(kCheckAttrName, op->getAttr(kCheckAttrName));
  }
  b.setLoc(loc);
}

Value Outliner::getBytes(MemRefType type, ValueRange sizes) {
  int64_t known = DataLayout::closest(function)
                      .getTypeSize(type.getElementType())
                      .getFixedValue();
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      known *= size;
  Value bytes = index(known);
  for (Value size : sizes)
    bytes = arith::MulIOp::create(b, bytes, size);
  return bytes;
}

/// Has the library copy a result to memory that it chooses: of the host or of
/// the device. Until calls of kernels become calls of the library, a cast of
/// the address and the run-time sizes stands for the result.
Value Outliner::take(MemRefType type, Value offset, ValueRange sizes) {
  auto call = func::CallOp::create(b, kTakeName, b.getIndexType(),
                                   ValueRange{offset, getBytes(type, sizes)});
  SmallVector<Value> parts{call.getResult(0)};
  llvm::append_range(parts, sizes);
  return UnrealizedConversionCastOp::create(b, type, parts).getResult(0);
}

/// A result in memory of its own.
Value Outliner::copyOut(MemRefType type, Value workspace, int64_t &next) {
  Value offset = fromWord(b, load(next++), b.getIndexType());
  SmallVector<Value> sizes;
  for (int64_t i = 0, e = type.getNumDynamicDims(); i < e; ++i)
    sizes.push_back(fromWord(b, load(next++), b.getIndexType()));
  if (deviceMemory)
    return take(type, offset, sizes);
  Value view = memref::ViewOp::create(b, type, workspace, offset, sizes);
  Value result =
      memref::AllocOp::create(b, type, sizes, b.getI64IntegerAttr(64));
  memref::CopyOp::create(b, view, result);
  return result;
}

void Outliner::makeCaller() {
  function.addEntryBlock();
  b.setInsertionPointToStart(&function.getBody().front());
  report = memref::AllocOp::create(b, reportType);
  Value workspace = deviceMemory ? callOnDevice() : callUntilItFits();
  makeChecks();
  SmallVector<Value> results;
  int64_t next = FirstValue;
  for (Type type : function.getResultTypes()) {
    if (auto memref = dyn_cast<MemRefType>(type))
      results.push_back(copyOut(memref, workspace, next));
    else
      results.push_back(fromWord(b, load(next++), type));
  }
  if (deviceMemory)
    func::CallOp::create(b, kReleaseName, TypeRange(), ValueRange());
  memref::DeallocOp::create(b, workspace);
  memref::DeallocOp::create(b, report);
  func::ReturnOp::create(b, results);
}

LogicalResult Outliner::run() {
  if (failed(checkBody()))
    return failure();
  makeKernel();
  makeCaller();
  return success();
}

namespace {
struct OutlineKernelsPass
    : public condcomp::impl::OutlineKernelsBase<OutlineKernelsPass> {
  using OutlineKernelsBase::OutlineKernelsBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    auto b = OpBuilder::atBlockBegin(module.getBody());
    auto declare = [&](StringRef name, TypeRange types = {},
                       TypeRange results = {}) {
      func::FuncOp::create(b, module.getLoc(), name,
                           b.getFunctionType(types, results))
          .setPrivate();
    };
    declare(kBarrierName);
    if (deviceMemory) {
      Type index = b.getIndexType();
      declare(kTakeName, {index, index}, index);
      declare(kReleaseName);
    }
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (function.isPublic() && !function.isExternal() &&
          failed(Outliner(function, symbols, deviceMemory).run()))
        return signalPassFailure();
  }
};
} // namespace
