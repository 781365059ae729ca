//===- ExpandReshapes.cpp - reshapes with several run-time sizes ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace condcomp {
#define GEN_PASS_DEF_EXPANDRESHAPES
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether a dim of the source becomes several dims with run-time sizes, or one
/// beside dims without elements. Upstream divides the source's size by the
/// static ones to get the one that is left.
static bool splitsIntoRunTimeSizes(memref::ExpandShapeOp op) {
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  return llvm::any_of(
      op.getReassociationIndices(), [&](ArrayRef<int64_t> dims) {
        int64_t dynamic = llvm::count_if(dims, [&](int64_t dim) {
          return ShapedType::isDynamic(shape[dim]);
        });
        bool empty =
            llvm::any_of(dims, [&](int64_t dim) { return shape[dim] == 0; });
        return dynamic > 1 || (dynamic == 1 && empty);
      });
}

/// A value, or the number that the type has.
static OpFoldResult valueOrStatic(OpBuilder &b, Value value, int64_t number) {
  if (ShapedType::isDynamic(number))
    return value;
  return b.getIndexAttr(number);
}

static void expand(memref::ExpandShapeOp op) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  MemRefType type = op.getResultType();
  auto [typeStrides, typeOffset] = type.getStridesAndOffset();
  auto source = memref::ExtractStridedMetadataOp::create(b, op.getSrc());
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
  SmallVector<OpFoldResult> strides(type.getRank());
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    // Row-major within the group, from the stride of the source's dim.
    Value stride = source.getStrides()[dim];
    for (int64_t inner : llvm::reverse(group)) {
      strides[inner] = valueOrStatic(b, stride, typeStrides[inner]);
      if (inner == group.front())
        break;
      Value size =
          getValueOrCreateConstantIndexOp(b, op.getLoc(), sizes[inner]);
      stride = arith::MulIOp::create(b, stride, size);
    }
  }
  auto cast = memref::ReinterpretCastOp::create(
      b, type, source.getBaseBuffer(),
      valueOrStatic(b, source.getOffset(), typeOffset), sizes, strides);
  op.replaceAllUsesWith(cast.getResult());
  op.erase();
}

namespace {
struct ExpandReshapes
    : public condcomp::impl::ExpandReshapesBase<ExpandReshapes> {
  void runOnOperation() override {
    SmallVector<memref::ExpandShapeOp> ops;
    getOperation()->walk([&](memref::ExpandShapeOp op) {
      if (splitsIntoRunTimeSizes(op))
        ops.push_back(op);
    });
    llvm::for_each(ops, expand);
  }
};
} // namespace
