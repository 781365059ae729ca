//===- RowAnalyzer.h - the row analysis at work -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One file per family of ops implements the members: RowScalars, RowLinalg,
// RowTensors, RowReshapes, RowControlFlow, RowCondComp.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_ROWANALYZER_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_ROWANALYZER_H

#include "RowSizes.h"
#include "condcomp/Dialect/CondComp/Analysis/RowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <vector>

namespace condcomp::rows {

using Sizes = llvm::SmallVector<Size, 0>;

/// Where a dim holds rows: it is outer × unit × something inner, and `unit`
/// counts the rows (or the packed entries of rows). Two dims of the same
/// extent, outer size and unit hold row i at the same positions.
struct RowDim {
  unsigned dim = 0;
  Size outer;
  unsigned unit = 0;

  bool sameStructure(const RowDim &other) const {
    return outer == other.outer && unit == other.unit;
  }
  bool operator==(const RowDim &other) const {
    return dim == other.dim && sameStructure(other);
  }
};

/// What the analysis knows of a value. Invariant: a tensor holds the same along
/// every dim whose size counts rows, except along its row dim.
struct RowState {
  enum class Kind {
    Uniform,
    Rows,   // A tensor or routing with a row dim, or a scalar of one's own row.
    Count,  // A scalar: `size`, which counts rows.
    Index,  // A scalar: the position in loop `loop`, of extent `size`.
    State,  // A tensor of all rows, accessible at the ids `ids`.
    Tainted // From a count or position of rows, by `blame`.
  };
  Kind kind = Kind::Uniform;
  std::optional<Size> size;
  Sizes dims;
  RowDim row;
  unsigned loop = 0;
  /// Set for values that are ids of rows, and for State: whose ids.
  std::optional<unsigned> ids;
  /// Ids that number the rows of an outer body: no data, only an index.
  bool positional = false;
  /// For routings: the symbol that counts the entries.
  unsigned entries = 0;
  /// The scalars of a tensor made of sizes.
  std::vector<RowState> elements;
  mlir::Operation *blame = nullptr;

  bool is(Kind other) const { return kind == other; }
  bool operator==(const RowState &other) const;

  static RowState uniform() { return {}; }
  static RowState tainted(mlir::Operation *blame) {
    RowState state;
    state.kind = Kind::Tainted;
    state.blame = blame;
    return state;
  }
};

/// The values of one region or function under analysis.
struct Frame {
  /// The frame around a nested conditional body, whose values it may capture.
  Frame *parent = nullptr;
  mlir::Region *region = nullptr;
  /// Counts the rows of this frame.
  unsigned rows = 0;
  /// Whether the ids of this frame are positions among the rows of the parent.
  bool idsArePositions = false;
  llvm::DenseMap<mlir::Value, RowState> states;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, unsigned> symbols;
};

/// The loops of a linalg op, or the dims of a tensor.generate.
struct LoopNest {
  llvm::SmallVector<std::optional<Size>> extents;
  /// The loop over rows (`row.dim`), once it is known.
  std::optional<RowDim> row;
};

class RowAnalyzer {
public:
  using Kind = RowState::Kind;

  std::optional<RowDiagnostic> diagnostic;

  /// Analyzes region `index` of `op` in `frame`, which it sets up.
  llvm::LogicalResult analyzeBody(ConditionalOpInterface op, unsigned index,
                                  Frame &frame);
  RowClass getClass(const RowState &state) const;

private:
  // Core (RowAnalyzer.cpp).
  llvm::LogicalResult fail(mlir::Operation *op, RowRule rule,
                           const llvm::Twine &message);
  /// The state of a value, captured ones included.
  RowState lookup(mlir::Value value);
  /// The state of an operand that `op` uses as data: an error if it must not.
  llvm::FailureOr<RowState> useData(mlir::Operation *op, mlir::Value value);
  void set(mlir::Value value, RowState state);
  /// A row-independent value, its open dims and its number being symbols.
  RowState makeUniform(mlir::Value value);
  RowState makeRows(llvm::ArrayRef<Size> dims, RowDim row);
  /// The size of dim `dim` of `value` (a scalar's number: dim 0) as a symbol.
  Size getSymbol(mlir::Value value, unsigned dim);
  Size getStaticOrSymbol(mlir::Value value, unsigned dim);
  bool isPlainUniform(const RowState &state) const;
  std::optional<RowState> join(const RowState &lhs, const RowState &rhs,
                               mlir::Operation *op, mlir::Value result);
  /// The number that `value` holds, as a size of `op`.
  llvm::FailureOr<Size> getSize(mlir::Operation *op, mlir::OpFoldResult value);
  /// Folds the rows of an operand into `row`; its row dim must be among the
  /// first `leading`.
  llvm::LogicalResult unify(mlir::Operation *op, const RowState &state,
                            std::optional<RowDim> &row, unsigned leading);
  /// Whether a row-independent operand may be read along a row dim.
  llvm::LogicalResult checkUniformAlong(mlir::Operation *op,
                                        const RowState &state, unsigned dim);
  llvm::LogicalResult analyzeBlock(mlir::Block &block);
  llvm::LogicalResult analyzeOp(mlir::Operation *op);
  llvm::LogicalResult analyzeElementwise(mlir::Operation *op);
  llvm::LogicalResult analyzeUnknown(mlir::Operation *op);
  llvm::LogicalResult checkYielded(mlir::Operation *op, mlir::Value value);
  /// The one block of a region.
  llvm::FailureOr<mlir::Block *> getBlock(mlir::Operation *op,
                                          mlir::Region &region);

  // Scalars (RowScalars.cpp).
  llvm::LogicalResult analyzeScalar(mlir::Operation *op);
  std::optional<Size> evaluate(mlir::Operation *op,
                               llvm::ArrayRef<RowState> operands);
  llvm::LogicalResult analyzeSelect(mlir::arith::SelectOp op,
                                    llvm::ArrayRef<RowState> operands);

  // Structured ops (RowLinalg.cpp).
  llvm::LogicalResult analyzeLinalg(mlir::linalg::LinalgOp op);
  llvm::LogicalResult collectLoops(mlir::linalg::LinalgOp op, LoopNest &loops);
  llvm::LogicalResult checkMap(mlir::linalg::LinalgOp op,
                               mlir::OpOperand &operand, LoopNest &loops);
  llvm::LogicalResult analyzeSoftmax(mlir::linalg::SoftmaxOp op);
  llvm::LogicalResult analyzeIndex(mlir::linalg::IndexOp op);
  llvm::LogicalResult analyzeExtract(mlir::tensor::ExtractOp op);
  llvm::LogicalResult setRowLoop(mlir::Operation *op, const RowDim &row,
                                 unsigned loop);
  llvm::LogicalResult analyzeGenerate(mlir::tensor::GenerateOp op);
  llvm::LogicalResult checkScalarYield(mlir::Operation *op, mlir::Value value);

  // Tensors (RowTensors.cpp, RowReshapes.cpp).
  llvm::FailureOr<bool> analyzeTensor(mlir::Operation *op);
  llvm::LogicalResult analyzeDim(mlir::tensor::DimOp op);
  llvm::LogicalResult analyzeEmpty(mlir::Operation *op, mlir::Value result,
                                   mlir::ValueRange sizes);
  llvm::LogicalResult analyzeConcat(mlir::tensor::ConcatOp op);
  llvm::LogicalResult analyzePad(mlir::tensor::PadOp op);
  llvm::LogicalResult analyzeGather(mlir::tensor::GatherOp op);
  llvm::LogicalResult analyzeScatter(mlir::tensor::ScatterOp op);
  llvm::LogicalResult analyzeFromElements(mlir::tensor::FromElementsOp op);
  llvm::LogicalResult analyzeCast(mlir::tensor::CastOp op);
  llvm::LogicalResult analyzeExtractSlice(mlir::tensor::ExtractSliceOp op);
  llvm::LogicalResult analyzeInsertSlice(mlir::tensor::InsertSliceOp op);
  llvm::LogicalResult analyzeCollapse(mlir::tensor::CollapseShapeOp op);
  llvm::LogicalResult analyzeExpand(mlir::tensor::ExpandShapeOp op);
  llvm::LogicalResult analyzeReshape(mlir::tensor::ReshapeOp op);
  /// The row dim after dims [from, from + count) of `state` became `dims`.
  llvm::FailureOr<std::optional<RowDim>>
  reshapeGroup(mlir::Operation *op, const RowState &state, unsigned from,
               unsigned count, llvm::ArrayRef<Size> dims);

  // Control flow (RowControlFlow.cpp).
  llvm::LogicalResult analyzeIf(mlir::scf::IfOp op);
  llvm::LogicalResult analyzeFor(mlir::scf::ForOp op);
  llvm::LogicalResult analyzeWhile(mlir::scf::WhileOp op);
  llvm::LogicalResult analyzeSwitch(mlir::scf::IndexSwitchOp op);
  llvm::LogicalResult analyzeCall(mlir::func::CallOp op);
  llvm::LogicalResult checkControl(mlir::Operation *op, mlir::Value value,
                                   llvm::StringRef what);
  llvm::LogicalResult joinInto(mlir::Operation *op,
                               llvm::MutableArrayRef<RowState> states,
                               mlir::ValueRange values, mlir::ValueRange names);
  llvm::LogicalResult checkCheck(mlir::Operation *op, mlir::Value condition);

  // The dialect's own ops (RowCondComp.cpp, RowBodies.cpp).
  llvm::FailureOr<bool> analyzeCondComp(mlir::Operation *op);
  llvm::LogicalResult analyzeGate(GateOpInterface op);
  llvm::LogicalResult analyzeAlgebra(mlir::Operation *op);
  llvm::LogicalResult analyzeCapacity(CapacityOp op);
  llvm::LogicalResult analyzeModules(mlir::Operation *op);
  llvm::LogicalResult analyzeQuery(mlir::Operation *op, RowState routing);
  llvm::LogicalResult analyzeSelectEntries(SelectOp op);
  llvm::LogicalResult analyzeCombine(mlir::Operation *op, mlir::Value routing,
                                     mlir::Value entries, mlir::Value outs);
  llvm::LogicalResult analyzePool(PoolOp op);
  llvm::LogicalResult analyzeMix(MixOp op);
  llvm::LogicalResult analyzeConfidence(ConfidenceOp op);
  llvm::LogicalResult analyzeLimitGroups(LimitGroupsOp op);
  llvm::LogicalResult analyzeApply(ApplyOp op);
  llvm::LogicalResult analyzeExits(ExitingOpInterface op);
  llvm::LogicalResult analyzeNested(ConditionalOpInterface op, bool rowwise);
  /// The entry dims of a routing as a tensor.
  RowState getEntryState(mlir::Value routing, const RowState &state);
  RowState makeRouting(mlir::Value routing, llvm::ArrayRef<Size> dims,
                       std::optional<RowDim> row);
  void setResult(mlir::Value result, llvm::ArrayRef<Size> leading,
                 std::optional<RowDim> row);

  struct Summary {
    mlir::func::FuncOp function;
    llvm::SmallVector<RowState> arguments;
    llvm::SmallVector<RowState> results;
  };

  SizeTable sizes;
  Frame *frame = nullptr;
  /// The loops around the payload under analysis.
  LoopNest *loops = nullptr;
  std::vector<Summary> summaries;
  llvm::SmallVector<mlir::func::FuncOp> callStack;
};

} // namespace condcomp::rows

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_ROWANALYZER_H
