// What is wrong with a command is said in a sentence.

// RUN: not cc-compile %s -o %t.txt 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: error: the name of the output, '{{.*}}.txt', has to end in .so, .o, .s or .ll
// RUN: not cc-compile %s -o %t.o --cpu=pentium9 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: error: 'pentium9' is no CPU of LLVM's; `clang-22 --print-supported-cpus` lists them
// RUN: not cc-compile %s -o %t.o --cpu=znver3,znver3 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: error: --cpu names znver3 twice
// RUN: not cc-compile %s -o %t.o --form=dense 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: error: the form is masked, compact, auto or soft, not 'dense'
// RUN: not cc-compile %t-no.mlir -o %t.o 2>&1 | FileCheck %s --check-prefix=FILE
// FILE: -no.mlir: No such file or directory
// RUN: not cc-compile %s -o %t-no/f.o 2>&1 | FileCheck %s --check-prefix=OUTPUT
// OUTPUT: f.o
// RUN: not cc-compile %s -o %t.so --linker=no-such-linker 2>&1 | FileCheck %s --check-prefix=LINKER
// LINKER: error: 'no-such-linker' is not on PATH, and linking needs one
// RUN: not cc-compile %s -o %t.so --linker=false 2>&1 | FileCheck %s --check-prefix=LINK
// LINK: error: {{.*}}false can't link {{.*}}.so
// RUN: not cc-compile %S/Inputs/not-for-c.mlir -o %t.o --header=%t.h 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: error: 'a-b' is no name of a C function; rename it, or make it private
// RUN: not cc-compile %S/Inputs/empty.mlir -o %t.o 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: error: {{.*}}empty.mlir: the module has no public function

func.func @f(%x: index) -> index {
  return %x : index
}
