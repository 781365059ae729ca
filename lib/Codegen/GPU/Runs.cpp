//===- Runs.cpp - ops that loops over blocks of work run ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Runs.h"
#include "../CPU/LoopBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace condcomp;

Operation *condcomp::getOutermost(Operation *op) {
  while (auto forall = op->getParentOfType<scf::ForallOp>())
    op = forall;
  return op;
}

static bool isInside(Value value, Operation *outermost) {
  return outermost->isAncestor(value.getParentBlock()->getParentOp());
}

bool condcomp::isSameForAllRuns(Value value, Operation *op) {
  if (!isInside(value, getOutermost(op)))
    return true;
  Operation *from = value.getDefiningOp();
  return from && from->getNumRegions() == 0 && isPure(from) &&
         llvm::all_of(from->getOperands(), [&](Value operand) {
           return isSameForAllRuns(operand, op);
         });
}

Value condcomp::getAheadOfRuns(ImplicitLocOpBuilder &b, Value value,
                               Operation *op) {
  if (!isInside(value, getOutermost(op)))
    return value;
  Operation *from = value.getDefiningOp();
  IRMapping mapping;
  for (Value operand : from->getOperands())
    mapping.map(operand, getAheadOfRuns(b, operand, op));
  unsigned number = cast<OpResult>(value).getResultNumber();
  return b.clone(*from, mapping)->getResult(number);
}

static SmallVector<Value> getLengths(ImplicitLocOpBuilder &b,
                                     scf::ForallOp forall) {
  SmallVector<Value> lengths;
  for (auto [lower, upper, step] : llvm::zip_equal(
           forall.getLowerBound(b), forall.getUpperBound(b), forall.getStep(b)))
    lengths.push_back(ceilDiv(b, sub(b, upper, lower), step));
  return lengths;
}

Value condcomp::countRuns(ImplicitLocOpBuilder &b, Operation *op) {
  Value runs = constantIndex(b, 1);
  for (auto forall = op->getParentOfType<scf::ForallOp>(); forall;
       forall = forall->getParentOfType<scf::ForallOp>())
    for (Value length : getLengths(b, forall))
      runs = mul(b, runs, length);
  return runs;
}

Value condcomp::getRunNumber(ImplicitLocOpBuilder &b, Operation *op) {
  Value number = constantIndex(b, 0), stride = constantIndex(b, 1);
  for (auto forall = op->getParentOfType<scf::ForallOp>(); forall;
       forall = forall->getParentOfType<scf::ForallOp>()) {
    SmallVector<Value> lengths = getLengths(b, forall);
    SmallVector<Value> lower = forall.getLowerBound(b),
                       step = forall.getStep(b);
    for (int64_t i = lengths.size() - 1; i >= 0; --i) {
      Value position =
          div(b, sub(b, forall.getInductionVar(i), lower[i]), step[i]);
      number = add(b, number, mul(b, position, stride));
      stride = mul(b, stride, lengths[i]);
    }
  }
  return number;
}
