//===- LowerKernelChecks.cpp - checks of kernels into reports -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERKERNELCHECKS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// Rewrites the checks of one kernel.
class Lowering {
public:
  explicit Lowering(func::FuncOp kernel)
      : kernel(kernel), destinations(getDestinations(kernel)) {}

  void lower(Operation *op, Value condition, ValueRange values);

private:
  Block *addBlock() {
    Block *block = new Block;
    kernel.getBody().push_back(block);
    return block;
  }
  Value getRecord() {
    return destinations.record ? destinations.record
                               : kernel.getArgument(Report);
  }
  Block *chooseWriter(Location loc, Block *failed);
  void write(ImplicitLocOpBuilder &b, Attribute number, ValueRange values);
  Block *getEnd(Location loc);
  void spoil(ImplicitLocOpBuilder &b, Value result);

  func::FuncOp kernel;
  Destinations destinations;
  /// Where all failures go; made when first needed.
  Block *end = nullptr;
};
} // namespace

/// Writes what failed to the record.
void Lowering::write(ImplicitLocOpBuilder &b, Attribute number,
                     ValueRange values) {
  for (auto [i, value] : llvm::enumerate(values)) {
    Value at = arith::ConstantIndexOp::create(b, FirstValue + i);
    memref::StoreOp::create(b, toWord(b, value), getRecord(), at);
  }
  Value status = arith::ConstantOp::create(b, cast<TypedAttr>(number));
  if (!destinations.record) {
    Value at = arith::ConstantIndexOp::create(b, Status);
    memref::StoreOp::create(b, status, getRecord(), at);
    return;
  }
  // The host may look at any time: it sees all of it, and the values before.
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  Type i64 = b.getI64Type();
  Value address = arith::IndexCastOp::create(
      b, i64, memref::ExtractAlignedPointerAsIndexOp::create(b, getRecord()));
  Value record = LLVM::IntToPtrOp::create(b, pointer, address);
  Value place = LLVM::GEPOp::create(b, pointer, i64, record,
                                    ArrayRef<LLVM::GEPArg>{Status});
  LLVM::StoreOp::create(b, status, place, /*alignment=*/8, /*isVolatile=*/false,
                        /*isNonTemporal=*/false, /*isInvariantGroup=*/false,
                        LLVM::AtomicOrdering::release);
}

/// From `failed`, where all threads come, to where one of them writes the
/// record, unless an earlier call did.
Block *Lowering::chooseWriter(Location loc, Block *failed) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, failed);
  Value isFirst = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                        kernel.getArgument(Thread),
                                        arith::ConstantIndexOp::create(b, 0));
  Value status = memref::LoadOp::create(
      b, getRecord(), ValueRange{arith::ConstantIndexOp::create(b, Status)});
  Value isEmpty = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, status,
                                        arith::ConstantIntOp::create(b, 0, 64));
  Block *writer = addBlock();
  cf::CondBranchOp::create(b, arith::AndIOp::create(b, isFirst, isEmpty),
                           writer, ValueRange(), getEnd(loc), ValueRange());
  return writer;
}

/// The end of a kernel that failed. Nobody may take for results what it leaves.
Block *Lowering::getEnd(Location loc) {
  if (end)
    return end;
  end = addBlock();
  auto b = ImplicitLocOpBuilder::atBlockEnd(loc, end);
  // Threads that are late write results still.
  func::CallOp::create(b, kBarrierName, TypeRange());
  for (Value result : destinations.results)
    spoil(b, result);
  func::ReturnOp::create(b);
  return end;
}

/// Fills a result with bytes of ones: floats are NaN, integers -1.
void Lowering::spoil(ImplicitLocOpBuilder &b, Value result) {
  Block *header = addBlock(), *body = addBlock(), *rest = addBlock();
  Value at = header->addArgument(b.getIndexType(), b.getLoc());
  cf::BranchOp::create(b, header, ValueRange{kernel.getArgument(Thread)});
  b.setInsertionPointToEnd(header);
  Value size = memref::DimOp::create(b, result, 0);
  Value more = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, at, size);
  cf::CondBranchOp::create(b, more, body, ValueRange(), rest, ValueRange());
  b.setInsertionPointToEnd(body);
  memref::StoreOp::create(b, arith::ConstantIntOp::create(b, -1, 8), result,
                          at);
  Value next = arith::AddIOp::create(b, at, kernel.getArgument(Threads));
  cf::BranchOp::create(b, header, ValueRange{next});
  b.setInsertionPointToEnd(rest);
}

/// Goes on after `op` if `condition` holds; else reports and returns.
void Lowering::lower(Operation *op, Value condition, ValueRange values) {
  Block *block = op->getBlock();
  Block *rest = block->splitBlock(std::next(op->getIterator()));
  Block *failed = addBlock();
  auto b = ImplicitLocOpBuilder::atBlockEnd(op->getLoc(), failed);
  if (destinations.record)
    b.setInsertionPointToEnd(chooseWriter(op->getLoc(), failed));
  write(b, op->getAttr(kCheckAttrName), values);
  if (destinations.record)
    cf::BranchOp::create(b, getEnd(op->getLoc()));
  else
    func::ReturnOp::create(b);
  b.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(b, condition, rest, ValueRange(), failed,
                           ValueRange());
  op->erase();
}

namespace {
struct LowerKernelChecksPass
    : public condcomp::impl::LowerKernelChecksBase<LowerKernelChecksPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    SmallVector<Operation *> checks;
    kernel.walk([&](Operation *op) {
      if (isa<CheckOp, cf::AssertOp>(op))
        checks.push_back(op);
    });
    Lowering lowering(kernel);
    for (Operation *op : checks) {
      if (op->getParentOp() != kernel) {
        op->emitOpError() << "is inside '" << op->getParentOp()->getName()
                          << "': a kernel can end in its blocks only";
        return signalPassFailure();
      }
      if (auto check = dyn_cast<CheckOp>(op))
        lowering.lower(op, check.getCondition(), check.getValues());
      else
        lowering.lower(op, cast<cf::AssertOp>(op).getArg(), {});
    }
  }
};
} // namespace
