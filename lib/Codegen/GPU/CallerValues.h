//===- CallerValues.h - what a kernel's caller can compute ------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_CALLERVALUES_H
#define CONDCOMP_LIB_CODEGEN_GPU_CALLERVALUES_H

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/DenseMap.h"

namespace condcomp {

/// Computes values of a kernel in the function that calls it: those that follow
/// from sizes of arguments and from scalar arguments.
class CallerValues {
public:
  /// Arguments of the kernel stand for those of the caller, from `first` on.
  CallerValues(mlir::Block &kernel, unsigned first, mlir::ValueRange arguments)
      : kernel(kernel), first(first), arguments(arguments) {}

  /// An index of the kernel; null if only the kernel can know it.
  mlir::Value get(mlir::ImplicitLocOpBuilder &b, mlir::Value value);
  /// The size of a buffer of the kernel.
  mlir::Value getSize(mlir::ImplicitLocOpBuilder &b, mlir::Value buffer,
                      int64_t dim);

private:
  mlir::Value compute(mlir::ImplicitLocOpBuilder &b, mlir::Value value);
  mlir::Value getArgument(mlir::Value value) const;

  mlir::Block &kernel;
  unsigned first;
  mlir::ValueRange arguments;
  llvm::DenseMap<mlir::Value, mlir::Value> known;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_CALLERVALUES_H
