//===- Place.h - which argument an error is about ---------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_BINDINGS_PYTHON_PLACE_H
#define CONDCOMP_LIB_BINDINGS_PYTHON_PLACE_H

#include "Module.h"

namespace condcomp::python {

/// Where an argument goes, for errors.
struct Arguments::Place {
  const condcomp_function *function;
  int32_t index;

  std::string describe() const {
    condcomp_type type = condcomp_function_argument(function, index).type;
    std::string text;
    for (int32_t dim = 0; dim < type.rank; ++dim)
      text += (type.shape[dim] == CONDCOMP_UNKNOWN_SIZE
                   ? "?"
                   : std::to_string(type.shape[dim])) +
              "x";
    text += condcomp_element_name(type.element_type);
    return nameArgument(function, index) + " is " +
           (type.is_tensor ? "tensor<" + text + ">" : text);
  }

  [[noreturn]] void failType(const std::string &got) const {
    throw nb::type_error((describe() + ", got " + got).c_str());
  }
  [[noreturn]] void failValue(const std::string &got) const {
    throw nb::value_error((describe() + ", got " + got).c_str());
  }
};

inline std::string str(nb::handle object) { return nb::str(object).c_str(); }

inline std::string typeName(nb::handle object) {
  return str(object.type().attr("__name__"));
}

} // namespace condcomp::python

#endif // CONDCOMP_LIB_BINDINGS_PYTHON_PLACE_H
