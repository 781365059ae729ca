//===- Module.cpp - the extension _condcomp -------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Callables.h"
#include <nanobind/stl/string.h>

using namespace condcomp::python;

void condcomp::python::raise(const char *exception, const std::string &text) {
  nb::object type = nb::module_::import_("condcomp._errors").attr(exception);
  PyErr_SetString(type.ptr(), text.c_str());
  throw nb::python_error();
}

[[noreturn]] static void raiseMemoryError(const std::string &text) {
  PyErr_SetString(PyExc_MemoryError, text.c_str());
  throw nb::python_error();
}

void condcomp::python::raise(int32_t status, const std::string &text) {
  switch (status) {
  case CONDCOMP_SUCCESS:
    return;
  case CONDCOMP_CHECK_FAILED:
    raise("CheckError", text);
  case CONDCOMP_OUT_OF_MEMORY:
    raiseMemoryError(text);
  default:
    raise("DeviceError", text);
  }
}

void condcomp::python::raise(condcomp_error *error) {
  if (!error)
    return;
  int32_t kind = condcomp_error_kind(error);
  std::string message = condcomp_error_message(error);
  std::string diagnostics = condcomp_error_diagnostics(error);
  condcomp_error_destroy(error);
  switch (kind) {
  case CONDCOMP_ERROR_COMPILE: {
    nb::object type =
        nb::module_::import_("condcomp._errors").attr("CompileError");
    nb::object value = type(message, diagnostics);
    PyErr_SetObject(type.ptr(), value.ptr());
    throw nb::python_error();
  }
  case CONDCOMP_ERROR_TYPE:
    throw nb::type_error(message.c_str());
  case CONDCOMP_ERROR_CHECK:
    raise("CheckError", message);
  case CONDCOMP_ERROR_DEVICE:
    raise("DeviceError", message);
  case CONDCOMP_ERROR_OUT_OF_MEMORY:
    raiseMemoryError(message);
  default:
    throw nb::value_error(message.c_str());
  }
}

std::string condcomp::python::nameArgument(const condcomp_function *function,
                                           int32_t index) {
  std::string name = condcomp_function_argument(function, index).name;
  return "argument " + std::to_string(index) +
         (name.empty() ? "" : " ('" + name + "')") + " of '" +
         condcomp_function_name(function) + "'";
}

NB_MODULE(_condcomp, module) {
  module.doc() = "The compiler behind the package condcomp.";
  // Programs in caches of other modules live until the process ends.
  nb::set_leak_warnings(false);
  defineCUDA(module);
  definePrograms(module);
  defineResults(module);
#ifdef CONDCOMP_JAX
  defineJax(module);
#endif
  module.def("compiler_id", &condcomp_compiler_id);
  module.def("host_cpu", &condcomp_host_cpu);
  module.def("memory_live_bytes", &condcomp_memory_live_bytes);
  module.def("memory_peak_bytes", [](bool reset) {
    int64_t bytes = condcomp_memory_peak_bytes();
    if (reset)
      condcomp_memory_reset_peak();
    return bytes;
  });
  module.def("memory_trim", &condcomp_memory_trim);
}
