//===- DLPack.h - arrays passed between libraries ---------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ABI of DLPack's capsules named "dltensor": https://dmlc.github.io/dlpack.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_BINDINGS_PYTHON_DLPACK_H
#define CONDCOMP_LIB_BINDINGS_PYTHON_DLPACK_H

#include <cstdint>

namespace condcomp::python {

enum DLDeviceType : int32_t { kDLCPU = 1, kDLCUDA = 2, kDLCUDAHost = 3 };
enum DLTypeCode : uint8_t {
  kDLInt = 0,
  kDLFloat = 2,
  kDLBfloat = 4,
  kDLBool = 6
};

struct DLDevice {
  int32_t type;
  int32_t id;
};

struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};

struct DLTensor {
  void *data;
  DLDevice device;
  int32_t rank;
  DLDataType type;
  int64_t *shape;
  int64_t *strides;
  uint64_t byteOffset;
};

struct DLManagedTensor {
  DLTensor tensor;
  void *owner;
  void (*destroy)(DLManagedTensor *self);
};

} // namespace condcomp::python

#endif // CONDCOMP_LIB_BINDINGS_PYTHON_DLPACK_H
