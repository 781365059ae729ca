//===- Arguments.cpp - Python objects to arrays ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DLPack.h"
#include "Place.h"
#include <algorithm>
#include <nanobind/stl/pair.h>
#include <unordered_map>

using namespace condcomp::python;

Arguments::Arguments(size_t count, bool forGPU) : forGPU(forGPU) {
  arrays.reserve(count);
  storage.reserve(count);
  owners.reserve(count);
}

Arguments::~Arguments() {
  for (Py_buffer &buffer : buffers)
    PyBuffer_Release(&buffer);
}

/// Whether elements follow one another; strides of single elements say nothing.
static bool isContiguous(int32_t rank, const int64_t *shape,
                         const int64_t *strides) {
  int64_t expected = 1;
  for (int32_t dim = rank; dim-- > 0;) {
    if (shape[dim] == 0)
      return true;
    if (shape[dim] != 1 && strides[dim] != expected)
      return false;
    expected *= shape[dim];
  }
  return true;
}

void Arguments::push(const void *data, int32_t element, int32_t rank,
                     Storage &&values, bool hasStrides) {
  storage.push_back(values);
  Storage &kept = storage.back();
  bool isEmpty = false;
  for (int32_t dim = 0; dim < rank; ++dim)
    isEmpty |= kept.shape[dim] == 0;
  bool misaligned =
      reinterpret_cast<uintptr_t>(data) % condcomp_element_size(element) != 0;
  copied.push_back(!isEmpty &&
                   (misaligned || (hasStrides && !isContiguous(rank, kept.shape,
                                                               kept.strides))));
  arrays.push_back(
      {data, element, rank, kept.shape, hasStrides ? kept.strides : nullptr});
}

//===----------------------------------------------------------------------===//
// Arrays of NumPy
//===----------------------------------------------------------------------===//

/// The element type of a format of the buffer protocol; 0 for another.
static int32_t parseFormat(const char *format, Py_ssize_t size) {
  if (!format)
    return 0;
  if (*format == '<' || *format == '=' || *format == '@')
    ++format;
  if (!*format || format[1])
    return 0;
  switch (*format) {
  case 'd':
    return CONDCOMP_F64;
  case 'f':
    return CONDCOMP_F32;
  case 'e':
    return CONDCOMP_F16;
  case 'l':
  case 'q':
    return size == 8 ? CONDCOMP_I64 : 0;
  case 'i':
    return CONDCOMP_I32;
  case 'b':
    return CONDCOMP_I8;
  case '?':
    return CONDCOMP_I1;
  default:
    return 0;
  }
}

void Arguments::addNumPy(const Place &place, nb::handle array) {
  auto getDtype = [&] { return str(nb::borrow(array).attr("dtype")); };
  auto unsupported = [&] { place.failType("a NumPy array of " + getDtype()); };
  int32_t element = 0;
  nb::object viewed = nb::borrow(array);
  Py_buffer buffer;
  int failed = PyObject_GetBuffer(viewed.ptr(), &buffer, PyBUF_RECORDS_RO);
  // NumPy's buffers know no bf16.
  if (failed)
    PyErr_Clear();
  if (failed && getDtype() == "bfloat16") {
    viewed = array.attr("view")("uint16");
    element = CONDCOMP_BF16;
    failed = PyObject_GetBuffer(viewed.ptr(), &buffer, PyBUF_RECORDS_RO);
  }
  if (failed) {
    PyErr_Clear();
    unsupported();
  }
  buffers.push_back(buffer);
  if (!element)
    element = parseFormat(buffer.format, buffer.itemsize);
  if (!element)
    unsupported();
  if (buffer.ndim > CONDCOMP_MAX_RANK)
    place.failValue("an array of rank " + std::to_string(buffer.ndim));
  Storage values = {};
  bool wholeStrides = true;
  for (int dim = 0; dim < buffer.ndim; ++dim) {
    values.shape[dim] = buffer.shape[dim];
    values.strides[dim] = buffer.strides[dim] / buffer.itemsize;
    wholeStrides &= buffer.strides[dim] % buffer.itemsize == 0;
  }
  if (!wholeStrides)
    place.failValue("a NumPy array with strides that are no multiples of its "
                    "elements: pass a copy");
  locate(place, -1);
  owners.push_back(std::move(viewed));
  push(buffer.buf, element, buffer.ndim, std::move(values),
       /*hasStrides=*/true);
}

//===----------------------------------------------------------------------===//
// Arrays of others
//===----------------------------------------------------------------------===//

static int32_t parseType(DLDataType type) {
  if (type.lanes != 1)
    return 0;
  switch (type.code << 8 | type.bits) {
  case kDLFloat << 8 | 64:
    return CONDCOMP_F64;
  case kDLFloat << 8 | 32:
    return CONDCOMP_F32;
  case kDLFloat << 8 | 16:
    return CONDCOMP_F16;
  case kDLBfloat << 8 | 16:
    return CONDCOMP_BF16;
  case kDLInt << 8 | 64:
    return CONDCOMP_I64;
  case kDLInt << 8 | 32:
    return CONDCOMP_I32;
  case kDLInt << 8 | 8:
    return CONDCOMP_I8;
  case kDLBool << 8 | 8:
    return CONDCOMP_I1;
  default:
    return 0;
  }
}

void Arguments::addCapsule(const Place &place, nb::object capsule) {
  auto *managed = static_cast<DLManagedTensor *>(
      PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  if (!managed)
    throw nb::python_error();
  const DLTensor &tensor = managed->tensor;
  checkDevice(place, tensor.device.type, tensor.device.id);
  bool onGPU = tensor.device.type == kDLCUDA;
  locate(place, onGPU ? tensor.device.id : -1);
  int32_t element = parseType(tensor.type);
  if (!element)
    place.failType("an array with elements of DLPack's type (" +
                   std::to_string(tensor.type.code) + ", " +
                   std::to_string(tensor.type.bits) +
                   " bits), which no program takes");
  if (tensor.rank > CONDCOMP_MAX_RANK)
    place.failValue("an array of rank " + std::to_string(tensor.rank));
  Storage values = {};
  std::copy_n(tensor.shape, tensor.rank, values.shape);
  if (tensor.strides)
    std::copy_n(tensor.strides, tensor.rank, values.strides);
  owners.push_back(std::move(capsule));
  push(static_cast<const char *>(tensor.data) + tensor.byteOffset, element,
       tensor.rank, std::move(values), tensor.strides != nullptr);
  if (onGPU && copied.back())
    place.failValue("an array " + where.describe() +
                    " that is not contiguous in C order, or not aligned: pass "
                    "a contiguous array");
}

void Arguments::addTorch(const Place &place, nb::handle tensor, bool isWeight) {
  static nb::handle toDLPack =
      nb::object(nb::module_::import_("torch.utils.dlpack").attr("to_dlpack"))
          .release();
  static nb::handle isGradEnabled =
      nb::object(nb::module_::import_("torch").attr("is_grad_enabled"))
          .release();
  if (library == Library::None || library == Library::NumPy)
    library = Library::Torch;
  nb::object used = nb::borrow(tensor);
  if (nb::cast<bool>(tensor.attr("requires_grad"))) {
    if (!isWeight && nb::cast<bool>(isGradEnabled()))
      place.failValue("a tensor that requires grad: the program computes no "
                      "gradients; call it under torch.no_grad(), or pass "
                      "x.detach()");
    used = tensor.attr("detach")();
  }
  nb::object capsule;
  bool isCopy = false;
  try {
    if (nb::cast<bool>(used.attr("is_neg")()))
      used = used.attr("resolve_neg")();
    if (forGPU && nb::cast<bool>(used.attr("is_cuda"))) {
      nb::object whole = used.attr("contiguous")();
      isCopy = !whole.is(used);
      capsule = nb::module_::import_("condcomp._cuda").attr("to_dlpack")(whole);
    } else {
      capsule = toDLPack(used);
    }
  } catch (nb::python_error &error) {
    place.failType("a PyTorch tensor (" + str(tensor.attr("dtype")) + ", " +
                   str(tensor.attr("layout")) + ", " +
                   str(tensor.attr("device")) +
                   ") whose memory can't be shared: " + str(error.value()));
  }
  addCapsule(place, std::move(capsule));
  if (isCopy)
    copied.back() = true;
}

void Arguments::addDLPack(const Place &place, nb::handle object) {
  nb::object capsule;
  try {
    auto [type, id] = nb::cast<std::pair<int, int>>(
        nb::tuple(object.attr("__dlpack_device__")()));
    checkDevice(place, type, id);
    if (type == kDLCUDA) {
      locate(place, id);
      capsule = object.attr("__dlpack__")(nb::arg("stream") = where.stream);
    } else {
      capsule = object.attr("__dlpack__")();
    }
  } catch (nb::python_error &error) {
    place.failType("'" + typeName(object) +
                   "' whose memory can't be shared: " + str(error.value()));
  }
  addCapsule(place, std::move(capsule));
}

//===----------------------------------------------------------------------===//
// Choice
//===----------------------------------------------------------------------===//

namespace {
enum class Kind { NumPy, Torch, JAX, DLPack, Other };
} // namespace

/// What a type is, remembered: types are few and looking them up is slow.
static Kind classify(nb::handle object) {
  static auto &known = *new std::unordered_map<PyTypeObject *, Kind>;
  PyTypeObject *type = Py_TYPE(object.ptr());
  if (auto found = known.find(type); found != known.end())
    return found->second;
  auto isSubclass = [&](const char *module, const char *name) {
    PyObject *loaded = PyDict_GetItemString(PyImport_GetModuleDict(), module);
    if (!loaded || !nb::hasattr(loaded, name))
      return false;
    nb::object wanted = nb::handle(loaded).attr(name);
    return PyObject_IsInstance(object.ptr(), wanted.ptr()) == 1;
  };
  Kind kind = Kind::Other;
  if (isSubclass("numpy", "ndarray"))
    kind = Kind::NumPy;
  else if (isSubclass("torch", "Tensor"))
    kind = Kind::Torch;
  else if (isSubclass("jax", "Array"))
    kind = Kind::JAX;
  else if (nb::hasattr(object, "__dlpack__") && !isSubclass("numpy", "generic"))
    kind = Kind::DLPack;
  // The type stays: its address must not become another's.
  Py_INCREF(type);
  known.emplace(type, kind);
  return kind;
}

void Arguments::add(const condcomp_function *function, int32_t index,
                    nb::handle object, bool isWeight) {
  Place place{function, index};
  switch (classify(object)) {
  case Kind::NumPy:
    if (library == Library::None)
      library = Library::NumPy;
    return addNumPy(place, object);
  case Kind::Torch:
    return addTorch(place, object, isWeight);
  case Kind::JAX:
    if (library == Library::None || library == Library::NumPy)
      library = Library::JAX;
    return addDLPack(place, object);
  case Kind::DLPack:
    return addDLPack(place, object);
  case Kind::Other: {
    condcomp_type type = condcomp_function_argument(function, index).type;
    if (type.rank == 0 && PyNumber_Check(object.ptr()))
      return addNumber(place, type, object);
    place.failType("'" + typeName(object) + "', which is no " +
                   (type.is_tensor ? "array of NumPy, PyTorch or JAX, and has "
                                     "no __dlpack__"
                                   : "number"));
  }
  }
}
