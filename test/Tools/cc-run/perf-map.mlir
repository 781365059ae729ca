// The functions of compiled code, internal ones too, where perf finds their names;
// without being asked, none.

// RUN: sh -c 'CONDCOMP_PERF_MAP=1 cc-run %s --function=f --input=3xf32=1,2,3 & wait $!; cat /tmp/perf-$!.map; rm /tmp/perf-$!.map' | FileCheck %s
// RUN: sh -c 'cc-run %s --function=f --input=3xf32=1,2,3 & wait $!; not ls /tmp/perf-$!.map'

// CHECK:     3xf32=2,4,6
// CHECK-DAG: {{^[0-9a-f]+ [0-9a-f]+ f[$]packed$}}
// CHECK-DAG: {{^[0-9a-f]+ [0-9a-f]+ twice[$]loop$}}

func.func private @twice(%x: tensor<?xf32>) -> tensor<?xf32> attributes {no_inline} {
  %y = arith.addf %x, %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = func.call @twice(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
