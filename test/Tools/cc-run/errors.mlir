// Every bad input: a message, exit code 1, no output file.
// DEFINE: %{run} = not cc-run %S/Inputs/programs.mlir --output=@%t.npy

// RUN: rm -f %t.npy
// RUN: %{run} --function=nope 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: cc-run: error: no public function 'nope'; the module has 'scale', 'types', 'checked', 'allocate', 'overwrite', 'matmul'
// RUN: %{run} --function=check 2>&1 | FileCheck %s --check-prefix=PRIVATE
// PRIVATE: no public function 'check'
// RUN: %{run} --function=scale --input=f32=1 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: 'scale' takes 2 arguments, got 1
// RUN: %{run} --function=scale --input=3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: argument 0 of 'scale' is tensor<?x3xf32>, got 3xf32: rank 2 expected, not 1
// RUN: %{run} --function=scale --input=2x4xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: argument 0 of 'scale' is tensor<?x3xf32>, got 2x4xf32: size 3 expected in dim 1, not 4
// RUN: %{run} --function=scale --input=2x3xf64=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=DTYPE
// DTYPE: argument 0 of 'scale' is tensor<?x3xf32>, got 2x3xf64: element type f32 expected, not f64
// RUN: %{run} --function=scale --input=2x3xf32=1 --input=2xf32=1 2>&1 | FileCheck %s --check-prefix=SCALAR
// SCALAR: argument 1 of 'scale' is f32, got 2xf32: rank 0 expected, not 1

// RUN: not cc-run %S/Inputs/programs.mlir --function=scale --input=1x3xf32=1 --input=f32=1 --expected-output=1x3xf32=1 --rtol=-1 2>&1 | FileCheck %s --check-prefix=BELOW
// BELOW: is compared with rtol -1{{.*}} and atol 0{{.*}}; neither can be negative

// RUN: %{run} --function=scale --input=2x3xf32=1,2 --input=f32=1 2>&1 | FileCheck %s --check-prefix=VALUES
// VALUES: input 0: '2x3xf32' takes 6 values, or one for all, got 2
// RUN: %{run} --function=scale --input=2x3xf31=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: input 0: 'f31' in '2x3xf31' is not an element type
// RUN: %{run} --function=scale --input=2x-3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=DIM
// DIM: input 0: '-3' in '2x-3xf32' is not the size of a dimension
// RUN: %{run} --function=scale --input=9999999x99999999x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: input 0: an array of type 9999999x99999999x3xf32 takes more memory than this machine has
// RUN: %{run} --function=scale --input=2x3xf32=x --input=f32=1 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: input 0: 'x' is not a number of type f32
// RUN: %{run} --function=types --input=2xi8=300 2>&1 | FileCheck %s --check-prefix=FIT
// FIT: input 0: '300' does not fit i8
// RUN: %{run} --function=scale --input=x.npy 2>&1 | FileCheck %s --check-prefix=NEITHER
// NEITHER: input 0: 'x.npy' is neither a file (@x.npy) nor a value
// RUN: %{run} --function=scale --input=@%t.missing.npy 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: missing.npy: No such file or directory

// RUN: %{run} --function=scale --form=dense --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: the form is masked, compact, auto or soft, not 'dense'
// RUN: %{run} --function=scale --threads=-1 --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: the number of threads is 0 (as OpenMP decides) to 1024, not -1
// RUN: %{run} --function=scale --output=@%t.2.npy --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// OUTPUTS: 'scale' has 1 results, but 2 outputs are given
// RUN: not cc-run %S/Inputs/programs.mlir --output=%t.npy --function=scale --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: is not a file (@y.npy)
// RUN: not cc-run %S/Inputs/programs.mlir --output=@%t.dir/no/y.npy --function=scale --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=WRITE
// WRITE: y.npy: can't be written: No such file or directory
// RUN: not cc-run %t.no.mlir --function=f 2>&1 | FileCheck %s --check-prefix=MODULE
// MODULE: no.mlir: No such file or directory
// RUN: echo "func.func @f(" > %t.bad.mlir
// RUN: not cc-run %t.bad.mlir --function=f 2>&1 | FileCheck %s --check-prefix=PARSE
// PARSE: bad.mlir:1:{{[0-9]+}}: error: expected
// PARSE: cc-run: error: {{.*}}bad.mlir is not a valid module
// RUN: %{run} --function=scale --pass-pipeline='builtin.module(nonsense)' --input=2x3xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=PIPELINE
// PIPELINE: 'nonsense' does not refer to a registered pass or pass pipeline
// PIPELINE: the module can't be compiled

// A check that fails: location, message and numbers; nothing leaks.
// RUN: %{run} --function=checked --input=2x3xf32=1 --input=index=3 --report-memory 2>&1 | FileCheck %s --check-prefix=CHECK
// CHECK-DAG: memory: peak {{[1-9][0-9]*}} bytes, leaked 0 bytes
// CHECK-DAG: cc-run: error: {{.*}}programs.mlir:{{[0-9]+}}:3: k = 3 exceeds the number of rows, 2 (factor 2)

// RUN: %{run} --function=matmul --input=2x3xf32=1 --input=4x5xf32=1 --report-memory 2>&1 | FileCheck %s --check-prefix=SIZES
// SIZES-DAG: leaked 0 bytes
// SIZES-DAG: programs.mlir:{{[0-9:]+}} linalg.matmul: argument 1 has size 4 in dim 0, expected 3, the size of argument 0 in dim 1

// Memory that the machine does not have.
// RUN: %{run} --function=allocate --input=index=100000000000000 --report-memory 2>&1 | FileCheck %s --check-prefix=MEMORY
// MEMORY-DAG: leaked 0 bytes
// MEMORY-DAG: cc-run: error: out of memory: {{[0-9]+}} bytes were asked for

// RUN: %{run} --function=allocate --input=index=-1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: result 0 of 'allocate' has the size -1 in dim 0

// RUN: not ls %t.npy
// RUN: not ls %t.2.npy

// RUN: %{run} --function=matmul --input=2x3xf32=1 --input=3x5xf32=1 --opt-level=4 2>&1 | FileCheck %s --check-prefix=LEVEL
// LEVEL: the optimization level is 0 to 3, not 4
