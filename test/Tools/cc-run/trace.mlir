// Routings as lines of JSON; none without --trace.

// RUN: cc-run %s --function=trace --input=3x2xf32=1,2,nan,0,5,inf --input=3x2xf32=1,0,-1,2,3,4 --trace=%t --form=compact
// RUN: FileCheck %s --check-prefix=OUTER --input-file=%t
// RUN: cc-run %s --function=trace --input=3x2xf32=1,2,nan,0,5,inf --input=3x2xf32=1,0,-1,2,3,4 --trace=%t --form=masked
// RUN: FileCheck %s --check-prefix=OUTER --input-file=%t
// RUN: cc-run %s --function=trace --input=3x2xf32=1,2,nan,0,5,inf --input=3x2xf32=1,0,-1,2,3,4 | FileCheck %s --check-prefix=NONE
// NONE-NOT: name

// OUTER: {"name":"outer","call":1,"dims":[3,2],"row_offsets":[0,1,2,3],"modules":[1,1,1],"weights":[2,0,"Infinity"]}
func.func @trace(%s: tensor<?x2xf32>, %x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %r = condcomp.top_k %s, 1 : tensor<?x2xf32> -> !condcomp.routing<?x2, f32, exactly 1>
  condcomp.trace %r "outer" : !condcomp.routing<?x2, f32, exactly 1>
  return %x : tensor<?x2xf32>
}

// The body of a stage, on the rows that are left.
// RUN: cc-run %s --function=stages --input=3x2xf32=1,2,-1,0,5,-6 --trace=- --form=compact | FileCheck %s --check-prefix=INNER
// INNER: {"name":"second","call":1,"dims":[2,2],"row_offsets":[0,1,2],"modules":[1,0],"weights":[2,5],"ids":[0,2]}
func.func @stages(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y, %left = condcomp.cascade rows(%x : tensor<?x2xf32>) with_ids {
  ^bb0(%h: tensor<?x2xf32>, %ids: tensor<?xindex>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x2xf32>
    %first = tensor.extract_slice %h[0, 0] [%n, 1] [1, 1] : tensor<?x2xf32> to tensor<?xf32>
    %e = tensor.empty(%n) : tensor<?xi1>
    %done = linalg.map ins(%first : tensor<?xf32>) outs(%e : tensor<?xi1>) (%v: f32, %o: i1) {
      %less = arith.cmpf olt, %v, %f0 : f32
      linalg.yield %less : i1
    }
    condcomp.exit %done : tensor<?xi1> results(%h : tensor<?x2xf32>) carry(%h : tensor<?x2xf32>)
  }, {
  ^bb0(%h: tensor<?x2xf32>, %ids: tensor<?xindex>):
    %r = condcomp.top_k %h, 1 : tensor<?x2xf32> -> !condcomp.routing<?x2, f32, exactly 1>
    condcomp.trace %r "second" ids(%ids : tensor<?xindex>)
      : !condcomp.routing<?x2, f32, exactly 1>
    condcomp.yield %h : tensor<?x2xf32>
  } -> tensor<?x2xf32>, tensor<?xi32>
  return %y : tensor<?x2xf32>
}
