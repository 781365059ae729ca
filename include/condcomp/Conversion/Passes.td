//===- Passes.td - conversion passes -*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CONVERSION_PASSES
#define CONDCOMP_CONVERSION_PASSES

include "mlir/Pass/PassBase.td"

def CondCompToLinalg
    : Pass<"condcomp-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower condcomp ops to linalg, tensor and scf";
  let description = [{
    Every routing becomes tensors by 1:N type conversion: dense presence and
    weights in masked form; row offsets, modules and weights in compact form.
    `apply` and `cascade` become loops over modules and stages around their
    bodies. The result holds linalg, tensor, scf, arith and math ops only, and
    `condcomp.check` for what is checked at run time (`cf.assert` with
    `assert-checks`, for compilers that know no condcomp). Without
    `assert-checks`, loops whose iterations may run in any order are marked
    `condcomp.independent`.

    Routings and cascades must have a form: run `condcomp-choose-form` first.
  }];
  let options = [
    Option<"assertChecks", "assert-checks", "bool", /*default=*/"false",
           "Make run-time checks cf.assert ops, whose messages have no numbers">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def IndexTensorsToI64
    : Pass<"condcomp-index-tensors-to-i64", "::mlir::ModuleOp"> {
  let summary = "Make tensors of indices tensors of i64, for other compilers";
  let description = [{
    Compact routings hold row numbers and offsets as tensors of `index`. Compilers
    that send tensors to devices take no such tensors (IREE: "index types must not
    cross the dispatch boundary"). This changes the element type of every tensor
    of indices to i64, in the signatures of functions as well, and casts where an
    element is read or written. Scalars stay as they are.

    ```mlir
    %row = tensor.extract %rows[%i] : tensor<?xindex>
    // becomes
    %e = tensor.extract %rows[%i] : tensor<?xi64>
    %row = arith.index_cast %e : i64 to index
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def TensorForallToFor
    : Pass<"condcomp-tensor-forall-to-for", "::mlir::ModuleOp"> {
  let summary = "Turn parallel loops on tensors into loops, for other compilers";
  let description = [{
    Upstream's `scf-forall-to-for` takes loops without results. This one takes
    those that `condcomp-to-linalg` makes: what iterations insert into shared
    tensors becomes what a `scf.for` carries.

    ```mlir
    %r = scf.forall (%i) in (%n) shared_outs(%o = %init) -> (tensor<?xf32>) {
      ...
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %t into %o[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
      }
    }
    // becomes
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%o = %init) -> (tensor<?xf32>) {
      ...
      %next = tensor.insert_slice %t into %o[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
      scf.yield %next : tensor<?xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ExpandBitCounts : Pass<"condcomp-expand-bit-counts", "::mlir::ModuleOp"> {
  let summary = "Turn counts of bits into arithmetic, for other compilers";
  let description = [{
    `math.ctpop` and `math.cttz` of scalars become masks, shifts, sums and a
    product. Those of vectors and tensors, and of numbers that are not of whole
    bytes, stay.

    ```mlir
    %n = math.cttz %x : i32
    // becomes the number of ones of
    %below = arith.addi %x, %minus_one : i32
    %zeros = arith.xori %x, %minus_one : i32
    %ones = arith.andi %zeros, %below : i32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def PortableLoops : Pass<"condcomp-portable-loops", "::mlir::ModuleOp"> {
  let summary = "Write loops on tensors so that IREE takes them";
  let description = [{
    IREE does not see that a tensor that a loop carries through a loop in it keeps
    its sizes. Before such an inner loop a slice of the whole tensor says its sizes
    once more, by values from outside of all loops. Nor does it see sizes through
    branches in loops: one that changes tensors or hands them on as they are becomes
    a loop of one iteration, or none. Tensors without contents that loops begin with
    are filled, each with another number, for those that are alike would be taken
    for one. Generic ops that fill become `linalg.fill`: what another op fills once,
    several loops would each write in place. Nothing is said of the sizes of static tensors, of those whose sizes an
    iteration may change, and of loops with none around them.

    ```mlir
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> (tensor<?xi64>) {
      %s = scf.for %j = %c0 to %m step %c1 iter_args(%b = %a) -> (tensor<?xi64>) {
    // becomes
    %d = tensor.dim %t, %c0 : tensor<?xi64>
    %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> (tensor<?xi64>) {
      %w = tensor.extract_slice %a[0] [%d] [1] : tensor<?xi64> to tensor<?xi64>
      %s = scf.for %j = %c0 to %m step %c1 iter_args(%b = %w) -> (tensor<?xi64>) {
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LowerSoft : Pass<"condcomp-lower-soft", "::mlir::ModuleOp"> {
  let summary = "Replace decisions by mixtures that can be differentiated";
  let description = [{
    The soft form of docs/spec.md. Gates become routings with an entry for every
    module, weighted by the scores (`sample`: with their noise); `limit_groups` and
    `capacity` become their operands; `apply`, `pool` and `mix` add up over all
    rows and modules by these weights; `cascade` and `iterate` run all stages on
    all rows and mix their results and state by the `soft` probabilities of their
    exits; where a row left is decided as in the other forms. What asks for the
    entries that a gate chose, or for the rows that stay, is an error that names
    the op. Given choices (`assign`, `from_mask`, `from_offsets`, `match_tokens`)
    stay as they are.

    Runs before `condcomp-choose-form`.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
}

def LowerChecks : Pass<"condcomp-lower-checks", "::mlir::ModuleOp"> {
  let summary = "Turn run-time checks into a status that functions return";
  let description = [{
    A function that holds a `condcomp.check` or a `cf.assert`, or that calls such
    a function, gets the call context (`!llvm.ptr`) as its first argument and a
    status (`i32`, zero for success) as its first result. A check that fails
    reports its message, location and values to the context and returns 1; a
    call whose status is not zero returns that status on. The other results are
    poison then. Other functions, kernels among them, stay as they are.

    Memory that is live when a check fails is not freed here: the run-time
    library frees what a failed call holds (see `condcomp-emit-c-entry-points`).

    Checks have to be in the blocks of a function, not inside other ops: run this
    after `convert-scf-to-cf`. One inside a parallel loop is an error.

    ```mlir
    func.func private @f(%ok: i1, %k: index) -> f32 {
      condcomp.check %ok, "k is {0}"(%k) : index
      ...
    // becomes
    func.func private @f(%context: !llvm.ptr, %ok: i1, %k: index) -> (i32, f32) {
      cf.cond_br %ok, ^bb1, ^bb2
    ^bb2:
      llvm.call @condcomp_report(%context, ...)
      return %one, %poison : i32, f32
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::LLVM::LLVMDialect", "::mlir::ub::UBDialect"
  ];
}

def EmitCEntryPoints
    : Pass<"condcomp-emit-c-entry-points", "::mlir::ModuleOp"> {
  let summary = "Give public functions the C ABI of docs/abi.md";
  let description = [{
    Every public function `f` becomes the private `f$impl`, and its name that of
    a C function
    `int32_t f(condcomp_context *, arguments..., results...)`: memrefs are
    pointers to ranked descriptors, scalars are passed by value, scalar results
    through pointers. It packs its arguments and hands `f$packed`, which unpacks
    them and calls `f$impl`, to the run-time library. Results are written on
    success only. All other functions get internal linkage.

    Runs after `condcomp-lower-checks`, before conversion to LLVM.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ProtectArguments
    : Pass<"condcomp-protect-arguments", "::mlir::ModuleOp"> {
  let summary = "Mark tensor arguments of public functions as read only";
  let description = [{
    Bufferization may write a result over an argument. The caller of a public
    function keeps its arrays, so their tensors become
    `bufferization.writable = false`, unless the program says otherwise.
  }];
}

def SeparateResults : Pass<"condcomp-separate-results", "::mlir::ModuleOp"> {
  let summary = "Copy results that would share memory";
  let description = [{
    The caller frees each result of a function by itself. Where a function
    returns a tensor twice, or a tensor and a view of it (a slice, a reshape), or
    what a branch, a loop or `arith.select` may hand on of it, the later result
    becomes a copy; so does a `tensor.empty`, which may share memory with what is
    written into it elsewhere.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

#endif // CONDCOMP_CONVERSION_PASSES
