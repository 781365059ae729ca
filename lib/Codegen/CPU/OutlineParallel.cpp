//===- OutlineParallel.cpp - parallel loops to run-time calls -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

namespace condcomp {
#define GEN_PASS_DEF_OUTLINEPARALLEL
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {

/// Moves one loop into a function that runs a range of its iterations.
class Outliner {
public:
  Outliner(omp::ParallelOp parallel, omp::WsloopOp share,
           LLVM::LLVMFuncOp callee, SymbolTable &symbols)
      : parallel(parallel), share(share),
        nest(cast<omp::LoopNestOp>(share.getWrappedLoop())), callee(callee),
        symbols(symbols), b(parallel.getLoc(), parallel), index(b.getI64Type()),
        pointer(LLVM::LLVMPointerType::get(b.getContext())) {}

  void run();

private:
  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(b, index, b.getI64IntegerAttr(value));
  }
  void countIterations();
  void capture();
  Value pack();
  void makeFunction();
  SmallVector<Value> iteration(Value number);
  Value inside(Value value) { return values.lookup(value); }

  omp::ParallelOp parallel;
  omp::WsloopOp share;
  omp::LoopNestOp nest;
  /// Shares the iterations out.
  LLVM::LLVMFuncOp callee;
  SymbolTable &symbols;
  ImplicitLocOpBuilder b;
  Type index, pointer;

  /// Iterations of each loop of the nest, and of all together.
  SmallVector<Value> trips;
  Value total;
  /// What the function needs: constants are made there, the rest is passed.
  llvm::SetVector<Value> constants, passed;
  Type record;
  LLVM::LLVMFuncOp function;
  IRMapping values;
};

} // namespace

void Outliner::countIterations() {
  Value zero = constant(0), one = constant(1);
  total = one;
  for (auto [lower, upper, step] :
       llvm::zip(nest.getLoopLowerBounds(), nest.getLoopUpperBounds(),
                 nest.getLoopSteps())) {
    Value length =
        LLVM::SMaxOp::create(b, LLVM::SubOp::create(b, upper, lower), zero);
    Value rounded =
        LLVM::AddOp::create(b, length, LLVM::SubOp::create(b, step, one));
    trips.push_back(LLVM::UDivOp::create(b, rounded, step));
    total = LLVM::MulOp::create(b, total, trips.back());
  }
}

void Outliner::capture() {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(nest.getRegion(), used);
  used.insert_range(nest.getLoopLowerBounds());
  used.insert_range(nest.getLoopSteps());
  // The outermost loop's number of iterations is not needed to count.
  used.insert_range(ArrayRef<Value>(trips).drop_front());
  for (Value value : used) {
    Operation *op = value.getDefiningOp();
    bool isConstant =
        op && op->getNumOperands() == 0 &&
        (matchPattern(op, m_Constant()) ||
         isa<LLVM::AddressOfOp, LLVM::UndefOp, LLVM::PoisonOp, LLVM::ZeroOp>(
             op));
    (isConstant ? constants : passed).insert(value);
  }
  SmallVector<Type> types;
  for (Value value : passed)
    types.push_back(value.getType());
  record = LLVM::LLVMStructType::getLiteral(b.getContext(), types);
}

/// Puts what is passed into a record on the stack of the caller.
Value Outliner::pack() {
  if (passed.empty())
    return LLVM::ZeroOp::create(b, pointer);
  Value address;
  {
    OpBuilder::InsertionGuard guard(b);
    auto caller = parallel->getParentOfType<LLVM::LLVMFuncOp>();
    b.setInsertionPointToStart(&caller.getBody().front());
    address = LLVM::AllocaOp::create(b, pointer, record, constant(1));
  }
  for (auto [i, value] : llvm::enumerate(passed)) {
    Value field = LLVM::GEPOp::create(b, pointer, record, address,
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
    LLVM::StoreOp::create(b, value, field);
  }
  return address;
}

/// The induction variables of an iteration of all loops together.
SmallVector<Value> Outliner::iteration(Value number) {
  SmallVector<Value> variables(trips.size());
  for (int64_t i = trips.size() - 1; i >= 0; --i) {
    Value own = number;
    if (i > 0) {
      Value count = inside(trips[i]);
      own = LLVM::URemOp::create(b, number, count);
      number = LLVM::UDivOp::create(b, number, count);
    }
    Value offset = LLVM::MulOp::create(b, own, inside(nest.getLoopSteps()[i]));
    variables[i] =
        LLVM::AddOp::create(b, inside(nest.getLoopLowerBounds()[i]), offset);
  }
  return variables;
}

void Outliner::makeFunction() {
  OpBuilder::InsertionGuard guard(b);
  auto caller = parallel->getParentOfType<LLVM::LLVMFuncOp>();
  b.setInsertionPointAfter(caller);
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()), {pointer, index, index});
  function = LLVM::LLVMFuncOp::create(b, (caller.getName() + "$loop").str(),
                                      type, LLVM::Linkage::Internal);
  symbols.insert(function);
  // The record is written before the loop and not in it.
  for (StringRef attribute : {LLVM::LLVMDialect::getNoAliasAttrName(),
                              LLVM::LLVMDialect::getReadonlyAttrName()})
    function.setArgAttr(0, attribute, b.getUnitAttr());

  Block *entry = function.addEntryBlock(b);
  b.setInsertionPointToStart(entry);
  for (Value value : constants) {
    Operation *clone = b.clone(*value.getDefiningOp());
    values.map(value, clone->getResult(0));
  }
  for (auto [i, value] : llvm::enumerate(passed)) {
    Value field = LLVM::GEPOp::create(b, pointer, record, entry->getArgument(0),
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
    values.map(value, LLVM::LoadOp::create(b, value.getType(), field));
  }

  Region &body = function.getBody();
  Block *test = b.createBlock(&body, body.end(), index, b.getLoc());
  Block *next = b.createBlock(&body, body.end());
  Block *exit = b.createBlock(&body, body.end());
  b.setInsertionPointToEnd(entry);
  LLVM::BrOp::create(b, entry->getArgument(1), test);
  b.setInsertionPointToEnd(exit);
  LLVM::ReturnOp::create(b, ValueRange());

  Block *first = &nest.getRegion().front();
  for (Block &block : nest.getRegion())
    if (auto yield = dyn_cast<omp::YieldOp>(block.getTerminator())) {
      b.setInsertionPoint(yield);
      LLVM::BrOp::create(b, ValueRange(), next);
      yield.erase();
    }
  body.getBlocks().splice(next->getIterator(), nest.getRegion().getBlocks());

  b.setInsertionPointToEnd(test);
  Value number = test->getArgument(0);
  Value more = LLVM::ICmpOp::create(b, LLVM::ICmpPredicate::slt, number,
                                    entry->getArgument(2));
  Block *begin = b.createBlock(first);
  b.setInsertionPointToEnd(test);
  LLVM::CondBrOp::create(b, more, begin, exit);
  b.setInsertionPointToEnd(begin);
  LLVM::BrOp::create(b, iteration(number), first);
  b.setInsertionPointToEnd(next);
  LLVM::BrOp::create(b, ValueRange{LLVM::AddOp::create(b, number, constant(1))},
                     test);
  // A constant may have uses all over the caller: only the loop is visited.
  function.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands())
      operand.set(values.lookupOrDefault(operand.get()));
  });
}

/// The function of the run-time library that shares iterations out.
static FailureOr<LLVM::LLVMFuncOp> getParallelFor(ModuleOp module) {
  OpBuilder b(module.getContext());
  Type index = b.getI64Type();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  return LLVM::lookupOrCreateFn(b, module, "condcomp_parallel_for",
                                {index, b.getI32Type(), pointer, pointer},
                                LLVM::LLVMVoidType::get(b.getContext()));
}

void Outliner::run() {
  countIterations();
  capture();
  Value data = pack();
  makeFunction();
  Type flag = b.getI32Type();
  bool dynamic = share.getScheduleKind() == omp::ClauseScheduleKind::Dynamic;
  Value operands[] = {
      total, LLVM::ConstantOp::create(b, flag, b.getI32IntegerAttr(dynamic)),
      LLVM::AddressOfOp::create(b, function), data};
  LLVM::CallOp::create(b, callee, operands);
  parallel.erase();
}

namespace {
struct OutlineParallelPass
    : public condcomp::impl::OutlineParallelBase<OutlineParallelPass> {
  void runOnOperation() override {
    // Outer loops first: records lie on the stack of a function, not in a loop.
    SmallVector<omp::ParallelOp> loops;
    getOperation()->walk<WalkOrder::PreOrder>(
        [&](omp::ParallelOp parallel) { loops.push_back(parallel); });
    if (loops.empty())
      return;
    FailureOr<LLVM::LLVMFuncOp> callee = getParallelFor(getOperation());
    if (failed(callee))
      return signalPassFailure();
    SymbolTable symbols(getOperation());
    for (omp::ParallelOp parallel : loops) {
      omp::WsloopOp share;
      for (Operation &op : parallel.getRegion().front()) {
        if (auto found = dyn_cast<omp::WsloopOp>(op))
          share = found;
        else if (!isa<omp::TerminatorOp>(op) &&
                 !matchPattern(&op, m_Constant())) {
          share = {};
          break;
        }
      }
      if (!share || !parallel.getRegion().hasOneBlock()) {
        parallel.emitError("cannot be run by the run-time library: it is more "
                           "than one work-sharing loop");
        return signalPassFailure();
      }
      Outliner(parallel, share, *callee, symbols).run();
    }
  }
};
} // namespace
