//===- Module.h - the extension's parts -------------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The extension _condcomp: the C API with Python's objects. What is for humans
// is in python/condcomp; here are conversions and calls, which have to be fast.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_BINDINGS_PYTHON_MODULE_H
#define CONDCOMP_LIB_BINDINGS_PYTHON_MODULE_H

#include "condcomp-c/CondComp.h"
#include <atomic>
#include <memory>
#include <nanobind/nanobind.h>
#include <string>
#include <vector>

namespace condcomp::python {

namespace nb = nanobind;

/// Raises the Python exception for an error of the C API, if there is one.
void raise(condcomp_error *error);

/// An exception of condcomp._errors with a text.
[[noreturn]] void raise(const char *exception, const std::string &text);

/// Raises what a call of the run-time library ended with, if it failed.
void raise(int32_t status, const std::string &text);

/// "argument 2 ('w') of 'f'".
std::string nameArgument(const condcomp_function *function, int32_t index);

/// The libraries whose arrays come in and go out.
enum class Library { None, NumPy, Torch, JAX };

/// A place for arrays: memory of the host, or of a GPU, in the order of a
/// stream (DLPack's number of it, which CUDA takes as well: 1 is the default
/// stream; 0: one of the thread's own).
struct Where {
  int32_t device = -1;
  intptr_t stream = 0;

  bool isGPU() const { return device >= 0; }
  /// "on device CUDA 0", "in memory of the CPU".
  std::string describe() const;
};

/// Sets where calls of this thread run and whether they wait for the GPU, for
/// as long as it lives; for memory of the host, only that results go there.
class RunOn {
public:
  RunOn(const Where &where, bool resultsOnDevice, bool wait = true);
  ~RunOn();
  RunOn(const RunOn &) = delete;
  RunOn &operator=(const RunOn &) = delete;

private:
  bool isGPU;
  int32_t resultsOnDevice, waited, device = -1;
  void *stream = nullptr;
};

/// Arguments of a call, with all that has to live as long as the call.
class Arguments {
public:
  /// `forGPU`: the program runs on an NVIDIA GPU.
  Arguments(size_t count, bool forGPU);
  ~Arguments();
  Arguments(const Arguments &) = delete;
  Arguments &operator=(const Arguments &) = delete;

  /// Adds an argument of `function`. `isWeight` says that gradients are
  /// nobody's concern. Raises TypeError or ValueError if it can't be passed.
  void add(const condcomp_function *function, int32_t index, nb::handle object,
           bool isWeight);

  const condcomp_array *getData() const { return arrays.data(); }
  int32_t getCount() const { return static_cast<int32_t>(arrays.size()); }
  /// The library of the first array that is not NumPy's.
  Library getLibrary() const { return library; }
  /// Where the tensors are, all of them.
  const Where &getWhere() const { return where; }
  /// The first of the tensors; -1 if there is none.
  int32_t getFirst() const { return first; }
  /// Whether argument `i` of those added will be copied.
  bool isCopied(size_t i) const { return copied[i]; }

private:
  struct Storage {
    int64_t shape[CONDCOMP_MAX_RANK];
    int64_t strides[CONDCOMP_MAX_RANK];
    int64_t scalar;
  };
  struct Place;

  void addNumber(const Place &place, const condcomp_type &type,
                 nb::handle object);
  void addNumPy(const Place &place, nb::handle array);
  void addTorch(const Place &place, nb::handle tensor, bool isWeight);
  void addDLPack(const Place &place, nb::handle object);
  void addCapsule(const Place &place, nb::object capsule);
  /// Refuses a device of DLPack's that the program does not run on.
  void checkDevice(const Place &place, int32_t type, int32_t id);
  /// Notes where an array is. Raises ValueError if others are elsewhere.
  void locate(const Place &place, int32_t device);
  void push(const void *data, int32_t element, int32_t rank, Storage &&storage,
            bool hasStrides);

  std::vector<condcomp_array> arrays;
  /// Reserved: does not move.
  std::vector<Storage> storage;
  std::vector<nb::object> owners;
  std::vector<Py_buffer> buffers;
  std::vector<bool> copied;
  Library library = Library::None;
  bool forGPU;
  Where where;
  int32_t first = -1;
};

/// Frees the memory of a result.
void freeResult(void *allocated, const Where &where);

/// Results as arrays of `library`: one, a tuple of several, or None.
nb::object makeResults(std::vector<condcomp_result> &results, Library library,
                       const Where &where);

/// An object with `__dlpack__` for an array that `owner` keeps.
nb::object shareMemory(const condcomp_result &array,
                       std::shared_ptr<void> owner);

/// The GPU that calls of this thread run on, and its chip ("sm_90"). Raises
/// DeviceError.
std::pair<int32_t, std::string> getGPU();

/// Waits for a stream, and raises what calls on it that were not waited for
/// have left.
void waitFor(const Where &where);

void defineCUDA(nb::module_ &module);
void defineResults(nb::module_ &module);
void definePrograms(nb::module_ &module);

} // namespace condcomp::python

#endif // CONDCOMP_LIB_BINDINGS_PYTHON_MODULE_H
