//===- CheckText.h - what the run-time library says of checks ---*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The texts of `condcomp_report` (condcomp/Runtime/EntryPoints.h).
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_IR_CHECKTEXT_H
#define CONDCOMP_DIALECT_CONDCOMP_IR_CHECKTEXT_H

#include "mlir/IR/Location.h"
#include "mlir/IR/TypeRange.h"
#include <string>

namespace condcomp {

/// The first place in a file that a location names.
std::string getPlaceText(mlir::Location loc);

/// One character per value of a check: 'f' a float, 'b' a truth value, 'i'
/// another integer.
std::string getValueKinds(mlir::TypeRange types);

} // namespace condcomp

#endif // CONDCOMP_DIALECT_CONDCOMP_IR_CHECKTEXT_H
