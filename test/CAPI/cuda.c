/* A program for a GPU from plain C, on a stand-in for the driver: arguments and
 * results in memory of the host and of the GPU, and what fails.
 *
 * UNSUPPORTED: sanitized
 *
 * RUN: clang -std=c99 -pedantic -Wall -Wextra -Werror -I%condcomp_src_root/include %s -L%condcomp_lib_dir -lCondCompC -lcondcomp_cuda -lcondcomp_runtime -Wl,-rpath,%condcomp_lib_dir -o %t
 * RUN: env CONDCOMP_CUDA_DRIVER=%condcomp_fake_cuda FAKE_CUDA=devices=2 %t | FileCheck %s
 */

#include "condcomp/Runtime/CUDA.h"
#include "expect.h"
#include <string.h>

static const char *source =
    "func.func @add(%x: tensor<?xf32>, %w: tensor<2xf32> {condcomp.constant})\n"
    "    -> tensor<2xf32> {\n"
    "  %y = tensor.cast %x : tensor<?xf32> to tensor<2xf32>\n"
    "  %z = arith.addf %y, %w : tensor<2xf32>\n"
    "  return %z : tensor<2xf32>\n"
    "}\n";

static void show(const char *what, condcomp_error *error) {
  expectThat(error != NULL, what);
  printf("%s: %d: %s\n", what, (int)condcomp_error_kind(error),
         condcomp_error_message(error));
  condcomp_error_destroy(error);
}

static condcomp_array describe(const float *data, const int64_t *shape) {
  condcomp_array array;
  array.data = data;
  array.element_type = CONDCOMP_F32;
  array.rank = 1;
  array.shape = shape;
  array.strides = NULL;
  return array;
}

/* Prints a result that is on the GPU, and frees it. */
static void give(const char *what, condcomp_context *context,
                 condcomp_result result) {
  float y[2];
  expectThat(condcomp_cuda_download(context, y, result.data, sizeof(y)) == 0,
             condcomp_context_error(context));
  printf("%s: GPU %d: %g %g\n", what,
         (int)condcomp_cuda_find_device(result.data), y[0], y[1]);
  condcomp_cuda_free(result.allocated);
}

int main(void) {
  const float x[] = {1, 2, 0, 0}, w[] = {10, 20};
  const int64_t two[] = {2}, step[] = {2};
  condcomp_context *context = condcomp_context_create();
  condcomp_compile_options options;
  condcomp_program *program;
  const condcomp_function *function;
  condcomp_array arrays[2];
  condcomp_bound *bound;
  condcomp_result result;
  void *onGPU;

  condcomp_compile_options_init(&options);
  options.target = "cuda";
  options.source_name = "add.mlir";
  /* The chip of the stand-in, for which kernels are no code of the CPU. */
  expect(condcomp_compile(source, strlen(source), &options, &program));
  condcomp_program_release(program);
  options.chip = "emulated";
  expect(condcomp_compile(source, strlen(source), &options, &program));
  // CHECK: target: cuda
  printf("target: %s\n", condcomp_program_target(program));
  expect(condcomp_program_find(program, "add", &function));

  arrays[0] = describe(x, two), arrays[1] = describe(w, two);
  expect(condcomp_run(function, context, arrays, 2, &result));
  // CHECK: host: 11 22
  printf("host: %g %g\n", ((float *)result.data)[0], ((float *)result.data)[1]);
  condcomp_free(result.allocated);

  /* All on the other GPU. */
  condcomp_cuda_set_device(1);
  condcomp_cuda_set_results_on_device(1);
  expectThat(condcomp_cuda_upload(context, x, sizeof(x), &onGPU) == 0,
             condcomp_context_error(context));
  arrays[0].data = onGPU;
  expect(condcomp_bind(function, context, &arrays[1], 1, &bound));
  // CHECK: bound: 8 bytes, 0 packed
  printf("bound: %d bytes, %d packed\n", (int)condcomp_bound_bytes(bound),
         (int)condcomp_bound_num_packed(bound));
  expect(condcomp_bound_run(bound, context, &arrays[0], 1, &result));
  // CHECK: uploaded: GPU 1: 11 22
  give("uploaded", context, result);
  condcomp_bound_destroy(bound);

  /* A weight that is there stays where it is. */
  arrays[1].data = onGPU;
  expect(condcomp_bind(function, context, &arrays[1], 1, &bound));
  expectThat(condcomp_bound_bytes(bound) == 0, "nothing is copied");
  expect(condcomp_bound_run(bound, context, &arrays[0], 1, &result));
  // CHECK: shared: GPU 1: 2 4
  give("shared", context, result);

  /* The first such call learns how large the workspace has to be. */
  expectThat(condcomp_cuda_set_waiting(0) == 1, "calls wait at first");
  expect(condcomp_bound_run(bound, context, &arrays[0], 1, &result));
  condcomp_cuda_free(result.allocated);
  expect(condcomp_bound_run(bound, context, &arrays[0], 1, &result));
  expectThat(condcomp_cuda_synchronize(context) == 0,
             condcomp_context_error(context));
  // CHECK: not waited for: GPU 1: 2 4
  give("not waited for", context, result);
  condcomp_cuda_set_waiting(1);
  condcomp_bound_destroy(bound);

  // CHECK: strided: 3: argument 0 of 'add': an array of 2xf32 in memory of a GPU is not contiguous in C order, or not aligned
  arrays[0].strides = step;
  show("strided", condcomp_run(function, context, arrays, 2, &result));
  arrays[0].strides = NULL;
  // CHECK: device: 7: argument 0 of kernel 'add$kernel' is in memory of GPU 1, and the call runs on GPU 0
  condcomp_cuda_set_device(0);
  show("device", condcomp_run(function, context, arrays, 2, &result));
  condcomp_cuda_free(onGPU);
  condcomp_program_release(program);

  // CHECK: trace: 3: programs for the target cuda have no traces
  options.trace = 1;
  show("trace", condcomp_compile(source, strlen(source), &options, &program));
  // CHECK: chip: 3: the chip 'emulated' is for the target cuda only
  options.trace = 0, options.target = "cpu";
  show("chip", condcomp_compile(source, strlen(source), &options, &program));
  // CHECK: target: 3: the target is cpu or cuda, not 'gpu'
  options.target = "gpu";
  show("target", condcomp_compile(source, strlen(source), &options, &program));
  // CHECK: no GPU: 1: add.mlir: no chip is named, and that of this machine can't be found out: no GPU 5
  options.target = "cuda", options.chip = NULL;
  condcomp_cuda_set_device(5);
  show("no GPU", condcomp_compile(source, strlen(source), &options, &program));
  condcomp_context_destroy(context);
  return 0;
}
