//===- Passes.td - GPU code generation passes --------------*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_GPU_PASSES
#define CONDCOMP_CODEGEN_GPU_PASSES

include "mlir/Pass/PassBase.td"

def ParallelizeLoops
    : Pass<"condcomp-gpu-parallelize-loops", "::mlir::func::FuncOp"> {
  let summary = "Turn linalg ops and copies of kernels into parallel loops";
  let description = [{
    A linalg op becomes a `scf.parallel` over its parallel loops. Its reduction
    loops are run inside, in ascending order, by whoever computes the element:
    sums do not depend on the number of threads. A contraction sums by fused
    multiply-adds into f32 for bf16 and f16 and rounds once, as on CPUs. It has
    two forms, of which the number of threads decides at run time: if there are
    enough, a thread computes a tile of 4 rows and 4 columns, and uses all it
    loads four times. Else a thread computes an element.

    ```mlir
    linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x64xf32>)
                  outs(%c : memref<?x64xf32>)
    // becomes
    scf.if %enough_tiles {
      scf.parallel (%i, %j) = (%c0, %c0) to (%row_tiles, %c16) step (%c1, %c1) {
        %sums:16 = scf.for %k = %c0 to %c8 step %c1 iter_args(...) {
          // 4 + 4 loads, 16 math.fma
    } else {
      scf.parallel (%i, %j) = (%c0, %c0) to (%rows, %c64) step (%c1, %c1) {
    ```

    A loop that `condcomp-to-linalg` marks `condcomp.independent` becomes a
    `scf.parallel` if it carries nothing and its body allocates and checks
    nothing. An op whose body can fail (`cf.assert`) becomes sequential loops,
    with a remark.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
}

def UseTensorCores : Pass<"condcomp-gpu-use-tensor-cores", "::mlir::func::FuncOp"> {
  let summary = "Compute contractions of bf16 and f16 (and f32) by tensor cores";
  let description = [{
    A contraction of bf16 by bf16 or f16 by f16 that sums in f32 becomes a
    `scf.parallel` over its batch loops, tiles of 32 rows and 32 columns, and the
    32 threads of a warp, which have a tile together: the number of threads, and
    that of a block's, must be a multiple of 32. Steps of 16 terms are each one
    `nvgpu.mma.sync` per block of 16 rows and 8 columns. Sizes may be any: the
    last steps have zeros for the terms that there are not, rows and columns that
    there are not are computed and not stored. A tile of at most 16 rows does half
    the work. Elements that lie together are loaded many at a time, where run-time
    values say that they are aligned.

    Terms are summed in chunks of 512, each from zero; an element is what it
    begins with plus its chunks in ascending order. Where the grid has two warps
    per tile or more, the loop is also one over chunks: warps store the sums of
    theirs in a buffer and count themselves, and the last one of a tile adds them
    up. Counters are zero when the kernel begins, and after every tile again. If
    the number of tiles is not known ahead of the loop over blocks that the
    contraction is in, one warp sums all chunks, with a remark.

    With blocks of 256 threads there is another form, which is chosen at run time
    where there are 64 rows and 64 terms or more, operands are aligned to 16
    bytes, and warps do not share terms: `scf.parallel` over tiles of 128 rows and
    128 columns and the threads of a block, with `gpu.barrier`. Operands come to
    shared memory, a `memref.alloca` in memory space 3, by
    `nvgpu.device_async_copy`, in three buffers of 32 terms. Chunks, steps, and
    the order of terms in them, are the same.

    Which contractions it takes depends on types alone, not on sizes: what one
    row gives does not depend on how many rows there are. With `tf32` these are
    those of f32 by f32 as well, in steps of 8 terms, whose operands are rounded
    to TF32 when the step becomes an instruction.

    ```mlir
    linalg.matmul ins(%a, %b : memref<?x32xbf16>, memref<32x32xbf16>)
                  outs(%c : memref<?x32xbf16>)
    // becomes
    scf.parallel (%i, %j, %lane) = (%c0, %c0, %c0) to (%tiles, %c1, %c32) step (%c1, %c1, %c1) {
      ...
      %sums:8 = scf.for %k = %c0 to %c32 step %c32 iter_args(...) {
        ...
        %next = nvgpu.mma.sync (%rows, %columns, %sum) {mmaShape = [16, 8, 16]}
            : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>
    ```
  }];
  let options = [
    Option<"blockSize", "block-size", "int64_t", /*default=*/"256",
           "Threads of a block">,
    Option<"tf32", "tf32", "bool", /*default=*/"false",
           "Contractions of f32, too, with operands rounded to TF32">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::mlir::nvgpu::NVGPUDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def FlattenForalls : Pass<"condcomp-gpu-flatten-foralls", "::mlir::func::FuncOp"> {
  let summary = "Share blocks of work among the whole grid";
  let description = [{
    A `scf.forall` over blocks of work, each of which is parallel loops, becomes
    parallel loops over blocks and what is in them: one for each loop of the
    body, with what the body computes ahead of it. The threads of the grid so
    work on all blocks at once, with barriers between those loops and not
    between blocks. A loop that has more iterations in some blocks than in
    others gets as many as it can have, if its bound grows with a minimum of
    something that is the same for all blocks; those that a block does not have
    end at once. A choice that is the
    same for all blocks is made before the loop.

    ```mlir
    scf.forall (%block) in (%blocks) {
      %begin = memref.load %begins[%block] : memref<?xindex>
      %length = memref.load %lengths[%block] : memref<?xindex>
      %rows = arith.minui %length, %c4 : index
      scf.parallel (%i, %j) = (%c0, %c0) to (%rows, %c64) step (%c1, %c1) {
        ...
    // becomes
    scf.parallel (%block, %i, %j) = (%c0, %c0, %c0) to (%blocks, %c4, %c64)
        step (%c1, %c1, %c1) {
      %begin = memref.load %begins[%block] : memref<?xindex>
      ...
      %inside = arith.cmpi slt, %i, %rows : index
      scf.if %inside {
        ...
    ```

    Where the body holds anything else, such as a sequential loop, a buffer or a
    check, blocks are run one after another, each by the whole grid, with a
    remark that names the op.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect"];
}

def LowerTensorCores : Pass<"condcomp-gpu-lower-tensor-cores", "::mlir::ModuleOp"> {
  let summary = "Turn steps of tensor cores into instructions, or emulate them";
  let description = [{
    `nvgpu.mma.sync` of bf16, f16 or TF32 becomes a call of LLVM's intrinsic, with
    registers as PTX has them; operands of TF32 are rounded to it, halves away
    from zero. The call is `convergent`, which the intrinsic is
    not: else LLVM might move it to where only some threads of a warp get. (The
    upstream conversion does not know bf16.)

    With `emulate`, it becomes a call of the run-time library, with the same
    registers in memory, and so do asynchronous copies, matrices read from
    shared memory, and barriers of blocks.
  }];
  let options = [
    Option<"emulate", "emulate", "bool", /*default=*/"false",
           "Call the run-time library instead, for emulated grids">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::vector::VectorDialect"];
}

def OutlineKernels : Pass<"condcomp-gpu-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Split public functions into a kernel and a function that calls it";
  let description = [{
    The body of a public function @f becomes the kernel @f$kernel, which every
    thread of a grid runs from beginning to end: the attribute
    `condcomp.kernel` says so. @f stays what it was to its callers. It allocates
    a workspace, calls the kernel, tries again with a larger workspace if that
    did not suffice, reports the check that failed, if one did, and copies the
    results out of the workspace.

    What the kernel has to say is in its *report*: 0, or the number of the check
    that failed, or -1 if the workspace was too small; a word that grid barriers
    count in; then the numbers of the failed check, or the size to try next, or
    of each result its byte offset in the workspace and its run-time sizes.

    ```mlir
    func.func private @f$kernel(%thread: index, %threads: index,
        %workspace: memref<?xi8>, %report: memref<4xi64>, %x: memref<?xf32>)
    ```

    Until a later pass launches it, the kernel is called with a grid of one
    thread. Functions that are called must be inlined before.

    With `device-memory`, the workspace is in the memory of a device, and a
    library that launches the kernel has it: @f calls the kernel once, and has
    results copied by `condcomp_cuda_take`, which returns their addresses.

    A call of such a kernel need not be waited for if all results are tensors
    whose sizes follow from sizes of arguments and from scalar arguments. Then @f
    writes to the report what it expects, the bytes and dynamic sizes of each
    result, and the kernel has *destinations*, its last arguments
    (`condcomp.destinations`): memory for each result, in whose place it puts
    the buffer, and a record of what failed. Waited for, it gets no memory, and
    the report as the record. Where a call has to wait, a remark says why.
  }];
  let options = [
    Option<"deviceMemory", "device-memory", "bool", /*default=*/"false",
           "The workspace is in memory of a device, not of the host">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"
  ];
}

def ShareScalars : Pass<"condcomp-gpu-share-scalars", "::mlir::func::FuncOp"> {
  let summary = "Pass scalars from one thread to all through memory";
  let description = [{
    A sequential loop that writes memory is run by one thread of the grid. What
    it returns, all threads need: it is stored to a buffer, in one
    `scf.execute_region` with the loop, and loaded again.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def InsertBarriers : Pass<"condcomp-gpu-insert-barriers", "::mlir::func::FuncOp"> {
  let summary = "Insert grid barriers where threads read what others wrote";
  let description = [{
    Inserts calls of `@condcomp_grid_barrier` into kernels, where memory accessed
    since the last barrier and what the next op accesses may overlap, at least
    one of both writes, and not both are done by the one thread that runs
    sequential code. Inputs of a call are never written, so reading them needs no
    barrier. Memory that is released at the end of a loop's body and used again
    in the next iteration counts as written.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def PlaceBuffers : Pass<"condcomp-gpu-place-buffers", "::mlir::func::FuncOp"> {
  let summary = "Place the buffers of a kernel in its workspace";
  let description = [{
    Every `memref.alloc` of a kernel becomes a view of the workspace. Places are
    given out in order, and all threads count alike. What a block allocates is
    released at its end, unless it hands a buffer on; buffers of the function
    and those that loops carry from step to step are released by the end of the
    kernel. Runs last of the passes on loops: threads count in memory of their
    own, which is not to be shared.

    A buffer that is a result lies in its destination, if the call gave one.
    Memory of another size than the result's is a failed check.
  }];
  let dependentDialects = [
    "::condcomp::CondCompDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

def DistributeLoops : Pass<"condcomp-gpu-distribute-loops", "::mlir::func::FuncOp"> {
  let summary = "Share the work of a kernel among the threads of the grid";
  let description = [{
    The iterations of a `scf.parallel` go to the threads in turn. A loop that
    follows without a barrier goes on where the one before ended, at a multiple
    of the threads of a warp: both are one round, if there are threads enough. A
    choice between loops gives how many iterations it has handed out. A loop
    with barriers of blocks, which say how many threads they are for
    (`condcomp.block_threads`), begins at a multiple of that, and counts threads
    block by block, not by their numbers, which go from block to block: all
    threads of a block have the same iterations, but for the innermost loop.
    Sequential code that writes memory is run by thread 0. All other code,
    control flow in particular, is run by every thread alike, on the same values,
    so that all threads meet at every barrier.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect"];
}

def LowerKernelChecks
    : Pass<"condcomp-gpu-lower-checks", "::mlir::func::FuncOp"> {
  let summary = "Turn the checks of kernels into reports";
  let description = [{
    A check that fails writes its number and its values to the report, and the
    thread returns. All threads do, since all check the same. Runs on blocks:
    after `convert-scf-to-cf`.

    A kernel with destinations writes them to its record, by one thread, and only
    if no call before it did. Then all threads wait for each other and fill the
    results with bytes of ones.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect"
  ];
}

def EmulateGrid : Pass<"condcomp-gpu-emulate-grid", "::mlir::ModuleOp"> {
  let summary = "Run kernels on a CPU, by threads that take turns";
  let description = [{
    Calls of kernels become calls of `condcomp_emulate_grid` of the run-time
    library. It runs each thread of the grid from barrier to barrier before the
    next one, in ascending and descending order in turn, so that a barrier that
    is missing shows in wrong results, the same ones every time. It takes the
    address of a function and an array of pointers to its arguments, as a launch
    on a GPU does.
  }];
  let options = [
    Option<"threads", "threads", "int64_t", /*default=*/"5",
           "Threads of the grid">,
    Option<"blockSize", "block-size", "int64_t", /*default=*/"256",
           "Threads of a block">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ExportThreads : Pass<"condcomp-gpu-export-threads", "::mlir::ModuleOp"> {
  let summary = "Keep of a module the kernels, as functions for a CPU";
  let description = [{
    A kernel @f$kernel becomes the function

    ```c
    void f$kernel(void **parameters, int64_t thread, int64_t threads);
    ```

    which one thread of a grid calls, and which may wait in
    `condcomp_grid_barrier`. `parameters[i]` points to the i-th parameter of the
    kernel as code for a GPU has it: the number of threads, and memrefs in
    pieces. All other functions go. A stand-in for a GPU's driver can so run the
    kernels of a program: for tests.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LaunchByCUDA : Pass<"condcomp-gpu-launch-by-cuda", "::mlir::ModuleOp"> {
  let summary = "Launch kernels by the run-time library for NVIDIA GPUs";
  let description = [{
    Calls of kernels become calls of `condcomp_cuda_launch` of libcondcomp_cuda,
    with pointers to the arguments and a constant that describes the kernel: a
    `condcomp_cuda_kernel`. The code of the kernels is the global
    `condcomp_cuda_image`, which `condcomp-gpu-embed-kernels` makes.
  }];
  let options = [
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_90a\"",
           "The GPU, for errors">,
    Option<"format", "format", "std::string", /*default=*/"\"ptx\"",
           "What the code is: cubin or ptx">,
    Option<"blockSize", "block-size", "int64_t", /*default=*/"256",
           "Threads of a block">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def EmbedKernels : Pass<"condcomp-gpu-embed-kernels", "::mlir::ModuleOp"> {
  let summary = "Put the code of kernels into a constant of the program";
  let description = [{
    The contents of the `gpu.binary`, with a zero at the end, or those of
    `file`, become the constant `condcomp_cuda_image`. With `file`, kernels that
    are functions still are erased.
  }];
  let options = [
    Option<"file", "file", "std::string", /*default=*/"\"\"",
           "A file with the code, made otherwise">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def EmitGPUModule : Pass<"condcomp-gpu-emit-module", "::mlir::ModuleOp"> {
  let summary = "Move kernels into a gpu.module";
  let description = [{
    Kernels become `gpu.func` ops of `@kernels`, and their calls
    `gpu.launch_func`. All blocks of the grid must be on the device at once (a
    cooperative launch), since they wait for each other: `blocks` is at most
    what the device holds. The number of threads is the first argument of a
    kernel. Threads are numbered warp by warp, of each block in turn: work goes
    to threads in the order of their numbers, and so to all multiprocessors. With
    a block size that is no multiple of 32, they are numbered block by block. The
    grid barrier is a function that counts blocks in a word of the report.
  }];
  let options = [
    Option<"blocks", "blocks", "int64_t", /*default=*/"132",
           "Blocks of the grid">,
    Option<"blockSize", "block-size", "int64_t", /*default=*/"256",
           "Threads of a block">,
    Option<"chip", "chip", "std::string", /*default=*/"\"sm_90a\"",
           "The GPU: sm_80, sm_90a, gfx942, ...">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"
  ];
}

def UseInstructions
    : Pass<"condcomp-gpu-use-instructions", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Turn calls of device libraries into instructions";
  let description = [{
    Upstream makes every function of the math dialect a call of CUDA's or ROCm's
    library of functions. Those that are an instruction of the chip become
    LLVM's intrinsics instead: fused multiply-adds, rounding to an integer, absolute values
    and square roots. Most programs then need no library.

    ```mlir
    %r = llvm.call @__nv_fmaf(%a, %b, %c) : (f32, f32, f32) -> f32
    // becomes
    %r = llvm.intr.fma(%a, %b, %c) : (f32, f32, f32) -> f32
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // CONDCOMP_CODEGEN_GPU_PASSES
