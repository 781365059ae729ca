//===- EmitCEntryPoints.cpp - the C ABI of public functions ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StatusAttr.h"
#include "condcomp/Conversion/Passes.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace condcomp {
#define GEN_PASS_DEF_EMITCENTRYPOINTS
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// With more arguments and results than this, unpacking them is not optimized.
static constexpr unsigned kManyValues = 64;

/// Whether C can pass a value of this type by itself.
static bool isScalar(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return llvm::is_contained({1u, 8u, 16u, 32u, 64u}, integer.getWidth());
  return type.isIndex() || type.isF16() || type.isBF16() || type.isF32() ||
         type.isF64();
}

static bool hasCRepresentation(Type type) {
  return isScalar(type) || isa<MemRefType>(type);
}

namespace {
/// Builds the two functions around one public function.
class EntryPoint {
public:
  EntryPoint(ModuleOp module, func::FuncOp function,
             const LLVMTypeConverter &converter, SymbolTable &symbols)
      : module(module), function(function), converter(converter),
        symbols(symbols), builder(module.getContext()), loc(function.getLoc()),
        i32(builder.getI32Type()),
        pointer(LLVM::LLVMPointerType::get(module.getContext())),
        hasStatus(function->hasAttr(kStatusAttrName)) {}

  LogicalResult build();

private:
  LogicalResult checkTypes();
  void buildPacked(StringRef name);
  void buildEntry(StringRef name, StringRef packed, LLVM::LLVMFuncOp call);

  TypeRange getArguments() {
    return TypeRange(function.getArgumentTypes()).drop_front(hasStatus);
  }
  TypeRange getResults() {
    return TypeRange(function.getResultTypes()).drop_front(hasStatus);
  }
  Value getConstant(int32_t value) {
    return LLVM::ConstantOp::create(builder, loc, i32,
                                    builder.getI32IntegerAttr(value));
  }
  Value loadPointer(Value array, int32_t index) {
    Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, array,
                                     ArrayRef<LLVM::GEPArg>{index});
    return LLVM::LoadOp::create(builder, loc, pointer, slot);
  }
  /// How a value lies in memory: truth values take a byte.
  Type getMemoryType(Type type) {
    return type.isInteger(1) ? builder.getI8Type()
                             : converter.convertType(type);
  }

  ModuleOp module;
  func::FuncOp function;
  const LLVMTypeConverter &converter;
  SymbolTable &symbols;
  OpBuilder builder;
  Location loc;
  Type i32, pointer;
  bool hasStatus;
};
} // namespace

LogicalResult EntryPoint::checkTypes() {
  for (auto [index, type] : llvm::enumerate(getArguments()))
    if (!hasCRepresentation(type))
      return function.emitOpError()
             << "argument " << index << " of the public function has type "
             << type << ", which C can't pass: memrefs and scalars can";
  for (auto [index, type] : llvm::enumerate(getResults()))
    if (!hasCRepresentation(type))
      return function.emitOpError()
             << "result " << index << " of the public function has type "
             << type << ", which C can't pass: memrefs and scalars can";
  return success();
}

/// `int32_t f$packed(context, void **)`: unpack, call, store the results.
void EntryPoint::buildPacked(StringRef name) {
  auto type = LLVM::LLVMFunctionType::get(i32, {pointer, pointer});
  auto packed = LLVM::LLVMFuncOp::create(builder, loc, name, type,
                                         LLVM::Linkage::Internal);
  symbols.insert(packed);
  // Hundreds of weights make one block of thousands of loads and stores:
  // nothing to optimize, but LLVM's time for scheduling grows with its square.
  if (getArguments().size() + getResults().size() > kManyValues) {
    packed.setNoInline(true);
    packed.setOptimizeNone(true);
  }
  OpBuilder::InsertionGuard guard(builder);
  Block *body = packed.addEntryBlock(builder);
  builder.setInsertionPointToStart(body);
  Value context = body->getArgument(0), array = body->getArgument(1);

  SmallVector<Value> operands;
  if (hasStatus)
    operands.push_back(context);
  int32_t position = 0;
  for (Type argument : getArguments()) {
    Value address = loadPointer(array, position++);
    Value value =
        LLVM::LoadOp::create(builder, loc, getMemoryType(argument), address);
    if (argument.isInteger(1))
      value = LLVM::TruncOp::create(builder, loc, argument, value);
    if (value.getType() != argument)
      value = UnrealizedConversionCastOp::create(builder, loc, argument, value)
                  .getResult(0);
    operands.push_back(value);
  }
  auto call = func::CallOp::create(builder, loc, function, operands);
  if (hasStatus) {
    // Poison may not be stored, not even to be ignored.
    Block *good = packed.addBlock(), *bad = packed.addBlock();
    Value success = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq,
                                         call.getResult(0), getConstant(0));
    LLVM::CondBrOp::create(builder, loc, success, good, bad);
    builder.setInsertionPointToStart(bad);
    LLVM::ReturnOp::create(builder, loc, call.getResult(0));
    builder.setInsertionPointToStart(good);
  }
  for (Value result : call.getResults().drop_front(hasStatus)) {
    Type memoryType = getMemoryType(result.getType());
    Value value = result;
    if (result.getType().isInteger(1))
      value = LLVM::ZExtOp::create(builder, loc, memoryType, value);
    if (value.getType() != memoryType)
      value =
          UnrealizedConversionCastOp::create(builder, loc, memoryType, value)
              .getResult(0);
    LLVM::StoreOp::create(builder, loc, value, loadPointer(array, position++));
  }
  LLVM::ReturnOp::create(builder, loc, getConstant(0));
}

/// `int32_t f(context, arguments..., results...)`: pack and hand over.
void EntryPoint::buildEntry(StringRef name, StringRef packedName,
                            LLVM::LLVMFuncOp callFunction) {
  SmallVector<Type> types{pointer};
  for (Type argument : getArguments())
    types.push_back(isScalar(argument) ? converter.convertType(argument)
                                       : pointer);
  types.append(getResults().size(), pointer);
  auto entry = LLVM::LLVMFuncOp::create(
      builder, loc, name, LLVM::LLVMFunctionType::get(i32, types));
  symbols.insert(entry);
  // C extends integers that are narrower than int.
  for (auto [index, argument] : llvm::enumerate(getArguments())) {
    if (argument.isInteger(1))
      entry.setArgAttr(index + 1, LLVM::LLVMDialect::getZExtAttrName(),
                       builder.getUnitAttr());
    else if (argument.isInteger(8) || argument.isInteger(16))
      entry.setArgAttr(index + 1, LLVM::LLVMDialect::getSExtAttrName(),
                       builder.getUnitAttr());
  }

  OpBuilder::InsertionGuard guard(builder);
  Block *body = entry.addEntryBlock(builder);
  builder.setInsertionPointToStart(body);
  ValueRange values = body->getArguments().drop_front();
  Value array = LLVM::AllocaOp::create(builder, loc, pointer, pointer,
                                       getConstant(values.size()));
  for (auto [index, value] : llvm::enumerate(values)) {
    Value address = value;
    if (index < getArguments().size() && isScalar(getArguments()[index])) {
      Type memoryType = getMemoryType(getArguments()[index]);
      address = LLVM::AllocaOp::create(builder, loc, pointer, memoryType,
                                       getConstant(1));
      Value stored = value;
      if (stored.getType() != memoryType)
        stored = LLVM::ZExtOp::create(builder, loc, memoryType, stored);
      LLVM::StoreOp::create(builder, loc, stored, address);
    }
    Value slot = LLVM::GEPOp::create(
        builder, loc, pointer, pointer, array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
    LLVM::StoreOp::create(builder, loc, address, slot);
  }
  Value packed = LLVM::AddressOfOp::create(builder, loc, pointer, packedName);
  auto call =
      LLVM::CallOp::create(builder, loc, callFunction,
                           ValueRange{body->getArgument(0), packed, array});
  LLVM::ReturnOp::create(builder, loc, call.getResult());
}

LogicalResult EntryPoint::build() {
  if (failed(checkTypes()))
    return failure();
  std::string name = function.getName().str();
  std::string implName = name + "$impl", packedName = name + "$packed";
  for (StringRef taken : {implName, packedName})
    if (symbols.lookup(taken))
      return function.emitOpError()
             << "needs the name '" << taken << "', which is taken";
  FailureOr<LLVM::LLVMFuncOp> call = LLVM::lookupOrCreateFn(
      builder, module, "condcomp_call", {pointer, pointer, pointer}, i32);
  if (failed(call))
    return failure();

  if (failed(symbols.rename(function, implName)))
    return failure();
  function.setPrivate();
  builder.setInsertionPointAfter(function);
  buildPacked(packedName);
  buildEntry(name, packedName, *call);
  return success();
}

namespace {
struct EmitCEntryPoints
    : public condcomp::impl::EmitCEntryPointsBase<EmitCEntryPoints> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    LLVMTypeConverter converter(&getContext());
    SymbolTable symbols(module);
    auto internal =
        LLVM::LinkageAttr::get(&getContext(), LLVM::Linkage::Internal);
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (function.isPublic() && !function.isExternal() &&
          failed(EntryPoint(module, function, converter, symbols).build()))
        return signalPassFailure();
      function->removeAttr(kStatusAttrName);
      // The C functions are the only symbols that others see.
      if (!function.isExternal())
        function->setAttr("llvm.linkage", internal);
    }
  }
};
} // namespace
