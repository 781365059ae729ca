//===- Programs.cpp - programs and calls ----------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Callables.h"
#include <cstring>
#include <nanobind/stl/string.h>
#include <optional>

using namespace condcomp::python;

/// More would be a mistake, and may exhaust the system.
static constexpr int64_t kMostThreads = 1024;

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

namespace {
struct Program {
  explicit Program(condcomp_program *program)
      : program(program, condcomp_program_release) {}

  std::shared_ptr<condcomp_program> program;
};

/// Hands routings to a Python function. What that raises comes out of the call.
struct Sink {
  nb::object callback;
  nb::object record;
  nb::object exception;

  static void write(void *data, const condcomp_trace *trace) {
    nb::gil_scoped_acquire gil;
    auto &self = *static_cast<Sink *>(data);
    if (self.exception.is_valid())
      return;
    try {
      self.call(*trace);
    } catch (nb::python_error &error) {
      self.exception = nb::borrow(error.value());
    }
  }

  static nb::object makeArray(const char *dtype, int64_t count, int64_t size,
                              const void *data) {
    nb::object bytes = nb::steal(PyByteArray_FromStringAndSize(
        static_cast<const char *>(data), count * size));
    return nb::module_::import_("numpy").attr("ndarray")(nb::make_tuple(count),
                                                         dtype, bytes);
  }

  void call(const condcomp_trace &trace) {
    nb::list dims;
    for (int32_t i = 0; i < trace.rank; ++i)
      dims.append(trace.dims[i]);
    callback(
        record(trace.name, nb::tuple(dims),
               makeArray("i8", trace.num_rows + 1, 8, trace.row_offsets),
               makeArray("i8", trace.num_entries, 8, trace.modules),
               makeArray(trace.weight_bytes == 8 ? "f8" : "f4",
                         trace.num_entries, trace.weight_bytes, trace.weights),
               trace.ids ? makeArray("i8", trace.num_rows, 8, trace.ids)
                         : nb::object(nb::none())));
  }
};
} // namespace

static int32_t checkThreads(nb::handle object) {
  int64_t threads = -1;
  if (!nb::try_cast(object, threads))
    throw nb::type_error("the number of threads is an integer");
  if (threads < 0 || threads > kMostThreads)
    throw nb::value_error(
        ("the number of threads is 0 (as OpenMP decides) to " +
         std::to_string(kMostThreads) + ", not " + std::to_string(threads))
            .c_str());
  return static_cast<int32_t>(threads);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static void warnOfCopy(Function &function, int32_t index) {
  if (function.warned[index].exchange(true))
    return;
  std::string text = nameArgument(function.function, index) +
                     " is not contiguous in C order (or not aligned) and is "
                     "copied in every call: pass a contiguous array";
  nb::object category =
      nb::module_::import_("condcomp._errors").attr("CopyWarning");
  if (PyErr_WarnEx(category.ptr(), text.c_str(), /*stack_level=*/2))
    throw nb::python_error();
}

/// Adds the arguments at `positions`.
static void addAll(Arguments &arguments, Function &function,
                   const std::vector<int32_t> &positions, nb::tuple objects,
                   bool areWeights, const char *what) {
  if (objects.size() != positions.size())
    throw nb::type_error(
        ("'" + std::string(condcomp_function_name(function.function)) +
         "' takes " + std::to_string(positions.size()) + " " + what + ", got " +
         std::to_string(objects.size()))
            .c_str());
  for (size_t i = 0; i < positions.size(); ++i)
    arguments.add(function.function, positions[i], objects[i], areWeights);
}

/// Says of arguments that fitted that they were copied.
static void warnOfCopies(const Arguments &arguments, Function &function,
                         const std::vector<int32_t> &positions) {
  for (size_t i = 0; i < positions.size(); ++i)
    if (arguments.isCopied(i))
      warnOfCopy(function, positions[i]);
}

/// Runs `call` on the context of this thread, without the GIL.
template <typename Callable>
static void runOn(int32_t threads, nb::handle trace, Callable call) {
  // Calls may nest, through a sink: then the context is in use.
  static thread_local Context ofThread;
  static thread_local bool inUse = false;
  std::unique_ptr<Context> nested;
  if (inUse)
    nested = std::make_unique<Context>();
  condcomp_context *context = nested ? nested->get() : ofThread.get();
  struct Use {
    bool before = inUse;
    Use() { inUse = true; }
    ~Use() { inUse = before; }
  } use;
  Sink sink;
  if (!trace.is_none()) {
    sink.callback = nb::borrow(trace);
    sink.record = nb::module_::import_("condcomp._arguments").attr("Trace");
    condcomp_context_set_trace_sink(context, Sink::write, &sink);
  }
  condcomp_context_set_threads(context, threads);
  condcomp_error *error;
  {
    nb::gil_scoped_release released;
    error = call(context);
  }
  condcomp_context_set_trace_sink(context, nullptr, nullptr);
  if (sink.exception.is_valid()) {
    condcomp_error_destroy(error);
    PyErr_SetObject(sink.exception.type().ptr(), sink.exception.ptr());
    throw nb::python_error();
  }
  raise(error);
}

/// Frees results that no array owns yet.
struct Results {
  Results(const condcomp_function *function, const Where &where)
      : values(condcomp_function_num_results(function)), where(where) {}
  std::vector<condcomp_result> values;
  Where where;
  bool given = false;
  ~Results() {
    for (condcomp_result &value : values)
      if (!given && value.allocated)
        freeResult(value.allocated, where);
  }
  nb::object give(Library library) {
    given = true;
    return makeResults(values, library, where);
  }
};

static nb::object run(Function &self, nb::tuple objects, nb::handle threads,
                      nb::handle trace, bool wait) {
  int32_t checkedThreads = checkThreads(threads);
  std::vector<int32_t> all(self.getNumArguments());
  for (int32_t i = 0; i < self.getNumArguments(); ++i)
    all[i] = i;
  Arguments arguments(all.size(), self.isCUDA);
  addAll(arguments, self, all, objects, /*areWeights=*/false, "arguments");
  Where where = arguments.getWhere();
  Results results(self.function, where);
  runOn(checkedThreads, trace, [&](condcomp_context *context) {
    std::optional<RunOn> there;
    if (self.isCUDA)
      there.emplace(where, where.isGPU(), wait);
    return condcomp_run(self.function, context, arguments.getData(),
                        arguments.getCount(), results.values.data());
  });
  warnOfCopies(arguments, self, all);
  return results.give(arguments.getLibrary());
}

/// Where constant arguments of a program for GPUs go: where they are, or to the
/// GPU that calls of this thread run on.
static Where findPlace(const Function &function, const Arguments &arguments) {
  Where where = arguments.getWhere();
  if (function.isCUDA && !where.isGPU())
    where.device = getGPU().first;
  return where;
}

static Bound bind(nb::object owner, nb::tuple objects, nb::handle threads) {
  Function &self = nb::cast<Function &>(owner);
  int32_t checkedThreads = checkThreads(threads);
  auto arguments =
      std::make_shared<Arguments>(self.constants.size(), self.isCUDA);
  addAll(*arguments, self, self.constants, objects, /*areWeights=*/true,
         "constant arguments");
  Where where = findPlace(self, *arguments);
  condcomp_bound *bound = nullptr;
  runOn(checkedThreads, nb::none(), [&](condcomp_context *context) {
    std::optional<RunOn> there;
    if (self.isCUDA)
      there.emplace(where, /*resultsOnDevice=*/false);
    return condcomp_bind(self.function, context, arguments->getData(),
                         arguments->getCount(), &bound);
  });
  Library library = arguments->getLibrary();
  if (!arguments->getWhere().isGPU())
    arguments.reset();
  return {owner,   &self,
          library, {bound, condcomp_bound_destroy},
          where,   std::move(arguments)};
}

/// Where a call of a bound function runs. Raises ValueError if its arguments
/// are on another GPU than what is bound.
static Where findPlace(const Bound &bound, const Arguments &arguments) {
  Where where = arguments.getWhere();
  if (where.isGPU() && bound.where.isGPU() &&
      where.device != bound.where.device)
    throw nb::value_error(
        (nameArgument(bound.function->function, arguments.getFirst()) +
         " is an array " + where.describe() +
         ", but the constant arguments are bound " + bound.where.describe() +
         ": move it there, or bind again")
            .c_str());
  where.device = bound.where.device;
  return where;
}

static nb::object runBound(Bound &self, nb::tuple objects, nb::handle threads,
                           nb::handle trace, bool wait) {
  int32_t checkedThreads = checkThreads(threads);
  Arguments arguments(objects.size(), self.function->isCUDA);
  addAll(arguments, *self.function, self.function->others, objects,
         /*areWeights=*/false, "arguments besides those that are bound");
  Where where = findPlace(self, arguments);
  bool onDevice = arguments.getWhere().isGPU();
  Results results(self.function->function, arguments.getWhere());
  runOn(checkedThreads, trace, [&](condcomp_context *context) {
    std::optional<RunOn> there;
    if (self.function->isCUDA)
      there.emplace(where, onDevice, wait);
    return condcomp_bound_run(self.bound.get(), context, arguments.getData(),
                              arguments.getCount(), results.values.data());
  });
  warnOfCopies(arguments, *self.function, self.function->others);
  Library library = arguments.getLibrary();
  return results.give(library == Library::None ? self.library : library);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static Program compile(const std::string &text, const std::string &name,
                       const std::string &form, int optLevel, bool prepack,
                       int trace, const std::string &chip) {
  condcomp_compile_options options;
  condcomp_compile_options_init(&options);
  options.source_name = name.c_str();
  options.form = form.c_str();
  options.opt_level = optLevel;
  options.prepack = prepack;
  options.trace = trace;
  if (!chip.empty()) {
    options.target = "cuda";
    options.chip = chip.c_str();
  }
  condcomp_program *program = nullptr;
  condcomp_error *error;
  {
    nb::gil_scoped_release released;
    error = condcomp_compile(text.data(), text.size(), &options, &program);
  }
  raise(error);
  return Program(program);
}

static Program load(nb::bytes bytes) {
  condcomp_program *program = nullptr;
  condcomp_error *error;
  {
    nb::gil_scoped_release released;
    error = condcomp_program_load(bytes.c_str(), bytes.size(), &program);
  }
  raise(error);
  return Program(program);
}

static nb::bytes serialize(const Program &self) {
  std::string bytes;
  condcomp_program_serialize(
      self.program.get(),
      [](void *data, const char *part, size_t size) {
        static_cast<std::string *>(data)->append(part, size);
      },
      &bytes);
  return nb::bytes(bytes.data(), bytes.size());
}

void condcomp::python::definePrograms(nb::module_ &module) {
  nb::class_<Program>(module, "Program")
      .def("functions",
           [](const Program &self) {
             nb::list functions;
             condcomp_program *program = self.program.get();
             for (int32_t i = 0; i < condcomp_program_num_functions(program);
                  ++i)
               functions.append(nb::cast(Function(
                   self.program, condcomp_program_function(program, i))));
             return functions;
           })
      .def("remarks",
           [](const Program &self) {
             nb::list remarks;
             condcomp_program *program = self.program.get();
             for (int32_t i = 0; i < condcomp_program_num_remarks(program); ++i)
               remarks.append(condcomp_program_remark(program, i));
             return remarks;
           })
      .def("serialize", &serialize);
  nb::class_<Function>(module, "Function")
      .def_prop_ro("name",
                   [](const Function &self) {
                     return condcomp_function_name(self.function);
                   })
      .def_prop_ro("constants",
                   [](const Function &self) {
                     nb::list positions;
                     for (int32_t position : self.constants)
                       positions.append(position);
                     return nb::tuple(positions);
                   })
      .def("describe", [](const Function &self) { return describe(self); })
      .def("ops",
           [](const Function &self) {
             nb::dict ops;
             for (int32_t i = 0;
                  i < condcomp_function_num_op_names(self.function); ++i) {
               int64_t count;
               const char *name =
                   condcomp_function_op_name(self.function, i, &count);
               ops[name] = count;
             }
             return ops;
           })
      .def("run", &run, nb::arg("arrays"), nb::arg("threads"),
           nb::arg("trace").none(), nb::arg("wait"))
      .def("bind", &bind)
      .def("result_shapes", &getResultShapes);
  nb::class_<Bound>(module, "Bound")
      .def_prop_ro("nbytes",
                   [](const Bound &self) {
                     return condcomp_bound_bytes(self.bound.get());
                   })
      .def_prop_ro("shares",
                   [](const Bound &self) { return self.kept != nullptr; })
      .def_prop_ro(
          "packed",
          [](const Bound &self) {
            nb::list arrays;
            condcomp_bound *bound = self.bound.get();
            for (int32_t i = 0; i < condcomp_bound_num_packed(bound); ++i)
              arrays.append(
                  shareMemory(condcomp_bound_packed(bound, i), self.bound));
            return nb::tuple(arrays);
          })
      .def("run", &runBound, nb::arg("arrays"), nb::arg("threads"),
           nb::arg("trace").none(), nb::arg("wait"));
  module.def("compile", &compile);
  module.def("load", &load);
  module.def("check_threads", &checkThreads);
}
