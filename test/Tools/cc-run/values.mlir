// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=2x3xf32=1,2,3,4,5,6 --input=f32=0.5 | FileCheck %s --check-prefix=SCALE
// SCALE: result 0: 2x3xf32=0.5,1,1.5,2,2.5,3

// One value for all; brackets and spaces; special numbers.
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=1x3xf32=2 --input=f32=1e-3 | FileCheck %s --check-prefix=SPLAT
// SPLAT: result 0: 1x3xf32=0.002,0.002,0.002
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input='2x3xf32=[[nan, inf, -inf], [-0.0, 3, 1e9]]' --input=f32=2 | FileCheck %s --check-prefix=SPECIAL
// SPECIAL: result 0: 2x3xf32=nan,inf,-inf,-0,6,2e+09

// No rows.
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=0x3xf32= --input=f32=1 --report-memory | FileCheck %s --check-prefix=EMPTY
// EMPTY: result 0: 0x3xf32=
// EMPTY: leaked 0 bytes

// Every element type.
// RUN: cc-run %S/Inputs/programs.mlir --function=types --input=2xf64=1.5,-2 --input=2xf16=0.1,65504 --input=2xbf16=0.1,3e38 \
// RUN:   --input=2xi64=-9223372036854775808,9223372036854775807 --input=2xi32=-5,7 --input=2xi8=-128,127 --input=2xi1=true,0 --input=2xindex=3,4 \
// RUN:   --input=i32=-9 --input=index=12 --input=i1=1 --input=bf16=1.5 --input=i8=-3 | FileCheck %s --check-prefix=TYPES
// TYPES: result 0: 2xf64=1.5,-2
// TYPES: result 1: 2xf16=0.099975586,65504
// TYPES: result 2: 2xbf16=0.100097656,3.0040553e+38
// TYPES: result 3: 2xi64=-9223372036854775808,9223372036854775807
// TYPES: result 4: 2xi32=-5,7
// TYPES: result 5: 2xi8=-128,127
// TYPES: result 6: 2xi1=true,false
// TYPES: result 7: 2xindex=3,4
// TYPES: result 8: i32=-9
// TYPES: result 9: index=12
// TYPES: result 10: i1=true
// TYPES: result 11: bf16=1.5
// TYPES: result 12: i8=-3

// The caller's array is not written.
// RUN: cc-run %S/Inputs/programs.mlir --function=overwrite --input=2xf32=5 --report-memory | FileCheck %s --check-prefix=KEEP
// KEEP: result 0: 2xf32=1,1
// KEEP: result 1: 2xf32=5,5
// KEEP: leaked 0 bytes

// i64 passes for index; a rank-0 tensor for a scalar.
// RUN: cc-run %S/Inputs/programs.mlir --function=allocate --input=i64=2 | FileCheck %s --check-prefix=INDEX
// INDEX: result 0: 2xf32=0,0

// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=2x3xf32=1 --input=f32=1 --benchmark --benchmark-repetitions=3 --threads=1 --benchmark-json=%t.json | FileCheck %s --check-prefix=BENCH
// RUN: FileCheck %s --check-prefix=JSON < %t.json
// BENCH: scale: min {{[0-9.]+}} ms, median {{[0-9.]+}} ms, 3 runs, 1 threads

// MLIR's own flags.
// RUN: cc-run %S/Inputs/programs.mlir --function=scale --input=1x3xf32=1 --input=f32=1 --mlir-print-ir-after=condcomp-lower-checks --mlir-timing 2>&1 | FileCheck %s --check-prefix=FLAGS
// FLAGS: IR Dump After LowerChecks
// FLAGS: Execution time report

// JSON-DAG: "min_seconds":
// JSON-DAG: "median_seconds":
// JSON-DAG: "threads": 1
