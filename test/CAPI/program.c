/* The C API from plain C: compile, look at functions, call, bind, serialize,
 * load, and what can go wrong.
 *
 * A plain C program can't load what is built with the sanitizers.
 * UNSUPPORTED: sanitized
 *
 * RUN: clang -std=c99 -pedantic -Wall -Wextra -Werror -I%condcomp_src_root/include %s -L%condcomp_lib_dir -lCondCompC -lcondcomp_runtime -Wl,-rpath,%condcomp_lib_dir -o %t
 * RUN: %t | FileCheck %s
 *
 * Nothing but the API is visible.
 * RUN: llvm-nm -D --defined-only --format=just-symbols %condcomp_lib_dir/libCondCompC.so | FileCheck %s --check-prefix=SYMBOLS
 * SYMBOLS: condcomp_compile
 * RUN: llvm-nm -D --defined-only --format=just-symbols %condcomp_lib_dir/libCondCompC.so | not grep -v '^condcomp_'
 */

#include "condcomp-c/CondComp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *source =
    "func.func @linear(%x: tensor<?x2xf32>,\n"
    "                  %w: tensor<2x3xf32> {condcomp.constant}, %k: index)\n"
    "    -> (tensor<?x3xf32>, index) {\n"
    "  %c0 = arith.constant 0 : index\n"
    "  %f0 = arith.constant 0.0 : f32\n"
    "  %n = tensor.dim %x, %c0 : tensor<?x2xf32>\n"
    "  %e = tensor.empty(%n) : tensor<?x3xf32>\n"
    "  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x3xf32>) -> "
    "tensor<?x3xf32>\n"
    "  %y = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x3xf32>)\n"
    "    outs(%z : tensor<?x3xf32>) -> tensor<?x3xf32>\n"
    "  %ok = arith.cmpi slt, %k, %n : index\n"
    "  condcomp.check %ok, \"k = {0} is not below {1}\"(%k, %n) : index, index\n"
    "  return %y, %k : tensor<?x3xf32>, index\n"
    "}\n";

static void expect(condcomp_error *error) {
  if (!error)
    return;
  printf("unexpected error: %s\n%s", condcomp_error_message(error),
         condcomp_error_diagnostics(error));
  exit(1);
}

static void show(const char *what, condcomp_error *error) {
  if (!error) {
    printf("%s: no error\n", what);
    exit(1);
  }
  printf("%s: %d: %s\n%s", what, (int)condcomp_error_kind(error),
         condcomp_error_message(error), condcomp_error_diagnostics(error));
  condcomp_error_destroy(error);
}

static void printType(condcomp_type type) {
  int32_t i;
  printf(type.is_tensor ? "tensor<" : "");
  for (i = 0; i < type.rank; ++i)
    if (type.shape[i] == CONDCOMP_UNKNOWN_SIZE)
      printf("?x");
    else
      printf("%dx", (int)type.shape[i]);
  printf("%s%s", condcomp_element_name(type.element_type),
         type.is_tensor ? ">" : "");
}

/* Prints and frees the results of @linear. */
static void give(const char *what, condcomp_result *results) {
  const float *values = results[0].data;
  int32_t i;
  printf("%s: %dx%d:", what, (int)results[0].shape[0],
         (int)results[0].shape[1]);
  for (i = 0; i < results[0].shape[0] * results[0].shape[1]; ++i)
    printf(" %g", values[i]);
  printf("; %d\n", (int)results[1].scalar);
  condcomp_free(results[0].allocated);
}

struct bytes {
  char *data;
  size_t size;
};

static void append(void *data, const char *piece, size_t size) {
  struct bytes *bytes = data;
  bytes->data = realloc(bytes->data, bytes->size + size);
  memcpy(bytes->data + bytes->size, piece, size);
  bytes->size += size;
}

int main(void) {
  condcomp_compile_options options;
  condcomp_program *program, *loaded;
  const condcomp_function *function;
  condcomp_context *context = condcomp_context_create();
  condcomp_bound *bound;
  condcomp_result results[2];
  struct bytes bytes = {NULL, 0};
  float x[] = {1, 2, 3, 4}, w[] = {1, 0, 2, 0, 1, 3};
  /* The weights as they lie in memory when they are stored transposed. */
  float transposed[] = {1, 0, 0, 1, 2, 3};
  int64_t k = 1, one = 9;
  int64_t xShape[] = {2, 2}, wShape[] = {2, 3}, strides[] = {1, 2};
  condcomp_array arguments[3], others[2];
  int32_t i;
  int64_t before = condcomp_memory_live_bytes(), count;
  int64_t shape[CONDCOMP_MAX_RANK];

  // CHECK: version 2 2
  printf("version %d %d\n", CONDCOMP_C_API_VERSION, condcomp_api_version());

  condcomp_compile_options_init(&options);
  options.source_name = "linear.mlir";
  options.opt_level = 0;
  expect(condcomp_compile(source, strlen(source), &options, &program));
  expect(condcomp_program_find(program, "linear", &function));

  // CHECK: linear: x tensor<?x2xf32> 0, w tensor<2x3xf32> 1, k index 0, -> tensor<?x3xf32> index
  printf("%s: ", condcomp_function_name(function));
  for (i = 0; i < condcomp_function_num_arguments(function); ++i) {
    condcomp_argument argument = condcomp_function_argument(function, i);
    printf("%s ", argument.name);
    printType(argument.type);
    printf(" %d, ", argument.is_constant);
  }
  printf("->");
  for (i = 0; i < condcomp_function_num_results(function); ++i) {
    printf(" ");
    printType(condcomp_function_result(function, i));
  }
  printf("\n");
  // CHECK: arith.addf 1
  printf("%s", condcomp_function_op_name(function, 0, &count));
  printf(" %d\n", (int)count);

  memset(arguments, 0, sizeof(arguments));
  arguments[0].data = x, arguments[0].element_type = CONDCOMP_F32;
  arguments[0].rank = 2, arguments[0].shape = xShape;
  arguments[1] = arguments[0];
  arguments[1].data = w, arguments[1].shape = wShape;
  arguments[2].data = &k, arguments[2].element_type = CONDCOMP_I64;
  // CHECK: run: 2x3: 1 2 8 3 4 18; 1
  expect(condcomp_run(function, context, arguments, 3, results));
  give("run", results);

  // CHECK: strided: 2x3: 1 2 8 3 4 18; 1
  arguments[1].data = transposed, arguments[1].strides = strides;
  expect(condcomp_run(function, NULL, arguments, 3, results));
  give("strided", results);

  // CHECK: number: 2: 'linear' takes 3 arguments, got 2
  show("number", condcomp_run(function, context, arguments, 2, results));
  // CHECK: type: 2: argument 0 ('x') of 'linear' is tensor<?x2xf32>, got 2x2xi32: element type f32 expected, not i32
  arguments[0].element_type = CONDCOMP_I32;
  show("type", condcomp_run(function, context, arguments, 3, results));
  arguments[0].element_type = CONDCOMP_F32;
  // CHECK: size: 3: argument 0 ('x') of 'linear' is tensor<?x2xf32>, got 2x9xf32: size 2 expected in dim 1, not 9
  xShape[1] = 9;
  show("size", condcomp_run(function, context, arguments, 3, results));
  xShape[1] = 2;
  // CHECK: check: 4: linear.mlir:12:3: k = 9 is not below 2
  arguments[2].data = &one;
  show("check", condcomp_run(function, context, arguments, 3, results));
  arguments[2].data = &k;

  /* Shapes of results need no data. */
  // CHECK: shape: 7 3
  xShape[0] = 7, arguments[0].data = NULL;
  expect(condcomp_function_result_shape(function, arguments, 3, 0, shape));
  printf("shape: %d %d\n", (int)shape[0], (int)shape[1]);
  xShape[0] = 2, arguments[0].data = x;

  /* The weights are gone after binding. */
  // CHECK: bound: 2x3: 1 2 8 3 4 18; 1
  expect(condcomp_bind(function, context, &arguments[1], 1, &bound));
  memset(transposed, 0xff, sizeof(transposed));
  others[0] = arguments[0], others[1] = arguments[2];
  /* What is bound keeps the program. */
  condcomp_program_serialize(program, append, &bytes);
  condcomp_program_release(program);
  expect(condcomp_bound_run(bound, context, others, 2, results));
  give("bound", results);
  condcomp_bound_destroy(bound);

  // CHECK: loaded: 2x3: 1 2 8 3 4 18; 1
  expect(condcomp_program_load(bytes.data, bytes.size, &loaded));
  expect(condcomp_program_find(loaded, "linear", &function));
  arguments[1].data = w, arguments[1].strides = NULL;
  expect(condcomp_run(function, context, arguments, 3, results));
  give("loaded", results);
  // CHECK: loaded shape: 2 3
  expect(condcomp_function_result_shape(function, arguments, 3, 0, shape));
  printf("loaded shape: %d %d\n", (int)shape[0], (int)shape[1]);
  // CHECK: find: 3: no public function 'f'; the program has 'linear'
  show("find", condcomp_program_find(loaded, "f", &function));
  condcomp_program_release(loaded);
  // CHECK: stale: 6: not a program for this compiler: the checksum
  bytes.data[bytes.size / 2] ^= 1;
  show("stale", condcomp_program_load(bytes.data, bytes.size, &loaded));
  free(bytes.data);

  // CHECK: compile: 1: linear.mlir is not a valid module
  // CHECK-NEXT: linear.mlir:1:12: error: expected '('
  // CHECK-NEXT: func.func @f
  show("compile", condcomp_compile("func.func @f", 12, &options, &program));
  // CHECK: option: 3: the form is masked, compact, auto or soft, not 'x'
  options.form = "x";
  show("option",
       condcomp_compile(source, strlen(source), &options, &program));

  // CHECK: live 0
  condcomp_context_destroy(context);
  printf("live %d\n", (int)(condcomp_memory_live_bytes() - before));
  return 0;
}
