// DEFINE: %{npy} = %python %S/Inputs/npy.py %t.x.npy
// DEFINE: %{scale} = cc-run %S/Inputs/programs.mlir --function=scale --input=f32=2

// Read, write, and read what was written.
// RUN: %python %S/Inputs/npy.py %t.x.npy shape='2, 3' values=1,2,3,4,5,6
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.x.npy --input=f32=2 --output=@%t.y.npy
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.y.npy --input=f32=0.5 --expected-output=@%t.x.npy
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.y.npy --input=f32=0.5 | FileCheck %s --check-prefix=BACK
// BACK: result 0: 2x3xf32=1,2,3,4,5,6

// Version 2.
// RUN: %python %S/Inputs/npy.py %t.v2.npy shape='1, 3' values=1,2,3 version=2
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.v2.npy --input=f32=2 | FileCheck %s --check-prefix=V2
// V2: result 0: 1x3xf32=2,4,6

// Every element type; bf16 as voids and as uint16.
// RUN: %python %S/Inputs/npy.py %t.a.npy shape=2, descr='<f8' values=1,2
// RUN: %python %S/Inputs/npy.py %t.b.npy shape=2, descr='<f2' values=1,2
// RUN: %python %S/Inputs/npy.py %t.c.npy shape=2, descr='<V2' values=16256,16384
// RUN: %python %S/Inputs/npy.py %t.c2.npy shape=2, descr='<u2' values=16256,16384
// RUN: %python %S/Inputs/npy.py %t.d.npy shape=2, descr='<i8' values=1,2
// RUN: %python %S/Inputs/npy.py %t.e.npy shape=2, descr='<i4' values=1,2
// RUN: %python %S/Inputs/npy.py %t.f.npy shape=2, descr='|i1' values=1,2
// RUN: %python %S/Inputs/npy.py %t.g.npy shape=2, descr='|b1' values=1,0
// RUN: %python %S/Inputs/npy.py %t.i.npy shape= descr='<i4' values=7
// RUN: cc-run %S/Inputs/programs.mlir --function=types --input=@%t.a.npy --input=@%t.b.npy --input=@%t.c.npy --input=@%t.d.npy --input=@%t.e.npy --input=@%t.f.npy --input=@%t.g.npy --input=@%t.d.npy \
// RUN:   --input=@%t.i.npy --input=index=1 --input=i1=1 --input=bf16=1 --input=i8=1 \
// RUN:   --expected-output=2xf64=1,2 --expected-output=2xf16=1,2 --expected-output=@%t.c2.npy --expected-output=2xi64=1,2 --expected-output=2xi32=1,2 --expected-output=2xi8=1,2 --expected-output=2xi1=1,0 --expected-output=2xindex=1,2 --expected-output=i32=7

// Mismatches.
// RUN: not cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.x.npy --input=f32=1 --expected-output=2x3xf32=1,2,3,4,5.5,6.1 2>&1 | FileCheck %s --check-prefix=WORST
// WORST: result 0 of 'scale': 2 of 6 elements differ; the worst is 5, expected 5.5, at [1, 1] (difference 5.000e-01, rtol 1.0e-05, atol 1.0e-08)
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.x.npy --input=f32=1 --expected-output=2x3xf32=1,2,3,4,5.5,6.1 --atol=0.6
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.x.npy --input=f32=1 --expected-output=2x3xf32=1,2,3,4,5.5,6.1 --rtol=0.1
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input='1x3xf32=nan inf 1' --input=f32=1 --expected-output='1x3xf64=nan inf 1'
// RUN: not cc-run %S/Inputs/programs.mlir --function=scale --input='1x3xf32=nan inf 1' --input=f32=1 --expected-output='1x3xf32=nan -inf 1' --atol=1e30 2>&1 | FileCheck %s --check-prefix=INF
// INF: 1 of 3 elements differ; the worst is inf, expected -inf, at [0, 1]
// RUN: not cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.x.npy --input=f32=1 --expected-output=1x3xf32=1 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: result 0 of 'scale': is 2x3xf32, expected 1x3xf32

// Bad files.
// DEFINE: %{bad} = not cc-run %S/Inputs/programs.mlir --function=scale --input=@%t.bad.npy --input=f32=1 --output=@%t.out.npy
// RUN: rm -f %t.out.npy
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' values=1,2,3,4,5,6 cut=2
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: input 0: {{.*}}bad.npy: truncated: 2x3xf32 takes 24 bytes, 22 are left in the file
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' cut=30
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=HEADER
// HEADER: truncated: the header has {{[0-9]+}} bytes, {{[0-9]+}} are left in the file
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' values=1,2,3,4,5,6 extra=5
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=EXTRA
// EXTRA: 5 bytes follow the data of 2x3xf32
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' magic=NUMPY!
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=MAGIC
// MAGIC: not a .npy file: it does not begin with \x93NUMPY
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' version=3
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=VERSION
// VERSION: version 3 of the .npy format; versions 1 and 2 are read
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' fortran=True values=1,2,3,4,5,6
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=FORTRAN
// FORTRAN: the array is in Fortran order; save it in C order
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' descr='<c8'
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=COMPLEX
// COMPLEX: element type '<c8' is not supported
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' descr='>f4'
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=ENDIAN
// ENDIAN: element type '>f4' is not supported
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, -3'
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// NEGATIVE: '-3' in the shape is not a size
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='99999999999, 99999999999'
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: is too large
// RUN: %python %S/Inputs/npy.py %t.bad.npy header='{}'
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=KEYS
// KEYS: the header lacks descr, fortran_order or shape
// RUN: %python %S/Inputs/npy.py %t.bad.npy shape='2, 3' descr='<f8' values=1,2,3,4,5,6
// RUN: %{bad} 2>&1 | FileCheck %s --check-prefix=DTYPE
// DTYPE: argument 0 of 'scale' is tensor<?x3xf32>, got 2x3xf64: element type f32 expected, not f64
// RUN: not ls %t.out.npy
