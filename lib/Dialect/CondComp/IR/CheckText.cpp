//===- CheckText.cpp - what the run-time library says of checks -----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CheckText.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace condcomp;

static bool printPlace(Location loc, raw_ostream &os) {
  if (auto file = dyn_cast<FileLineColLoc>(loc)) {
    os << file.getFilename().getValue() << ":" << file.getLine() << ":"
       << file.getColumn();
    return true;
  }
  if (auto name = dyn_cast<NameLoc>(loc))
    return printPlace(name.getChildLoc(), os);
  if (auto call = dyn_cast<CallSiteLoc>(loc))
    return printPlace(call.getCallee(), os);
  if (auto fused = dyn_cast<FusedLoc>(loc))
    return llvm::any_of(fused.getLocations(),
                        [&](Location part) { return printPlace(part, os); });
  return false;
}

std::string condcomp::getPlaceText(Location loc) {
  std::string place;
  llvm::raw_string_ostream os(place);
  if (!printPlace(loc, os))
    os << "unknown location";
  return place;
}

std::string condcomp::getValueKinds(TypeRange types) {
  std::string kinds;
  for (Type type : types)
    kinds += isa<FloatType>(type) ? 'f' : type.isInteger(1) ? 'b' : 'i';
  return kinds;
}
