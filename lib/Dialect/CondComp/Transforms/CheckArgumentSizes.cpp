//===- CheckArgumentSizes.cpp - sizes that linalg ops take on trust -------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include <set>

namespace condcomp {
#define GEN_PASS_DEF_CHECKARGUMENTSIZES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// A size that is known before the function runs: a constant, or that of a
/// function argument.
struct Size {
  BlockArgument argument;
  int64_t dim = 0;
  int64_t constant = 0;

  bool operator==(const Size &other) const {
    return argument == other.argument && dim == other.dim &&
           constant == other.constant;
  }
  bool operator<(const Size &other) const { return getKey() < other.getKey(); }

private:
  std::tuple<int64_t, int64_t, int64_t> getKey() const {
    return {argument ? argument.getArgNumber() : -1, dim, constant};
  }
};
} // namespace

/// Follows the size of a dim of `value` back to an argument or a constant.
static std::optional<Size> traceSize(Value value, int64_t dim) {
  while (true) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    // A tensor.dim may ask for a dim that there is none of.
    if (!type || dim < 0 || dim >= type.getRank())
      return std::nullopt;
    if (!type.isDynamicDim(dim))
      return Size{{}, 0, type.getDimSize(dim)};
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      Operation *parent = argument.getOwner()->getParentOp();
      if (!isa<func::FuncOp>(parent) || !argument.getOwner()->isEntryBlock())
        return std::nullopt;
      return Size{argument, dim, 0};
    }
    Operation *op = value.getDefiningOp();
    if (auto castOp = dyn_cast<tensor::CastOp>(op)) {
      value = castOp.getSource();
    } else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op)) {
      value = destination.getTiedOpOperand(cast<OpResult>(value))->get();
    } else if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
      auto source = empty.getDynamicSize(dim).getDefiningOp<tensor::DimOp>();
      std::optional<int64_t> index =
          source ? source.getConstantIndex() : std::nullopt;
      if (!index)
        return std::nullopt;
      value = source.getSource();
      dim = *index;
    } else {
      return std::nullopt;
    }
  }
}

namespace {
class ArgumentSizeChecker {
public:
  explicit ArgumentSizeChecker(func::FuncOp function)
      : function(function), builder(function.getContext()) {}

  void run() {
    // Ops of other blocks may not run at all.
    for (Operation &op : function.getBody().front())
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
        checkOp(linalgOp);
  }

private:
  void checkOp(linalg::LinalgOp op);
  void check(linalg::LinalgOp op, Size size, Size expected);
  void checkWindow(linalg::LinalgOp op, Size size, AffineExpr expr,
                   ArrayRef<std::optional<Size>> loops);
  Value getValue(Location loc, const Size &size) {
    if (!size.argument)
      return arith::ConstantIndexOp::create(builder, loc, size.constant);
    return tensor::DimOp::create(builder, loc, size.argument, size.dim);
  }

  func::FuncOp function;
  OpBuilder builder;
  std::set<std::pair<Size, Size>> checked;
};
} // namespace

/// All operand dims that one loop runs over have the same size.
void ArgumentSizeChecker::checkOp(linalg::LinalgOp op) {
  SmallVector<std::optional<Size>> loops(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      std::optional<Size> size = traceSize(operand.get(), dim);
      if (!size)
        continue;
      std::optional<Size> &expected = loops[loop.getPosition()];
      if (!expected)
        expected = size;
      else if (!(*size == *expected))
        check(op, *size, *expected);
    }
  }
  for (OpOperand *operand : op.getDpsInputOperands())
    for (auto [dim, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(operand).getResults()))
      if (std::optional<Size> size = traceSize(operand->get(), dim);
          size && !isa<AffineDimExpr, AffineConstantExpr>(expr))
        checkWindow(op, *size, expr, loops);
}

/// The factor of each loop in a sum of loops times positive factors, or none.
static std::optional<SmallVector<std::pair<unsigned, int64_t>>>
getFactors(AffineExpr expr) {
  SmallVector<std::pair<unsigned, int64_t>> factors;
  SmallVector<AffineExpr> terms = {expr};
  while (!terms.empty()) {
    AffineExpr term = terms.pop_back_val();
    auto binary = dyn_cast<AffineBinaryOpExpr>(term);
    if (binary && binary.getKind() == AffineExprKind::Add) {
      terms.append({binary.getLHS(), binary.getRHS()});
      continue;
    }
    int64_t factor = 1;
    if (binary && binary.getKind() == AffineExprKind::Mul) {
      auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
      factor = constant ? constant.getValue() : 0;
      term = binary.getLHS();
    }
    auto loop = dyn_cast<AffineDimExpr>(term);
    if (!loop || factor <= 0)
      return std::nullopt;
    factors.push_back({loop.getPosition(), factor});
  }
  return factors;
}

/// The last window lies within the argument, if there is any.
void ArgumentSizeChecker::checkWindow(linalg::LinalgOp op, Size size,
                                      AffineExpr expr,
                                      ArrayRef<std::optional<Size>> loops) {
  auto factors = getFactors(expr);
  // The verifier has seen what is constant.
  bool isConstant = !size.argument;
  int64_t most = 0;
  if (!factors)
    return;
  for (auto [loop, factor] : *factors) {
    if (!loops[loop])
      return;
    isConstant &= !loops[loop]->argument;
  }
  if (isConstant)
    return;
  Location loc = op.getLoc();
  builder.setInsertionPoint(op);
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value zero = constant(0), fits = {}, needed = {};
  for (auto [loop, factor] : *factors) {
    most += factor;
    Value range = getValue(loc, *loops[loop]);
    Value empty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        range, zero);
    fits = fits ? arith::OrIOp::create(builder, loc, fits, empty) : empty;
    Value extent = arith::MulIOp::create(builder, loc, range, constant(factor));
    needed =
        needed ? arith::AddIOp::create(builder, loc, needed, extent) : extent;
  }
  needed = arith::SubIOp::create(builder, loc, needed, constant(most - 1));
  Value actual = getValue(loc, size);
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                      actual, needed);
  fits = arith::OrIOp::create(builder, loc, fits, holds);
  std::string message;
  llvm::raw_string_ostream os(message);
  os << op->getName() << ": ";
  if (size.argument)
    os << "argument " << size.argument.getArgNumber() << " has size {0} in dim "
       << size.dim;
  else
    os << "an operand has size {0}";
  os << ", its windows reach over {1}";
  CheckOp::create(builder, loc, fits, message, ValueRange{actual, needed});
}

void ArgumentSizeChecker::check(linalg::LinalgOp op, Size size, Size expected) {
  if (!size.argument)
    std::swap(size, expected);
  // Two constants are the verifier's business.
  if (!size.argument || !checked.insert({size, expected}).second)
    return;
  Location loc = op.getLoc();
  builder.setInsertionPoint(op);
  Value actual = getValue(loc, size), wanted = getValue(loc, expected);
  Value equal = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                      actual, wanted);
  std::string message;
  llvm::raw_string_ostream os(message);
  os << op->getName() << ": argument " << size.argument.getArgNumber()
     << " has size {0} in dim " << size.dim << ", expected {1}";
  if (expected.argument)
    os << ", the size of argument " << expected.argument.getArgNumber()
       << " in dim " << expected.dim;
  CheckOp::create(builder, loc, equal, message, ValueRange{actual, wanted});
}

namespace {
struct CheckArgumentSizes
    : public condcomp::impl::CheckArgumentSizesBase<CheckArgumentSizes> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isPublic() && !function.isExternal())
      ArgumentSizeChecker(function).run();
  }
};
} // namespace
