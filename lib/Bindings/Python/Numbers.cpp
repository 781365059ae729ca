//===- Numbers.cpp - Python's numbers to scalars --------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Place.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace condcomp::python;

/// Rounds to a float of 16 bits with `mantissa` explicit bits and `exponent`
/// bits, to nearest even.
static uint16_t roundTo16(double value, int mantissa, int exponent) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  int bias = (1 << (exponent - 1)) - 1;
  uint16_t infinity = static_cast<uint16_t>(((1 << exponent) - 1) << mantissa);
  double magnitude = std::fabs(value);
  if (std::isnan(value))
    return sign | infinity | static_cast<uint16_t>(1 << (mantissa - 1));
  if (std::isinf(value))
    return sign | infinity;
  if (magnitude == 0)
    return sign;
  // In units of the last place, which nearbyint rounds to even.
  int power = std::max(std::ilogb(magnitude), 1 - bias);
  double units = std::nearbyint(std::ldexp(magnitude, mantissa - power));
  // A carry moves into the exponent by itself.
  double bits =
      units + std::ldexp(static_cast<double>(power + bias - 1), mantissa);
  return sign | static_cast<uint16_t>(std::min<double>(bits, infinity));
}

void Arguments::addNumber(const Place &place, const condcomp_type &type,
                          nb::handle object) {
  Storage values = {};
  auto store = [&](auto value) {
    std::memcpy(&values.scalar, &value, sizeof(value));
  };
  auto fits = [&](int64_t number, int64_t low, int64_t high) {
    if (number < low || number > high)
      place.failValue(std::to_string(number) + ", which it can't hold");
  };
  switch (type.element_type) {
  case CONDCOMP_F64:
  case CONDCOMP_F32:
  case CONDCOMP_F16:
  case CONDCOMP_BF16: {
    double number = PyFloat_AsDouble(object.ptr());
    if (number == -1 && PyErr_Occurred()) {
      PyErr_Clear();
      place.failType("'" + typeName(object) + "', which is no number");
    }
    if (type.element_type == CONDCOMP_F64)
      store(number);
    else if (type.element_type == CONDCOMP_F32)
      store(static_cast<float>(number));
    else if (type.element_type == CONDCOMP_F16)
      store(roundTo16(number, 10, 5));
    else
      store(roundTo16(number, 7, 8));
    break;
  }
  default: {
    PyObject *index = PyNumber_Index(object.ptr());
    if (!index && type.element_type == CONDCOMP_I1) {
      // NumPy's truth values are no integers.
      PyErr_Clear();
      if (typeName(object).rfind("bool", 0) == 0)
        index = PyLong_FromLong(PyObject_IsTrue(object.ptr()));
    }
    if (!index) {
      PyErr_Clear();
      place.failType("'" + typeName(object) + "', which is no integer");
    }
    nb::object owner = nb::steal(index);
    int overflow;
    int64_t number = PyLong_AsLongLongAndOverflow(index, &overflow);
    if (overflow)
      place.failValue(str(owner) + ", which it can't hold");
    if (type.element_type == CONDCOMP_I32) {
      fits(number, std::numeric_limits<int32_t>::min(),
           std::numeric_limits<int32_t>::max());
      store(static_cast<int32_t>(number));
    } else if (type.element_type == CONDCOMP_I8) {
      fits(number, -128, 127);
      store(static_cast<int8_t>(number));
    } else if (type.element_type == CONDCOMP_I1) {
      fits(number, 0, 1);
      store(static_cast<int8_t>(number));
    } else {
      store(number);
    }
  }
  }
  storage.push_back(values);
  copied.push_back(false);
  arrays.push_back({&storage.back().scalar, type.element_type, 0,
                    storage.back().shape, nullptr});
}
