// Options out of range end with a sentence.
// RUN: not cc-opt %s --condcomp-to-cpu="vector-bits=7" 2>&1 | FileCheck %s --check-prefix=WIDTH
// RUN: not cc-opt %s --condcomp-prepack="vector-bits=7" 2>&1 | FileCheck %s --check-prefix=WIDTH
// WIDTH: error: vector-bits is 128, 256 or 512, not 7
// RUN: not cc-opt %s --condcomp-to-gpu-emulated="threads=0" 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: an emulated grid has 1 to 4096 threads, not 0
// RUN: not cc-opt %s --condcomp-to-cuda="ptx=true block-size=1025" 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: not cc-opt %s --condcomp-gpu-emit-module="block-size=0" 2>&1 | FileCheck %s --check-prefix=BLOCK
// BLOCK: error: a block has 1 to 1024 threads, not {{1025|0}}
// RUN: not cc-opt %s --pass-pipeline="builtin.module(condcomp-to-gpu{chip=})" 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not cc-opt %s --condcomp-to-cuda="chip=h100" 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: a GPU is called sm_80, sm_90a or gfx942, not '{{(h100)?}}'

func.func @f(%x: f32) -> f32 {
  return %x : f32
}
