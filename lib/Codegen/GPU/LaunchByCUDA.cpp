//===- LaunchByCUDA.cpp - launches by the run-time library ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "ThreadFunction.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CheckText.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace condcomp {
#define GEN_PASS_DEF_LAUNCHBYCUDA
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
struct LaunchByCUDAPass
    : public condcomp::impl::LaunchByCUDABase<LaunchByCUDAPass> {
  using LaunchByCUDABase::LaunchByCUDABase;

  LogicalResult initialize(MLIRContext *context) override {
    return checkBlockSize(context, blockSize);
  }

  void runOnOperation() override;

private:
  LLVM::GlobalOp describe(ImplicitLocOpBuilder &b, func::FuncOp kernel,
                          func::FuncOp caller);
  std::string getKinds(func::FuncOp kernel);
  LLVM::GlobalOp describeChecks(ImplicitLocOpBuilder &b, func::FuncOp kernel,
                                func::FuncOp caller);
  LLVM::GlobalOp getString(ImplicitLocOpBuilder &b, StringRef name,
                           StringRef text);
};
} // namespace

/// A constant string that C can read.
LLVM::GlobalOp LaunchByCUDAPass::getString(ImplicitLocOpBuilder &b,
                                           StringRef name, StringRef text) {
  if (auto existing = getOperation().lookupSymbol<LLVM::GlobalOp>(name))
    return existing;
  std::string value = text.str();
  value.push_back('\0');
  auto type = LLVM::LLVMArrayType::get(b.getI8Type(), value.size());
  return LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                                LLVM::Linkage::Internal, name,
                                b.getStringAttr(value));
}

/// The ranks and element sizes of the arguments, as in condcomp_cuda_kernel.
std::string LaunchByCUDAPass::getKinds(func::FuncOp kernel) {
  auto layout = DataLayout::closest(kernel);
  std::string kinds;
  for (Type type : getArgumentTypes(kernel)) {
    auto memref = dyn_cast<MemRefType>(type);
    Type element = memref ? memref.getElementType() : type;
    kinds += memref                 ? static_cast<char>('0' + memref.getRank())
             : isa<FloatType>(type) ? 'f'
                                    : 's';
    kinds +=
        static_cast<char>('0' + layout.getTypeSize(element).getFixedValue());
  }
  return kinds;
}

/// How many dynamic sizes each result has, as in condcomp_cuda_kernel.
static std::string getResultKinds(func::FuncOp caller) {
  std::string kinds;
  for (Type type : caller.getResultTypes())
    kinds +=
        static_cast<char>('0' + cast<MemRefType>(type).getNumDynamicDims());
  return kinds;
}

/// A constant of parts, which `make` makes.
static LLVM::GlobalOp
makeConstant(ImplicitLocOpBuilder &b, Type type, const Twine &name,
             llvm::function_ref<SmallVector<Value>()> make) {
  OpBuilder::InsertionGuard guard(b);
  auto global =
      LLVM::GlobalOp::create(b, type, /*isConstant=*/true,
                             LLVM::Linkage::Internal, name.str(), Attribute());
  b.createBlock(&global.getInitializerRegion());
  Value value = LLVM::UndefOp::create(b, type);
  for (auto [position, part] : llvm::enumerate(make()))
    value = LLVM::InsertValueOp::create(b, value, part, position);
  LLVM::ReturnOp::create(b, value);
  return global;
}

/// Place, message and kinds of values of every check, by its number.
LLVM::GlobalOp LaunchByCUDAPass::describeChecks(ImplicitLocOpBuilder &b,
                                                func::FuncOp kernel,
                                                func::FuncOp caller) {
  llvm::SmallVector<LLVM::GlobalOp> strings;
  auto add = [&](const Twine &text) {
    std::string name = (kernel.getName() + "$check").str();
    strings.push_back(
        getString(b, name + std::to_string(strings.size()), text.str()));
  };
  caller.walk([&](Operation *op) {
    if (!op->hasAttr(kCheckAttrName))
      return;
    add(getPlaceText(op->getLoc()));
    if (auto check = dyn_cast<CheckOp>(op)) {
      add(check.getMessage());
      add(getValueKinds(check.getValues().getTypes()));
    } else {
      add(cast<cf::AssertOp>(op).getMsg());
      add("");
    }
  });
  auto type = LLVM::LLVMArrayType::get(
      LLVM::LLVMPointerType::get(&getContext()), strings.size());
  return makeConstant(b, type, kernel.getName() + "$checks", [&] {
    return llvm::map_to_vector(strings, [&](LLVM::GlobalOp string) -> Value {
      return LLVM::AddressOfOp::create(b, string);
    });
  });
}

/// The condcomp_cuda_kernel.
LLVM::GlobalOp LaunchByCUDAPass::describe(ImplicitLocOpBuilder &b,
                                          func::FuncOp kernel,
                                          func::FuncOp caller) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(getOperation().getBody());
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  Type i64 = b.getI64Type();
  auto type = LLVM::LLVMStructType::getLiteral(
      &getContext(), {pointer, pointer, pointer, pointer, pointer, pointer, i64,
                      i64, pointer, pointer, i64});
  std::string prefix = (kernel.getName() + "$").str();
  LLVM::GlobalOp strings[] = {
      getString(b, prefix + "name", kernel.getName()),
      getOperation().lookupSymbol<LLVM::GlobalOp>(kImageName),
      getOperation().lookupSymbol<LLVM::GlobalOp>(kImageIdName),
      getString(b, "condcomp_cuda_chip", chip),
      getString(b, "condcomp_cuda_format", format),
      getString(b, prefix + "kinds", getKinds(kernel))};
  // Nothing more is asked of a kernel that has to be waited for.
  LLVM::GlobalOp results, checks;
  int64_t numChecks = 0;
  if (getDestinations(kernel).record) {
    results = getString(b, prefix + "results", getResultKinds(caller));
    checks = describeChecks(b, kernel, caller);
    numChecks =
        cast<LLVM::LLVMArrayType>(checks.getGlobalType()).getNumElements() / 3;
  }
  auto report = cast<MemRefType>(kernel.getArgumentTypes()[Report]);
  return makeConstant(b, type, prefix + "description", [&] {
    SmallVector<Value> fields;
    auto addAddress = [&](LLVM::GlobalOp global) {
      fields.push_back(global ? LLVM::AddressOfOp::create(b, global).getResult()
                              : LLVM::ZeroOp::create(b, pointer).getResult());
    };
    auto addNumber = [&](int64_t number) {
      fields.push_back(
          LLVM::ConstantOp::create(b, i64, b.getI64IntegerAttr(number)));
    };
    for (LLVM::GlobalOp string : strings)
      addAddress(string);
    addNumber(blockSize);
    addNumber(report.getDimSize(0));
    addAddress(results);
    addAddress(checks);
    addNumber(numChecks);
    return fields;
  });
}

/// The results that the library copied: descriptors around their addresses.
static void makeResults(ModuleOp module, const LLVMTypeConverter &converter) {
  SmallVector<UnrealizedConversionCastOp> results;
  module.walk([&](UnrealizedConversionCastOp op) {
    auto call = op.getNumOperands() > 0
                    ? op.getOperand(0).getDefiningOp<func::CallOp>()
                    : func::CallOp();
    if (call && call.getCallee() == kTakeName)
      results.push_back(op);
  });
  for (UnrealizedConversionCastOp op : results) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    Type i64 = b.getI64Type();
    auto type = cast<MemRefType>(op.getResult(0).getType());
    auto toI64 = [&](Value index) {
      return UnrealizedConversionCastOp::create(b, i64, index).getResult(0);
    };
    Value address = LLVM::IntToPtrOp::create(
        b, LLVM::LLVMPointerType::get(b.getContext()), toI64(op.getOperand(0)));
    auto dynamic = op.getOperands().drop_front().begin();
    SmallVector<Value> sizes, strides(type.getRank());
    for (int64_t size : type.getShape())
      sizes.push_back(ShapedType::isDynamic(size)
                          ? toI64(*dynamic++)
                          : LLVM::ConstantOp::create(b, i64, size));
    Value stride = LLVM::ConstantOp::create(b, i64, 1);
    for (int64_t dim = type.getRank(); dim-- > 0;) {
      strides[dim] = stride;
      if (dim > 0)
        stride = LLVM::MulOp::create(b, stride, sizes[dim]);
    }
    SmallVector<Value> parts{address, address,
                             LLVM::ConstantOp::create(b, i64, 0)};
    llvm::append_range(parts, sizes);
    llvm::append_range(parts, strides);
    Value descriptor =
        MemRefDescriptor::pack(b, b.getLoc(), converter, type, parts);
    op.getResult(0).replaceAllUsesWith(
        UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0));
    op.erase();
  }
}

void LaunchByCUDAPass::runOnOperation() {
  ModuleOp module = getOperation();
  auto b =
      ImplicitLocOpBuilder::atBlockBegin(module.getLoc(), module.getBody());
  // Their contents come later.
  for (StringRef name : {kImageName, kImageIdName})
    LLVM::GlobalOp::create(b, LLVM::LLVMArrayType::get(b.getI8Type(), 0),
                           /*isConstant=*/true, LLVM::Linkage::External, name,
                           Attribute());
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  FailureOr<LLVM::LLVMFuncOp> launch = LLVM::lookupOrCreateFn(
      b, module, "condcomp_cuda_launch", {pointer, pointer, pointer},
      LLVM::LLVMVoidType::get(&getContext()));
  if (failed(launch))
    return signalPassFailure();
  LLVMTypeConverter converter(&getContext());
  for (auto [call, kernel] : getKernelCalls(module)) {
    b.setLoc(call.getLoc());
    b.setInsertionPoint(call);
    Value description = LLVM::AddressOfOp::create(
        b, describe(b, kernel, call->getParentOfType<func::FuncOp>()));
    Value address = memref::ExtractAlignedPointerAsIndexOp::create(
        b, call.getOperand(Report));
    Value report = LLVM::IntToPtrOp::create(
        b, pointer,
        UnrealizedConversionCastOp::create(b, b.getI64Type(), address)
            .getResult(0));
    Value arguments =
        makeArgumentArray(b, converter,
                          call.getOperands().slice(
                              FirstArgument, getArgumentTypes(kernel).size()));
    LLVM::CallOp::create(b, *launch,
                         ValueRange{description, report, arguments});
    call.erase();
  }
  makeResults(module, converter);
}
