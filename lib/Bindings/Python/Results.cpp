//===- Results.cpp - results as arrays of Python's libraries --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DLPack.h"
#include "Module.h"
#include <cstring>

using namespace condcomp::python;

namespace {
/// A result's memory, freed with the last of those who read it, or memory of
/// `owner`.
struct Memory {
  condcomp_result result;
  int64_t strides[CONDCOMP_MAX_RANK];
  std::shared_ptr<void> owner;
  Where where;

  explicit Memory(const condcomp_result &result,
                  std::shared_ptr<void> owner = nullptr, Where where = {})
      : result(result), owner(std::move(owner)), where(where) {
    int64_t stride = 1;
    for (int32_t dim = result.rank; dim-- > 0;) {
      strides[dim] = stride;
      stride *= result.shape[dim];
    }
  }
  ~Memory() { freeResult(result.allocated, where); }
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  DLDevice getDevice() const {
    return where.isGPU() ? DLDevice{kDLCUDA, where.device}
                         : DLDevice{kDLCPU, 0};
  }
  int64_t getBytes() const {
    int64_t bytes = condcomp_element_size(result.element_type);
    for (int32_t dim = 0; dim < result.rank; ++dim)
      bytes *= result.shape[dim];
    return bytes;
  }
};

/// What Python holds of it.
struct Owner {
  std::shared_ptr<Memory> memory;
};

struct Managed {
  DLManagedTensor tensor;
  std::shared_ptr<Memory> memory;
};
} // namespace

static DLDataType toDLPack(int32_t element) {
  auto bits = static_cast<uint8_t>(condcomp_element_size(element) * 8);
  switch (element) {
  case CONDCOMP_F64:
  case CONDCOMP_F32:
  case CONDCOMP_F16:
    return {kDLFloat, bits, 1};
  case CONDCOMP_BF16:
    return {kDLBfloat, bits, 1};
  case CONDCOMP_I1:
    return {kDLBool, bits, 1};
  default:
    return {kDLInt, bits, 1};
  }
}

/// A capsule "dltensor". Who takes it renames it and destroys the tensor.
static nb::object makeCapsule(std::shared_ptr<Memory> memory) {
  auto *managed = new Managed;
  Memory &from = *memory;
  managed->memory = std::move(memory);
  managed->tensor = {{from.result.data, from.getDevice(), from.result.rank,
                      toDLPack(from.result.element_type), from.result.shape,
                      from.strides, 0},
                     managed,
                     [](DLManagedTensor *self) {
                       delete static_cast<Managed *>(self->owner);
                     }};
  PyObject *capsule =
      PyCapsule_New(&managed->tensor, "dltensor", [](PyObject *capsule) {
        if (!PyCapsule_IsValid(capsule, "dltensor"))
          return;
        auto *tensor = static_cast<DLManagedTensor *>(
            PyCapsule_GetPointer(capsule, "dltensor"));
        tensor->destroy(tensor);
      });
  if (!capsule) {
    delete managed;
    throw nb::python_error();
  }
  return nb::steal(capsule);
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

static nb::object getNumPyType(int32_t element) {
  switch (element) {
  case CONDCOMP_F64:
    return nb::str("f8");
  case CONDCOMP_F32:
    return nb::str("f4");
  case CONDCOMP_F16:
    return nb::str("f2");
  case CONDCOMP_BF16: {
    nb::object module = nb::steal(PyImport_ImportModule("ml_dtypes"));
    if (!module.is_valid()) {
      PyErr_SetString(PyExc_ImportError,
                      "a result is bf16, which NumPy has only with the package "
                      "ml_dtypes: pip install ml_dtypes");
      throw nb::python_error();
    }
    return module.attr("bfloat16");
  }
  case CONDCOMP_I32:
    return nb::str("i4");
  case CONDCOMP_I8:
    return nb::str("i1");
  case CONDCOMP_I1:
    return nb::str("?");
  default:
    return nb::str("i8");
  }
}

static nb::object makeArray(std::shared_ptr<Memory> memory, Library library) {
  bool onGPU = memory->where.isGPU();
  if (library == Library::Torch && onGPU)
    return nb::module_::import_("condcomp._cuda")
        .attr("from_dlpack")(makeCapsule(std::move(memory)));
  if (library == Library::Torch) {
    static nb::handle fromDLPack =
        nb::object(
            nb::module_::import_("torch.utils.dlpack").attr("from_dlpack"))
            .release();
    return fromDLPack(makeCapsule(std::move(memory)));
  }
  const condcomp_result &result = memory->result;
  nb::object owner = nb::cast(Owner{memory});
  if (library == Library::JAX)
    return nb::module_::import_("jax.dlpack").attr("from_dlpack")(owner);
  // Of a library that is not known: it takes objects with __dlpack__.
  if (onGPU)
    return owner;
  static nb::handle ndarray =
      nb::object(nb::module_::import_("numpy").attr("ndarray")).release();
  nb::object shape = nb::steal(PyTuple_New(result.rank));
  for (int32_t dim = 0; dim < result.rank; ++dim)
    PyTuple_SET_ITEM(shape.ptr(), dim, PyLong_FromLongLong(result.shape[dim]));
  return ndarray(shape, getNumPyType(result.element_type), owner);
}

static nb::object makeScalar(const condcomp_result &result) {
  auto read = [&](auto value) {
    std::memcpy(&value, &result.scalar, sizeof(value));
    return value;
  };
  switch (result.element_type) {
  case CONDCOMP_F64:
    return nb::float_(read(double()));
  case CONDCOMP_F32:
    return nb::float_(read(float()));
  case CONDCOMP_BF16:
  case CONDCOMP_F16: {
    bool isHalf = result.element_type == CONDCOMP_F16;
    uint32_t bits = read(uint16_t());
    if (isHalf) {
      char bytes[2];
      std::memcpy(bytes, &result.scalar, 2);
      return nb::float_(PyFloat_Unpack2(bytes, /*le=*/1));
    }
    bits <<= 16;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return nb::float_(value);
  }
  case CONDCOMP_I32:
    return nb::int_(read(int32_t()));
  case CONDCOMP_I8:
    return nb::int_(read(int8_t()));
  case CONDCOMP_I1:
    return nb::bool_(read(int8_t()) != 0);
  default:
    return nb::int_(read(int64_t()));
  }
}

nb::object condcomp::python::makeResults(std::vector<condcomp_result> &results,
                                         Library library, const Where &where) {
  // All of them have owners before anything can fail.
  std::vector<std::shared_ptr<Memory>> memories;
  for (const condcomp_result &result : results)
    memories.push_back(std::make_shared<Memory>(result, nullptr, where));
  auto make = [&](size_t i) {
    return results[i].allocated ? makeArray(std::move(memories[i]), library)
                                : makeScalar(results[i]);
  };
  if (results.empty())
    return nb::none();
  if (results.size() == 1)
    return make(0);
  nb::object tuple = nb::steal(PyTuple_New(results.size()));
  for (size_t i = 0; i < results.size(); ++i)
    PyTuple_SET_ITEM(tuple.ptr(), i, make(i).release().ptr());
  return tuple;
}

nb::object condcomp::python::shareMemory(const condcomp_result &array,
                                         std::shared_ptr<void> owner) {
  return nb::cast(Owner{std::make_shared<Memory>(array, std::move(owner))});
}

//===----------------------------------------------------------------------===//
// The owner's class
//===----------------------------------------------------------------------===//

/// The buffer protocol: bytes, of which NumPy makes an array.
static int getBuffer(PyObject *self, Py_buffer *view, int flags) {
  static char empty;
  const Memory &memory = *nb::cast<Owner &>(nb::handle(self)).memory;
  if (memory.where.isGPU()) {
    view->obj = nullptr;
    PyErr_Format(PyExc_BufferError,
                 "the result is %s: a library for it takes it by __dlpack__",
                 memory.where.describe().c_str());
    return -1;
  }
  void *data = memory.result.data ? memory.result.data : &empty;
  return PyBuffer_FillInfo(view, self, data, memory.getBytes(),
                           /*readonly=*/0, flags);
}

static PyType_Slot ownerSlots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(getBuffer)}, {0, nullptr}};

/// A capsule for who works on `stream`: what is on a GPU is there in the order
/// of its own. DLPack's None is the default stream, and -1 asks for no order.
static nb::object exportMemory(const Owner &self, nb::object stream,
                               nb::kwargs) {
  const Where &where = self.memory->where;
  intptr_t wanted = stream.is_none() ? 1 : nb::cast<intptr_t>(stream);
  if (where.isGPU() && wanted != -1 && wanted != where.stream)
    waitFor(where);
  return makeCapsule(self.memory);
}

void condcomp::python::defineResults(nb::module_ &module) {
  nb::class_<Owner>(module, "Owner", nb::type_slots(ownerSlots),
                    "Owns the memory of a result.")
      .def("__dlpack__", &exportMemory, nb::arg("stream") = nb::none(),
           nb::arg("kwargs"))
      .def("__dlpack_device__", [](const Owner &self) {
        DLDevice device = self.memory->getDevice();
        return nb::make_tuple(device.type, device.id);
      });
}
