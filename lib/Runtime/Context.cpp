//===- Context.cpp - calls, their errors and their memory -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "Threading.h"
#include "condcomp/Runtime/EntryPoints.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <setjmp.h>

using namespace condcomp::runtime;

namespace {
/// One call from outside that runs on this thread.
struct Call {
  explicit Call(condcomp_context *context, Call *outer)
      : context(context), scope(context->counter), outer(outer) {}

  condcomp_context *context;
  Scope scope;
  Call *outer;
  /// Where to go when the call can't go on, and what it returns then.
  jmp_buf exit;
  int32_t status = CONDCOMP_SUCCESS;
};

thread_local Call *currentCall = nullptr;

/// Runs the function; what ends it early comes back here. In a function of its
/// own: it holds no variable that changes after setjmp.
int32_t runCall(Call &call, condcomp_packed_function function,
                void **arguments) {
  if (_setjmp(call.exit))
    return call.status;
  return function(call.context, arguments);
}

void *allocateOrLeave(uint64_t size, uint64_t alignment) {
  Call *call = currentCall;
  if (void *pointer = allocate(size, alignment, call ? &call->scope : nullptr))
    return pointer;
  char text[128];
  snprintf(text, sizeof(text),
           "out of memory: %llu bytes were asked for, %lld are in use",
           static_cast<unsigned long long>(size),
           static_cast<long long>(condcomp_memory_live_bytes()));
  condcomp_fail(CONDCOMP_OUT_OF_MEMORY, text);
  return nullptr;
}

void appendValue(std::string &text, char kind, int64_t value) {
  char buffer[40];
  if (kind == 'b') {
    text += value ? "true" : "false";
    return;
  }
  if (kind == 'f') {
    double number;
    memcpy(&number, &value, sizeof(number));
    snprintf(buffer, sizeof(buffer), "%.9g", number);
  } else {
    snprintf(buffer, sizeof(buffer), "%lld", static_cast<long long>(value));
  }
  text += buffer;
}
} // namespace

condcomp_context *condcomp::runtime::getCurrentContext() {
  return currentCall ? currentCall->context : nullptr;
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

condcomp_context *condcomp_context_create() {
  return new (std::nothrow) condcomp_context;
}

void condcomp_context_destroy(condcomp_context *context) { delete context; }

const char *condcomp_context_error(const condcomp_context *context) {
  return context->error.c_str();
}

void condcomp_context_set_threads(condcomp_context *context, int32_t threads) {
  context->threads = threads;
}

int32_t condcomp_context_get_threads(const condcomp_context *context) {
  return context->threads > 0 ? context->threads : getThreading().get_threads();
}

int64_t condcomp_context_peak_bytes(const condcomp_context *context) {
  return context->counter.getPeak();
}

void condcomp_context_reset_peak(condcomp_context *context) {
  context->counter.resetPeak();
}

//===----------------------------------------------------------------------===//
// Entry points of compiled code
//===----------------------------------------------------------------------===//

int32_t condcomp_call(condcomp_context *context,
                      condcomp_packed_function function, void **arguments) {
  condcomp_context temporary;
  if (!context)
    context = &temporary;
  context->error.clear();
  ++context->calls;
  Call call(context, currentCall);
  ThreadsForCall threads(context->threads);
  currentCall = &call;
  int32_t status = runCall(call, function, arguments);
  currentCall = call.outer;
  if (status == CONDCOMP_SUCCESS)
    call.scope.release();
  else
    call.scope.freeAll();
  return status;
}

void condcomp_fail(int32_t status, const char *text) {
  Call *call = currentCall;
  // Only frames of compiled code lie between here and the call, which hold
  // nothing to be destroyed. That is not so in a parallel loop: a thread can't
  // leave it alone.
  if (call && !isInParallelLoop()) {
    call->context->error = text;
    call->status = status;
    _longjmp(call->exit, 1);
  }
  fprintf(stderr, "condcomp: %s, inside a parallel loop\n", text);
  abort();
}

void condcomp_report(condcomp_context *context, const char *location,
                     const char *message, const char *kinds,
                     const int64_t *values) {
  if (!context->error.empty())
    return;
  std::string text = location;
  text += ": ";
  size_t count = strlen(kinds);
  for (const char *rest = message; *rest;) {
    char *end;
    if (*rest == '{' && rest[1] >= '0' && rest[1] <= '9') {
      unsigned long index = strtoul(rest + 1, &end, 10);
      if (*end == '}' && index < count) {
        appendValue(text, kinds[index], values[index]);
        rest = end + 1;
        continue;
      }
    }
    text += *rest++;
  }
  context->error = std::move(text);
}

void *_mlir_memref_to_llvm_alloc(uint64_t size) {
  return allocateOrLeave(size, 1);
}

void *_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t size) {
  return allocateOrLeave(size, alignment);
}

void _mlir_memref_to_llvm_free(void *pointer) { deallocate(pointer); }
