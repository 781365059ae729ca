//===- CheckArgumentSizes.cpp - sizes that linalg ops take on trust -------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TraceSize.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace condcomp {
#define GEN_PASS_DEF_CHECKARGUMENTSIZES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
class ArgumentSizeChecker {
public:
  explicit ArgumentSizeChecker(func::FuncOp function)
      : function(function), builder(function.getContext()) {}

  void run() {
    function.walk([&](Operation *op) {
      if (!setPlace(op))
        return;
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
        checkOp(linalgOp);
      else if (auto castOp = dyn_cast<tensor::CastOp>(op))
        checkCast(castOp);
      else if (auto concat = dyn_cast<tensor::ConcatOp>(op))
        checkConcat(concat);
      else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
        checkExpand(expand);
    });
  }

private:
  bool setPlace(Operation *op);
  void checkOp(linalg::LinalgOp op);
  void checkCast(tensor::CastOp op);
  void checkConcat(tensor::ConcatOp op);
  void checkExpand(tensor::ExpandShapeOp op);
  void check(Operation *op, Size size, Size expected);
  void checkWindow(linalg::LinalgOp op, Size size, AffineExpr expr,
                   ArrayRef<std::optional<Size>> loops);
  /// The size of a dim if it is known before the op runs.
  std::optional<Size> known(Value tensor, int64_t dim) {
    std::optional<Size> size = traceSize(tensor, dim);
    return size && size->isKnownIn(&function.front()) ? size : std::nullopt;
  }
  void describe(llvm::raw_ostream &os, Operation *op, const Size &size);

  func::FuncOp function;
  OpBuilder builder;
  SmallVector<std::pair<Size, Size>> checked;
  /// Products of sizes that have been computed.
  SmallVector<std::pair<SmallVector<Size>, Size>> products;
};
} // namespace

/// Checks go in front of the op in the function's first block that holds `op`:
/// a condcomp op, whose bodies run for some rows, or `op` itself. Ops of other
/// blocks may not run at all.
bool ArgumentSizeChecker::setPlace(Operation *op) {
  while (op->getParentOp() != function) {
    op = op->getParentOp();
    if (!isa<ConditionalOpInterface>(op))
      return false;
  }
  builder.setInsertionPoint(op);
  return op->getBlock() == &function.front();
}

/// All operand dims that one loop runs over have the same size.
void ArgumentSizeChecker::checkOp(linalg::LinalgOp op) {
  SmallVector<std::optional<Size>> loops(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      std::optional<Size> size = known(operand.get(), dim);
      if (!size)
        continue;
      std::optional<Size> &expected = loops[loop.getPosition()];
      if (!expected)
        expected = size;
      else
        check(op, *size, *expected);
    }
  }
  for (OpOperand *operand : op.getDpsInputOperands())
    for (auto [dim, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(operand).getResults()))
      if (std::optional<Size> size = known(operand->get(), dim);
          size && !isa<AffineDimExpr, AffineConstantExpr>(expr))
        checkWindow(op, *size, expr, loops);
}

/// A type says what the tensor is.
void ArgumentSizeChecker::checkCast(tensor::CastOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type)
    return;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (!ShapedType::isDynamic(size))
      if (std::optional<Size> actual = known(op.getSource(), dim))
        check(op, *actual, Size{{}, 0, size});
}

/// All dims but one are the same in all inputs.
void ArgumentSizeChecker::checkConcat(tensor::ConcatOp op) {
  for (int64_t dim = 0, rank = op.getResultType().getRank(); dim < rank;
       ++dim) {
    if (dim == int64_t(op.getDim()))
      continue;
    std::optional<Size> expected;
    for (Value input : op.getInputs()) {
      std::optional<Size> size = known(input, dim);
      if (size && expected)
        check(op, *size, *expected);
      else if (size)
        expected = size;
    }
  }
}

/// The parts of a dim make the whole.
void ArgumentSizeChecker::checkExpand(tensor::ExpandShapeOp op) {
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    std::optional<Size> whole = known(op.getSrc(), dim);
    if (!whole)
      continue;
    SmallVector<Size> factors;
    for (int64_t part : group)
      llvm::append_range(factors, getFactors(*traceSize(op.getResult(), part)));
    if (!llvm::all_of(factors, [&](Size &size) {
          return size.isKnownIn(&function.front());
        }))
      continue;
    if (factors.size() == 1) {
      check(op, *whole, factors.front());
      continue;
    }
    if (getFactors(*whole) == factors)
      continue;
    auto *same = llvm::find_if(products, [&](const auto &product) {
      return product.first == factors;
    });
    if (same == products.end()) {
      Value product = materializeProduct(builder, op.getLoc(), factors);
      products.push_back({factors, Size{product, 0, 0}});
      same = &products.back();
    }
    check(op, *whole, same->second);
  }
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
  bool isConstant = !size.origin;
  int64_t most = 0;
  if (!factors)
    return;
  for (auto [loop, factor] : *factors) {
    if (!loops[loop])
      return;
    isConstant &= !loops[loop]->origin;
  }
  if (isConstant)
    return;
  Location loc = op.getLoc();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  Value zero = constant(0), fits = {}, needed = {};
  for (auto [loop, factor] : *factors) {
    most += factor;
    Value range = loops[loop]->materialize(builder, loc);
    Value empty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        range, zero);
    fits = fits ? arith::OrIOp::create(builder, loc, fits, empty) : empty;
    Value extent = arith::MulIOp::create(builder, loc, range, constant(factor));
    needed =
        needed ? arith::AddIOp::create(builder, loc, needed, extent) : extent;
  }
  needed = arith::SubIOp::create(builder, loc, needed, constant(most - 1));
  Value actual = size.materialize(builder, loc);
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                      actual, needed);
  fits = arith::OrIOp::create(builder, loc, fits, holds);
  std::string message;
  llvm::raw_string_ostream os(message);
  describe(os, op, size);
  os << ", its windows reach over {1}";
  CheckOp::create(builder, loc, fits, message, ValueRange{actual, needed});
}

void ArgumentSizeChecker::check(Operation *op, Size size, Size expected) {
  auto isArgument = [](const Size &size) {
    return size.origin && isa<BlockArgument>(size.origin);
  };
  if (!size.origin || (isArgument(expected) && !isArgument(size)))
    std::swap(size, expected);
  // Two constants are the verifier's business.
  if (size == expected || !size.origin ||
      llvm::is_contained(checked, std::pair(size, expected)))
    return;
  checked.push_back({size, expected});
  Location loc = op->getLoc();
  Value actual = size.materialize(builder, loc),
        wanted = expected.materialize(builder, loc);
  Value equal = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                      actual, wanted);
  std::string message;
  llvm::raw_string_ostream os(message);
  describe(os, op, size);
  os << ", expected {1}";
  if (auto argument = dyn_cast_if_present<BlockArgument>(expected.origin);
      argument && isa<TensorType>(argument.getType()))
    os << ", the size of argument " << argument.getArgNumber() << " in dim "
       << expected.dim;
  CheckOp::create(builder, loc, equal, message, ValueRange{actual, wanted});
}

/// The beginning of a message; {0} is the size.
void ArgumentSizeChecker::describe(llvm::raw_ostream &os, Operation *op,
                                   const Size &size) {
  os << op->getName() << ": ";
  auto argument = dyn_cast_if_present<BlockArgument>(size.origin);
  if (argument && isa<TensorType>(argument.getType()))
    os << "argument " << argument.getArgNumber() << " has size {0} in dim "
       << size.dim;
  else
    os << "an operand has size {0}";
}

namespace {
struct CheckArgumentSizes
    : public condcomp::impl::CheckArgumentSizesBase<CheckArgumentSizes> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isPublic() && !function.isExternal() &&
        !function->hasAttr(kCheckedName))
      ArgumentSizeChecker(function).run();
  }
};
} // namespace
