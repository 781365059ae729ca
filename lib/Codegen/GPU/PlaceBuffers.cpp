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

/// Places one buffer at `top`, which it moves on.
static void place(memref::AllocOp alloc, Value top, Value workspace,
                  const DataLayout &layout) {
  ImplicitLocOpBuilder b(alloc.getLoc(), alloc);
  MemRefType type = alloc.getType();
  Value bytes = constantIndex(
      b, layout.getTypeSize(type.getElementType()).getFixedValue());
  auto dynamicSizes = alloc.getDynamicSizes().begin();
  for (int64_t size : type.getShape())
    bytes = mul(b, bytes,
                ShapedType::isDynamic(size) ? *dynamicSizes++
                                            : constantIndex(b, size));
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
  auto check = CheckOp::create(b, fits, "the workspace needs {0} bytes",
                               ValueRange(next));
  check->setAttr(kCheckAttrName, b.getI64IntegerAttr(kNoSpace));
  alloc.replaceAllUsesWith(
      memref::ViewOp::create(b, type, workspace, begin, alloc.getDynamicSizes())
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
    if (allocs.empty())
      return;
    for (memref::AllocOp alloc : allocs)
      if (!alloc.getType().getLayout().isIdentity()) {
        alloc.emitOpError("can't be placed in the workspace: it has a layout");
        return signalPassFailure();
      }
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
      place(alloc, top, kernel.getArgument(Workspace), layout);
  }
};
} // namespace
