// Nothing leaks, whether calls succeed or fail, from loops and from recursion.

// RUN: cc-run %s --function=branch --input=i1=0 --input=3xf32=7 --report-memory | FileCheck %s --check-prefix=ELSE
// RUN: cc-run %s --function=branch --input=i1=1 --input=3xf32=7 --report-memory | FileCheck %s --check-prefix=THEN
// ELSE: result 0: 3xf32=1,2,3
// ELSE: leaked 0 bytes
// THEN: result 0: 3xf32=7,7,7
// THEN: leaked 0 bytes
func.func @branch(%b: i1, %x: tensor<3xf32>) -> tensor<3xf32> {
  %c = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %r = scf.if %b -> tensor<3xf32> {
    scf.yield %x : tensor<3xf32>
  } else {
    scf.yield %c : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}

// RUN: cc-run %s --function=recurse --input=2xf32=1 --input=index=5 --report-memory | FileCheck %s --check-prefix=DEEP
// RUN: not cc-run %s --function=recurse --input=2xf32=1 --input=index=9 --report-memory 2>&1 | FileCheck %s --check-prefix=DEEPER
// DEEP: result 0: 2xf32=6,6
// DEEP: leaked 0 bytes
// DEEPER-DAG: leaked 0 bytes
// DEEPER-DAG: memory.mlir:[[#@LINE+13]]:5: too deep: 9
func.func private @step(%x: tensor<2xf32>, %i: index) -> tensor<2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c6 = arith.constant 6 : index
  %end = arith.cmpi eq, %i, %c0 : index
  %r = scf.if %end -> tensor<2xf32> {
    scf.yield %x : tensor<2xf32>
  } else {
    %one = arith.constant dense<1.0> : tensor<2xf32>
    %j = arith.subi %i, %c1 : index
    %ok = arith.cmpi ult, %i, %c6 : index
    // Outermost first: the first check that fails ends the call.
    condcomp.check %ok, "too deep: {0}"(%i) : index
    %inner = func.call @step(%x, %j) : (tensor<2xf32>, index) -> tensor<2xf32>
    %e = tensor.empty() : tensor<2xf32>
    %y = linalg.add ins(%inner, %one : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
    scf.yield %y : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}
func.func @recurse(%x: tensor<2xf32>, %i: index) -> tensor<2xf32> {
  %r = func.call @step(%x, %i) : (tensor<2xf32>, index) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// RUN: cc-run %s --function=loop --input=2xf32=1 --input=index=4 --report-memory | FileCheck %s --check-prefix=LOOP
// RUN: not cc-run %s --function=loop --input=2xf32=1 --input=index=9 --report-memory 2>&1 | FileCheck %s --check-prefix=LOOPED
// LOOP: result 0: 2xf32=5,5
// LOOP: leaked 0 bytes
// LOOPED-DAG: leaked 0 bytes
// LOOPED-DAG: memory.mlir:[[#@LINE+8]]:5: step 5
func.func @loop(%x: tensor<2xf32>, %n: index) -> tensor<2xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<2xf32> {
    %ok = arith.cmpi ult, %i, %c5 : index
    %e = tensor.empty() : tensor<2xf32>
    condcomp.check %ok, "step {0}"(%i) : index
    %b = linalg.add ins(%a, %x : tensor<2xf32>, tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
    scf.yield %b : tensor<2xf32>
  }
  return %r : tensor<2xf32>
}
