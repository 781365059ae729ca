//===- Arguments.cpp - Python objects to arrays ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DLPack.h"
#include "Module.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nanobind/stl/pair.h>
#include <unordered_map>

using namespace condcomp::python;

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

static std::string str(nb::handle object) { return nb::str(object).c_str(); }

static std::string typeName(nb::handle object) {
  return str(object.type().attr("__name__"));
}

Arguments::Arguments(size_t count) {
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
// Numbers
//===----------------------------------------------------------------------===//

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
  owners.push_back(std::move(viewed));
  push(buffer.buf, element, buffer.ndim, std::move(values),
       /*hasStrides=*/true);
}

//===----------------------------------------------------------------------===//
// Arrays of others
//===----------------------------------------------------------------------===//

static std::string describeDevice(DLDevice device) {
  static const std::pair<int, const char *> names[] = {
      {2, "CUDA"},  {4, "OpenCL"},          {7, "Vulkan"}, {8, "Metal"},
      {10, "ROCm"}, {13, "CUDA (managed)"}, {14, "oneAPI"}};
  std::string name = "DLPack's type " + std::to_string(device.type);
  for (auto [type, text] : names)
    if (type == device.type)
      name = text;
  return "device " + name + " " + std::to_string(device.id);
}

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
  if (tensor.device.type != kDLCPU && tensor.device.type != kDLCUDAHost)
    place.failValue("an array on " + describeDevice(tensor.device) +
                    ": the program runs on the CPU, move it there first");
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
  try {
    if (nb::cast<bool>(used.attr("is_neg")()))
      used = used.attr("resolve_neg")();
    capsule = toDLPack(used);
  } catch (nb::python_error &error) {
    place.failType("a PyTorch tensor (" + str(tensor.attr("dtype")) + ", " +
                   str(tensor.attr("layout")) + ", " +
                   str(tensor.attr("device")) +
                   ") whose memory can't be shared: " + str(error.value()));
  }
  addCapsule(place, std::move(capsule));
}

void Arguments::addDLPack(const Place &place, nb::handle object) {
  nb::object capsule;
  try {
    auto [type, id] = nb::cast<std::pair<int, int>>(
        nb::tuple(object.attr("__dlpack_device__")()));
    if (type != kDLCPU && type != kDLCUDAHost)
      place.failValue("an array on " + describeDevice({type, id}) +
                      ": the program runs on the CPU, move it there first");
    capsule = object.attr("__dlpack__")();
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
