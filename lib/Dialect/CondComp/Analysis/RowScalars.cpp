//===- RowScalars.cpp - numbers made of sizes and of row data -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowAnalyzer.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;
using namespace condcomp::rows;

/// An affine expression over sizes; `operands` are its dims, then its symbols.
static std::optional<Size> evaluateAffine(const SizeTable &sizes,
                                          AffineExpr expr, unsigned numDims,
                                          ArrayRef<RowState> operands) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Size::constant(constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return operands[dim.getPosition()].size;
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return operands[numDims + symbol.getPosition()].size;
  auto binary = cast<AffineBinaryOpExpr>(expr);
  auto lhs = evaluateAffine(sizes, binary.getLHS(), numDims, operands);
  auto rhs = evaluateAffine(sizes, binary.getRHS(), numDims, operands);
  if (!lhs || !rhs)
    return std::nullopt;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return sizes.add(*lhs, *rhs);
  case AffineExprKind::Mul:
    return sizes.multiply(*lhs, *rhs);
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
    return sizes.divide(*lhs, *rhs);
  case AffineExprKind::Mod:
    if (sizes.divide(*lhs, *rhs))
      return Size::constant(0);
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

static std::optional<Size> evaluateMinMax(const SizeTable &sizes,
                                          arith::CmpIPredicate predicate,
                                          const Size &lhs, const Size &rhs) {
  // `predicate` holds if the left operand is the one to take.
  if (sizes.compare(predicate, lhs, rhs) == true)
    return lhs;
  if (sizes.compare(predicate, rhs, lhs) == true)
    return rhs;
  return std::nullopt;
}

static std::optional<Size> evaluateLogic(Operation *op, const Size &lhs,
                                         const Size &rhs) {
  if (!op->getResult(0).getType().isInteger(1))
    return std::nullopt;
  auto isTrue = [](const Size &size) { return size == Size::constant(1); };
  auto isFalse = [](const Size &size) { return size == Size::constant(0); };
  bool anyTrue = isTrue(lhs) || isTrue(rhs),
       anyFalse = isFalse(lhs) || isFalse(rhs);
  bool known = lhs.isConstant() && rhs.isConstant();
  if (isa<arith::AndIOp>(op) && (anyFalse || known))
    return Size::constant(!anyFalse);
  if (isa<arith::OrIOp>(op) && (anyTrue || known))
    return Size::constant(anyTrue);
  if (isa<arith::XOrIOp>(op) && known)
    return Size::constant(isTrue(lhs) != isTrue(rhs));
  return std::nullopt;
}

std::optional<Size> RowAnalyzer::evaluate(Operation *op,
                                          ArrayRef<RowState> operands) {
  using P = arith::CmpIPredicate;
  if (op->getNumResults() != 1)
    return std::nullopt;
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    return evaluateAffine(sizes, apply.getAffineMap().getResult(0),
                          apply.getAffineMap().getNumDims(), operands);
  if (operands.empty() || operands.size() > 2 || !operands.front().size ||
      !operands.back().size)
    return std::nullopt;
  const Size &lhs = *operands.front().size, &rhs = *operands.back().size;
  bool isBool = op->getOperand(0).getType().isInteger(1);
  return TypeSwitch<Operation *, std::optional<Size>>(op)
      .Case<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(
          [&](auto op) { return evaluateLogic(op, lhs, rhs); })
      .Case([&](arith::ExtUIOp) { return lhs; })
      .Default([&](Operation *op) -> std::optional<Size> {
        if (isBool)
          return std::nullopt;
        return TypeSwitch<Operation *, std::optional<Size>>(op)
            .Case<arith::IndexCastOp, arith::ExtSIOp, arith::IndexCastUIOp>(
                [&](auto) { return lhs; })
            .Case([&](arith::MulIOp) { return sizes.multiply(lhs, rhs); })
            .Case([&](arith::AddIOp) { return sizes.add(lhs, rhs); })
            .Case([&](arith::SubIOp) -> std::optional<Size> {
              if (rhs.factor == 0)
                return lhs;
              if (lhs == rhs)
                return Size::constant(0);
              return std::nullopt;
            })
            .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp,
                  arith::CeilDivSIOp, arith::CeilDivUIOp>(
                [&](auto) { return sizes.divide(lhs, rhs); })
            .Case<arith::RemSIOp, arith::RemUIOp>(
                [&](auto) -> std::optional<Size> {
                  if (sizes.divide(lhs, rhs))
                    return Size::constant(0);
                  return std::nullopt;
                })
            .Case([&](arith::MaxSIOp) {
              return evaluateMinMax(sizes, P::sge, lhs, rhs);
            })
            .Case([&](arith::MaxUIOp) {
              return evaluateMinMax(sizes, P::uge, lhs, rhs);
            })
            .Case([&](arith::MinSIOp) {
              return evaluateMinMax(sizes, P::sle, lhs, rhs);
            })
            .Case([&](arith::MinUIOp) {
              return evaluateMinMax(sizes, P::ule, lhs, rhs);
            })
            .Case([&](arith::CmpIOp cmp) -> std::optional<Size> {
              auto result = sizes.compare(cmp.getPredicate(), lhs, rhs);
              if (!result)
                return std::nullopt;
              return Size::constant(*result);
            })
            .Default([](Operation *) { return std::nullopt; });
      });
}

LogicalResult RowAnalyzer::analyzeSelect(arith::SelectOp op,
                                         ArrayRef<RowState> operands) {
  const RowState &condition = operands[0];
  if (condition.size && condition.size->isConstant()) {
    set(op.getResult(), operands[condition.size->factor ? 1 : 2]);
    return success();
  }
  // `extent == 1 ? 0 : i` is i, the index of a loop of that extent: how size-1
  // dims are broadcast when the extent is not known.
  auto cmp = op.getCondition().getDefiningOp<arith::CmpIOp>();
  const RowState &index = operands[2];
  if (cmp && cmp.getPredicate() == arith::CmpIPredicate::eq &&
      operands[1].size == Size::constant(0) && index.is(Kind::Index)) {
    std::optional<Size> lhs = lookup(cmp.getLhs()).size;
    std::optional<Size> rhs = lookup(cmp.getRhs()).size;
    if (lhs == Size::constant(1))
      std::swap(lhs, rhs);
    if (lhs && rhs == Size::constant(1) && sizes.divide(*lhs, *index.size)) {
      set(op.getResult(), index);
      return success();
    }
  }
  return failure();
}

LogicalResult RowAnalyzer::analyzeScalar(Operation *op) {
  SmallVector<RowState> operands;
  for (Value value : op->getOperands())
    operands.push_back(lookup(value));
  if (auto select = dyn_cast<arith::SelectOp>(op))
    if (succeeded(analyzeSelect(select, operands)))
      return success();

  bool isCast = isa<arith::IndexCastOp, arith::ExtSIOp, arith::ExtUIOp,
                    arith::IndexCastUIOp>(op);
  if (isCast && operands[0].is(Kind::Index)) {
    set(op->getResult(0), operands[0]);
    return success();
  }
  bool ownRow = false;
  for (const RowState &state : operands) {
    ownRow |= state.is(Kind::Rows);
    if (state.is(Kind::State))
      return fail(op, RowRule::Captured,
                  "reads a scalar of rows that are not its own");
  }
  bool onlySizes = llvm::all_of(operands, [](const RowState &state) {
    return (state.is(Kind::Uniform) || state.is(Kind::Count)) && state.size;
  });
  if (onlySizes || operands.empty()) {
    if (std::optional<Size> size = evaluate(op, operands)) {
      RowState state;
      state.kind = sizes.counts(*size) ? Kind::Count : Kind::Uniform;
      state.size = size;
      set(op->getResult(0), state);
      return success();
    }
  }
  for (Value result : op->getResults()) {
    RowState state = makeUniform(result);
    if (ownRow) {
      state = RowState();
      state.kind = Kind::Rows;
      if (isCast)
        state = operands[0];
    }
    for (const RowState &operand : operands) {
      if (operand.is(Kind::Tainted))
        state = operand;
      else if (operand.is(Kind::Index) || operand.is(Kind::Count) ||
               (operand.positional && !isCast))
        state = RowState::tainted(op);
    }
    set(result, state);
  }
  return success();
}
