//===- Compare.cpp - results against expected values ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Execution/Compare.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace condcomp;

/// "[1, 2]" for the element at a position in C order.
static std::string formatIndices(ArrayRef<int64_t> shape, int64_t position) {
  SmallVector<int64_t> indices(shape.size());
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    indices[dim] = position % shape[dim];
    position /= shape[dim];
  }
  std::string text;
  raw_string_ostream os(text);
  os << "[";
  interleaveComma(indices, os);
  os << "]";
  return text;
}

/// How far apart two elements are, in units of the tolerance; 0 when equal.
static double getDistance(const Array &actual, const Array &expected,
                          int64_t index, const Tolerance &tolerance) {
  if (!isFloat(actual.getType()))
    return actual.getInteger(index) == expected.getInteger(index)
               ? 0
               : 1 + std::abs(actual.getDouble(index) -
                              expected.getDouble(index));
  double a = actual.getDouble(index), e = expected.getDouble(index);
  if (a == e || (std::isnan(a) && std::isnan(e)))
    return 0;
  double allowed = tolerance.atol + tolerance.rtol * std::abs(e);
  double difference = std::abs(a - e);
  if (!std::isfinite(difference) || !std::isfinite(allowed))
    return HUGE_VAL;
  return difference <= allowed ? 0
         : allowed > 0         ? difference / allowed
                               : 1 + difference;
}

Error condcomp::compareArrays(const Array &actual, const Array &expected,
                              const Tolerance &tolerance) {
  if (tolerance.rtol < 0 || tolerance.atol < 0)
    return makeError(formatv("is compared with rtol {0} and atol {1}; neither "
                             "can be negative",
                             tolerance.rtol, tolerance.atol)
                         .str());
  bool sameKind = isFloat(actual.getType())
                      ? isFloat(expected.getType())
                      : actual.getType() == expected.getType() ||
                            (actual.getType() == ElementType::Index &&
                             expected.getType() == ElementType::I64);
  if (actual.getShape() != expected.getShape() || !sameKind)
    return makeError("is " + actual.formatType() + ", expected " +
                     expected.formatType());
  int64_t count = 0, worst = 0;
  double worstDistance = 0;
  for (int64_t i = 0, e = actual.getNumElements(); i < e; ++i) {
    double distance = getDistance(actual, expected, i, tolerance);
    count += distance > 0;
    if (distance > worstDistance) {
      worstDistance = distance;
      worst = i;
    }
  }
  if (count == 0)
    return Error::success();
  std::string text = formatv(
      "{0} of {1} elements differ; the worst is {2}, expected {3}, at "
      "{4}",
      count, actual.getNumElements(), actual.formatElement(worst),
      expected.formatElement(worst), formatIndices(actual.getShape(), worst));
  if (isFloat(actual.getType()))
    text += formatv(
        " (difference {0:e3}, rtol {1}, atol {2})",
        std::abs(actual.getDouble(worst) - expected.getDouble(worst)),
        formatv("{0:e1}", tolerance.rtol), formatv("{0:e1}", tolerance.atol));
  return makeError(text);
}
