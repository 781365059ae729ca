//===- VectorBits.h - the widths of vectors that there are ------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_VECTORBITS_H
#define CONDCOMP_LIB_CODEGEN_CPU_VECTORBITS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

namespace condcomp {

/// What a pass with the option vector-bits does first.
inline llvm::LogicalResult checkVectorBits(mlir::MLIRContext *context,
                                           unsigned bits) {
  if (bits == 128 || bits == 256 || bits == 512)
    return mlir::success();
  return mlir::emitError(mlir::UnknownLoc::get(context))
         << "vector-bits is 128, 256 or 512, not " << bits;
}

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_VECTORBITS_H
