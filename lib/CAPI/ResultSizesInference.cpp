//===- ResultSizesInference.cpp - sizes of results as expressions ---------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In a copy of the module, functions return the sizes of their results instead
// of the results. Upstream's passes trace the sizes back, as far as ops say
// what their shapes are; what is left is read off as expressions.
//
//===----------------------------------------------------------------------===//

#include "Objects.h"
#include "condcomp/Conversion/Passes.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

/// Expressions longer than this are not worth it: values that are used often
/// are written out each time.
static constexpr size_t kMaxCode = 512;

static bool hasDynamicResults(func::FuncOp function) {
  return llvm::any_of(function.getResultTypes(), [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && !shaped.hasStaticShape();
  });
}

/// Makes a function of one block return the sizes of its results that its type
/// does not tell.
static void returnSizes(func::FuncOp function) {
  auto ret = cast<func::ReturnOp>(function.getBody().front().getTerminator());
  OpBuilder builder(ret);
  SmallVector<Value> sizes;
  for (Value result : ret.getOperands())
    if (auto type = dyn_cast<RankedTensorType>(result.getType()))
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        if (type.isDynamicDim(dim))
          sizes.push_back(
              tensor::DimOp::create(builder, ret.getLoc(), result, dim));
  ret->setOperands(sizes);
  function.setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), TypeRange(ValueRange(sizes))));
  function.removeResAttrsAttr();
}

namespace {
/// Writes a value of a function as an expression of its arguments.
class ExpressionWriter {
public:
  explicit ExpressionWriter(ResultSize &size) : size(size) {}

  void write(Value value) {
    if (!visit(value))
      size.code.clear();
  }

private:
  bool push(int64_t operation, int64_t operand = 0) {
    size.code.push_back(operation);
    size.code.push_back(operand);
    if (size.code.size() > kMaxCode)
      size.whyUnknown = "an expression that is too long";
    return size.whyUnknown.empty();
  }

  /// Names the op that a size comes from.
  bool giveUp(Operation *op) {
    llvm::raw_string_ostream os(size.whyUnknown);
    os << op->getName();
    if (auto place = op->getLoc()->findInstanceOf<FileLineColLoc>())
      os << " (" << place.getFilename().getValue() << ":" << place.getLine()
         << ":" << place.getColumn() << ")";
    return false;
  }

  bool visitBinary(Operation *op, int64_t operation) {
    return visit(op->getOperand(0)) && visit(op->getOperand(1)) &&
           push(operation);
  }

  bool visitDim(tensor::DimOp op) {
    auto argument = dyn_cast<BlockArgument>(op.getSource());
    std::optional<int64_t> dim = op.getConstantIndex();
    if (argument && dim)
      return push(ResultSize::Dim,
                  argument.getArgNumber() * CONDCOMP_MAX_RANK + *dim);
    Operation *source = op.getSource().getDefiningOp();
    return giveUp(source ? source : op);
  }

  bool visitAffine(AffineExpr expr, AffineMap map, ValueRange operands);
  bool visitAffineMap(AffineMap map, ValueRange operands, int64_t operation);
  bool visit(Value value);

  ResultSize &size;
};
} // namespace

bool ExpressionWriter::visitAffine(AffineExpr expr, AffineMap map,
                                   ValueRange operands) {
  auto binary = [&](int64_t operation) {
    auto both = cast<AffineBinaryOpExpr>(expr);
    return visitAffine(both.getLHS(), map, operands) &&
           visitAffine(both.getRHS(), map, operands) && push(operation);
  };
  switch (expr.getKind()) {
  case AffineExprKind::Constant:
    return push(ResultSize::Constant,
                cast<AffineConstantExpr>(expr).getValue());
  case AffineExprKind::DimId:
    return visit(operands[cast<AffineDimExpr>(expr).getPosition()]);
  case AffineExprKind::SymbolId:
    return visit(operands[map.getNumDims() +
                          cast<AffineSymbolExpr>(expr).getPosition()]);
  case AffineExprKind::Add:
    return binary(ResultSize::Add);
  case AffineExprKind::Mul:
    return binary(ResultSize::Mul);
  case AffineExprKind::Mod:
    return binary(ResultSize::Mod);
  case AffineExprKind::FloorDiv:
    return binary(ResultSize::FloorDiv);
  case AffineExprKind::CeilDiv:
    return binary(ResultSize::CeilDiv);
  }
  llvm_unreachable("all kinds of affine expressions are listed");
}

bool ExpressionWriter::visitAffineMap(AffineMap map, ValueRange operands,
                                      int64_t operation) {
  for (auto [index, expr] : llvm::enumerate(map.getResults()))
    if (!visitAffine(expr, map, operands) || (index && !push(operation)))
      return false;
  return true;
}

bool ExpressionWriter::visit(Value value) {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return push(ResultSize::Constant, constant.getSExtValue());
  if (auto argument = dyn_cast<BlockArgument>(value))
    return push(ResultSize::Scalar, argument.getArgNumber());
  return TypeSwitch<Operation *, bool>(value.getDefiningOp())
      .Case([&](tensor::DimOp op) { return visitDim(op); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp>(
          [&](Operation *op) { return visit(op->getOperand(0)); })
      .Case([&](affine::AffineApplyOp op) {
        return visitAffineMap(op.getAffineMap(), op.getMapOperands(), 0);
      })
      .Case([&](affine::AffineMinOp op) {
        return visitAffineMap(op.getAffineMap(), op.getMapOperands(),
                              ResultSize::Min);
      })
      .Case([&](affine::AffineMaxOp op) {
        return visitAffineMap(op.getAffineMap(), op.getMapOperands(),
                              ResultSize::Max);
      })
      .Case<arith::AddIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::Add); })
      .Case<arith::SubIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::Sub); })
      .Case<arith::MulIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::Mul); })
      // Sizes are not negative: rounding down is rounding to zero.
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::FloorDiv); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::CeilDiv); })
      .Case<arith::RemSIOp, arith::RemUIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::Mod); })
      .Case<arith::MinSIOp, arith::MinUIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::Min); })
      .Case<arith::MaxSIOp, arith::MaxUIOp>(
          [&](Operation *op) { return visitBinary(op, ResultSize::Max); })
      .Default([&](Operation *op) { return giveUp(op); });
}

/// Functions that are called become part of those that call them. Ops on
/// tensors become linalg before the inliner folds them: of the others it makes
/// constants that say nothing about sizes.
static LogicalResult inlineCalls(ModuleOp module) {
  PassManager pm(module->getName());
  pm.addPass(createElementwiseToLinalg());
  pm.addPass(createInlinerPass());
  return pm.run(module);
}

/// Traces what the functions return back to their arguments; with `lower`, on
/// linalg.
static LogicalResult resolve(ModuleOp module, bool lower) {
  PassManager pm(module->getName());
  if (lower) {
    pm.addPass(createEraseTraces());
    pm.addPass(createDecomposeGates());
    ChooseFormOptions form;
    form.form = "masked";
    pm.addPass(createChooseForm(form));
    pm.addPass(createCondCompToLinalg());
  }
  // Of the other ops on tensors, linalg's say what their shapes are.
  pm.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  memref::ResolveRankedShapeTypeResultDimsPassOptions options;
  options.errorOnPatternIterationLimit = false;
  for (int round = 0; round < 2; ++round) {
    pm.addPass(createCanonicalizerPass());
    pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass(options));
    pm.addPass(createSCFForLoopCanonicalizationPass());
  }
  pm.addPass(createCanonicalizerPass());
  return pm.run(module);
}

/// Reads sizes off what the function returns. Those that are known stay.
static void readSizes(func::FuncOp function, std::vector<ResultSize> &sizes) {
  Operation *ret = function.getBody().front().getTerminator();
  for (auto [value, size] : llvm::zip_equal(ret->getOperands(), sizes)) {
    if (!size.code.empty())
      continue;
    ResultSize read;
    ExpressionWriter(read).write(value);
    // The first reason names an op of the source.
    if (!read.code.empty() || size.whyUnknown.empty())
      size = std::move(read);
  }
}

void condcomp::inferResultSizes(ModuleOp module,
                                std::vector<condcomp_function> &functions) {
  for (condcomp_function &function : functions)
    for (const ValueType &type : function.signature.results)
      function.resultSizes.resize(
          function.resultSizes.size() +
          llvm::count(type.shape, CONDCOMP_UNKNOWN_SIZE));
  if (llvm::none_of(module.getOps<func::FuncOp>(), hasDynamicResults))
    return;
  // What can't be traced is no error, and a copy has nothing to say.
  ScopedDiagnosticHandler silence(module.getContext(),
                                  [](Diagnostic &) { return success(); });
  // The program may hold no op of theirs.
  module.getContext()
      ->loadDialect<arith::ArithDialect, tensor::TensorDialect>();
  OwningOpRef<ModuleOp> copy = module.clone();
  bool inlined = succeeded(inlineCalls(*copy));
  llvm::StringMap<func::FuncOp> copies;
  for (func::FuncOp function :
       llvm::make_early_inc_range(copy->getOps<func::FuncOp>())) {
    if (!function.isPublic() || function.isExternal())
      continue;
    if (llvm::hasSingleElement(function.getBody()) &&
        hasDynamicResults(function)) {
      returnSizes(function);
      copies[function.getName()] = function;
    }
  }
  // A size that lowering could tell: once, if there is any.
  bool unknown = true;
  for (bool lower : {false, true}) {
    if (!inlined || !unknown || failed(resolve(*copy, lower)))
      return;
    unknown = false;
    for (condcomp_function &function : functions)
      if (auto found = copies.find(function.signature.name);
          found != copies.end()) {
        readSizes(found->second, function.resultSizes);
        unknown |=
            llvm::any_of(function.resultSizes, [](const ResultSize &size) {
              return size.code.empty();
            });
      }
  }
}
