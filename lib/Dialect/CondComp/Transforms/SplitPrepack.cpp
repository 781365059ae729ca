//===- SplitPrepack.cpp - a function for what is done once ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Transforms/ConstantArguments.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

namespace condcomp {
#define GEN_PASS_DEF_SPLITPREPACK
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

SmallVector<unsigned> condcomp::getConstantArguments(func::FuncOp function) {
  SmallVector<unsigned> positions;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, kConstantArgument))
      positions.push_back(i);
  return positions;
}

/// What an op reads, its regions included.
static SetVector<Value> getInputs(Operation *op) {
  SetVector<Value> inputs(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), inputs);
  return inputs;
}

ConstantValues::ConstantValues(func::FuncOp function) {
  if (function.isExternal())
    return;
  for (unsigned i : getConstantArguments(function))
    derived.insert(function.getArgument(i));
  for (Operation &op : function.front().without_terminator()) {
    if (!isMemoryEffectFree(&op))
      continue;
    SetVector<Value> inputs = getInputs(&op);
    if (!llvm::all_of(inputs, [&](Value input) {
          return contains(input) || isFree(input);
        }))
      continue;
    bool some = llvm::any_of(inputs, [&](Value v) { return contains(v); });
    for (Value result : op.getResults())
      (some ? derived : free).insert(result);
  }
}

/// Splits one function.
static void split(func::FuncOp function, SymbolTable &symbols) {
  SmallVector<unsigned> positions = getConstantArguments(function);
  if (positions.empty() || function.isExternal())
    return;
  ConstantValues constants(function);
  Block &entry = function.front();

  // What is computed from constants and read by anything else. A size is known
  // from the tensor that is passed, if that is.
  SetVector<Value> passed;
  for (Operation &op : entry) {
    bool isPrepared = op.getNumResults() && constants.contains(op.getResult(0));
    if (isPrepared)
      continue;
    for (Value input : getInputs(&op))
      if (constants.contains(input))
        passed.insert(input);
  }

  // @f$prepack has a copy of all that the passed values need.
  OpBuilder b(function);
  SmallVector<Type> inputs;
  for (unsigned i : positions)
    inputs.push_back(function.getArgument(i).getType());
  SmallVector<Type> results(ValueRange(passed.getArrayRef()).getTypes());
  auto prepack = func::FuncOp::create(
      b, function.getLoc(), (function.getName() + kPrepackSuffix).str(),
      b.getFunctionType(inputs, results));
  prepack.setVisibility(function.getVisibility());
  symbols.insert(prepack);
  Block *body = prepack.addEntryBlock();
  IRMapping mapping;
  for (auto [argument, i] : llvm::zip(body->getArguments(), positions))
    mapping.map(function.getArgument(i), argument);
  b.setInsertionPointToEnd(body);
  SetVector<Operation *> slice;
  SmallVector<Value> wanted(passed.begin(), passed.end());
  while (!wanted.empty())
    if (Operation *op = wanted.pop_back_val().getDefiningOp())
      if (slice.insert(op))
        llvm::append_range(wanted, getInputs(op));
  for (Operation &op : entry)
    if (slice.contains(&op))
      b.clone(op, mapping);
  SmallVector<Value> returned;
  for (Value value : passed)
    returned.push_back(mapping.lookup(value));
  func::ReturnOp::create(b, function.getLoc(), returned);

  // @f gets them after its other arguments.
  for (Value value : passed) {
    unsigned position = function.getNumArguments();
    (void)function.insertArgument(position, value.getType(), {},
                                  value.getLoc());
    value.replaceUsesWithIf(
        function.getArgument(position), [&](OpOperand &use) {
          Operation *user = entry.findAncestorOpInBlock(*use.getOwner());
          return !user->getNumResults() ||
                 !constants.contains(user->getResult(0));
        });
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(entry)))
    if (op.getNumResults() && constants.contains(op.getResult(0)))
      op.erase();
  BitVector erased(function.getNumArguments());
  for (unsigned i : positions)
    erased.set(i);
  (void)function.eraseArguments(erased);
}

namespace {
struct SplitPrepack : condcomp::impl::SplitPrepackBase<SplitPrepack> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      split(function, symbols);
  }
};
} // namespace
