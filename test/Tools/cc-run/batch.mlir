// Many calls in one process; one that fails leaves the next ones alone.

// RUN: split-file %s %t
// RUN: not cc-run --batch=%t/calls.json | FileCheck %s
// RUN: not cc-run --batch=- < %t/calls.json | FileCheck %s
// RUN: not cc-run --batch=%t/missing.json 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not cc-run %t/m.mlir --batch=%t/calls.json 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: cc-run --batch=%t/good.json --form=masked | FileCheck %s --check-prefix=GOOD

// CHECK: {"compile_seconds":{{.*}}"id":1,{{.*}}"status":"ok"{{.*}}"values":["3xf32=2,4,6"]}
// CHECK-NEXT: {"compile_seconds":0,"id":"next","leaked_bytes":0,"message":"source:{{[0-9]+}}:{{[0-9]+}}: at most 3 rows, got 4"{{.*}}"status":"error"
// CHECK-NEXT: {"compile_seconds":0,{{.*}}"status":"ok"{{.*}}"values":["1xf32=2"]}
// CHECK-NEXT: {{.*}}"message":"{{.*}}Expected object key",{{.*}}"status":"error"
// CHECK-NEXT: {{.*}}"message":"unknown key 'input'",{{.*}}"status":"error"
// CHECK-NEXT: {{.*}}"message":"missing value at request.function",{{.*}}"status":"error"
// CHECK-NEXT: {{.*}}"message":"a request has either a module (a file) or a source",{{.*}}"status":"error"
// CHECK-NEXT: {{.*}}"diagnostics":"source:1:1: error: {{.*}}"message":"source is not a valid module",{{.*}}"status":"error"
// CHECK-NEXT: {{.*}}"message":"expected a number of 0 or more at request.repetitions",{{.*}}"status":"error"
// MISSING: missing.json: can't be read
// BOTH: a batch names its modules
// GOOD: "status":"ok"
// GOOD: "min_seconds":{{.*}}"status":"ok"

//--- calls.json
{"id": 1, "source": "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {\n %c0 = arith.constant 0 : index\n %c4 = arith.constant 4 : index\n %d = tensor.dim %x, %c0 : tensor<?xf32>\n %ok = arith.cmpi ult, %d, %c4 : index\n condcomp.check %ok, \"at most 3 rows, got {0}\"(%d) : index\n %r = linalg.add ins(%x, %x : tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?xf32>) -> tensor<?xf32>\n return %r : tensor<?xf32>\n}", "function": "f", "inputs": ["3xf32=1,2,3"]}
{"id": "next", "source": "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {\n %c0 = arith.constant 0 : index\n %c4 = arith.constant 4 : index\n %d = tensor.dim %x, %c0 : tensor<?xf32>\n %ok = arith.cmpi ult, %d, %c4 : index\n condcomp.check %ok, \"at most 3 rows, got {0}\"(%d) : index\n %r = linalg.add ins(%x, %x : tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?xf32>) -> tensor<?xf32>\n return %r : tensor<?xf32>\n}", "function": "f", "inputs": ["4xf32=1"]}

{"source": "func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {\n %c0 = arith.constant 0 : index\n %c4 = arith.constant 4 : index\n %d = tensor.dim %x, %c0 : tensor<?xf32>\n %ok = arith.cmpi ult, %d, %c4 : index\n condcomp.check %ok, \"at most 3 rows, got {0}\"(%d) : index\n %r = linalg.add ins(%x, %x : tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?xf32>) -> tensor<?xf32>\n return %r : tensor<?xf32>\n}", "function": "f", "inputs": ["1xf32=1"]}
{nonsense}
{"source": "x", "function": "f", "input": []}
{"source": "x"}
{"function": "f"}
{"source": "nonsense", "function": "f"}
{"source": "x", "function": "f", "repetitions": -1}

//--- good.json
{"source": "func.func @f(%x: f32) -> f32 {\n return %x : f32\n}", "function": "f", "inputs": ["f32=1"], "threads": 1, "expected": ["f32=1.001"], "rtol": 1e-2}
{"source": "func.func @f(%x: f32) -> f32 {\n return %x : f32\n}", "function": "f", "inputs": ["f32=1"], "repetitions": 2}
