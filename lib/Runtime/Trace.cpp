//===- Trace.cpp - routings handed to a sink ------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "condcomp/Runtime/EntryPoints.h"

using namespace condcomp::runtime;

void condcomp_context_set_trace_sink(condcomp_context *context,
                                     condcomp_trace_sink sink, void *data) {
  context->traceSink = sink;
  context->traceData = data;
}

int64_t condcomp_is_tracing() {
  condcomp_context *context = getCurrentContext();
  return context && context->traceSink;
}

namespace {
/// A vector that compiled code passed.
template <typename T>
struct Vector {
  const T *data;
  int64_t size;
};

template <typename Weight>
void record(Vector<char> name, Vector<int64_t> dims, Vector<int64_t> offsets,
            Vector<int64_t> modules, Vector<Weight> weights,
            const int64_t *ids) {
  condcomp_context *context = getCurrentContext();
  if (!context || !context->traceSink)
    return;
  std::string text(name.data, name.size);
  condcomp_trace trace = {};
  trace.name = text.c_str();
  trace.call = context->calls;
  trace.rank = static_cast<int32_t>(dims.size);
  trace.dims = dims.data;
  trace.num_rows = offsets.size - 1;
  trace.row_offsets = offsets.data;
  trace.num_entries = modules.size;
  trace.modules = modules.data;
  trace.weights = weights.data;
  trace.weight_bytes = sizeof(Weight);
  trace.ids = ids;
  context->traceSink(context->traceData, &trace);
}
} // namespace

#define TRACE_FUNCTION(function, type)                                         \
  void function(CONDCOMP_VECTOR(char, name), CONDCOMP_VECTOR(int64_t, dims),   \
                CONDCOMP_VECTOR(int64_t, offsets),                             \
                CONDCOMP_VECTOR(int64_t, modules),                             \
                CONDCOMP_VECTOR(type, weights), CONDCOMP_VECTOR(int64_t, ids), \
                int64_t has_ids) {                                             \
    (void)name_allocated, (void)name_stride, (void)dims_allocated;             \
    (void)dims_stride, (void)offsets_allocated, (void)offsets_stride;          \
    (void)modules_allocated, (void)modules_stride, (void)weights_allocated;    \
    (void)weights_stride, (void)ids_allocated, (void)ids_stride;               \
    (void)ids_size;                                                            \
    record<type>({name + name_offset, name_size},                              \
                 {dims + dims_offset, dims_size},                              \
                 {offsets + offsets_offset, offsets_size},                     \
                 {modules + modules_offset, modules_size},                     \
                 {weights + weights_offset, weights_size},                     \
                 has_ids ? ids + ids_offset : nullptr);                        \
  }

TRACE_FUNCTION(condcomp_trace_f32, float)
TRACE_FUNCTION(condcomp_trace_f64, double)
