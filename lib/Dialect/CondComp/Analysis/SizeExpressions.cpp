//===- SizeExpressions.cpp - sizes of values as polynomials ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SizeExpressions.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Symbols
//===----------------------------------------------------------------------===//

unsigned SizeExpressions::createSymbol(char kind, std::string meaning,
                                       bool isCount) {
  CostSymbol symbol;
  symbol.name = std::string(1, kind) + std::to_string(numOfKind[kind]++);
  symbol.meaning = std::move(meaning);
  symbol.isCount = isCount;
  symbols.push_back(std::move(symbol));
  return symbols.size() - 1;
}

void SizeExpressions::unify(const Polynomial &lhs, const Polynomial &rhs) {
  Polynomial left = resolve(lhs), right = resolve(rhs);
  if (left == right)
    return;
  std::optional<unsigned> from = left.getSymbol(), to = right.getSymbol();
  auto isSize = [&](std::optional<unsigned> id) {
    return id && !symbols[*id].isCount;
  };
  if (isSize(from) && right.getConstant())
    symbols[*from].value = right;
  else if (isSize(to) && left.getConstant())
    symbols[*to].value = left;
  else if (isSize(from) && isSize(to)) // The older one stays.
    symbols[std::max(*from, *to)].value =
        Polynomial::symbol(std::min(*from, *to));
}

Polynomial SizeExpressions::resolve(const Polynomial &polynomial,
                                    bool full) const {
  return polynomial.substitute([&](unsigned id) {
    const CostSymbol &symbol = symbols[id];
    const std::optional<Polynomial> &value =
        full && symbol.full ? symbol.full : symbol.value;
    return value ? resolve(*value, full) : Polynomial::symbol(id);
  });
}

//===----------------------------------------------------------------------===//
// Index values
//===----------------------------------------------------------------------===//

Polynomial SizeExpressions::getValue(OpFoldResult index) {
  if (std::optional<int64_t> known = getConstantIntValue(index))
    return Polynomial::constant(std::max<int64_t>(*known, 0));
  auto value = cast<Value>(index);
  auto it = frame.values.find(value);
  if (it != frame.values.end())
    return it->second;
  return frame.values[value] = makeValue(value);
}

/// An affine expression of operands that are known, if it takes nothing away.
static std::optional<Polynomial> evaluate(AffineExpr expr,
                                          ArrayRef<Polynomial> dims,
                                          ArrayRef<Polynomial> symbols) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue() < 0
               ? std::nullopt
               : std::optional(Polynomial::constant(constant.getValue()));
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<Polynomial> lhs = evaluate(binary.getLHS(), dims, symbols);
  std::optional<Polynomial> rhs = evaluate(binary.getRHS(), dims, symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return *lhs + *rhs;
  case AffineExprKind::Mul:
    return *lhs * *rhs;
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
    return lhs->divide(*rhs);
  default:
    return std::nullopt;
  }
}

Polynomial SizeExpressions::makeValue(Value index) {
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    if (auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
        loop && argument == loop.getInductionVar()) {
      exact = false;
      return getValue(loop.getUpperBound());
    }
    return createSize("value of argument " +
                      std::to_string(argument.getArgNumber()));
  }
  Operation *op = index.getDefiningOp();
  return llvm::TypeSwitch<Operation *, Polynomial>(op)
      .Case([&](tensor::DimOp dim) -> Polynomial {
        std::optional<int64_t> at = dim.getConstantIndex();
        if (!at || !isa<RankedTensorType>(dim.getSource().getType()) ||
            *at < 0 ||
            *at >= cast<RankedTensorType>(dim.getSource().getType()).getRank())
          return createSize("a size of " + describeOp(op));
        return getDims(dim.getSource())[*at];
      })
      .Case([&](arith::AddIOp add) {
        return getValue(add.getLhs()) + getValue(add.getRhs());
      })
      .Case([&](arith::MulIOp mul) {
        return getValue(mul.getLhs()) * getValue(mul.getRhs());
      })
      .Case<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(
          [&](auto division) {
            std::optional<Polynomial> quotient =
                resolve(getValue(division.getLhs()))
                    .divide(resolve(getValue(division.getRhs())));
            return quotient ? *quotient
                            : createSize("value of " + describeOp(op));
          })
      .Case([&](affine::AffineApplyOp apply) {
        SmallVector<Polynomial> operands;
        for (Value operand : apply.getMapOperands())
          operands.push_back(resolve(getValue(operand)));
        unsigned numDims = apply.getAffineMap().getNumDims();
        std::optional<Polynomial> value =
            evaluate(apply.getAffineMap().getResult(0),
                     ArrayRef(operands).take_front(numDims),
                     ArrayRef(operands).drop_front(numDims));
        return value ? *value : createSize("value of " + describeOp(op));
      })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp>(
          [&](auto cast) -> Polynomial {
            if (isa<ShapedType>(cast.getType()))
              return createSize("value of " + describeOp(op));
            return getValue(cast.getIn());
          })
      .Case([&](NumEntriesOp count) {
        return getRouting(count.getRouting()).entries;
      })
      .Default([&](Operation *) {
        return createSize("value of " + describeOp(op));
      });
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

const SizeExpressions::Dims &SizeExpressions::getDims(Value tensor) {
  auto it = frame.dims.find(tensor);
  if (it != frame.dims.end())
    return it->second;
  auto type = cast<RankedTensorType>(tensor.getType());
  std::optional<Dims> known;
  std::string what;
  auto argument = dyn_cast<BlockArgument>(tensor);
  if (!type.hasStaticShape()) {
    if (!argument)
      known = makeDims(cast<OpResult>(tensor));
    else if (auto loop =
                 dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp()))
      known = getDims(loop.getTiedLoopInit(argument)->get());
    if (argument) {
      Operation *parent = argument.getOwner()->getParentOp();
      what = "argument " + std::to_string(argument.getArgNumber());
      if (!isa<FunctionOpInterface>(parent))
        what += " of a region of " + describeOp(parent);
    } else {
      what = "result " +
             std::to_string(cast<OpResult>(tensor).getResultNumber()) + " of " +
             describeOp(tensor.getDefiningOp());
    }
  }
  Dims dims;
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    dims.push_back(!ShapedType::isDynamic(size) ? Polynomial::constant(size)
                   : known ? (*known)[i]
                           : createSize("size of " + what + " in dim " +
                                        std::to_string(i)));
  return frame.dims[tensor] = std::move(dims);
}

/// The sizes of a slice, without the dims that it drops.
static SmallVector<OpFoldResult> getKeptSizes(tensor::ExtractSliceOp slice) {
  SmallVector<OpFoldResult> sizes;
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  for (auto [i, size] : llvm::enumerate(slice.getMixedSizes()))
    if (!dropped.test(i))
      sizes.push_back(size);
  return sizes;
}

std::optional<SizeExpressions::Dims>
SizeExpressions::makeDims(OpResult result) {
  Operation *op = result.getOwner();
  auto ofSizes = [&](ArrayRef<OpFoldResult> sizes) {
    return llvm::map_to_vector<4>(
        sizes, [&](OpFoldResult size) { return getValue(size); });
  };
  Builder b(op->getContext());
  using Result = std::optional<Dims>;
  if (isa_and_nonnull<CondCompDialect>(op->getDialect()))
    return makeCondCompDims(result);
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return getDims(destination.getTiedOpOperand(result)->get());
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](tensor::CastOp cast) -> Result {
        if (!isa<RankedTensorType>(cast.getSource().getType()))
          return std::nullopt;
        return getDims(cast.getSource());
      })
      .Case([&](tensor::EmptyOp empty) -> Result {
        return Dims(ofSizes(empty.getMixedSizes()));
      })
      .Case([&](tensor::SplatOp splat) -> Result {
        return Dims(ofSizes(getMixedValues(splat.getType().getShape(),
                                           splat.getDynamicSizes(), b)));
      })
      .Case([&](tensor::GenerateOp generate) -> Result {
        auto type = cast<RankedTensorType>(generate.getType());
        return Dims(ofSizes(
            getMixedValues(type.getShape(), generate.getDynamicExtents(), b)));
      })
      .Case([&](tensor::ExpandShapeOp expand) -> Result {
        return Dims(ofSizes(expand.getMixedOutputShape()));
      })
      .Case([&](tensor::CollapseShapeOp collapse) -> Result {
        Dims source = getDims(collapse.getSrc()), dims;
        for (const ReassociationIndices &group :
             collapse.getReassociationIndices()) {
          Polynomial product = Polynomial::constant(1);
          for (int64_t dim : group)
            product *= source[dim];
          dims.push_back(product);
        }
        return dims;
      })
      .Case([&](tensor::ExtractSliceOp slice) -> Result {
        return Dims(ofSizes(getKeptSizes(slice)));
      })
      .Case([&](tensor::ConcatOp concat) -> Result {
        Dims dims = getDims(concat.getInputs().front());
        for (Value input : concat.getInputs().drop_front())
          dims[concat.getDim()] += getDims(input)[concat.getDim()];
        return dims;
      })
      .Case([&](tensor::PadOp pad) -> Result {
        Dims dims = getDims(pad.getSource());
        for (auto [dim, low, high] :
             llvm::zip_equal(dims, pad.getMixedLowPad(), pad.getMixedHighPad()))
          dim += getValue(low) + getValue(high);
        return dims;
      })
      .Case([&](scf::ForOp loop) -> Result {
        return getDims(loop.getTiedLoopInit(result)->get());
      })
      .Default([&](Operation *) -> Result {
        if (!op->hasTrait<OpTrait::Elementwise>())
          return std::nullopt;
        for (Value operand : op->getOperands())
          if (isa<RankedTensorType>(operand.getType()))
            return getDims(operand);
        return std::nullopt;
      });
}

Polynomial SizeExpressions::getInnerElements(Value tensor, unsigned from) {
  Polynomial product = Polynomial::constant(1);
  for (const Polynomial &dim : ArrayRef(getDims(tensor)).drop_front(from))
    product *= dim;
  return product;
}

Polynomial SizeExpressions::getElements(Value tensor) {
  return getInnerElements(tensor, 0);
}

Polynomial SizeExpressions::getBytes(Value tensor) {
  Type element = getElementTypeOrSelf(tensor);
  unsigned bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
  return getElements(tensor) * Polynomial::constant(llvm::divideCeil(bits, 8u));
}
