//===- LowerChecks.cpp - from checks to a returned status -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StatusAttr.h"
#include "condcomp/Conversion/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CheckText.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERCHECKS
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Looks a call's callee up, if it has a body in this module.
static func::FuncOp getDefinedCallee(func::CallOp call,
                                     SymbolTableCollection &symbols) {
  auto callee =
      symbols.lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  return callee && !callee.isExternal() ? callee : nullptr;
}

/// The functions that can fail: those with a check, and their callers.
static llvm::SetVector<func::FuncOp>
findFallible(ModuleOp module, SymbolTableCollection &symbols) {
  llvm::SetVector<func::FuncOp> fallible;
  DenseMap<func::FuncOp, SmallVector<func::FuncOp>> callers;
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](Operation *op) {
      if (isa<CheckOp, cf::AssertOp>(op))
        fallible.insert(function);
      else if (auto call = dyn_cast<func::CallOp>(op))
        if (func::FuncOp callee = getDefinedCallee(call, symbols))
          callers[callee].push_back(function);
    });
  for (size_t i = 0; i < fallible.size(); ++i)
    for (func::FuncOp caller : callers.lookup(fallible[i]))
      fallible.insert(caller);
  return fallible;
}

namespace {
/// Rewrites the functions of one module.
class CheckLowering {
public:
  explicit CheckLowering(ModuleOp module)
      : module(module), builder(module.getContext()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}

  LogicalResult run();

private:
  LogicalResult checkPlaces(func::FuncOp function);
  LogicalResult lowerFunction(func::FuncOp function);
  void lowerCheck(Operation *op, Value condition, StringRef message,
                  ValueRange values);
  LogicalResult lowerCall(func::CallOp call);
  void report(Operation *op, StringRef message, ValueRange values);
  void returnStatus(func::FuncOp function, Location loc, Value status);
  Value getString(Location loc, StringRef text);
  Value getConstant(Location loc, int32_t value) {
    return arith::ConstantIntOp::create(builder, loc, value, 32);
  }

  ModuleOp module;
  OpBuilder builder;
  Type pointer;
  SymbolTableCollection symbols;
  llvm::SetVector<func::FuncOp> fallible;
  LLVM::LLVMFuncOp reporter;
  llvm::StringMap<LLVM::GlobalOp> strings;
};
} // namespace

/// The address of a constant that holds `text` and a terminator.
Value CheckLowering::getString(Location loc, StringRef text) {
  LLVM::GlobalOp &global = strings[text];
  if (!global) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(module.getBody());
    std::string terminated = (text + Twine('\0')).str();
    auto type =
        LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size());
    global = LLVM::GlobalOp::create(builder, builder.getUnknownLoc(), type,
                                    /*isConstant=*/true, LLVM::Linkage::Private,
                                    "condcomp_text",
                                    builder.getStringAttr(terminated));
    // Inserting into the symbol table makes the name unique.
    global->remove();
    symbols.getSymbolTable(module).insert(global, module.getBody()->begin());
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

/// Hands message, location and values to the run-time library.
void CheckLowering::report(Operation *op, StringRef message,
                           ValueRange values) {
  Location loc = op->getLoc();
  Value buffer = LLVM::ZeroOp::create(builder, loc, pointer);
  if (!values.empty())
    buffer = LLVM::AllocaOp::create(builder, loc, pointer, builder.getI64Type(),
                                    getConstant(loc, values.size()));
  for (auto [index, value] : llvm::enumerate(values)) {
    Type type = value.getType();
    Value bits = value;
    if (auto floatType = dyn_cast<FloatType>(type)) {
      if (floatType.getWidth() < 64)
        bits = arith::ExtFOp::create(builder, loc, builder.getF64Type(), bits);
      else if (floatType.getWidth() > 64)
        bits =
            arith::TruncFOp::create(builder, loc, builder.getF64Type(), bits);
      bits = arith::BitcastOp::create(builder, loc, builder.getI64Type(), bits);
    } else if (type.isInteger(1)) {
      bits = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), bits);
    } else {
      if (type.isIndex())
        bits = arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                          bits);
      else if (type.getIntOrFloatBitWidth() < 64)
        bits = arith::ExtSIOp::create(builder, loc, builder.getI64Type(), bits);
      else if (type.getIntOrFloatBitWidth() > 64)
        bits =
            arith::TruncIOp::create(builder, loc, builder.getI64Type(), bits);
    }
    Value slot = LLVM::GEPOp::create(
        builder, loc, pointer, builder.getI64Type(), buffer,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    LLVM::StoreOp::create(builder, loc, bits, slot);
  }
  Value context = op->getParentOfType<func::FuncOp>().getBody().getArgument(0);
  LLVM::CallOp::create(
      builder, loc, reporter,
      ValueRange{context, getString(loc, getPlaceText(loc)),
                 getString(loc, message),
                 getString(loc, getValueKinds(values.getTypes())), buffer});
}

/// Returns a status other than zero.
void CheckLowering::returnStatus(func::FuncOp function, Location loc,
                                 Value status) {
  SmallVector<Value> results{status};
  for (Type type : function.getResultTypes().drop_front())
    results.push_back(ub::PoisonOp::create(builder, loc, type));
  func::ReturnOp::create(builder, loc, results);
}

void CheckLowering::lowerCheck(Operation *op, Value condition,
                               StringRef message, ValueRange values) {
  auto function = op->getParentOfType<func::FuncOp>();
  Block *block = op->getBlock();
  Block *rest = block->splitBlock(std::next(op->getIterator()));
  Block *failed = new Block;
  function.getBody().push_back(failed);

  builder.setInsertionPointToEnd(failed);
  report(op, message, values);
  returnStatus(function, op->getLoc(), getConstant(op->getLoc(), 1));

  builder.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(builder, op->getLoc(), condition, rest, ValueRange{},
                           failed, ValueRange{});
  op->erase();
}

LogicalResult CheckLowering::lowerCall(func::CallOp call) {
  func::FuncOp callee = getDefinedCallee(call, symbols);
  if (!callee || !fallible.contains(callee))
    return success();
  auto function = call->getParentOfType<func::FuncOp>();
  Location loc = call.getLoc();
  builder.setInsertionPoint(call);
  SmallVector<Value> operands{function.getBody().getArgument(0)};
  llvm::append_range(operands, call.getOperands());
  SmallVector<Type> types{builder.getI32Type()};
  llvm::append_range(types, call.getResultTypes());
  auto lowered =
      func::CallOp::create(builder, loc, callee.getName(), types, operands);
  call.replaceAllUsesWith(lowered.getResults().drop_front());
  Value status = lowered.getResult(0);
  Value good = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                     status, getConstant(loc, 0));

  Block *block = call->getBlock();
  Block *rest = block->splitBlock(std::next(call->getIterator()));
  Block *failed = new Block;
  function.getBody().push_back(failed);
  builder.setInsertionPointToEnd(failed);
  returnStatus(function, loc, status);
  builder.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(builder, loc, good, rest, ValueRange{}, failed,
                           ValueRange{});
  call.erase();
  return success();
}

/// Checks and calls that can fail need a block of the function to return from.
LogicalResult CheckLowering::checkPlaces(func::FuncOp function) {
  WalkResult result = function.walk([&](Operation *op) {
    bool fails = isa<CheckOp, cf::AssertOp>(op);
    if (auto call = dyn_cast<func::CallOp>(op)) {
      func::FuncOp callee = getDefinedCallee(call, symbols);
      fails = callee && fallible.contains(callee);
    }
    if (auto reference = dyn_cast<func::ConstantOp>(op)) {
      auto target = symbols.lookupNearestSymbolFrom<func::FuncOp>(
          op, reference.getValueAttr());
      if (target && fallible.contains(target)) {
        op->emitOpError() << "takes the address of '" << target.getName()
                          << "', which has run-time checks: an indirect call "
                             "can't carry their status";
        return WalkResult::interrupt();
      }
    }
    if (!fails || op->getParentOp() == function)
      return WalkResult::advance();
    op->emitOpError() << "can fail and is inside '"
                      << op->getParentOp()->getName()
                      << "': the status can be returned from a block of the "
                         "function only (after convert-scf-to-cf, and not from "
                         "a parallel loop)";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult CheckLowering::lowerFunction(func::FuncOp function) {
  SmallVector<Operation *> checks;
  SmallVector<func::CallOp> calls;
  SmallVector<func::ReturnOp> returns;
  function.walk([&](Operation *op) {
    if (isa<CheckOp, cf::AssertOp>(op))
      checks.push_back(op);
    else if (auto call = dyn_cast<func::CallOp>(op))
      calls.push_back(call);
    else if (auto ret = dyn_cast<func::ReturnOp>(op))
      returns.push_back(ret);
  });
  for (func::ReturnOp ret : returns) {
    builder.setInsertionPoint(ret);
    ret->insertOperands(0, getConstant(ret.getLoc(), 0));
  }
  for (func::CallOp call : calls)
    if (failed(lowerCall(call)))
      return failure();
  for (Operation *op : checks) {
    if (auto check = dyn_cast<CheckOp>(op))
      lowerCheck(op, check.getCondition(), check.getMessage(),
                 check.getValues());
    else
      lowerCheck(op, cast<cf::AssertOp>(op).getArg(),
                 cast<cf::AssertOp>(op).getMsg(), {});
  }
  return success();
}

LogicalResult CheckLowering::run() {
  fallible = findFallible(module, symbols);
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(checkPlaces(function)))
      return failure();
  if (fallible.empty())
    return success();

  Type voidType = LLVM::LLVMVoidType::get(module.getContext());
  FailureOr<LLVM::LLVMFuncOp> declared = LLVM::lookupOrCreateFn(
      builder, module, "condcomp_report",
      {pointer, pointer, pointer, pointer, pointer}, voidType);
  if (failed(declared))
    return failure();
  reporter = *declared;
  // Tells LLVM that the way there is unlikely.
  reporter.setPassthroughAttr(builder.getStrArrayAttr({"cold", "nounwind"}));

  for (func::FuncOp function : fallible) {
    if (failed(function.insertArgument(0, pointer, {}, function.getLoc())) ||
        failed(function.insertResult(0, builder.getI32Type(), {})))
      return failure();
    function->setAttr(kStatusAttrName, builder.getUnitAttr());
  }
  for (func::FuncOp function : fallible)
    if (failed(lowerFunction(function)))
      return failure();
  return success();
}

namespace {
struct LowerChecks : public condcomp::impl::LowerChecksBase<LowerChecks> {
  void runOnOperation() override {
    if (failed(CheckLowering(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
