// The example of examples/c: a library, its header, and a C program that uses
// both; once for this machine, once for several CPUs.

// UNSUPPORTED: sanitized

// RUN: mkdir -p %t.d
// RUN: cc-compile %condcomp_src_root/examples/c/layer.mlir -o %t.d/liblayer.so --header=%t.d/layer.h
// RUN: clang -O1 -I%condcomp_src_root/include -I%t.d %condcomp_src_root/examples/c/main.c -L%t.d -llayer -L%condcomp_lib_dir -lcondcomp_runtime -lm -Wl,-rpath,%condcomp_lib_dir:%t.d -o %t
// RUN: %t | FileCheck %s

// RUN: cc-compile %condcomp_src_root/examples/c/layer.mlir -o %t.d/liblayer.so --cpu=x86-64-v4,x86-64-v3,x86-64
// RUN: %t | FileCheck %s

// CHECK: rows per expert: 1 1 1 0 1 2 4 0
// CHECK: relative error below 1e-6: yes

// The function and what cc-run-aot needs of it are visible, and nothing else.
// RUN: llvm-nm -D --defined-only --format=just-symbols %t.d/liblayer.so | FileCheck %s --check-prefix=SYMBOLS
// SYMBOLS-NOT: layer$
// SYMBOLS: condcomp_packed$layer
// SYMBOLS-NEXT: condcomp_signature$layer
// SYMBOLS-NEXT: {{^}}layer{{$}}
// SYMBOLS-NOT: layer$

// RUN: FileCheck %s --check-prefix=HEADER < %t.d/layer.h
// HEADER: #ifndef CONDCOMP_GENERATED_LAYER_H
// HEADER: typedef struct condcomp_memref_1 {
// HEADER: int64_t sizes[1];
// HEADER: typedef struct condcomp_memref_3 {
// HEADER: (tensor<?x32xf32>, tensor<32x8xf32>, tensor<8x32x64xf32>, tensor<8x64x32xf32>) -> (tensor<?x32xf32>, tensor<8xindex>)
// HEADER-NEXT: int32_t layer(
// HEADER-NEXT: condcomp_context *context,
// HEADER-NEXT: const condcomp_memref_2 *argument0,
// HEADER: condcomp_memref_2 *result0,
// HEADER-NEXT: condcomp_memref_1 *result1);
