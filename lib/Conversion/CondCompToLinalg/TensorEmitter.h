//===- TensorEmitter.h - short ways to write linalg and scf -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_TENSOREMITTER_H
#define CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_TENSOREMITTER_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// A builder at a fixed location with helpers for the tensor code that the
/// lowerings emit. Sizes are index values; constant ones make static dims.
class TensorEmitter : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Type = mlir::Type;
  template <typename T>
  using ArrayRef = llvm::ArrayRef<T>;
  /// Makes the element of an output from the elements of the inputs.
  using ElementFn =
      llvm::function_ref<Value(TensorEmitter &, ValueRange elements)>;
  /// Makes the element of an output from its position.
  using IndexFn =
      llvm::function_ref<Value(TensorEmitter &, ValueRange indices)>;
  /// Makes the next values of loop-carried values.
  using LoopFn = llvm::function_ref<llvm::SmallVector<Value>(
      TensorEmitter &, Value index, ValueRange carried)>;
  /// Makes the condition of a while loop and the values for its body.
  using ConditionFn = llvm::function_ref<Value(
      TensorEmitter &, ValueRange carried, llvm::SmallVector<Value> &passed)>;
  /// Makes the next carried values from what the condition passed on.
  using StepFn = llvm::function_ref<llvm::SmallVector<Value>(
      TensorEmitter &, ValueRange passed)>;
  using RegionFn =
      llvm::function_ref<llvm::SmallVector<Value>(TensorEmitter &)>;

  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  //===--------------------------------------------------------------------===//
  // Scalars
  //===--------------------------------------------------------------------===//

  Value index(int64_t value);
  /// A float, integer or index constant of `type`.
  Value scalar(Type type, double value);
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value div(Value lhs, Value rhs);
  Value rem(Value lhs, Value rhs);
  Value product(ValueRange factors);
  /// Signed comparison of integers or indices.
  Value compare(mlir::arith::CmpIPredicate predicate, Value lhs, Value rhs);
  Value select(Value condition, Value lhs, Value rhs);
  Value logicalAnd(Value lhs, Value rhs);
  Value logicalNot(Value value);
  /// `value` extended or rounded to the float type `type`.
  Value castFloat(Value value, Type type);
  /// `condcomp.check`.
  void check(Value condition, const llvm::Twine &message, ValueRange values);
  /// Checks that the leading dims of `tensor` are `sizes`; `what` names it.
  void checkLeadingDims(Value tensor, ValueRange sizes,
                        const llvm::Twine &what);

  //===--------------------------------------------------------------------===//
  // Tensors
  //===--------------------------------------------------------------------===//

  Value dim(Value tensor, int64_t i);
  llvm::SmallVector<Value> dims(Value tensor);
  llvm::SmallVector<Value> dimsFrom(Value tensor, int64_t first);
  Value empty(ValueRange sizes, Type elementType);
  Value filled(ValueRange sizes, Value element);
  Value extract(Value tensor, ValueRange indices);
  Value insert(Value element, Value tensor, ValueRange indices);
  /// `tensor[offset : offset + size]` along dim 0.
  Value slice(Value tensor, Value offset, Value size);
  /// `tensor` with `tensor[offset : offset + size] = source`.
  Value insertSlice(Value source, Value tensor, Value offset, Value size);
  /// `tensor` with `tensor[offset] = source`, whose dim 0 is `size`.
  Value insertSliceAt(Value source, Value tensor, Value offset, Value size);
  /// `tensor` with `tensor[at] = source[from]`.
  Value copyRow(Value source, Value from, Value tensor, Value at);
  /// `tensor[offset]`, without dim 0.
  Value sliceAt(Value tensor, Value offset);
  /// A cast to `type` where types differ in static and dynamic dims only.
  Value castTo(Type type, Value tensor);
  /// The first `count` dims folded into one.
  Value flattenLeading(Value tensor, int64_t count);
  /// Dim 0 unfolded into `sizes`.
  Value unflattenLeading(Value tensor, ValueRange sizes);

  /// The last dim unfolded into `sizes`.
  Value unflattenLast(Value tensor, ValueRange sizes);

  /// An elementwise result over tensors of one shape.
  Value elementwise(Type elementType, ValueRange inputs, ElementFn fn);
  /// A tensor of the given sizes, element by element.
  Value tabulate(ValueRange sizes, Type elementType, IndexFn fn);
  /// `linalg.generic`: `maps` name, per input and for the output (last), the
  /// loops that index it; loops are parallel unless the output lacks them.
  Value generic(ValueRange inputs, Value init, unsigned numLoops,
                ArrayRef<llvm::SmallVector<int64_t>> maps, ElementFn fn);
  /// Reduces the last dim of the inputs, which have one shape, into `init`.
  Value reduceLast(ValueRange inputs, Value init, ElementFn fn);
  /// 0, 1, …, size − 1.
  Value iota(Value size);
  /// `source[indices[i], …]` for every i.
  Value gatherRows(Value source, Value indices);

  /// Position in the iteration space of the linalg op being filled.
  Value loopIndex(int64_t dim);

  //===--------------------------------------------------------------------===//
  // Control flow
  //===--------------------------------------------------------------------===//

  /// Makes rows [first, first + count) of the results.
  using BlockFn = llvm::function_ref<llvm::SmallVector<Value>(
      TensorEmitter &, Value first, Value count)>;
  /// Where a row, or the end, begins in dim 0 of the results.
  using PlaceFn = llvm::function_ref<Value(TensorEmitter &, Value row)>;
  /// Blocks of up to `block` of `count` rows, in any order or in parallel.
  llvm::SmallVector<Value> forBlocks(Value count, Value block, ValueRange inits,
                                     PlaceFn placeOf, BlockFn fn);
  llvm::SmallVector<Value> forLoop(Value from, Value to, ValueRange inits,
                                   LoopFn body);
  /// A loop whose iterations may run in any order, or in parallel: none reads
  /// or writes an element that another one writes.
  llvm::SmallVector<Value> forEach(Value from, Value to, ValueRange inits,
                                   LoopFn body);
  /// While the condition holds; the results are what it passed on last, of the
  /// given types. Tensors must be passed on as they are, in the same places.
  llvm::SmallVector<Value> whileLoop(mlir::TypeRange types, ValueRange inits,
                                     ConditionFn condition, StepFn body);
  llvm::SmallVector<Value> ifElse(Value condition, RegionFn thenFn,
                                  RegionFn elseFn);
  /// What `body` emits for the value of `selector`, of 0 to `count` - 1.
  llvm::SmallVector<Value> indexSwitch(
      Value selector, int64_t count, mlir::TypeRange types,
      llvm::function_ref<llvm::SmallVector<Value>(TensorEmitter &, int64_t)>
          body);
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CONDCOMPTOLINALG_TENSOREMITTER_H
