//===- Grid.h - how the threads of a grid run a kernel ----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_GRID_H
#define CONDCOMP_LIB_CODEGEN_GPU_GRID_H

#include "condcomp/Runtime/KernelReport.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// Marks the functions that all threads of a grid run from beginning to end.
inline constexpr llvm::StringLiteral kKernelAttrName = "condcomp.kernel";
/// The number of a check, by which the report names it.
inline constexpr llvm::StringLiteral kCheckAttrName = "condcomp.check";
/// Marks a barrier of a block with how many threads that has: the parallel loop
/// that it is in has an innermost loop over them.
inline constexpr llvm::StringLiteral kBlockThreadsAttrName =
    "condcomp.block_threads";
/// The memory space of what the threads of a block share.
inline constexpr int64_t kSharedMemorySpace = 3;
/// How many of the last arguments of a kernel are its destinations.
inline constexpr llvm::StringLiteral kDestinationsAttrName =
    "condcomp.destinations";
/// Marks what a kernel reports of a result: the number of its destination.
inline constexpr llvm::StringLiteral kDestinationAttrName =
    "condcomp.destination";
/// Waits for all threads of the grid.
inline constexpr llvm::StringLiteral kBarrierName = "condcomp_grid_barrier";

/// What callers of kernels on a device call: see condcomp/Runtime/CUDA.h.
inline constexpr llvm::StringLiteral kTakeName = "condcomp_cuda_take";
inline constexpr llvm::StringLiteral kReleaseName = "condcomp_cuda_release";
/// The code of all kernels, for the library that launches them, and its name.
inline constexpr llvm::StringLiteral kImageName = "condcomp_cuda_image";
inline constexpr llvm::StringLiteral kImageIdName = "condcomp_cuda_image_id";

/// The leading arguments of a kernel.
enum KernelArgument { Thread, Threads, Workspace, Report, FirstArgument };

/// What a pass with the option block-size does first.
mlir::LogicalResult checkBlockSize(mlir::MLIRContext *context,
                                   int64_t blockSize);

bool isKernel(mlir::func::FuncOp function);
/// Whether a buffer is in memory that the threads of a block share. Who uses it
/// inserts its barriers.
bool isShared(mlir::Value buffer);

/// What a call that is not waited for hands to a kernel. Waited for, it hands
/// over no memory for results, and the report as the record.
struct Destinations {
  /// Memory for each result.
  llvm::ArrayRef<mlir::BlockArgument> results;
  /// Where it says what failed, for whom comes later; null for a kernel that
  /// has to be waited for.
  mlir::Value record;
};
Destinations getDestinations(mlir::func::FuncOp kernel);
/// The types of the arguments of the program's function.
mlir::ArrayRef<mlir::Type> getArgumentTypes(mlir::func::FuncOp kernel);
/// The buffer that `value` is a view of, as far as this block knows.
mlir::Value getViewed(mlir::Value value);

/// The calls of kernels in a module, and the kernels.
llvm::SmallVector<std::pair<mlir::func::CallOp, mlir::func::FuncOp>>
getKernelCalls(mlir::ModuleOp module);

/// Who runs an op of a kernel that is not inside one that somebody runs.
enum class Runner {
  /// All threads, alike.
  All,
  /// All threads, but for what is in its regions, where ops are told apart.
  Inside,
  /// Thread 0: sequential code that writes memory.
  One,
  /// Every thread a share.
  Grid
};
Runner getRunner(mlir::Operation *op);

/// Calls `fn` on ops of a kernel, outermost first, except those inside an op
/// that somebody runs.
void walkRunners(mlir::Region &region,
                 llvm::function_ref<void(mlir::Operation *)> fn);

/// Whether a buffer is allocated in `block`, or in regions of its ops.
bool allocates(mlir::Block &block);
/// Whether what `block` allocates is released at its end: it hands no buffer
/// on.
bool releasesAtEnd(mlir::Block &block);

/// A scalar as a word of a report, and back.
mlir::Value toWord(mlir::ImplicitLocOpBuilder &b, mlir::Value value);
mlir::Value fromWord(mlir::ImplicitLocOpBuilder &b, mlir::Value word,
                     mlir::Type type);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_GRID_H
