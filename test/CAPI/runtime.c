/* The run-time library from plain C: errors, threads and traces of contexts,
 * and memory.
 *
 * A plain C program can't load what is built with the sanitizers.
 * UNSUPPORTED: sanitized
 *
 * Every function of the header is used, here or in program.c:
 * test/Reference/coverage_test.py looks.
 *
 * RUN: clang -std=c99 -pedantic -Wall -Wextra -Werror -pthread -I%condcomp_src_root/include %s -L%condcomp_lib_dir -lCondCompC -lcondcomp_runtime -Wl,-rpath,%condcomp_lib_dir -o %t
 * RUN: %t | FileCheck %s
 */

#include "expect.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *source =
    "#map = affine_map<(i) -> (i)>\n"
    "func.func @twice(%x: tensor<?xf32>, %limit: index) -> tensor<?xf32> {\n"
    "  %c0 = arith.constant 0 : index\n"
    "  %n = tensor.dim %x, %c0 : tensor<?xf32>\n"
    "  %ok = arith.cmpi sle, %n, %limit : index\n"
    "  condcomp.check %ok, \"{0} are too many\"(%n) : index\n"
    "  %e = tensor.empty(%n) : tensor<?xf32>\n"
    "  %y = linalg.generic {indexing_maps = [#map, #map],\n"
    "      iterator_types = [\"parallel\"]}\n"
    "      ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) {\n"
    "  ^bb0(%a: f32, %b: f32):\n"
    "    %s = arith.addf %a, %a : f32\n"
    "    linalg.yield %s : f32\n"
    "  } -> tensor<?xf32>\n"
    "  return %y : tensor<?xf32>\n"
    "}\n"
    "func.func @routed(%m: tensor<2x3xi1>, %w: tensor<2x3xf64>)\n"
    "    -> tensor<2x3xi1> {\n"
    "  %r = condcomp.from_mask %m weights(%w : tensor<2x3xf64>)\n"
    "    : tensor<2x3xi1> -> !condcomp.routing<2x3, f64>\n"
    "  condcomp.trace %r \"chosen\" : !condcomp.routing<2x3, f64>\n"
    "  %y = condcomp.to_mask %r : !condcomp.routing<2x3, f64>\n"
    "    -> tensor<2x3xi1>\n"
    "  return %y : tensor<2x3xi1>\n"
    "}\n";

/* @twice of 0, 1, ...; returns what condcomp_free takes. */
static void *callTwice(const condcomp_function *twice,
                       condcomp_context *context, int64_t size) {
  float *x = malloc(size * sizeof(float));
  const float *y;
  int64_t i, limit = 1 << 20;
  condcomp_array arguments[2] = {{NULL, CONDCOMP_F32, 1, NULL, NULL},
                                 {NULL, CONDCOMP_I64, 0, NULL, NULL}};
  condcomp_result result;
  for (i = 0; i < size; ++i)
    x[i] = i;
  arguments[0].data = x, arguments[0].shape = &size;
  arguments[1].data = &limit;
  expect(condcomp_run(twice, context, arguments, 2, &result));
  y = result.data;
  for (i = 0; i < size; ++i)
    expectThat(y[i] == 2 * x[i], "elements are doubled");
  free(x);
  return result.allocated;
}

static void showErrors(const condcomp_function *twice,
                       condcomp_context *context) {
  float x[] = {1, 2, 3};
  int64_t size = 3, limit = 2;
  condcomp_array arguments[2] = {{NULL, CONDCOMP_F32, 1, NULL, NULL},
                                 {NULL, CONDCOMP_I64, 0, NULL, NULL}};
  condcomp_result result;
  condcomp_error *error;
  arguments[0].data = x, arguments[0].shape = &size;
  arguments[1].data = &limit;
  error = condcomp_run(twice, context, arguments, 2, &result);
  // CHECK: error: 4: twice.mlir:6:3: 3 are too many
  expectThat(error && !strcmp(condcomp_error_message(error),
                              condcomp_context_error(context)),
             "the context has the error's text");
  printf("error: %d: %s\n", (int)condcomp_error_kind(error),
         condcomp_context_error(context));
  condcomp_error_destroy(error);
  condcomp_free(callTwice(twice, context, 3));
  expectThat(!*condcomp_context_error(context), "a success has no error");
}

/* What a replacement of the threads was asked for. */
static int32_t loops, threadsOfLoop;

static int32_t getThreads(void) { return 3; }

struct share {
  void (*body)(void *data, int32_t thread, int32_t threads);
  void *data;
  int32_t thread, threads;
};

static void *runShare(void *argument) {
  struct share *share = argument;
  share->body(share->data, share->thread, share->threads);
  return NULL;
}

static void runOnThreads(void (*body)(void *data, int32_t thread,
                                      int32_t threads),
                         void *data, int32_t threads) {
  pthread_t others[64];
  struct share shares[64];
  int32_t i;
  ++loops, threadsOfLoop = threads;
  for (i = 0; i < threads; ++i) {
    struct share share = {body, data, i, threads};
    shares[i] = share;
  }
  for (i = 1; i < threads; ++i)
    if (pthread_create(&others[i], NULL, runShare, &shares[i]))
      abort();
  runShare(&shares[0]);
  for (i = 1; i < threads; ++i)
    pthread_join(others[i], NULL);
}

static void showThreads(const condcomp_function *twice) {
  const int64_t many = 1 << 20;
  condcomp_context *context = condcomp_context_create();
  condcomp_threading threading = {getThreads, runOnThreads};
  int32_t before = condcomp_context_get_threads(context);
  // CHECK: threads: 3, a loop on 3; 2, a loop on 2; 1, no loop
  condcomp_set_threading(&threading);
  printf("threads: %d", (int)condcomp_context_get_threads(context));
  condcomp_free(callTwice(twice, context, many));
  printf(", %s on %d", loops == 1 ? "a loop" : "loops", (int)threadsOfLoop);
  condcomp_context_set_threads(context, 2);
  printf("; %d", (int)condcomp_context_get_threads(context));
  condcomp_free(callTwice(twice, context, many));
  printf(", %s on %d", loops == 2 ? "a loop" : "loops", (int)threadsOfLoop);
  condcomp_context_set_threads(context, 1);
  printf("; %d", (int)condcomp_context_get_threads(context));
  condcomp_free(callTwice(twice, context, many));
  printf(", %s\n", loops == 2 ? "no loop" : "a loop");
  /* The threads of before. */
  condcomp_set_threading(NULL);
  condcomp_context_set_threads(context, 0);
  expectThat(condcomp_context_get_threads(context) == before,
             "as many threads as before");
  condcomp_free(callTwice(twice, context, many));
  expectThat(loops == 2, "no more loops");
  condcomp_context_destroy(context);
}

static void printTrace(void *data, const condcomp_trace *trace) {
  int64_t i, row = 0;
  ++*(int *)data;
  printf("%s: call %d, %dx%d:", trace->name, (int)trace->call,
         (int)trace->dims[0], (int)trace->dims[1]);
  for (i = 0; i < trace->num_entries; ++i) {
    while (i >= trace->row_offsets[row + 1])
      ++row;
    printf(" (%d, %d, %g)", (int)row, (int)trace->modules[i],
           ((const double *)trace->weights)[i]);
  }
  printf("; rank %d, rows %d, weights of %d bytes, %s\n", (int)trace->rank,
         (int)trace->num_rows, (int)trace->weight_bytes,
         trace->ids ? "ids" : "no ids");
}

static void showTraces(const condcomp_function *routed) {
  const int8_t mask[] = {1, 0, 1, 0, 1, 0};
  const double weights[] = {0.5, 1, 2, 3, -4, 5};
  const int64_t shape[] = {2, 3};
  int traces = 0;
  condcomp_context *context = condcomp_context_create();
  condcomp_array arguments[2] = {{NULL, CONDCOMP_I1, 2, NULL, NULL},
                                 {NULL, CONDCOMP_F64, 2, NULL, NULL}};
  condcomp_result result;
  arguments[0].data = mask, arguments[0].shape = shape;
  arguments[1].data = weights, arguments[1].shape = shape;
  expect(condcomp_run(routed, context, arguments, 2, &result));
  condcomp_free(result.allocated);
  // CHECK: chosen: call 2, 2x3: (0, 0, 0.5) (0, 2, 2) (1, 1, -4); rank 2, rows 2, weights of 8 bytes, no ids
  // CHECK-NOT: chosen
  condcomp_context_set_trace_sink(context, printTrace, &traces);
  expect(condcomp_run(routed, context, arguments, 2, &result));
  condcomp_free(result.allocated);
  condcomp_context_set_trace_sink(context, NULL, NULL);
  expect(condcomp_run(routed, context, arguments, 2, &result));
  condcomp_free(result.allocated);
  expectThat(traces == 1, "one call had a sink");
  condcomp_context_destroy(context);
}

/* Whether `bytes` are those of so many floats, and little more. */
static int isAbout(int64_t bytes, int64_t floats) {
  return bytes >= floats * 4 && bytes < floats * 5;
}

static void showMemory(const condcomp_function *twice) {
  const int64_t few = 1000, many = 100000;
  condcomp_context *context = condcomp_context_create();
  int64_t before = condcomp_memory_live_bytes();
  void *kept;
  condcomp_memory_reset_peak();
  expectThat(condcomp_memory_peak_bytes() == before, "nothing is held");
  expectThat(condcomp_context_peak_bytes(context) == 0, "there was no call");
  condcomp_free(callTwice(twice, context, many));
  kept = callTwice(twice, context, few);
  expectThat(isAbout(condcomp_context_peak_bytes(context), many),
             "the larger call counts");
  expectThat(isAbout(condcomp_memory_live_bytes() - before, few),
             "one result is held");
  expectThat(isAbout(condcomp_memory_peak_bytes() - before, many),
             "there was a larger one");
  /* Results belong to the caller, and are not the context's any more. */
  condcomp_context_reset_peak(context);
  expectThat(condcomp_context_peak_bytes(context) == 0, "the peak is reset");
  condcomp_memory_reset_peak();
  expectThat(condcomp_memory_peak_bytes() == condcomp_memory_live_bytes(),
             "the peak is what is held");
  condcomp_free(callTwice(twice, context, few));
  expectThat(isAbout(condcomp_context_peak_bytes(context), few),
             "the smaller call counts now");

  /* Freed blocks are kept, and given back. */
  condcomp_memory_trim();
  expectThat(condcomp_memory_cached_bytes() == 0, "nothing is kept");
  condcomp_free(kept);
  expectThat(condcomp_memory_live_bytes() == before, "nothing is held again");
  expectThat(isAbout(condcomp_memory_cached_bytes(), few), "a block is kept");
  kept = callTwice(twice, context, few);
  expectThat(condcomp_memory_cached_bytes() == 0, "the block is used again");
  condcomp_free(kept);
  condcomp_memory_set_cache_limit(0);
  expectThat(condcomp_memory_cached_bytes() == 0, "the limit gives it back");
  condcomp_free(callTwice(twice, context, few));
  expectThat(condcomp_memory_cached_bytes() == 0, "no block is kept");
  condcomp_memory_set_cache_limit(1 << 20);
  condcomp_free(callTwice(twice, context, few));
  expectThat(isAbout(condcomp_memory_cached_bytes(), few), "a block is kept");
  condcomp_context_destroy(context);
}

int main(void) {
  condcomp_compile_options options;
  condcomp_program *program;
  const condcomp_function *twice, *routed;
  condcomp_context *context = condcomp_context_create();
  void *kept;

  condcomp_compile_options_init(&options);
  options.source_name = "twice.mlir";
  options.trace = 1;
  expect(condcomp_compile(source, strlen(source), &options, &program));
  expect(condcomp_program_find(program, "twice", &twice));
  expect(condcomp_program_find(program, "routed", &routed));
  showErrors(twice, context);
  showThreads(twice);
  showTraces(routed);
  showMemory(twice);
  /* A result outlives what made it. */
  kept = callTwice(twice, context, 10);
  condcomp_program_release(program);
  condcomp_context_destroy(context);
  expectThat(condcomp_memory_live_bytes() > 0, "a result is held");
  condcomp_free(kept);
  // CHECK: live 0
  printf("live %d\n", (int)condcomp_memory_live_bytes());
  return 0;
}
