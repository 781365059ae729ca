//===- Callables.h - functions that Python holds ----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_BINDINGS_PYTHON_CALLABLES_H
#define CONDCOMP_LIB_BINDINGS_PYTHON_CALLABLES_H

#include "Module.h"
#include <cstring>

namespace condcomp::python {

struct Function {
  Function(std::shared_ptr<condcomp_program> program,
           const condcomp_function *function)
      : program(std::move(program)), function(function),
        warned(std::make_unique<std::atomic<bool>[]>(getNumArguments())) {
    isCUDA = !std::strcmp(condcomp_program_target(this->program.get()), "cuda");
    for (int32_t i = 0; i < getNumArguments(); ++i)
      (getArgument(i).is_constant ? constants : others).push_back(i);
  }

  int32_t getNumArguments() const {
    return condcomp_function_num_arguments(function);
  }
  condcomp_argument getArgument(int32_t index) const {
    return condcomp_function_argument(function, index);
  }

  std::shared_ptr<condcomp_program> program;
  /// Whether an NVIDIA GPU runs it.
  bool isCUDA;
  const condcomp_function *function;
  std::vector<int32_t> constants, others;
  /// Arguments that it was said of that they are copied.
  std::unique_ptr<std::atomic<bool>[]> warned;
};

struct Bound {
  /// Keeps the function.
  nb::object owner;
  Function *function;
  Library library;
  std::shared_ptr<condcomp_bound> bound;
  /// Of a program for GPUs: where the constant arguments are, and what keeps
  /// those that are used where they are; null if they were copied.
  Where where;
  std::shared_ptr<Arguments> kept;
};

/// One context per thread.
class Context {
public:
  Context() : context(condcomp_context_create()) {}
  ~Context() { condcomp_context_destroy(context); }
  condcomp_context *get() const { return context; }

private:
  condcomp_context *context;
};

/// Arguments (name, type, whether it is constant) and types of results.
nb::object describe(const Function &self);

/// The shapes of the results for arguments that are described as (element type,
/// shape, value or None): the value of an integer scalar, if it is known.
nb::list getResultShapes(const Function &self, nb::list described);

/// Only where JAX's headers are (CONDCOMP_JAX).
void defineJax(nb::module_ &module);

} // namespace condcomp::python

#endif // CONDCOMP_LIB_BINDINGS_PYTHON_CALLABLES_H
