// RUN: cc-opt %s --condcomp-gpu-emit-module='blocks=5 block-size=64' | FileCheck %s
// RUN: cc-opt %s --condcomp-gpu-emit-module='blocks=5 block-size=48' --canonicalize | FileCheck %s --check-prefix=ODD

// CHECK:       module attributes {gpu.container_module}
// CHECK-NEXT:  gpu.module @kernels
// All blocks count once and wait for the end of the round.
// CHECK:         func.func private @condcomp_grid_barrier(%[[REPORT:.+]]: memref<?xi64>, %{{.+}}: index) attributes {passthrough = ["convergent", "noinline"]}
// CHECK:           gpu.barrier
// CHECK:           scf.if
// CHECK:             llvm.fence syncscope("device") acq_rel
// CHECK:             memref.atomic_rmw addi %{{.+}}, %[[REPORT]][%c1{{.*}}]
// CHECK:             scf.while
// CHECK:               memref.atomic_rmw addi %c0{{.*}}, %[[REPORT]][%c1{{.*}}]
// CHECK:             llvm.fence syncscope("device") acq_rel
// CHECK:           gpu.barrier
// CHECK:         gpu.func @k(%[[COUNT:.+]]: index, %{{.+}}: memref<?xi8>, %[[R:.+]]: memref<4xi64>, %[[F:.+]]: memref<?xindex>) kernel attributes {known_block_size = array<i32: 64, 1, 1>}

// Warps of all blocks in turn.
// CHECK:           %[[OWN:.+]] = gpu.thread_id x
// CHECK:           %[[BLOCK:.+]] = gpu.block_id x
// CHECK:           %[[ROUND:.+]] = arith.divui %[[OWN]], %c32
// CHECK:           %[[BLOCKS:.+]] = arith.divui %[[COUNT]], %c64
// CHECK:           %[[BEFORE:.+]] = arith.muli %[[ROUND]], %[[BLOCKS]]
// CHECK:           %[[WARP:.+]] = arith.addi %[[BEFORE]], %[[BLOCK]]
// CHECK:           %[[FIRST:.+]] = arith.muli %[[WARP]], %c32
// CHECK:           %[[LANE:.+]] = arith.remui %[[OWN]], %c32
// CHECK:           %[[THREAD:.+]] = arith.addi %[[FIRST]], %[[LANE]]
// CHECK:           %[[SHARED:.+]] = memref.cast %[[R]] : memref<4xi64> to memref<?xi64>
// CHECK:           memref.get_global @table
// CHECK:           func.call @condcomp_grid_barrier(%[[SHARED]], %[[COUNT]])
// CHECK:           memref.store %{{.+}}, %[[F]][%[[THREAD]]]
// CHECK:           gpu.return
// CHECK:         gpu.func @shares({{.*}}) workgroup(%[[MEMORY:.+]] : memref<64xi8, 3> {llvm.align = 16 : i64}) kernel
// CHECK:           memref.view %[[MEMORY]]
// CHECK-NOT:       memref.alloca
// CHECK:         memref.global "private" constant @table
// CHECK-NOT:   func.func private @k(

// Blocks that are no whole warps.
// ODD:           %[[OWN:.+]] = gpu.thread_id x
// ODD:           arith.divui %[[OWN]], %c48
func.func private @condcomp_grid_barrier()
memref.global "private" constant @table : memref<4xindex> = dense<[1, 2, 3, 4]>
func.func private @k(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>, %f: memref<?xindex>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %table = memref.get_global @table : memref<4xindex>
  call @condcomp_grid_barrier() : () -> ()
  %v = memref.load %table[%c0] : memref<4xindex>
  memref.store %v, %f[%t] : memref<?xindex>
  return
}

// What a block shares is an attribution.
func.func private @shares(%t: index, %s: index, %w: memref<?xi8>, %r: memref<4xi64>) attributes {condcomp.kernel} {
  %c0 = arith.constant 0 : index
  %m = memref.alloca() {alignment = 16 : i64} : memref<64xi8, 3>
  %v = memref.view %m[%c0][] : memref<64xi8, 3> to memref<8xf64, 3>
  %x = memref.load %v[%t] : memref<8xf64, 3>
  memref.store %x, %v[%s] : memref<8xf64, 3>
  return
}

// CHECK-LABEL: func.func @f(
// CHECK-SAME:    %[[W:.+]]: memref<?xi8>, %[[R:.+]]: memref<4xi64>, %[[F:.+]]: memref<?xindex>)
// CHECK:         gpu.launch_func @kernels::@k blocks in (%c5{{.*}}, %c1{{.*}}, %c1{{.*}}) threads in (%c64{{.*}}, %c1{{.*}}, %c1{{.*}}) args(%c320{{.*}} : index, %[[W]] : memref<?xi8>, %[[R]] : memref<4xi64>, %[[F]] : memref<?xindex>)
func.func @f(%w: memref<?xi8>, %r: memref<4xi64>, %f: memref<?xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @k(%c0, %c1, %w, %r, %f) : (index, index, memref<?xi8>, memref<4xi64>, memref<?xindex>) -> ()
  return
}
