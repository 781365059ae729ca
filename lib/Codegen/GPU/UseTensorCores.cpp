//===- UseTensorCores.cpp - contractions by warps -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/ContractionMatch.h"
#include "../CPU/LoopBuilder.h"
#include "BlockTile.h"
#include "Grid.h"
#include "WarpTile.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Conversion/IndependentLoops.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"

namespace condcomp {
#define GEN_PASS_DEF_USETENSORCORES
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether the unit multiplies these inputs. The number of rows must not
/// matter: all forms of a program are to be computed alike.
static bool isForTensorCores(const Contraction &c, bool tf32) {
  auto element = [](OpOperand *operand) {
    return cast<MemRefType>(operand->get().getType()).getElementType();
  };
  Type type = element(c.lhs);
  return (isa<BFloat16Type, Float16Type>(type) || (tf32 && type.isF32())) &&
         type == element(c.rhs) && c.acc.isF32() && !c.isPacked() &&
         !c.k.empty();
}

/// Whether one thread alone will run `op`: it is in a loop whose iterations are
/// shared among threads.
static bool isForOneThread(Operation *op) {
  for (Operation *parent = op->getParentOp(); parent;
       parent = parent->getParentOp())
    if (isa<scf::ParallelOp>(parent) || parent->hasAttr(kIndependentAttrName))
      return true;
  return false;
}

/// The shared memory of a kernel.
static Value makeSharedMemory(func::FuncOp kernel) {
  auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                              &kernel.getBody().front());
  auto type = MemRefType::get({BlockTile::kSharedBytes}, b.getI8Type(),
                              AffineMap(), kSharedMemorySpace);
  return memref::AllocaOp::create(b, type, b.getI64IntegerAttr(128));
}

namespace {
struct UseTensorCoresPass
    : public condcomp::impl::UseTensorCoresBase<UseTensorCoresPass> {
  using UseTensorCoresBase::UseTensorCoresBase;

  void runOnOperation() override {
    if (!isKernel(getOperation()))
      return;
    shared = Value();
    counters.clear();
    SmallVector<std::pair<Contraction, linalg::FillOp>, 1> contractions;
    getOperation()->walk([&](linalg::LinalgOp op) {
      std::optional<Contraction> c = matchContraction(op);
      if (!c || !isForTensorCores(*c, tf32))
        return;
      if (!isForOneThread(op)) {
        contractions.emplace_back(*c, findZeroFill(*c));
        return;
      }
      remark::failed(op->getLoc(),
                     remark::RemarkOpts::name("NoTensorCores")
                         .category("condcomp-gpu-use-tensor-cores"))
          << "a contraction uses no tensor cores: one thread runs it";
    });
    for (auto &[contraction, fill] : contractions) {
      ImplicitLocOpBuilder b(contraction.op.getLoc(), contraction.op);
      emit(b, contraction, /*fromZero=*/fill != nullptr);
    }
    setToZero();
    for (auto &[contraction, fill] : contractions) {
      contraction.op->erase();
      if (fill)
        fill->erase();
    }
  }

private:
  /// Tiles of blocks or of warps, as all threads decide alike.
  void emit(ImplicitLocOpBuilder &b, const Contraction &c, bool fromZero) {
    BlockTile blockTile(b, c, fromZero);
    WarpTile warpTile(b, c, fromZero);
    bool possible = blockSize == BlockTile::kThreads && blockTile.isPossible();
    Value worthwhile = possible ? blockTile.isWorthwhile() : Value();
    Value split = warpTile.shareTerms(counters);
    if (!worthwhile || getConstantIntValue(worthwhile) == 0)
      return warpTile.run();
    // Tiles of blocks would be even fewer.
    if (split) {
      Value yes = arith::ConstantIntOp::create(b, 1, 1);
      worthwhile = arith::AndIOp::create(b, worthwhile,
                                         arith::XOrIOp::create(b, split, yes));
    }
    if (!shared)
      shared = makeSharedMemory(getOperation());
    buildIfElse(
        b, worthwhile, [&] { blockTile.run(shared); }, [&] { warpTile.run(); });
  }

  void setToZero();

  Value shared;
  /// Buffers of counters.
  SmallVector<Value> counters;
};
} // namespace

/// Each buffer has a counter per thread of the grid.
void UseTensorCoresPass::setToZero() {
  if (counters.empty())
    return;
  ImplicitLocOpBuilder b(getOperation().getLoc(), &getContext());
  // Each was allocated where the kernel begins: the first one is the last
  // there.
  b.setInsertionPointAfterValue(counters.front());
  auto loop =
      scf::ParallelOp::create(b, ValueRange{constantIndex(b, 0)},
                              ValueRange{getOperation().getArgument(Threads)},
                              ValueRange{constantIndex(b, 1)});
  b.setInsertionPointToStart(loop.getBody());
  Value zero = arith::ConstantIntOp::create(b, 0, 32);
  for (Value counter : counters)
    memref::StoreOp::create(b, zero, counter, loop.getInductionVars());
}
