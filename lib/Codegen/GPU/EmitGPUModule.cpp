//===- EmitGPUModule.cpp - kernels in the gpu dialect ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"

namespace condcomp {
#define GEN_PASS_DEF_EMITGPUMODULE
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// The module of all kernels.
static constexpr StringLiteral kModuleName = "kernels";

namespace {
/// Moves the kernels of a module into a module for a GPU.
class Emitter {
public:
  Emitter(ModuleOp module, int64_t blocks, int64_t blockSize, StringRef scope)
      : module(module), blocks(blocks), blockSize(blockSize), scope(scope),
        b(module.getLoc(), module.getContext()),
        barrierType(MemRefType::get(ShapedType::kDynamic, b.getI64Type())) {}

  void run();

private:
  void makeBarrier();
  Value countBlocks(Value threads);
  Value getThread(Value threads);
  void moveKernel(func::FuncOp kernel);
  void moveGlobals(gpu::GPUFuncOp function);
  void launch(func::CallOp call, gpu::GPUFuncOp function);

  ModuleOp module;
  int64_t blocks, blockSize;
  StringRef scope;
  ImplicitLocOpBuilder b;
  MemRefType barrierType;
  gpu::GPUModuleOp device;
  llvm::StringMap<gpu::GPUFuncOp> functions;
};
} // namespace

Value Emitter::countBlocks(Value threads) {
  return arith::DivUIOp::create(b, threads,
                                arith::ConstantIndexOp::create(b, blockSize));
}

/// The number of the thread. Work goes to threads in the order of their
/// numbers: warps that follow each other lie in different blocks, so that
/// little work keeps all multiprocessors busy, with the memory that each can
/// ask for.
Value Emitter::getThread(Value threads) {
  int64_t together = blockSize % kWarpSize == 0 ? kWarpSize : blockSize;
  Value width = arith::ConstantIndexOp::create(b, together);
  Value own = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value round = arith::DivUIOp::create(b, own, width);
  Value before = arith::MulIOp::create(b, round, countBlocks(threads));
  Value warp = arith::AddIOp::create(b, before, block);
  Value first = arith::MulIOp::create(b, warp, width);
  Value lane = arith::RemUIOp::create(b, own, width);
  return arith::AddIOp::create(b, first, lane);
}

/// Threads count themselves in a word of the report: one of each block for the
/// whole block. A round is over when the count is a multiple of the blocks.
/// What was written before a round is visible after it.
void Emitter::makeBarrier() {
  b.setInsertionPointToEnd(device.getBody());
  auto barrier = func::FuncOp::create(
      b, kBarrierName, b.getFunctionType({barrierType, b.getIndexType()}, {}));
  barrier.setPrivate();
  // A copy per call would be most of a kernel. LLVM must not move the calls to
  // where threads differ.
  barrier->setAttr("passthrough",
                   b.getStrArrayAttr({"convergent", "noinline"}));
  b.setInsertionPointToStart(barrier.addEntryBlock());
  auto word = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(b, value, 64);
  };
  Value report = barrier.getArgument(0);
  Value at = arith::ConstantIndexOp::create(b, BarrierCount);
  auto count = [&](int64_t amount) -> Value {
    return memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi,
                                       word(amount), report, at);
  };
  gpu::BarrierOp::create(b);
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value first = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread,
                                      arith::ConstantIndexOp::create(b, 0));
  auto only = scf::IfOp::create(b, first);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(only.thenYield());
    Value grid = arith::IndexCastOp::create(
        b, b.getI64Type(), countBlocks(barrier.getArgument(1)));
    auto fence = [&] {
      LLVM::FenceOp::create(b, LLVM::AtomicOrdering::acq_rel, scope);
    };
    fence();
    Value round = arith::DivUIOp::create(b, count(1), grid);
    Value end = arith::MulIOp::create(
        b, arith::AddIOp::create(b, round, word(1)), grid);
    auto wait = scf::WhileOp::create(b, TypeRange(), ValueRange());
    b.createBlock(&wait.getBefore());
    Value early =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, count(0), end);
    scf::ConditionOp::create(b, early, ValueRange());
    b.createBlock(&wait.getAfter());
    scf::YieldOp::create(b);
    b.setInsertionPointAfter(wait);
    fence();
  }
  gpu::BarrierOp::create(b);
  func::ReturnOp::create(b);
}

/// Copies the constants that a kernel reads.
void Emitter::moveGlobals(gpu::GPUFuncOp function) {
  SymbolTable hostSymbols(module), symbols(device);
  function.walk([&](memref::GetGlobalOp get) {
    if (!symbols.lookup(get.getName()))
      symbols.insert(hostSymbols.lookup(get.getName())->clone());
  });
}

void Emitter::moveKernel(func::FuncOp kernel) {
  b.setInsertionPointToEnd(device.getBody());
  b.setLoc(kernel.getLoc());
  TypeRange types = TypeRange(kernel.getArgumentTypes()).drop_front(Threads);
  auto function =
      gpu::GPUFuncOp::create(b, kernel.getName(), b.getFunctionType(types, {}));
  function->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function.setKnownBlockSize(
      std::array<int32_t, 3>{static_cast<int32_t>(blockSize), 1, 1});
  function.getBody().takeBody(kernel.getBody());
  Block &body = function.getBody().front();
  b.setInsertionPointToStart(&body);
  Value threads = body.getArgument(Threads);
  body.getArgument(Thread).replaceAllUsesWith(getThread(threads));
  body.eraseArgument(Thread);
  Value report =
      memref::CastOp::create(b, barrierType, body.getArgument(Report - 1));
  function.walk([&](Operation *op) {
    b.setInsertionPoint(op);
    b.setLoc(op->getLoc());
    if (auto call = dyn_cast<func::CallOp>(op)) {
      func::CallOp::create(b, kBarrierName, TypeRange(),
                           ValueRange{report, threads});
      call.erase();
    } else if (auto alloca = dyn_cast<memref::AllocaOp>(op);
               alloca && isShared(alloca)) {
      MemRefType type = alloca.getType();
      alloca.replaceAllUsesWith(
          Value(function.addWorkgroupAttribution(type, alloca.getLoc())));
      function.setWorkgroupAttributionAttr(
          function.getNumWorkgroupAttributions() - 1,
          LLVM::LLVMDialect::getAlignAttrName(),
          b.getI64IntegerAttr(alloca.getAlignment().value_or(1)));
      alloca.erase();
    } else if (auto end = dyn_cast<func::ReturnOp>(op)) {
      gpu::ReturnOp::create(b);
      end.erase();
    }
  });
  moveGlobals(function);
  functions[kernel.getName()] = function;
}

void Emitter::launch(func::CallOp call, gpu::GPUFuncOp function) {
  b.setInsertionPoint(call);
  b.setLoc(call.getLoc());
  Value one = arith::ConstantIndexOp::create(b, 1);
  gpu::KernelDim3 grid{arith::ConstantIndexOp::create(b, blocks), one, one};
  gpu::KernelDim3 block{arith::ConstantIndexOp::create(b, blockSize), one, one};
  SmallVector<Value> operands(call.getOperands().drop_front(Threads));
  operands.front() = arith::ConstantIndexOp::create(b, blocks * blockSize);
  gpu::LaunchFuncOp::create(b, function, grid, block,
                            /*dynamicSharedMemorySize=*/Value(), operands);
  call.erase();
}

void Emitter::run() {
  b.setInsertionPointToStart(module.getBody());
  module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(),
                  b.getUnitAttr());
  device = gpu::GPUModuleOp::create(b, kModuleName);
  makeBarrier();
  SmallVector<func::FuncOp> kernels;
  for (auto function : module.getOps<func::FuncOp>())
    if (isKernel(function))
      kernels.push_back(function);
  for (func::FuncOp kernel : kernels)
    moveKernel(kernel);
  for (auto [call, kernel] : getKernelCalls(module))
    launch(call, functions[kernel.getName()]);
  for (func::FuncOp kernel : kernels)
    kernel.erase();
  module.lookupSymbol(kBarrierName)->erase();
}

namespace {
struct EmitGPUModulePass
    : public condcomp::impl::EmitGPUModuleBase<EmitGPUModulePass> {
  using EmitGPUModuleBase::EmitGPUModuleBase;

  LogicalResult initialize(MLIRContext *context) override {
    if (failed(checkBlockSize(context, blockSize)))
      return failure();
    StringRef name(chip);
    if ((name.consume_front("sm_") || isAMD(chip)) && !name.empty())
      return success();
    return emitError(UnknownLoc::get(context))
           << "a GPU is called sm_80, sm_90a or gfx942, not '" << chip << "'";
  }

  void runOnOperation() override {
    // LLVM's name of the synchronization scope of a whole GPU.
    StringRef scope = isAMD(chip) ? "agent" : "device";
    Emitter(getOperation(), blocks, blockSize, scope).run();
  }
};
} // namespace
