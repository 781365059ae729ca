//===- PlaceBuffers.cpp - buffers in the workspace of a kernel ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/LoopBuilder.h"
#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace condcomp {
#define GEN_PASS_DEF_PLACEBUFFERS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Buffers begin at multiples of this many bytes: a line of a cache, and what
/// the widest accesses want.
static constexpr int64_t kAlignment = 128;

/// Fails for who reads the report, with one number.
static void check(ImplicitLocOpBuilder &b, Value condition, StringRef message,
                  Value number, int64_t status) {
  auto check = CheckOp::create(b, condition, message, number);
  check->setAttr(kCheckAttrName, b.getI64IntegerAttr(status));
}

/// Places one buffer at `top`, which it moves on; with a destination there, if
/// the call has one.
static void place(memref::AllocOp alloc, Value destination, Value top,
                  Value workspace, const DataLayout &layout) {
  ImplicitLocOpBuilder b(alloc.getLoc(), alloc);
  MemRefType type = alloc.getType();
  Value bytes = constantIndex(
      b, layout.getTypeSize(type.getElementType()).getFixedValue());
  auto dynamicSizes = alloc.getDynamicSizes().begin();
  for (int64_t size : type.getShape())
    bytes = mul(b, bytes,
                ShapedType::isDynamic(size) ? *dynamicSizes++
                                            : constantIndex(b, size));
  Value given;
  if (destination) {
    given = arith::CmpIOp::create(
        b, arith::CmpIPredicate::ne,
        memref::ExtractAlignedPointerAsIndexOp::create(b, destination),
        constantIndex(b, 0));
    Value size = memref::DimOp::create(b, destination, 0);
    Value asExpected =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, bytes, size);
    Value none = arith::ConstantIntOp::create(b, 1, 1);
    check(b, arith::SelectOp::create(b, given, asExpected, none),
          "a result has {0} bytes", bytes, kWrongSize);
    bytes = arith::SelectOp::create(b, given, constantIndex(b, 0), bytes);
  }
  Value alignment = constantIndex(b, kAlignment);
  bytes = mul(b, ceilDiv(b, bytes, alignment), alignment);
  Value begin = memref::LoadOp::create(b, top);
  Value end = arith::AddIOp::create(b, begin, bytes);
  memref::StoreOp::create(b, end, top);

  Value capacity = memref::DimOp::create(b, workspace, 0);
  Value fits =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ule, end, capacity);
  // Few tries: twice as much, or what is known to be needed.
  Value next = maximum(b, end, mul(b, capacity, constantIndex(b, 2)));
  check(b, fits, "the workspace needs {0} bytes", next, kNoSpace);
  Value memory = workspace;
  if (destination) {
    memory = arith::SelectOp::create(b, given, destination, workspace);
    begin = arith::SelectOp::create(b, given, constantIndex(b, 0), begin);
  }
  alloc.replaceAllUsesWith(
      memref::ViewOp::create(b, type, memory, begin, alloc.getDynamicSizes())
          .getResult());
  alloc.erase();
}

/// At its end, the place is what it was at the beginning of the block.
static void release(Block &block, Value top) {
  auto b = ImplicitLocOpBuilder::atBlockBegin(top.getLoc(), &block);
  Value before = memref::LoadOp::create(b, top);
  b.setInsertionPoint(block.getTerminator());
  memref::StoreOp::create(b, before, top);
}

/// The destinations of buffers that are results.
static llvm::DenseMap<Operation *, Value> findResults(func::FuncOp kernel) {
  llvm::DenseMap<Operation *, Value> results;
  ArrayRef<BlockArgument> destinations = getDestinations(kernel).results;
  kernel.walk([&](memref::ExtractAlignedPointerAsIndexOp place) {
    if (auto number = place->getAttrOfType<IntegerAttr>(kDestinationAttrName))
      if (Operation *alloc = getViewed(place.getSource()).getDefiningOp())
        results[alloc] = destinations[number.getInt()];
  });
  return results;
}

namespace {
struct PlaceBuffersPass
    : public condcomp::impl::PlaceBuffersBase<PlaceBuffersPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    SmallVector<memref::AllocOp> allocs;
    SmallVector<Block *> blocks;
    walkRunners(kernel.getBody(), [&](Operation *op) {
      if (auto alloc = dyn_cast<memref::AllocOp>(op))
        allocs.push_back(alloc);
      if (getRunner(op) == Runner::Inside)
        for (Region &region : op->getRegions())
          for (Block &block : region)
            if (releasesAtEnd(block))
              blocks.push_back(&block);
    });
    llvm::DenseMap<Operation *, Value> results = findResults(kernel);
    auto isResult = [&](memref::AllocOp alloc) {
      return results.contains(alloc);
    };
    if (llvm::count_if(allocs, isResult) !=
        static_cast<int64_t>(getDestinations(kernel).results.size())) {
      kernel.emitOpError("has a result that is no buffer of its workspace");
      return signalPassFailure();
    }
    for (memref::AllocOp alloc : allocs)
      if (!alloc.getType().getLayout().isIdentity()) {
        alloc.emitOpError("can't be placed in the workspace: it has a layout");
        return signalPassFailure();
      }
    if (allocs.empty())
      return;
    // Every thread has its own copy, which the same allocations move.
    auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                                &kernel.getBody().front());
    Value top =
        memref::AllocaOp::create(b, MemRefType::get({}, b.getIndexType()));
    memref::StoreOp::create(b, constantIndex(b, 0), top);
    for (Block *block : blocks)
      release(*block, top);
    auto layout = DataLayout::closest(kernel);
    for (memref::AllocOp alloc : allocs)
      place(alloc, results.lookup(alloc), top, kernel.getArgument(Workspace),
            layout);
  }
};
} // namespace
