//===- TensorForallToFor.cpp - parallel loops on tensors into loops -------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"

namespace condcomp {
#define GEN_PASS_DEF_TENSORFORALLTOFOR
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// The body of `forall` as that of a loop nest that carries `carried`.
SmallVector<Value> buildBody(OpBuilder &b, scf::ForallOp forall, ValueRange ivs,
                             ValueRange carried) {
  IRMapping map;
  map.map(forall.getInductionVars(), ivs);
  map.map(forall.getRegionOutArgs(), carried);
  for (Operation &op : forall.getBody()->without_terminator())
    b.clone(op, map);
  // Insertions are disjoint: their order does not matter.
  SmallVector<Value> next(carried);
  for (Operation &op : forall.getTerminator().getYieldingOps()) {
    auto insert = cast<tensor::ParallelInsertSliceOp>(op);
    unsigned number =
        cast<BlockArgument>(insert.getDest()).getArgNumber() - forall.getRank();
    auto mapped = [&](ArrayRef<OpFoldResult> values) {
      return llvm::map_to_vector(values, [&](OpFoldResult value) {
        auto dynamic = dyn_cast<Value>(value);
        return dynamic ? OpFoldResult(map.lookupOrDefault(dynamic)) : value;
      });
    };
    next[number] = tensor::InsertSliceOp::create(
        b, insert.getLoc(), map.lookupOrDefault(insert.getSource()),
        next[number], mapped(insert.getMixedOffsets()),
        mapped(insert.getMixedSizes()), mapped(insert.getMixedStrides()));
  }
  return next;
}

struct TensorForallToFor
    : condcomp::impl::TensorForallToForBase<TensorForallToFor> {
  void runOnOperation() override {
    // Inner loops first: what is cloned holds none any more.
    SmallVector<scf::ForallOp> foralls;
    getOperation()->walk([&](scf::ForallOp op) { foralls.push_back(op); });
    for (scf::ForallOp forall : foralls) {
      if (!llvm::all_of(forall.getTerminator().getYieldingOps(),
                        llvm::IsaPred<tensor::ParallelInsertSliceOp>)) {
        forall.emitOpError("inserts with an op that is not "
                           "tensor.parallel_insert_slice");
        return signalPassFailure();
      }
      OpBuilder b(forall);
      Location loc = forall.getLoc();
      auto values = [&](ArrayRef<OpFoldResult> bounds) {
        return getValueOrCreateConstantIndexOp(b, loc, bounds);
      };
      scf::LoopNest nest = scf::buildLoopNest(
          b, loc, values(forall.getMixedLowerBound()),
          values(forall.getMixedUpperBound()), values(forall.getMixedStep()),
          forall.getOutputs(),
          [&](OpBuilder &body, Location, ValueRange ivs, ValueRange carried) {
            return buildBody(body, forall, ivs, carried);
          });
      forall.replaceAllUsesWith(nest.results);
      forall.erase();
    }
  }
};

} // namespace
