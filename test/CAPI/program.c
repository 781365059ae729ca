/* The C API from plain C: compile, look at functions, call, bind, serialize,
 * load, and what can go wrong.
 *
 * A plain C program can't load what is built with the sanitizers.
 * UNSUPPORTED: sanitized
 *
 * Every function of the header is used: test/Reference/coverage_test.py looks.
 *
 * RUN: clang -std=c99 -pedantic -Wall -Wextra -Werror -I%condcomp_src_root/include %s -L%condcomp_lib_dir -lCondCompC -lcondcomp_runtime -Wl,-rpath,%condcomp_lib_dir -o %t
 * RUN: %t | FileCheck %s
 *
 * Nothing but the API is visible.
 * RUN: llvm-nm -D --defined-only --format=just-symbols %condcomp_lib_dir/libCondCompC.so | FileCheck %s --check-prefix=SYMBOLS
 * SYMBOLS: condcomp_compile
 * RUN: llvm-nm -D --defined-only --format=just-symbols %condcomp_lib_dir/libCondCompC.so | not grep -v '^condcomp_'
 */

#include "expect.h"
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

/* The arrays of @linear: its arguments, in order. */
struct values {
  float x[4], w[6];
  /* The weights as they lie in memory when they are stored transposed. */
  float transposed[6];
  int64_t k, xShape[2], wShape[2], strides[2];
  condcomp_array arguments[3];
};

static void fill(struct values *v) {
  static const struct values values = {{1, 2, 3, 4},
                                       {1, 0, 2, 0, 1, 3},
                                       {1, 0, 0, 1, 2, 3},
                                       1,
                                       {2, 2},
                                       {2, 3},
                                       {1, 2},
                                       {{NULL, 0, 0, NULL, NULL}}};
  *v = values;
  v->arguments[0].data = v->x, v->arguments[0].element_type = CONDCOMP_F32;
  v->arguments[0].rank = 2, v->arguments[0].shape = v->xShape;
  v->arguments[1] = v->arguments[0];
  v->arguments[1].data = v->w, v->arguments[1].shape = v->wShape;
  v->arguments[2].data = &v->k, v->arguments[2].element_type = CONDCOMP_I64;
}

static void showLibrary(void) {
  int32_t type;
  // CHECK: version 3 3 [[VERSION:[0-9]+\.[0-9]+\.[0-9]+]]
  printf("version %d %d %s\n", CONDCOMP_C_API_VERSION, condcomp_api_version(),
         condcomp_version());
  /* Of a library that could not be read, the build would be 0. */
  // CHECK-NEXT: compiler: condcomp [[VERSION]], LLVM {{[0-9.]+}}, build {{0*[1-9a-f][0-9a-f]*$}}
  printf("compiler: %s\n", condcomp_compiler_id());
  // CHECK-NEXT: cpu: {{[^ ]+ [+-][^ ,]+(,[+-][^ ,]+)+$}}
  printf("cpu: %s\n", condcomp_host_cpu());
  // CHECK-NEXT: f64 8, f32 4, f16 2, bf16 2, i64 8, i32 4, i8 1, i1 1, index 8
  for (type = CONDCOMP_F64; type <= CONDCOMP_INDEX; ++type)
    printf("%s %d%s", condcomp_element_name(type),
           (int)condcomp_element_size(type),
           type == CONDCOMP_INDEX ? "\n" : ", ");
  expectThat(!condcomp_element_name(0) && condcomp_element_size(0) == 0 &&
                 !condcomp_element_name(CONDCOMP_INDEX + 1) &&
                 condcomp_element_size(CONDCOMP_INDEX + 1) == 0,
             "other numbers are no element types");
}

static void showFunction(const condcomp_function *function) {
  int32_t i;
  int64_t count;
  // CHECK: linear: x tensor<?x2xf32> 0, w tensor<2x3xf32> 1, k index 0, -> tensor<?x3xf32> index{{$}}
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
  // CHECK-NEXT: ops: arith.addf 1, arith.cmpi 1, arith.constant 2, arith.mulf 1, condcomp.check 1, func.return 1, linalg.fill 1, linalg.matmul 1, linalg.yield 2, tensor.dim 1, tensor.empty 1{{$}}
  for (i = 0; i < condcomp_function_num_op_names(function); ++i) {
    const char *name = condcomp_function_op_name(function, i, &count);
    printf("%s%s %d", i ? ", " : "ops: ", name, (int)count);
  }
  printf("\n");
}

static void callFunction(const condcomp_function *function,
                         condcomp_context *context) {
  condcomp_result results[2];
  int64_t nine = 9, shape[CONDCOMP_MAX_RANK];
  struct values v;
  fill(&v);
  // CHECK: run: 2x3: 1 2 8 3 4 18; 1
  expect(condcomp_run(function, context, v.arguments, 3, results));
  give("run", results);

  // CHECK: strided: 2x3: 1 2 8 3 4 18; 1
  v.arguments[1].data = v.transposed, v.arguments[1].strides = v.strides;
  expect(condcomp_run(function, NULL, v.arguments, 3, results));
  give("strided", results);

  // CHECK: number: 2: 'linear' takes 3 arguments, got 2
  show("number", condcomp_run(function, context, v.arguments, 2, results));
  // CHECK: type: 2: argument 0 ('x') of 'linear' is tensor<?x2xf32>, got 2x2xi32: element type f32 expected, not i32
  v.arguments[0].element_type = CONDCOMP_I32;
  show("type", condcomp_run(function, context, v.arguments, 3, results));
  v.arguments[0].element_type = CONDCOMP_F32;
  // CHECK: size: 3: argument 0 ('x') of 'linear' is tensor<?x2xf32>, got 2x9xf32: size 2 expected in dim 1, not 9
  v.xShape[1] = 9;
  show("size", condcomp_run(function, context, v.arguments, 3, results));
  v.xShape[1] = 2;
  // CHECK: check: 4: linear.mlir:12:3: k = 9 is not below 2
  v.arguments[2].data = &nine;
  show("check", condcomp_run(function, context, v.arguments, 3, results));
  v.arguments[2].data = &v.k;

  /* Shapes of results need no data. */
  // CHECK: shape: 7 3
  v.xShape[0] = 7, v.arguments[0].data = NULL;
  expect(condcomp_function_result_shape(function, v.arguments, 3, 0, shape));
  printf("shape: %d %d\n", (int)shape[0], (int)shape[1]);
}

/* The packed arrays: their number, and whether bytes are the sum of theirs. */
static void showPacked(const condcomp_bound *bound) {
  int64_t bytes = 0, elements;
  int32_t i, dim, count = condcomp_bound_num_packed(bound);
  for (i = 0; i < count; ++i) {
    condcomp_result packed = condcomp_bound_packed(bound, i);
    expectThat(packed.data && !packed.allocated, "what is packed is lent");
    elements = 1;
    for (dim = 0; dim < packed.rank; ++dim)
      elements *= packed.shape[dim];
    bytes += elements * condcomp_element_size(packed.element_type);
  }
  printf("packed: %d, %s\n", (int)count,
         bytes == condcomp_bound_bytes(bound) && bytes >= 24 ? "all counted"
                                                             : "miscounted");
}

/* Binds the weights. Both they and the caller's share of the program, which is
 * released here, are gone when the function runs. */
static void bindAndRelease(condcomp_program *program, condcomp_context *context,
                           int isSplit) {
  const condcomp_function *function;
  condcomp_bound *bound;
  condcomp_result results[2];
  condcomp_array others[2];
  struct values v;
  fill(&v);
  expect(condcomp_program_find(program, "linear", &function));
  v.arguments[1].data = v.transposed, v.arguments[1].strides = v.strides;
  expect(condcomp_bind(function, context, &v.arguments[1], 1, &bound));
  memset(v.transposed, 0xff, sizeof(v.transposed));
  others[0] = v.arguments[0], others[1] = v.arguments[2];
  /* What is bound keeps the program. */
  condcomp_program_release(program);
  showPacked(bound);
  if (!isSplit) {
    condcomp_result copy = condcomp_bound_packed(bound, 0);
    const float *w = copy.data;
    printf("copy: %d: %dx%d: %g %g %g %g %g %g\n", (int)copy.rank,
           (int)copy.shape[0], (int)copy.shape[1], w[0], w[1], w[2], w[3], w[4],
           w[5]);
  }
  expect(condcomp_bound_run(bound, context, others, 2, results));
  give("bound", results);
  condcomp_bound_destroy(bound);
}

static void loadAndCall(struct bytes bytes, condcomp_context *context) {
  condcomp_program *loaded;
  const condcomp_function *function;
  condcomp_result results[2];
  int64_t shape[CONDCOMP_MAX_RANK];
  struct values v;
  fill(&v);
  // CHECK: loaded: 2x3: 1 2 8 3 4 18; 1
  expect(condcomp_program_load(bytes.data, bytes.size, &loaded));
  expect(condcomp_program_find(loaded, "linear", &function));
  expect(condcomp_run(function, context, v.arguments, 3, results));
  give("loaded", results);
  // CHECK: loaded shape: 2 3
  expect(condcomp_function_result_shape(function, v.arguments, 3, 0, shape));
  printf("loaded shape: %d %d\n", (int)shape[0], (int)shape[1]);
  // CHECK: find: 3: no public function 'f'; the program has 'linear'
  show("find", condcomp_program_find(loaded, "f", &function));
  condcomp_program_release(loaded);
  // CHECK: stale: 6: not a program for this compiler: the checksum
  bytes.data[bytes.size / 2] ^= 1;
  show("stale", condcomp_program_load(bytes.data, bytes.size, &loaded));
}

int main(void) {
  condcomp_compile_options options;
  condcomp_program *program;
  const condcomp_function *function;
  condcomp_context *context = condcomp_context_create();
  struct bytes bytes = {NULL, 0};
  int32_t i;
  int64_t before = condcomp_memory_live_bytes();

  showLibrary();
  condcomp_compile_options_init(&options);
  options.source_name = "linear.mlir";
  options.opt_level = 0;
  expect(condcomp_compile(source, strlen(source), &options, &program));
  /* Of two owners one is left: the code stays where it is. */
  condcomp_program_retain(program);
  condcomp_program_release(program);
  expect(condcomp_program_find(program, "linear", &function));
  expectThat(condcomp_program_num_functions(program) == 1 &&
                 condcomp_program_function(program, 0) == function,
             "there is one function, of that name");
  expectThat(condcomp_program_num_remarks(program) == 0, "no remarks");
  expectThat(!strcmp(condcomp_program_target(program), "cpu"), "for a CPU");
  showFunction(function);
  callFunction(function, context);
  condcomp_program_serialize(program, append, &bytes);
  loadAndCall(bytes, context);
  free(bytes.data);
  // CHECK: packed: 1, all counted
  // CHECK-NEXT: bound: 2x3: 1 2 8 3 4 18; 1
  bindAndRelease(program, context, /*isSplit=*/1);

  /* Where nothing is split, binding copies; and with all traces the compiler
   * says what functions cost. */
  options.prepack = 0, options.trace = 2;
  expect(condcomp_compile(source, strlen(source), &options, &program));
  // CHECK: linear.mlir:1:1: remark: linear: {{.*}} FLOPs
  for (i = 0; i < condcomp_program_num_remarks(program); ++i)
    printf("%s\n", condcomp_program_remark(program, i));
  // CHECK-NEXT: packed: 1, all counted
  // CHECK-NEXT: copy: 2: 2x3: 1 0 2 0 1 3
  // CHECK-NEXT: bound: 2x3: 1 2 8 3 4 18; 1
  bindAndRelease(program, context, /*isSplit=*/0);

  // CHECK: compile: 1: linear.mlir is not a valid module
  // CHECK-NEXT: linear.mlir:1:12: error: expected '('
  // CHECK-NEXT: func.func @f
  show("compile", condcomp_compile("func.func @f", 12, &options, &program));
  // CHECK: option: 3: the form is masked, compact, auto or soft, not 'x'
  options.form = "x";
  show("option", condcomp_compile(source, strlen(source), &options, &program));

  // CHECK: live 0
  condcomp_context_destroy(context);
  printf("live %d\n", (int)(condcomp_memory_live_bytes() - before));
  return 0;
}
