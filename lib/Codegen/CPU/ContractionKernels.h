//===- ContractionKernels.h - shared kernels of contractions ----*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONKERNELS_H
#define CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONKERNELS_H

#include "condcomp/Codegen/CPU/BF16Unit.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <optional>

namespace condcomp {

/// How a matrix lies in memory: unit stride along its columns (row-major),
/// along its rows (column-major), or neither; a right-hand side also in panels
/// of columns, row after row or two rows interleaved (docs/codegen.md). The
/// windows of a convolution are gathered: see KernelLibrary::gatheredTypes.
enum class Layout {
  RowMajor,
  ColumnMajor,
  Strided,
  Packed,
  PackedPairs,
  Gathered
};

inline bool isPacked(Layout layout) {
  return layout == Layout::Packed || layout == Layout::PackedPairs;
}

/// What a panel function is specialized for.
struct PanelConfig {
  mlir::FloatType acc, rhs, result;
  Layout lhsLayout, rhsLayout, resultLayout;
  /// Whether both sides are bf16 and go to the unit for such.
  bool usesUnit = false;
  /// The type of a gathered left-hand side, which need not be the
  /// accumulator's.
  mlir::FloatType lhs = {};
  /// Steps along the runs of gathered sides: 1, 2, or 0 for any.
  int64_t lhsStep = 1, rhsStep = 1;

  bool isGathered() const {
    return lhsLayout == Layout::Gathered || rhsLayout == Layout::Gathered;
  }
  /// Whether sums are kept in the result itself.
  bool isDirect() const {
    return result == acc && resultLayout == Layout::RowMajor;
  }
};

/// What a kernel is specialized for.
struct KernelConfig {
  mlir::FloatType acc;
  Layout lhsLayout;
  /// The type of the right-hand side and whether its rows are interleaved.
  mlir::FloatType rhs;
  bool pairs = false;
  /// Panels side by side, for few rows: memory delivers most when several
  /// pieces are read at a time.
  int64_t panels = 1;
  /// The type of what is prefetched meanwhile, if anything, and of how many
  /// panels in turn.
  mlir::FloatType next = {};
  int64_t streams = 1;
  /// Whether that is part of a matrix as it lies, not of packed panels. Its
  /// rows are far apart, so that the hardware does not follow them.
  bool nextIsPlain = false;
  /// Whether each term asks for what lies `kAheadBytes` behind it.
  bool ahead = false;
};

/// How far ahead of its use a packed right-hand side that is read from end to
/// end is asked for: about as much as memory delivers while one line is on its
/// way, or arrives while a few tiles compute.
constexpr int64_t kAheadBytes = 8192;

/// What a prefetch brings.
constexpr int64_t kLineBits = 512;

/// Terms of a packed panel that all rows take before the next ones, where
/// nothing asks for these beforehand: the second-level cache holds them.
constexpr int64_t kCachedTerms = 2048;

/// How many rows ahead of its use a right-hand side in its plain layout is
/// asked for: weights come from memory, and their rows are too far apart for
/// the hardware to guess.
constexpr int64_t kPrefetchRows = 8;

/// The panel functions and kernels of one module, made on demand.
class KernelLibrary {
public:
  KernelLibrary(mlir::ModuleOp module, unsigned vectorBits,
                BF16Unit unit = BF16Unit::None, bool prefetchesPacked = true)
      : module(module), vectorBits(vectorBits), unit(unit),
        prefetchesPacked(prefetchesPacked) {}

  /// Returns the function
  ///   (%lhs: [m, k] of acc, %rhs: [k, n] of rhs, %result: [m, n] of result,
  ///    %accumulate: i1)
  /// (%lhs of bf16 for a unit)
  /// that computes result = lhs * rhs (+ result if %accumulate) for
  /// n <= blockColumns(config, m) and m <= maxRows(config).
  /// Offsets, sizes and strides are dynamic, except for unit strides of the
  /// layouts. A packed right-hand side is [panels, elements of a panel]. In
  /// place of a gathered side are the values of `gatheredTypes`, of the
  /// right-hand side also its first column.
  mlir::func::FuncOp getPanel(const PanelConfig &config);

  /// Vector lanes for elements of `type`.
  int64_t lanes(mlir::Type type) const;
  /// Columns of a panel.
  int64_t panelColumns(mlir::Type acc) const { return 2 * lanes(acc); }
  /// What multiplies bf16 by bf16.
  BF16Unit getUnit() const { return unit; }
  /// Rows of the register tile.
  int64_t tileRows(const PanelConfig &config) const {
    return config.usesUnit ? kUnitRows : tileRows();
  }

  /// Most columns a panel function takes, of so many rows.
  int64_t blockColumns(const PanelConfig &config, int64_t rows) const;
  /// Up to how many rows a right-hand side is read as it lies, and in long
  /// pieces.
  static constexpr int64_t kStreamedRows = 6, kFewRows = 64;
  /// Most rows a panel function takes: whole register tiles, which callers cut
  /// rows into.
  int64_t maxRows(const PanelConfig &config) const;

  /// The type of a rank-2 view with the given layout.
  static mlir::MemRefType
  viewType(mlir::Type element, Layout layout,
           int64_t columns = mlir::ShapedType::kDynamic);

  /// Kernels of units take blocks of so many rows by so many terms, two blocks
  /// at a time (UnitKernels.cpp).
  static constexpr int64_t kUnitBlock = 16, kUnitRows = 2 * kUnitBlock,
                           kUnitTerms = 32;
  /// Terms between panels that are packed on the fly: at a distance of 4096
  /// bytes all would fall into the same set of the first-level cache.
  static constexpr int64_t kPanelGap = 2;

  /// What a gathered matrix is: its buffer, an offset, an offset per row, an
  /// offset per run of columns, the columns of a run, and the step along a run.
  static llvm::SmallVector<mlir::Type> gatheredTypes(mlir::Type element);

private:
  int64_t tileRows() const { return vectorBits >= 512 ? 8 : 6; }
  mlir::func::FuncOp getUnitKernel(bool oneBlock);
  mlir::func::FuncOp getPackRows(Layout lhsLayout);
  mlir::func::FuncOp getPackPairs(Layout rhsLayout);
  mlir::func::FuncOp getKernel(const KernelConfig &config);
  mlir::func::FuncOp getUnpack();
  mlir::func::FuncOp getGather(mlir::FloatType acc, mlir::FloatType type,
                               int64_t step);
  /// Returns the function (%lhs, %rhs, %result, %accumulate) that computes as
  /// getPanel says, for at most kStreamedRows rows and all row-major, the
  /// result in `acc`.
  mlir::func::FuncOp getStream(mlir::FloatType acc, mlir::FloatType rhs);
  mlir::func::FuncOp getPack(mlir::FloatType acc, mlir::FloatType rhs,
                             Layout rhsLayout);
  /// Looks up `name`, or makes a function of that name, whose body `emit` fills
  /// up to the return.
  mlir::func::FuncOp
  getOrCreate(llvm::StringRef name, mlir::TypeRange inputs,
              llvm::function_ref<void(mlir::ImplicitLocOpBuilder &b,
                                      mlir::func::FuncOp function)>
                  emit);

  /// Emit the bodies of panel functions, of all kinds that `getPanel` tells
  /// apart.
  void emitPlainPanel(mlir::ImplicitLocOpBuilder &b, const PanelConfig &config,
                      mlir::func::FuncOp function);
  void emitPackedPanel(mlir::ImplicitLocOpBuilder &b, const PanelConfig &config,
                       mlir::func::FuncOp function);
  void emitGatheredPanel(mlir::ImplicitLocOpBuilder &b,
                         const PanelConfig &config,
                         mlir::func::FuncOp function);
  void emitUnitPanel(mlir::ImplicitLocOpBuilder &b, const PanelConfig &config,
                     mlir::func::FuncOp function);

  mlir::ModuleOp module;
  unsigned vectorBits;
  BF16Unit unit;
  bool prefetchesPacked;
};

/// Loads `type.getNumElements()` lanes, those in `mask` if there is one, and
/// extends them to the element type of `type`.
mlir::Value loadVector(mlir::ImplicitLocOpBuilder &b, mlir::VectorType type,
                       mlir::Value memref, mlir::ValueRange indices,
                       mlir::Value mask = {});
void storeVector(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                 mlir::Value memref, mlir::ValueRange indices,
                 mlir::Value mask = {});
/// Two interleaved rows of bf16, each as `type`.
std::pair<mlir::Value, mlir::Value> loadPair(mlir::ImplicitLocOpBuilder &b,
                                             mlir::VectorType type,
                                             mlir::Value memref,
                                             mlir::ValueRange indices);
/// Where what is asked for goes: not to the first level what would fill it.
enum class CacheLevel { First, Second };
/// Asks for the line of an element that is read soon.
void prefetch(mlir::ImplicitLocOpBuilder &b, mlir::Value memref,
              mlir::ValueRange indices, CacheLevel level = CacheLevel::First);
/// What one of several tiles takes of something that is to be spread over all
/// of them: from `first` on, a share of what passes by.
class TileShare {
public:
  /// The share of tile `number` of `tiles` in `count` things.
  TileShare(mlir::ImplicitLocOpBuilder &b, mlir::Value count,
            mlir::Value number, mlir::Value tiles);
  /// The thing whose turn it is when thing `i` passes by, or the group of
  /// `perGroup` things that it is in.
  mlir::Value at(mlir::ImplicitLocOpBuilder &b, mlir::Value i,
                 mlir::Value perGroup = {}) const;

private:
  /// The first thing, and the share of all in 256ths.
  mlir::Value first, share;
};

/// One tile's share in what lies `kAheadBytes` behind some rows of a panel, and
/// perhaps beyond its end. All tiles of these rows take part: if the first one
/// asked for everything, it would wait for memory, and memory for the others.
/// They ask for one piece after the other, which is what the processor's own
/// prefetching follows.
class PrefetchAhead {
public:
  /// Tile `number` of `tiles` passes by `rows` rows of a panel.
  PrefetchAhead(mlir::ImplicitLocOpBuilder &b, mlir::MemRefType panel,
                mlir::Value rows, mlir::Value number, mlir::Value tiles);
  /// Asks for a part while row `k` of those from row `origin` on is read.
  void emit(mlir::ImplicitLocOpBuilder &b, mlir::Value panel,
            mlir::Value origin, mlir::Value k) const;

private:
  /// Elements of a line, and lines of a row.
  int64_t perLine, lines;
  TileShare share;
};
/// Takes `depth` terms in rounds of `terms`; `body` gets the first one, their
/// number, and whether sums go on: they do after the first round, or if
/// `accumulate`. An empty sum is zero, so there is at least one round.
void buildRounds(
    mlir::ImplicitLocOpBuilder &b, mlir::Value depth, mlir::Value terms,
    mlir::Value accumulate,
    llvm::function_ref<void(mlir::Value, mlir::Value, mlir::Value)> body);
/// Emits the copy of a right-hand side of this layout.
template <typename PackingT>
void emitPacking(PackingT &packing, Layout layout) {
  switch (layout) {
  case Layout::RowMajor:
    return packing.emitRowMajor();
  case Layout::ColumnMajor:
    return packing.emitColumnMajor();
  case Layout::Strided:
    return packing.emitStrided();
  case Layout::Packed:
  case Layout::PackedPairs:
  case Layout::Gathered:
    llvm_unreachable("packed operands are not packed again");
  }
}
/// Transposes `n` vectors of `n` lanes, a power of two.
void transposeInRegisters(mlir::ImplicitLocOpBuilder &b,
                          llvm::MutableArrayRef<mlir::Value> rows);
/// A loop that LLVM is not to unroll further.
mlir::scf::ForOp createRolledFor(mlir::ImplicitLocOpBuilder &b,
                                 mlir::Value lower, mlir::Value upper,
                                 int64_t step, mlir::ValueRange inits);
/// Emits the bodies of kernels for units, of arguments as getUnitKernel says.
struct UnitKernel {
  /// Which argument of a kernel is the first panel; its sums follow.
  static constexpr unsigned kFirstPanel = 4;

  mlir::ImplicitLocOpBuilder &b;
  bool prefetches;
  mlir::Value left, height, blockStride, accumulate;
  llvm::SmallVector<mlir::Value, 2> right, sums;

  void emitBlock();
  void emitBlocks();
  void emitDots();

private:
  mlir::Value getSteps();
  void emitDotSteps(mlir::Value firstStep, mlir::Value lastStep);
  void emitDotRows(int64_t count, mlir::Value block, mlir::Value first,
                   mlir::Value begin, mlir::Value end,
                   const std::optional<PrefetchAhead> &ahead);
  void emitDot(int64_t count, mlir::Value pair, mlir::Value leftAt,
               mlir::Value rightAt, llvm::MutableArrayRef<mlir::Value> values);
};
/// The first `count` of `lanes`.
mlir::Value createMask(mlir::ImplicitLocOpBuilder &b, int64_t lanes,
                       mlir::Value count);

/// Copies between a result of any layout and type and the accumulator's tile.
void copyTile(mlir::ImplicitLocOpBuilder &b, mlir::Value source,
              mlir::Value target, mlir::Value rows, mlir::Value columns,
              bool vectorize, int64_t lanes);
/// The arguments of a panel function without gathered sides, and their sizes.
struct PanelArguments {
  PanelArguments(mlir::ImplicitLocOpBuilder &b, mlir::func::FuncOp function);

  mlir::Value left, right, result, accumulate;
  mlir::Value rows, columns, depth;
};

/// Where the kernels of a panel function keep sums: in the result or, where
/// that is of another type or layout, in a tile on the stack.
class SumTile {
public:
  /// A tile has room for `capacity` elements, in whole panels, and begins with
  /// the result if `accumulate`.
  SumTile(mlir::ImplicitLocOpBuilder &b, const PanelConfig &config,
          mlir::Value result, mlir::Value accumulate, int64_t lanes,
          int64_t capacity);
  /// Copies a tile to the result.
  void finish(mlir::ImplicitLocOpBuilder &b) const;

  mlir::Value tile;

private:
  void copy(mlir::ImplicitLocOpBuilder &b, mlir::Value source,
            mlir::Value target) const;

  mlir::Value result, rows, columns;
  bool vectorize;
  int64_t lanes;
};
/// Transposes blocks of `lanes` columns of a column-major matrix: `wordsOf`
/// makes `lanes` words of a column's terms, which are loaded as `type`, and
/// `store` gets the words of columns from `n` on that begin with term `k`. What
/// lies beyond the last column is unspecified.
void transposeColumns(
    mlir::ImplicitLocOpBuilder &b, mlir::Value source, mlir::VectorType type,
    int64_t lanes, llvm::function_ref<mlir::Value(mlir::Value)> wordsOf,
    llvm::function_ref<void(mlir::Value k, mlir::Value n, mlir::Value words)>
        store);
/// The part of a rank-2 view that begins at a row and a column, as `type`.
mlir::Value slicePanel(mlir::ImplicitLocOpBuilder &b, mlir::Value view,
                       mlir::Value row, mlir::Value column, mlir::Value height,
                       mlir::Value width, mlir::Type type);

/// Parts of the names of functions.
llvm::StringRef letter(Layout layout);
std::string stepName(int64_t step);
std::string typeName(mlir::Type type);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_CPU_CONTRACTIONKERNELS_H
