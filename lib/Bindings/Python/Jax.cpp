//===- Jax.cpp - compiled functions as calls of XLA -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One handler serves all functions: an attribute of the call says which. XLA
// may keep its code longer than Python keeps the function, so the attribute is
// a number to look up, not a pointer.
//
//===----------------------------------------------------------------------===//

#include "Callables.h"
#include "xla/ffi/api/ffi.h"
#include <cstring>
#include <functional>
#include <map>
#include <mutex>

using namespace condcomp::python;
namespace ffi = xla::ffi;

//===----------------------------------------------------------------------===//
// Functions that XLA may call
//===----------------------------------------------------------------------===//

namespace {
struct Callee {
  const condcomp_function *function;
  /// Positions of the arguments that calls give.
  std::vector<int32_t> positions;
  std::function<condcomp_error *(condcomp_context *,
                                 const std::vector<condcomp_array> &,
                                 condcomp_result *)>
      call;
};

class Callees {
public:
  int64_t add(Callee callee) {
    std::lock_guard<std::mutex> lock(mutex);
    callees.emplace(next, std::make_shared<Callee>(std::move(callee)));
    return next++;
  }
  void remove(int64_t number) {
    std::lock_guard<std::mutex> lock(mutex);
    callees.erase(number);
  }
  /// Null once it is removed. Calls that run keep it.
  std::shared_ptr<Callee> find(int64_t number) {
    std::lock_guard<std::mutex> lock(mutex);
    auto found = callees.find(number);
    return found == callees.end() ? nullptr : found->second;
  }

private:
  std::mutex mutex;
  std::map<int64_t, std::shared_ptr<Callee>> callees;
  int64_t next = 1;
};
} // namespace

/// Lives to the end of the process, as XLA's threads may.
static Callees &getCallees() {
  static auto &callees = *new Callees;
  return callees;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static int32_t toElement(ffi::DataType type) {
  switch (type) {
  case ffi::DataType::F64:
    return CONDCOMP_F64;
  case ffi::DataType::F32:
    return CONDCOMP_F32;
  case ffi::DataType::F16:
    return CONDCOMP_F16;
  case ffi::DataType::BF16:
    return CONDCOMP_BF16;
  case ffi::DataType::S64:
    return CONDCOMP_I64;
  case ffi::DataType::S32:
    return CONDCOMP_I32;
  case ffi::DataType::S8:
    return CONDCOMP_I8;
  case ffi::DataType::PRED:
    return CONDCOMP_I1;
  default:
    return 0;
  }
}

static bool isWideScalar(const condcomp_type &type) {
  return !type.is_tensor && (type.element_type == CONDCOMP_INDEX ||
                             type.element_type == CONDCOMP_I64);
}

/// Copies a result to where XLA wants it.
static ffi::Error copyResult(const condcomp_function *function, int32_t index,
                             const condcomp_result &result,
                             ffi::AnyBuffer &to) {
  ffi::AnyBuffer::Dimensions dims = to.dimensions();
  bool fits = static_cast<int32_t>(dims.size()) == result.rank;
  std::string shape;
  for (int32_t dim = 0; dim < result.rank; ++dim) {
    fits = fits && dims[dim] == result.shape[dim];
    shape += (dim ? "x" : "") + std::to_string(result.shape[dim]);
  }
  if (!fits)
    return ffi::Error::Internal("result " + std::to_string(index) + " of '" +
                                condcomp_function_name(function) +
                                "' has shape " + shape +
                                ", not the one that was inferred");
  // Without jax_enable_x64 there are no wide scalars.
  if (isWideScalar(condcomp_function_result(function, index)) &&
      to.element_type() == ffi::DataType::S32) {
    auto narrow = static_cast<int32_t>(result.scalar);
    if (narrow != result.scalar)
      return ffi::Error::InvalidArgument(
          "result " + std::to_string(index) + " of '" +
          condcomp_function_name(function) + "' is " +
          std::to_string(result.scalar) +
          ", too large for int32: set jax_enable_x64");
    std::memcpy(to.untyped_data(), &narrow, sizeof(narrow));
    return ffi::Error::Success();
  }
  const void *from = result.data ? result.data : &result.scalar;
  if (size_t size = to.size_bytes())
    std::memcpy(to.untyped_data(), from, size);
  return ffi::Error::Success();
}

static ffi::Error run(const Callee &callee, condcomp_context *context,
                      const ffi::RemainingArgs &args,
                      const ffi::RemainingRets &rets) {
  std::vector<condcomp_array> arrays;
  std::vector<int64_t> widened(args.size());
  for (size_t i = 0; i < args.size(); ++i) {
    ffi::ErrorOr<ffi::AnyBuffer> buffer = args.get<ffi::AnyBuffer>(i);
    if (buffer.has_error())
      return buffer.error();
    ffi::AnyBuffer::Dimensions dims = buffer->dimensions();
    condcomp_array array = {
        buffer->untyped_data(), toElement(buffer->element_type()),
        static_cast<int32_t>(dims.size()), dims.begin(), nullptr};
    if (array.element_type == CONDCOMP_I32 && i < callee.positions.size() &&
        isWideScalar(
            condcomp_function_argument(callee.function, callee.positions[i])
                .type)) {
      widened[i] = *static_cast<const int32_t *>(array.data);
      array.data = &widened[i];
      array.element_type = CONDCOMP_I64;
    }
    arrays.push_back(array);
  }
  std::vector<condcomp_result> results(rets.size());
  if (condcomp_error *error = callee.call(context, arrays, results.data())) {
    std::string message = condcomp_error_message(error);
    bool memory = condcomp_error_kind(error) == CONDCOMP_ERROR_OUT_OF_MEMORY;
    condcomp_error_destroy(error);
    return ffi::Error(memory ? ffi::ErrorCode::kResourceExhausted
                             : ffi::ErrorCode::kInvalidArgument,
                      std::move(message));
  }
  ffi::Error status;
  for (size_t i = 0; i < rets.size(); ++i) {
    ffi::ErrorOr<ffi::Result<ffi::AnyBuffer>> to = rets.get<ffi::AnyBuffer>(i);
    if (status.success())
      status = to.has_error()
                   ? to.error()
                   : copyResult(callee.function, i, results[i], **to);
    condcomp_free(results[i].allocated);
  }
  return status;
}

static ffi::Error handle(int64_t number, int64_t threads,
                         ffi::RemainingArgs args, ffi::RemainingRets rets) {
  std::shared_ptr<Callee> callee = getCallees().find(number);
  if (!callee)
    return ffi::Error(
        ffi::ErrorCode::kNotFound,
        "the function that this code calls is gone: keep the object that "
        "condcomp.jax.wrap returned as long as jitted code that calls it");
  static thread_local Context context;
  condcomp_context_set_threads(context.get(), threads);
  return run(*callee, context.get(), args, rets);
}

XLA_FFI_DEFINE_HANDLER(handler, handle,
                       ffi::Ffi::Bind()
                           .Attr<int64_t>("function")
                           .Attr<int64_t>("threads")
                           .RemainingArgs()
                           .RemainingRets());

//===----------------------------------------------------------------------===//
// What Python sees
//===----------------------------------------------------------------------===//

static int64_t addFunction(const Function &self) {
  Callee callee;
  callee.function = self.function;
  for (int32_t i = 0; i < self.getNumArguments(); ++i)
    callee.positions.push_back(i);
  callee.call = [program = self.program, function = self.function](
                    condcomp_context *context,
                    const std::vector<condcomp_array> &arrays,
                    condcomp_result *results) {
    return condcomp_run(function, context, arrays.data(),
                        static_cast<int32_t>(arrays.size()), results);
  };
  return getCallees().add(std::move(callee));
}

static int64_t addBound(const Bound &self) {
  Callee callee;
  callee.function = self.function->function;
  callee.positions = self.function->others;
  callee.call = [bound = self.bound](condcomp_context *context,
                                     const std::vector<condcomp_array> &arrays,
                                     condcomp_result *results) {
    return condcomp_bound_run(bound.get(), context, arrays.data(),
                              static_cast<int32_t>(arrays.size()), results);
  };
  return getCallees().add(std::move(callee));
}

void condcomp::python::defineJax(nb::module_ &module) {
  module.def("jax_handler",
             [] { return nb::capsule(reinterpret_cast<void *>(handler)); });
  module.def("jax_add", &addFunction);
  module.def("jax_add", &addBound);
  module.def("jax_remove", [](int64_t number) { getCallees().remove(number); });
}
