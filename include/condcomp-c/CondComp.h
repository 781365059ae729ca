/*===- CondComp.h - the compiler's C API --------------------------*- C -*-===*
 *
 * Part of the condcomp project, under the Apache License v2.0 with LLVM
 * Exceptions. See LICENSE for license information.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *===----------------------------------------------------------------------===*
 *
 * Compiles modules and calls their functions. docs/c-api.md is the manual;
 * condcomp/Runtime/Runtime.h has contexts (threads, traces) and memory.
 *
 * Functions that can fail return an error, or null. An error is the caller's,
 * and is freed with condcomp_error_destroy. Strings and arrays that functions
 * return live as long as what they were asked of. Functions of one program may
 * be called on any number of threads at once, each with its own context.
 *
 *===----------------------------------------------------------------------===*/

#ifndef CONDCOMP_C_CONDCOMP_H
#define CONDCOMP_C_CONDCOMP_H

#include "condcomp/Runtime/Runtime.h"
#include <stddef.h>
#include <stdint.h>

#define CONDCOMP_C_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. It grows when something is added; what is there
 * keeps its meaning (docs/versions.md). */
#define CONDCOMP_C_API_VERSION 3

/* The version of the library, and its name: "0.1.0". */
CONDCOMP_C_EXPORT int32_t condcomp_api_version(void);
CONDCOMP_C_EXPORT const char *condcomp_version(void);

/* Names the compiler, down to its build, and this machine's CPU with its
 * features: code is the same where both and the options are. */
CONDCOMP_C_EXPORT const char *condcomp_compiler_id(void);
CONDCOMP_C_EXPORT const char *condcomp_host_cpu(void);

/*===-- Errors ------------------------------------------------------------===*/

typedef struct condcomp_error condcomp_error;

enum {
  /* The module is not valid or can't be compiled. */
  CONDCOMP_ERROR_COMPILE = 1,
  /* A wrong number of arguments, or a wrong element type. */
  CONDCOMP_ERROR_TYPE = 2,
  /* A wrong rank or size, or another wrong value. */
  CONDCOMP_ERROR_VALUE = 3,
  /* A check of the program failed. */
  CONDCOMP_ERROR_CHECK = 4,
  CONDCOMP_ERROR_OUT_OF_MEMORY = 5,
  /* Bytes that are no program of this compiler on this machine. */
  CONDCOMP_ERROR_STALE = 6,
  /* A GPU or its driver is not there, is not the right one, or failed. Since
   * version 3. */
  CONDCOMP_ERROR_DEVICE = 7,
};

CONDCOMP_C_EXPORT int32_t condcomp_error_kind(const condcomp_error *error);
CONDCOMP_C_EXPORT const char *
condcomp_error_message(const condcomp_error *error);
/* What the compiler printed, with the lines of the source; "" for none. */
CONDCOMP_C_EXPORT const char *
condcomp_error_diagnostics(const condcomp_error *error);
/* Null is allowed. */
CONDCOMP_C_EXPORT void condcomp_error_destroy(condcomp_error *error);

/*===-- Types -------------------------------------------------------------===*/

/* Ranks above it can't be passed. */
#define CONDCOMP_MAX_RANK 16
/* A size that is known in calls only. */
#define CONDCOMP_UNKNOWN_SIZE INT64_MIN

enum {
  CONDCOMP_F64 = 1,
  CONDCOMP_F32 = 2,
  CONDCOMP_F16 = 3,
  CONDCOMP_BF16 = 4,
  CONDCOMP_I64 = 5,
  CONDCOMP_I32 = 6,
  CONDCOMP_I8 = 7,
  /* A byte, 0 or 1. */
  CONDCOMP_I1 = 8,
  /* 64 bits. */
  CONDCOMP_INDEX = 9,
};

/* "f32", …; null for no element type. Bytes of an element; 0. */
CONDCOMP_C_EXPORT const char *condcomp_element_name(int32_t element_type);
CONDCOMP_C_EXPORT int64_t condcomp_element_size(int32_t element_type);

/* The type of an argument or a result. A scalar is no tensor and has rank 0. */
typedef struct condcomp_type {
  int32_t element_type;
  int32_t is_tensor;
  int32_t rank;
  const int64_t *shape;
} condcomp_type;

typedef struct condcomp_argument {
  /* As in the source, without %; "" if it has no name. */
  const char *name;
  condcomp_type type;
  /* Marked condcomp.constant. */
  int32_t is_constant;
} condcomp_argument;

/*===-- Programs ----------------------------------------------------------===*/

typedef struct condcomp_program condcomp_program;
typedef struct condcomp_function condcomp_function;

typedef struct condcomp_compile_options {
  /* sizeof(condcomp_compile_options) of the caller; set by the initializer. */
  size_t struct_size;
  /* What errors call the source ("<text>"). */
  const char *source_name;
  /* "auto" (the default), "masked", "compact" or "soft". */
  const char *form;
  /* "cpu": this machine; since version 3 "cuda": an NVIDIA GPU. */
  const char *target;
  /* LLVM's, 0 to 3 (3). */
  int32_t opt_level;
  /* Split functions with constant arguments, so that condcomp_bind packs those
   * once (1). Without it binding only copies. */
  int32_t prepack;
  /* 0 (the default): condcomp.trace ops are removed; 1: they are kept; 2: every
   * routing that work depends on is traced, also where the source does not.
   * Not for "cuda". */
  int32_t trace;
  /* For "cuda": the GPU, as LLVM calls it ("sm_90a"); null: the one that calls
   * of this thread run on. Since version 3. */
  const char *chip;
} condcomp_compile_options;

/* Sets the defaults. */
CONDCOMP_C_EXPORT void
condcomp_compile_options_init(condcomp_compile_options *options);

/* Compiles the text of a module. Null options are the defaults. */
CONDCOMP_C_EXPORT condcomp_error *
condcomp_compile(const char *text, size_t length,
                 const condcomp_compile_options *options,
                 condcomp_program **program);

/* Programs are counted: one more owner, one less. Functions of a program, and
 * what is bound, keep it. */
CONDCOMP_C_EXPORT void condcomp_program_retain(condcomp_program *program);
CONDCOMP_C_EXPORT void condcomp_program_release(condcomp_program *program);

/* "cpu" or "cuda", as compiled. Since version 3. */
CONDCOMP_C_EXPORT const char *
condcomp_program_target(const condcomp_program *program);

/* What the compiler noticed: remarks and warnings, each with its place. */
CONDCOMP_C_EXPORT int32_t
condcomp_program_num_remarks(const condcomp_program *program);
CONDCOMP_C_EXPORT const char *
condcomp_program_remark(const condcomp_program *program, int32_t index);

/* Hands the bytes of a compiled program to `write`, in pieces. They can be
 * loaded by the same build of the compiler on a machine with the same CPU;
 * anything else is refused with CONDCOMP_ERROR_STALE. Bytes contain machine
 * code: load none that others can write. */
CONDCOMP_C_EXPORT void condcomp_program_serialize(
    const condcomp_program *program,
    void (*write)(void *data, const char *bytes, size_t size), void *data);
CONDCOMP_C_EXPORT condcomp_error *
condcomp_program_load(const char *bytes, size_t size,
                      condcomp_program **program);

/*===-- Functions ---------------------------------------------------------===*/

/* The public functions, and one by its name. The error lists those there are.
 */
CONDCOMP_C_EXPORT int32_t
condcomp_program_num_functions(const condcomp_program *program);
CONDCOMP_C_EXPORT const condcomp_function *
condcomp_program_function(const condcomp_program *program, int32_t index);
CONDCOMP_C_EXPORT condcomp_error *
condcomp_program_find(const condcomp_program *program, const char *name,
                      const condcomp_function **function);

CONDCOMP_C_EXPORT const char *
condcomp_function_name(const condcomp_function *function);
CONDCOMP_C_EXPORT int32_t
condcomp_function_num_arguments(const condcomp_function *function);
CONDCOMP_C_EXPORT condcomp_argument
condcomp_function_argument(const condcomp_function *function, int32_t index);
CONDCOMP_C_EXPORT int32_t
condcomp_function_num_results(const condcomp_function *function);
CONDCOMP_C_EXPORT condcomp_type
condcomp_function_result(const condcomp_function *function, int32_t index);

/* The ops of the function in the source, and how many there are of each:
 * "condcomp.top_k", 2. */
CONDCOMP_C_EXPORT int32_t
condcomp_function_num_op_names(const condcomp_function *function);
CONDCOMP_C_EXPORT const char *
condcomp_function_op_name(const condcomp_function *function, int32_t index,
                          int64_t *count);

/*===-- Calls -------------------------------------------------------------===*/

/* An array given to a call, as DLPack describes them. A scalar is an array of
 * rank 0. The callee only reads the memory, unless the argument is marked
 * bufferization.writable, and keeps nothing of it. */
typedef struct condcomp_array {
  const void *data;
  int32_t element_type;
  int32_t rank;
  const int64_t *shape;
  /* In elements; null: contiguous and in C order. Other arrays, and those that
   * are not aligned to their elements, are copied; in memory of a GPU, where
   * programs for GPUs take them, they are errors. */
  const int64_t *strides;
} condcomp_array;

/* The shape of a result for arguments of these shapes, without a call. `shape`
 * has room for CONDCOMP_MAX_RANK sizes. Of the arguments, types and shapes
 * count; data is read of scalars only, on which sizes may depend, and may be
 * null. The error says why a size can't be known: it depends on a scalar
 * without data, or on contents of tensors. Since version 2. */
CONDCOMP_C_EXPORT condcomp_error *condcomp_function_result_shape(
    const condcomp_function *function, const condcomp_array *arguments,
    int32_t num_arguments, int32_t result, int64_t *shape);

/* A result, contiguous and in C order: the caller's. `allocated` is freed with
 * condcomp_free, on any thread, or with condcomp_cuda_free if this thread has
 * results left on a GPU (condcomp/Runtime/CUDA.h); it is null for a scalar,
 * whose value is the first bytes of `scalar`. */
typedef struct condcomp_result {
  void *data;
  void *allocated;
  int32_t element_type;
  int32_t rank;
  int64_t shape[CONDCOMP_MAX_RANK];
  int64_t scalar;
} condcomp_result;

/* Calls a function with all of its arguments. `results` has room for all of
 * them; after an error nothing is in there. Constant arguments are packed in
 * every call: bind them to save that. Null context: default threads. */
CONDCOMP_C_EXPORT condcomp_error *
condcomp_run(const condcomp_function *function, condcomp_context *context,
             const condcomp_array *arguments, int32_t num_arguments,
             condcomp_result *results);

/* A function whose constant arguments are packed. */
typedef struct condcomp_bound condcomp_bound;

/* Packs the constant arguments, given in order. They may be freed then. A
 * program for a GPU uses those in its memory where they are: they have to stay.
 * Others are copied there. */
CONDCOMP_C_EXPORT condcomp_error *
condcomp_bind(const condcomp_function *function, condcomp_context *context,
              const condcomp_array *constants, int32_t num_constants,
              condcomp_bound **bound);
CONDCOMP_C_EXPORT void condcomp_bound_destroy(condcomp_bound *bound);
/* Bytes of what was packed or copied. */
CONDCOMP_C_EXPORT int64_t condcomp_bound_bytes(const condcomp_bound *bound);
/* What was packed: the results of @f$prepack, in order. They stay the bound
 * function's (`allocated` is null), and are only read. For a GPU nothing is. */
CONDCOMP_C_EXPORT int32_t
condcomp_bound_num_packed(const condcomp_bound *bound);
CONDCOMP_C_EXPORT condcomp_result
condcomp_bound_packed(const condcomp_bound *bound, int32_t index);
/* Calls the function with its other arguments, given in order. */
CONDCOMP_C_EXPORT condcomp_error *
condcomp_bound_run(const condcomp_bound *bound, condcomp_context *context,
                   const condcomp_array *arguments, int32_t num_arguments,
                   condcomp_result *results);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* CONDCOMP_C_CONDCOMP_H */
