// A C program calls compiled code through the ABI of docs/abi.md.

// UNSUPPORTED: sanitized

// RUN: cc-opt %s --condcomp-to-cpu="parallel=false" | mlir-translate --mlir-to-llvmir -o %t.ll
// RUN: clang -O2 -Wno-override-module -I%condcomp_src_root/include %S/Inputs/abi.c %t.ll -L%condcomp_lib_dir -lcondcomp_runtime -lm -Wl,-rpath,%condcomp_lib_dir -o %t
// RUN: %t | FileCheck %s

// Only the C functions are symbols.
// RUN: clang -c -Wno-override-module %t.ll -o %t.o
// RUN: llvm-nm --defined-only --extern-only --format=just-symbols %t.o | FileCheck %s --check-prefix=SYMBOLS
// SYMBOLS: checked
// SYMBOLS-NEXT: scalars
// SYMBOLS-NEXT: scale
// SYMBOLS-NOT: {{.}}

// CHECK: scale 0: 2x3 0.5 1 1.5 2 2.5 3
// CHECK: aligned 0, live 1
func.func @scale(%x: tensor<?x3xf32>, %s: f32) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x3xf32>
  %empty = tensor.empty(%rows) : tensor<?x3xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x3xf32>) outs(%empty : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %s : f32
    linalg.yield %m : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// CHECK: scalars 0: 1 -8 -16 -32 -64 1.5 2.5 3.5 4.5
func.func @scalars(%a: i1, %b: i8, %c: i16, %d: i32, %e: i64, %f: f16, %g: bf16,
                   %h: f32, %i: f64)
    -> (i1, i8, i16, i32, i64, f16, bf16, f32, f64) {
  return %a, %b, %c, %d, %e, %f, %g, %h, %i
      : i1, i8, i16, i32, i64, f16, bf16, f32, f64
}

// A result is not written when the call fails.
// CHECK: checked 1: -1 '{{.*}}abi.mlir:[[#@LINE+6]]:3: 3 is not below 3'
// CHECK: checked 0: 2 ''
// CHECK: live 0
func.func @checked(%i: index) -> index {
  %c3 = arith.constant 3 : index
  %ok = arith.cmpi slt, %i, %c3 : index
  condcomp.check %ok, "{0} is not below {1}"(%i, %c3) : index, index
  return %i : index
}
