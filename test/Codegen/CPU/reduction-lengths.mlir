// Reductions over every number of vectors and lanes: each element counts once.
// RUN: cc-run %s --function=sum1 --input=2x1xf32=1 | FileCheck %s --check-prefix=N1
// N1: 2xf32=1,1
// RUN: cc-run %s --function=sum8 --input=2x8xf32=1 | FileCheck %s --check-prefix=N8
// N8: 2xf32=8,8
// RUN: cc-run %s --function=sum15 --input=2x15xf32=1 | FileCheck %s --check-prefix=N15
// N15: 2xf32=15,15
// RUN: cc-run %s --function=sum16 --input=2x16xf32=1 | FileCheck %s --check-prefix=N16
// N16: 2xf32=16,16
// RUN: cc-run %s --function=sum17 --input=2x17xf32=1 | FileCheck %s --check-prefix=N17
// N17: 2xf32=17,17
// RUN: cc-run %s --function=sum32 --input=2x32xf32=1 | FileCheck %s --check-prefix=N32
// N32: 2xf32=32,32
// RUN: cc-run %s --function=sum48 --input=2x48xf32=1 | FileCheck %s --check-prefix=N48
// N48: 2xf32=48,48
// RUN: cc-run %s --function=sum64 --input=2x64xf32=1 | FileCheck %s --check-prefix=N64
// N64: 2xf32=64,64
// RUN: cc-run %s --function=sum80 --input=2x80xf32=1 | FileCheck %s --check-prefix=N80
// N80: 2xf32=80,80
// RUN: cc-run %s --function=sum128 --input=2x128xf32=1 | FileCheck %s --check-prefix=N128
// N128: 2xf32=128,128

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

func.func @sum1(%x: tensor<?x1xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x1xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x1xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum8(%x: tensor<?x8xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x8xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x8xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum15(%x: tensor<?x15xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x15xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x15xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum16(%x: tensor<?x16xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x16xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x16xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum17(%x: tensor<?x17xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x17xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x17xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum32(%x: tensor<?x32xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x32xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x32xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum48(%x: tensor<?x48xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x48xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x48xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum64(%x: tensor<?x64xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x64xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x64xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum80(%x: tensor<?x80xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x80xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x80xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}

func.func @sum128(%x: tensor<?x128xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x128xf32>
  %z = tensor.splat %f0[%rows] : tensor<?xf32>
  %s = linalg.generic {indexing_maps = [#id, #row],
      iterator_types = ["parallel", "reduction"]} ins(%x : tensor<?x128xf32>)
      outs(%z : tensor<?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?xf32>
  return %s : tensor<?xf32>
}
