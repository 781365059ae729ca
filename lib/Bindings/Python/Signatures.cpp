//===- Signatures.cpp - types and shapes of functions ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Callables.h"
#include <nanobind/stl/string.h>

using namespace condcomp::python;

/// The element type of a name as `describe` gives it; 0 for another.
static int32_t findElement(const std::string &name) {
  for (int32_t element = CONDCOMP_F64; condcomp_element_name(element);
       ++element)
    if (name == condcomp_element_name(element))
      return element;
  return 0;
}

static nb::object describe(const condcomp_type &type) {
  nb::list shape;
  for (int32_t dim = 0; dim < type.rank; ++dim)
    if (type.shape[dim] == CONDCOMP_UNKNOWN_SIZE)
      shape.append(nb::none());
    else
      shape.append(type.shape[dim]);
  return nb::make_tuple(condcomp_element_name(type.element_type),
                        nb::tuple(shape), type.is_tensor != 0);
}

nb::object condcomp::python::describe(const Function &self) {
  nb::list arguments, results;
  for (int32_t i = 0; i < self.getNumArguments(); ++i) {
    condcomp_argument argument = self.getArgument(i);
    arguments.append(nb::make_tuple(argument.name, describe(argument.type),
                                    argument.is_constant != 0));
  }
  for (int32_t i = 0; i < condcomp_function_num_results(self.function); ++i)
    results.append(describe(condcomp_function_result(self.function, i)));
  return nb::make_tuple(arguments, results);
}

nb::list condcomp::python::getResultShapes(const Function &self,
                                           nb::list described) {
  size_t count = described.size();
  std::vector<std::vector<int64_t>> shapes(count);
  std::vector<int64_t> values(count);
  std::vector<condcomp_array> arguments(count);
  for (size_t i = 0; i < count; ++i) {
    nb::tuple argument = nb::cast<nb::tuple>(described[i]);
    for (nb::handle size : nb::cast<nb::tuple>(argument[1]))
      shapes[i].push_back(nb::cast<int64_t>(size));
    bool known = nb::try_cast(argument[2], values[i]);
    arguments[i] = {known ? &values[i] : nullptr,
                    findElement(nb::cast<std::string>(argument[0])),
                    static_cast<int32_t>(shapes[i].size()), shapes[i].data(),
                    nullptr};
  }
  nb::list all;
  for (int32_t i = 0; i < condcomp_function_num_results(self.function); ++i) {
    int64_t shape[CONDCOMP_MAX_RANK];
    raise(condcomp_function_result_shape(self.function, arguments.data(), count,
                                         i, shape));
    nb::list sizes;
    for (int32_t dim = 0; dim < condcomp_function_result(self.function, i).rank;
         ++dim)
      sizes.append(shape[dim]);
    all.append(nb::tuple(sizes));
  }
  return all;
}
