//===- LoopBuilder.h - loops over chunks of work ----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_LOOPBUILDER_H
#define CONDCOMP_LIB_CODEGEN_CPU_LOOPBUILDER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// Index arithmetic that folds constants.
mlir::Value constantIndex(mlir::ImplicitLocOpBuilder &b, int64_t value);
mlir::Value add(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value sub(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value mul(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value div(mlir::ImplicitLocOpBuilder &b, mlir::Value x, mlir::Value y);
mlir::Value minimum(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                    mlir::Value y);
mlir::Value maximum(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                    mlir::Value y);
/// ceil(x / y), of non-negative values.
mlir::Value ceilDiv(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                    mlir::Value y);
/// The largest multiple of `y` that is not above `x`.
mlir::Value roundDown(mlir::ImplicitLocOpBuilder &b, mlir::Value x, int64_t y);

/// One `scf.for` from `lower` to `upper`; `body` gets the index.
void buildFor(mlir::ImplicitLocOpBuilder &b, mlir::Value lower,
              mlir::Value upper, int64_t step,
              llvm::function_ref<void(mlir::Value)> body);

/// `yes` where `condition` holds, `no` where it does not.
void buildIfElse(mlir::ImplicitLocOpBuilder &b, mlir::Value condition,
                 llvm::function_ref<void()> yes, llvm::function_ref<void()> no);

/// Code of its own for each `count` from 1 to `most`; none for other counts.
void buildSwitch(mlir::ImplicitLocOpBuilder &b, mlir::Value count, int64_t most,
                 llvm::function_ref<void(int64_t)> body);

/// Sequential loops over `sizes`, outermost first, that carry values; `body`
/// gets the indices and the values, and returns those of the next iteration.
/// Returns the last ones. Without sizes there is the body alone.
llvm::SmallVector<mlir::Value> buildCarryingNest(
    mlir::ImplicitLocOpBuilder &b, llvm::ArrayRef<mlir::Value> sizes,
    mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange ivs,
                                                      mlir::ValueRange carried)>
        body);

/// A nest of loops over `sizes`, outermost first, run in chunks by several
/// threads when there is enough work. `cost` is the work of one innermost
/// iteration, in units of about a quarter of a nanosecond. How iterations are
/// cut into chunks depends on the sizes alone. With `parallel` unset, inside of
/// another parallel loop, and where sizes are known to be small, there are only
/// sequential loops.
void buildParallelNest(
    mlir::ImplicitLocOpBuilder &b, llvm::ArrayRef<mlir::Value> sizes,
    mlir::Value cost, bool parallel,
    llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_LOOPBUILDER_H
