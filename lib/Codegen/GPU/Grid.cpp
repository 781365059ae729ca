//===- Grid.cpp - how the threads of a grid run a kernel ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace condcomp;

LogicalResult condcomp::checkBlockSize(MLIRContext *context,
                                       int64_t blockSize) {
  if (blockSize >= 1 && blockSize <= 1024)
    return success();
  return emitError(UnknownLoc::get(context))
         << "a block has 1 to 1024 threads, not " << blockSize;
}

bool condcomp::isKernel(func::FuncOp function) {
  return function->hasAttr(kKernelAttrName);
}

bool condcomp::isShared(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  return type && type.getMemorySpaceAsInt() == kSharedMemorySpace;
}

static unsigned getNumDestinations(func::FuncOp kernel) {
  auto number = kernel->getAttrOfType<IntegerAttr>(kDestinationsAttrName);
  return number ? number.getInt() : 0;
}

Destinations condcomp::getDestinations(func::FuncOp kernel) {
  unsigned number = getNumDestinations(kernel);
  if (number == 0)
    return {};
  ArrayRef<BlockArgument> last =
      kernel.getBody().getArguments().take_back(number);
  return {last.drop_back(), last.back()};
}

ArrayRef<Type> condcomp::getArgumentTypes(func::FuncOp kernel) {
  return kernel.getArgumentTypes()
      .drop_front(FirstArgument)
      .drop_back(getNumDestinations(kernel));
}

SmallVector<std::pair<func::CallOp, func::FuncOp>>
condcomp::getKernelCalls(ModuleOp module) {
  SymbolTableCollection symbols;
  SmallVector<std::pair<func::CallOp, func::FuncOp>> calls;
  module.walk([&](func::CallOp call) {
    auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(
        call, call.getCalleeAttr());
    if (kernel && isKernel(kernel))
      calls.emplace_back(call, kernel);
  });
  return calls;
}

static bool isBuffer(Type type) { return isa<BaseMemRefType>(type); }

/// Whether all threads have to take part in `op`.
static bool isForAll(Operation *op) {
  return isa<scf::ParallelOp, memref::AllocOp, CheckOp, cf::AssertOp,
             func::CallOp>(op);
}

static bool writes(Operation *op) {
  return hasEffect<MemoryEffects::Write>(op) ||
         (!isa<MemoryEffectOpInterface>(op) &&
          !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>());
}

static bool contains(Operation *op, function_ref<bool(Operation *)> test) {
  return op
      ->walk([&](Operation *inner) {
        return test(inner) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

Runner condcomp::getRunner(Operation *op) {
  if (isa<scf::ParallelOp>(op))
    return Runner::Grid;
  if (op->getNumRegions() != 0 &&
      (contains(op, isForAll) || llvm::any_of(op->getResultTypes(), isBuffer)))
    return Runner::Inside;
  return !isForAll(op) && contains(op, writes) ? Runner::One : Runner::All;
}

void condcomp::walkRunners(Region &region, function_ref<void(Operation *)> fn) {
  for (Block &block : region)
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (getRunner(&op) == Runner::Inside)
        for (Region &inner : op.getRegions())
          walkRunners(inner, fn);
      fn(&op);
    }
}

bool condcomp::allocates(Block &block) {
  return llvm::any_of(block, [](Operation &op) {
    return contains(
        &op, [](Operation *inner) { return isa<memref::AllocOp>(inner); });
  });
}

Value condcomp::getViewed(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

bool condcomp::releasesAtEnd(Block &block) {
  return allocates(block) &&
         llvm::none_of(block.getTerminator()->getOperands(), [&](Value value) {
           if (!isBuffer(value.getType()))
             return false;
           Operation *op = getViewed(value).getDefiningOp();
           return op && op->getBlock() == &block;
         });
}

Value condcomp::toWord(ImplicitLocOpBuilder &b, Value value) {
  Type type = value.getType(), i64 = b.getI64Type();
  if (auto number = dyn_cast<FloatType>(type)) {
    if (number.getWidth() < 64)
      value = arith::ExtFOp::create(b, b.getF64Type(), value);
    return arith::BitcastOp::create(b, i64, value);
  }
  if (type.isIndex())
    return arith::IndexCastOp::create(b, i64, value);
  if (type.isInteger(1))
    return arith::ExtUIOp::create(b, i64, value);
  if (type.getIntOrFloatBitWidth() < 64)
    return arith::ExtSIOp::create(b, i64, value);
  return value;
}

Value condcomp::fromWord(ImplicitLocOpBuilder &b, Value word, Type type) {
  if (auto number = dyn_cast<FloatType>(type)) {
    word = arith::BitcastOp::create(b, b.getF64Type(), word);
    return number.getWidth() < 64
               ? arith::TruncFOp::create(b, type, word).getResult()
               : word;
  }
  if (type.isIndex())
    return arith::IndexCastOp::create(b, type, word);
  if (type.getIntOrFloatBitWidth() < 64)
    return arith::TruncIOp::create(b, type, word);
  return word;
}
