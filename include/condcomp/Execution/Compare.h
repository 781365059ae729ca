//===- Compare.h - results against expected values --------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_COMPARE_H
#define CONDCOMP_EXECUTION_COMPARE_H

#include "condcomp/Execution/Array.h"

namespace condcomp {

/// How far a float may be from what is expected: |a - e| <= atol + rtol * |e|.
struct Tolerance {
  double rtol = 1e-5;
  double atol = 1e-8;
};

/// Fails when the shapes or types differ, or elements do: the error has their
/// count and the worst one. Floats are compared within the tolerance, to a file
/// of any float type; NaN equals NaN. Integers must be equal.
llvm::Error compareArrays(const Array &actual, const Array &expected,
                          const Tolerance &tolerance);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_COMPARE_H
