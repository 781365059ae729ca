//===- Passes.td - CPU code generation passes --------------*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_CPU_PASSES
#define CONDCOMP_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def BatchExperts : Pass<"condcomp-batch-experts"> {
  let summary = "Run the modules of an apply in one parallel loop per stage";
  let description = [{
    Takes the loop over modules that the compact form of `condcomp.apply`
    becomes apart. Ops of the body that are the same for every module are done
    once, on the rows of all modules together. Ops that use a module's
    parameters become stages: parallel loops (`scf.forall`) over blocks of rows
    of one module and tiles of columns. Ops that read one another's results only
    where they write, such as two projections and the activation that joins
    them, share a stage, so that a tile passes through all of them while it is
    in the cache. Blocks of little work are run together, modules without rows
    cost nothing. Weights that are computed from a module's parameters element
    by element (dequantized) are made in the stage, for a tile of columns and,
    where columns lie together in memory, a block of terms at a time.

    A body that mixes rows, computes new tensors from parameters in another way,
    or holds anything but linalg ops and reshapes is left as it is, with a
    remark that names the op.

    With `grid`, stages are for the threads of a GPU's grid, which
    `condcomp-gpu-flatten-foralls` shares them among: a stage is one op with
    parameters, one iteration is one block of rows, and columns are not cut. A
    block has as many rows as a tile of a contraction: of bf16 by bf16 or f16 by
    f16 with `tensor-cores`, of f32 by f32 with `tf32` too, 32, or 128 if modules
    that have rows have 64 or more on average, which is found out at run time;
    else 4. Bodies that compute weights are left in their loop, where each
    module's are made once, for all its rows.

    ```mlir
    %y = scf.forall (%block) in (%count) shared_outs(%out = %e) -> (tensor<?x64xf32>) {
      %module = tensor.extract %modules[%block] : tensor<?xindex>
      %begin = tensor.extract %begins[%block] : tensor<?xindex>
      %rows = arith.minui %length, %c4 : index
      ... // the op on %rows rows from %begin on, with the parameters of %module
    ```
  }];
  let options = [
    Option<"widenBF16", "widen-bf16", "bool", /*default=*/"true",
           "Extend rows of bf16 to f32 where they are multiplied by bf16">,
    Option<"grid", "grid", "bool", /*default=*/"false",
           "Make stages for the threads of a GPU's grid">,
    Option<"tensorCores", "tensor-cores", "bool", /*default=*/"false",
           "Contractions of narrow floats are computed by tensor cores">,
    Option<"tf32", "tf32", "bool", /*default=*/"false",
           "With tensor-cores: those of f32 are, too">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def ShareLeaves : Pass<"condcomp-share-leaves", "::mlir::ModuleOp"> {
  let summary = "Put equal ops on memrefs in one function";
  let description = [{
    The layers of a network do the same to different tensors. Ops on memrefs
    (linalg ops, copies, parallel loops) that are equal but for their operands,
    types included, become calls of one private function, so that the passes
    after this one, and LLVM, see each of them once: what takes most of the time
    of compiling does not grow with the number of layers. A zero fill goes with
    the contraction that takes it in. What occurs once stays where it is, and so
    does what holds a check, which ends the function that it is in.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LowerContractions
    : Pass<"condcomp-lower-contractions", "::mlir::ModuleOp"> {
  let summary = "Turn linalg contractions on memrefs into register-tiled loops";
  let description = [{
    Any linalg op whose body is `out + lhs * rhs` (inputs may be extended first)
    becomes a parallel loop over batches, row blocks and column panels that
    calls a panel function: it packs a slice of the right-hand side and runs a
    micro-kernel that keeps a tile of the result in registers. Panel functions
    and kernels are private functions shared by all contractions of the same
    element types and layouts, so code size does not grow with the number of
    contractions.

    Each result element is summed over the reduction dims in ascending order by
    fused multiply-adds into one accumulator (f32 for bf16 and f16), whatever
    the number of rows, threads, or the position in a tile. With `bf16-unit`,
    bf16 by bf16 is multiplied by the processor's unit for it, which sums in an
    order of its own (docs/codegen.md, "Units for bf16"). A contraction of
    other element types, or whose result is not stored exactly once per
    accumulation, is left for `condcomp-vectorize-loops`, with a remark.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"512",
           "Width of a vector register in bits">,
    Option<"parallel", "parallel", "bool", /*default=*/"true",
           "Run the outer loops on all threads">,
    Option<"bf16Unit", "bf16-unit", "::condcomp::BF16Unit",
           /*default=*/"::condcomp::BF16Unit::None",
           "What multiplies bf16 by bf16: none, avx512bf16 or amx-bf16",
           [{::llvm::cl::values(
             clEnumValN(::condcomp::BF16Unit::None, "none",
                        "fused multiply-adds in f32"),
             clEnumValN(::condcomp::BF16Unit::Dot, "avx512bf16",
                        "dot products of pairs"),
             clEnumValN(::condcomp::BF16Unit::Tiles, "amx-bf16",
                        "products of tiles"))}]>,
    Option<"prefetchPacked", "prefetch-packed", "bool", /*default=*/"true",
           "Ask for packed right-hand sides before they are used">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect",
    "::mlir::LLVM::LLVMDialect"
  ];
}

def LowerConvolutions
    : Pass<"condcomp-lower-convolutions", "::mlir::ModuleOp"> {
  let summary = "Turn linalg convolutions on memrefs into contractions";
  let description = [{
    A convolution, by name or as a `linalg.generic`, is a contraction one side of
    which is read through windows. So is any contraction whose terms, or rows, lie
    together in one operand and not in the other, if its result would be rounded
    in between. It becomes the loops of
    `condcomp-lower-contractions`, but for the copying of that side: the panel
    function gathers as many of its terms as one call of the kernel takes, by
    tables of offsets. Every window, stride, dilation, layout and number of groups
    goes the same way, and no image is unfolded in memory.

    Left to `condcomp-lower-contractions` is what has no windows, such as a 1x1
    convolution, and to `condcomp-vectorize-loops` what has less than 8 filters per
    group, depthwise convolutions above all.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"512",
           "Width of a vector register in bits">,
    Option<"parallel", "parallel", "bool", /*default=*/"true",
           "Run the outer loops on all threads">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect",
    "::mlir::LLVM::LLVMDialect"
  ];
}

def CollapseWeights : Pass<"condcomp-collapse-weights", "::mlir::func::FuncOp"> {
  let summary = "Merge loops of contractions that lie together in a constant";
  let description = [{
    Reshapes that were moved through a contraction, such as those between features
    and heads of attention, leave it with several loops of columns, or of terms,
    where one would do. Those of static sizes that index a value computed from
    arguments marked `condcomp.constant`, and lie together in every operand that
    they index, become one loop: the form that `condcomp-pack-weights` takes.
    Operands and results are reshaped, which costs nothing.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"
  ];
}

def PackWeights : Pass<"condcomp-pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Read constant right-hand sides of contractions packed";
  let description = [{
    A contraction on tensors whose operand is computed from arguments marked
    `condcomp.constant`, or is one of many along dim 0 of such a tensor (the
    weights of an expert), reads it packed into panels instead: the constant is
    packed once by `linalg.pack` and the contraction's indexing map says how
    (docs/codegen.md, "Packed right-hand sides"). Results do not change.

    Expects contractions as `linalg.generic`, and does nothing where a packed
    operand would be mostly padding or its sizes are not known.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"512",
           "Width of a vector register in bits">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def VectorizeLoops : Pass<"condcomp-vectorize-loops"> {
  let summary = "Turn linalg ops and copies on memrefs into vectorized loops";
  let description = [{
    Loops that lie together in memory are merged, one loop is chosen for vector
    lanes, and the outer parallel loops are cut into chunks for threads:
    - a parallel loop along which all results are contiguous; inputs are read as
      vectors, broadcast, or gathered; the end of the loop is masked. A row of
      sums stays in memory while its terms are added row by row, four at a time;
      a short one stays in registers;
    - else, or where that would gather, a reduction loop along which all inputs
      are contiguous: lanes are
      accumulated apart and combined in an order that follows from the length
      of the loop alone;
    - else loops are scalar, and a remark says why.

    Rows read at a computed index (`memref.load` in the body) are vectors too.
    An op whose operands are not strided memrefs indexed by linear maps stays.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"512",
           "Width of a vector register in bits">,
    Option<"parallel", "parallel", "bool", /*default=*/"true",
           "Run the outer loops on all threads">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def ParallelToOpenMP : Pass<"condcomp-parallel-to-openmp"> {
  let summary = "Turn scf.parallel into OpenMP work-sharing loops";
  let description = [{
    Upstream's conversion wraps every body in a `memref.alloca_scope`, which
    takes no control flow of several blocks. The loops made here hold no stack
    allocation of their own, so this pass does without the scope, and refuses a
    body that has one.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::omp::OpenMPDialect"];
}

def MaskHalvesAsIntegers : Pass<"condcomp-mask-halves-as-integers"> {
  let summary = "Load and store masked vectors of bf16 and f16 as integers";
  let description = [{
    In the LLVM dialect. Where the instructions of a type are not used, as those
    of AVX512_BF16, LLVM takes masked loads and stores of it apart into a branch
    per element. On integers of as many bits they are one instruction.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def OutlineParallel : Pass<"condcomp-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Turn OpenMP loops into functions that the run-time library calls";
  let description = [{
    Takes the loops that `condcomp-parallel-to-openmp` makes, once they are in
    the LLVM dialect. The body of a loop becomes a function that runs a range of
    its iterations; `condcomp_parallel_for` of the run-time library calls it on
    the threads of whichever OpenMP library the process has
    (`condcomp/Runtime/EntryPoints.h`), or on those that replace them. So
    compiled code depends on no OpenMP library.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def DecomposeOps : Pass<"condcomp-decompose-ops"> {
  let summary = "Decompose softmax and concatenation into simpler ops";
  let description = [{
    `linalg.softmax` becomes its reductions and elementwise ops, with one
    division per row; `tensor.concat` becomes insertions of slices.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"
  ];
}

def FuseElementwise : Pass<"condcomp-fuse-elementwise"> {
  let summary = "Fuse elementwise linalg ops into their consumers";
  let description = [{
    Runs upstream's producer-consumer fusion under these rules:
    - what only broadcasts or extends data is fused into every consumer; a
      transpose if it has one consumer, and into a contraction if its rows,
      columns and terms still lie together;
    - what computes is fused into a consumer that uses each element once, if it
      has no other consumer, or if it is so cheap that reading its input is as
      good as reading its result;
    - a transpose of a contraction's result becomes the way it is stored;
    - reshapes are moved out of the way by expanding the dims of linalg ops.
    Nothing expensive is computed twice.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def DropEmptyTensors : Pass<"condcomp-drop-empty-tensors"> {
  let summary = "Make tensors without elements instead of computing them";
  let description = [{
    What linalg and tensor ops compute of a type with a size of 0 becomes a
    `tensor.empty`; so does a `tensor.collapse_shape` of such a tensor, whose type
    may have a `?` for the 0; a `tensor.insert_slice` of such a tensor becomes its
    destination. Upstream's verifiers and bufferization fail on some of these,
    slices and groups of dims such as `?x0` among them.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"
  ];
}

def SeparateFills : Pass<"condcomp-separate-fills"> {
  let summary = "Give every user of a linalg.fill its own";
  let description = [{
    A fill that several ops accumulate into would be copied for each of them by
    bufferization. Fills of their own, right before their users, are taken in by
    `condcomp-lower-contractions`. Runs after the last CSE on tensors.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def ReadRowsInPlace : Pass<"condcomp-read-rows-in-place"> {
  let summary = "Multiply by chosen matrices where they lie";
  let description = [{
    A contraction one of whose operands is gathered, a matrix for each index (the
    cache of each row that is left, the filters of each sample), becomes a loop
    over the indices, parallel (`scf.forall`) but for a single one, which reads
    each matrix where it lies. Without the pass all of them are copied first:
    memory is read, written and read again. Where more than the leading dim is
    chosen, such as some of the filters for each sample, one matrix at a time is
    copied, to a buffer that stays in the cache.

    Not where an index stands for a vector, or is not one of the contraction's
    batch: rows that are gathered for one product are read once more by it.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def UpdateInPlace : Pass<"condcomp-update-in-place"> {
  let summary = "Let elementwise ops write over an input that dies";
  let description = [{
    An elementwise `linalg.generic` into a `tensor.empty`, one of whose inputs
    is not read later and has the type and indexing of the result, takes that
    input as its output. Bufferization then updates the buffer in place, which spares
    an allocation and the memory traffic of a second buffer.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def GuardDivisions : Pass<"condcomp-guard-divisions"> {
  let summary = "Keep divisions of sizes by zero from trapping";
  let description = [{
    Exported programs divide sizes by sizes, also for branches that a call does
    not take, and with no rows a size is zero. The result of a division by zero
    is undefined, the trap that x86 answers with ends the process: the divisor
    becomes 1 there. Divisions in bodies of linalg ops work on data and stay.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ExpandMath : Pass<"condcomp-expand-math"> {
  let summary = "Expand f32 math functions into polynomials";
  let description = [{
    Replaces exp, tanh, erf, log and others on f32 (bf16 and f16 are computed
    in f32) by arithmetic, before loops are vectorized: scalar and vector code
    then compute the same function to the bit. Powers with small constant
    exponents become products. f64 functions, sin and cos stay, and become calls
    of the C library, element by element.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def ExpandReshapes : Pass<"condcomp-expand-reshapes"> {
  let summary = "Turn reshapes with several run-time sizes into casts";
  let description = [{
    A `memref.expand_shape` that splits a dim into parts of which several have
    run-time sizes becomes a `memref.reinterpret_cast` with the sizes of its
    output shape. Upstream's `expand-strided-metadata` works out one size of a
    group at most, and crashes on these.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

#endif // CONDCOMP_CODEGEN_CPU_PASSES
