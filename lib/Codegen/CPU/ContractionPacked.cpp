//===- ContractionPacked.cpp - panels of packed operands ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionKernels.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace condcomp;

/// With few rows reading is all there is. Memory delivers most when several
/// pieces are read in turn, for they keep as many of the processor's own
/// prefetchers busy: one row or two take several panels at a time. Up to
/// `kStreamRows` rows run over some terms of each of these panels, while what
/// comes next is prefetched from all of them in turn.
static constexpr int64_t kStreams = 4, kStreamTerms = 128, kStreamRows = 12;
/// With more rows, terms at a time: a panel's part of them stays in the
/// first-level cache. The next part is prefetched while all rows pass by, and
/// interleaved bf16 is extended once for all of them.
static constexpr int64_t kTerms = 256;
/// With vectors of 512 bits a panel is read from end to end, so many terms at
/// a time, by all rows. Tiles compute on the part that the first-level cache
/// holds and ask for what comes `kAheadBytes` later; the first of them does
/// not wait, and memory does not while the others compute. With more than
/// `kEndToEndRows` rows, computing is all there is.
static constexpr int64_t kTermsAhead = 64, kEndToEndRows = 40;

/// Extends two interleaved rows after another of a panel of bf16:
///   (%source: [terms / 2, 2 * columns], %target: [terms, columns]).
func::FuncOp KernelLibrary::getUnpack() {
  auto acc = Float32Type::get(module.getContext());
  auto rhs = BFloat16Type::get(module.getContext());
  int64_t lanes = this->lanes(acc), panel = panelColumns(acc);
  auto emit = [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
    Value source = function.getArgument(0), target = function.getArgument(1);
    auto type = VectorType::get({lanes}, acc);
    Value rows = memref::DimOp::create(b, source, 0);
    buildFor(b, constantIndex(b, 0), rows, 1, [&](Value row) {
      Value first = mul(b, row, constantIndex(b, 2));
      Value second = add(b, first, constantIndex(b, 1));
      for (int64_t j = 0; j < panel; j += lanes) {
        auto [x, y] = loadPair(b, type, source, {row, constantIndex(b, 2 * j)});
        storeVector(b, x, target, {first, constantIndex(b, j)});
        storeVector(b, y, target, {second, constantIndex(b, j)});
      }
    });
  };
  return getOrCreate("condcomp_unpack_f32_bf16",
                     {viewType(rhs, Layout::RowMajor, 2 * panel),
                      viewType(acc, Layout::RowMajor, panel)},
                     emit);
}

namespace {

/// Emits the body of a panel function whose right-hand side is packed.
class PackedPanel : public PanelArguments {
public:
  PackedPanel(ImplicitLocOpBuilder &b, const PanelConfig &config, int64_t panel,
              func::FuncOp function)
      : PanelArguments(b, function), b(b), config(config), panel(panel),
        pairs(config.rhsLayout == Layout::PackedPairs),
        perRow(pairs ? 2 * panel : panel) {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, right);
    base = metadata.getBaseBuffer();
    offset = metadata.getOffset();
    panelStride = metadata.getStrides()[0];
  }

  ImplicitLocOpBuilder &b;
  const PanelConfig &config;
  int64_t panel;
  bool pairs;
  /// Elements of a row of a panel, or of two interleaved ones.
  int64_t perRow;
  /// The panels' buffer, where the first one begins, and the next.
  Value base, offset, panelStride;
  /// Where sums are kept.
  Value tile;

  /// Terms `k` to `k + count` of the panel that column `n` begins.
  Value part(Value n, Value k, Value count, Type type) {
    Value width = constantIndex(b, panel);
    Value begin =
        add(b, mul(b, div(b, n, width), panelStride), mul(b, k, width));
    Value height = pairs ? ceilDiv(b, count, constantIndex(b, 2)) : count;
    Value view = memref::ReinterpretCastOp::create(
        b, KernelLibrary::viewType(config.rhs, Layout::RowMajor, perRow), base,
        OpFoldResult(add(b, offset, begin)),
        ArrayRef<OpFoldResult>{height, b.getIndexAttr(perRow)},
        ArrayRef<OpFoldResult>{constantIndex(b, perRow), b.getIndexAttr(1)});
    return type == view.getType() ? view
                                  : memref::CastOp::create(b, type, view);
  }

  Value ule(Value value, int64_t limit) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ule, value,
                                 constantIndex(b, limit));
  }

  /// All terms, in rounds of `terms`; `body` gets the first one, their number,
  /// that part of the left-hand side, and whether sums go on.
  void forTerms(int64_t terms,
                function_ref<void(Value, Value, Value, Value)> body) {
    Value zero = constantIndex(b, 0);
    auto emitRound = [&](Value k, Value count, Value goesOn) {
      body(k, count, slicePanel(b, left, zero, k, rows, count, left.getType()),
           goesOn);
    };
    buildRounds(b, depth, constantIndex(b, terms), accumulate, emitRound);
  }

  Value resultPart(Value n, Value width, Type type) {
    return slicePanel(b, tile, constantIndex(b, 0), n, rows, width, type);
  }
  Value widthAt(Value n) {
    return minimum(b, sub(b, columns, n), constantIndex(b, panel));
  }

  /// One or two rows by a kernel that takes several panels from end to end.
  void emitSideBySide(func::FuncOp kernel, func::FuncOp single,
                      int64_t panels) {
    Value zero = constantIndex(b, 0);
    Value group = constantIndex(b, panels * panel);
    Value whole = roundDown(b, columns, panels * panel);
    Value between = div(b, panelStride, constantIndex(b, perRow));
    auto types = kernel.getFunctionType().getInputs();
    buildFor(b, zero, whole, panels * panel, [&](Value n) {
      func::CallOp::create(b, kernel,
                           ValueRange{left, part(n, zero, depth, types[1]),
                                      resultPart(n, group, types[2]),
                                      accumulate, between});
    });
    buildFor(b, whole, columns, panel, [&](Value n) {
      func::CallOp::create(b, single,
                           ValueRange{left, part(n, zero, depth, types[1]),
                                      resultPart(n, widthAt(n), types[2]),
                                      accumulate});
    });
  }

  /// Some rows: terms of several panels in turn.
  void emitInterleaved(func::FuncOp kernel) {
    Value zero = constantIndex(b, 0);
    auto types = kernel.getFunctionType().getInputs();
    Value between = div(b, panelStride, constantIndex(b, perRow));
    buildFor(b, zero, columns, kStreams * panel, [&](Value first) {
      Value last = add(b, first, constantIndex(b, kStreams * panel));
      Value end = minimum(b, columns, last);
      forTerms(kStreamTerms, [&](Value k, Value count, Value lhs,
                                 Value goesOn) {
        // Then come more terms, or the first ones of other panels.
        Value later = add(b, k, constantIndex(b, kStreamTerms));
        Value more =
            arith::CmpIOp::create(b, arith::CmpIPredicate::ult, later, depth);
        Value nextTerm = arith::SelectOp::create(b, more, later, zero);
        Value isLast =
            arith::CmpIOp::create(b, arith::CmpIPredicate::uge, last, columns);
        Value other = arith::SelectOp::create(b, isLast, first, last);
        Value nextColumn = arith::SelectOp::create(b, more, first, other);
        buildFor(b, first, end, panel, [&](Value n) {
          Value number = div(b, sub(b, n, first), constantIndex(b, panel));
          Value share =
              mul(b, number, constantIndex(b, kStreamTerms / kStreams));
          func::CallOp::create(
              b, kernel,
              ValueRange{
                  lhs, part(n, k, count, types[1]),
                  resultPart(n, widthAt(n), types[2]), goesOn, between,
                  part(nextColumn, add(b, nextTerm, share), count, types[5])});
        });
      });
    });
  }

  /// Panel after panel, from end to end, so many terms at a time.
  void emitEndToEnd(func::FuncOp kernel, int64_t termsAtATime) {
    auto types = kernel.getFunctionType().getInputs();
    buildFor(b, constantIndex(b, 0), columns, panel, [&](Value n) {
      auto emitRound = [&](Value k, Value count, Value lhs, Value goesOn) {
        func::CallOp::create(b, kernel,
                             ValueRange{lhs, part(n, k, count, types[1]),
                                        resultPart(n, widthAt(n), types[2]),
                                        goesOn});
      };
      forTerms(termsAtATime, emitRound);
    });
  }

  /// Many rows: the next panel's part is prefetched, bf16 is extended once.
  void emitBlocked(func::FuncOp kernel, func::FuncOp unpack) {
    Value zero = constantIndex(b, 0);
    auto types = kernel.getFunctionType().getInputs();
    Value buffer;
    if (unpack)
      buffer = memref::AllocaOp::create(
          b, MemRefType::get({kTerms * panel}, config.acc),
          b.getI64IntegerAttr(64));
    forTerms(kTerms, [&](Value k, Value count, Value lhs, Value goesOn) {
      buildFor(b, zero, columns, panel, [&](Value n) {
        Value beside = add(b, n, constantIndex(b, panel));
        Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::uge,
                                             beside, columns);
        Value later = minimum(b, add(b, k, constantIndex(b, kTerms)), depth);
        Value nextColumn = arith::SelectOp::create(b, isLast, zero, beside);
        Value nextTerm = arith::SelectOp::create(b, isLast, later, k);
        func::CallOp::create(
            b, kernel,
            ValueRange{lhs, terms(n, k, count, types[1], unpack, buffer),
                       resultPart(n, widthAt(n), types[2]), goesOn,
                       part(nextColumn, nextTerm, count, types[4])});
      });
    });
  }

private:
  /// Terms of a panel in the accumulator's type, through a buffer if need be.
  Value terms(Value n, Value k, Value count, Type type, func::FuncOp unpack,
              Value buffer) {
    if (!unpack)
      return part(n, k, count, type);
    auto unpackTypes = unpack.getFunctionType().getInputs();
    Value source = part(n, k, count, unpackTypes[0]);
    auto view = [&](Value height, Type type) -> Value {
      Value made = memref::ReinterpretCastOp::create(
          b, KernelLibrary::viewType(config.acc, Layout::RowMajor, panel),
          buffer, OpFoldResult(b.getIndexAttr(0)),
          ArrayRef<OpFoldResult>{height, b.getIndexAttr(panel)},
          ArrayRef<OpFoldResult>{constantIndex(b, panel), b.getIndexAttr(1)});
      return made.getType() == type ? made
                                    : memref::CastOp::create(b, type, made);
    };
    Value whole =
        mul(b, memref::DimOp::create(b, source, 0), constantIndex(b, 2));
    func::CallOp::create(b, unpack,
                         ValueRange{source, view(whole, unpackTypes[1])});
    return view(count, type);
  }
};

} // namespace

/// The right-hand side is read where it lies.
void KernelLibrary::emitPackedPanel(ImplicitLocOpBuilder &b,
                                    const PanelConfig &config,
                                    func::FuncOp function) {
  FloatType acc = config.acc;
  PackedPanel emitter(b, config, panelColumns(acc), function);
  SumTile sums(b, config, emitter.result, emitter.accumulate, lanes(acc),
               maxRows(config) * blockColumns(config, maxRows(config)));
  emitter.tile = sums.tile;

  KernelConfig stored{acc, config.lhsLayout, config.rhs, emitter.pairs};
  KernelConfig four = stored, two = stored;
  four.panels = kStreams;
  two.panels = kStreams / 2;
  func::FuncOp single = getKernel(stored);
  // Interleaved bf16 is extended on the way, which takes longer than reading.
  if (!prefetchesPacked && !emitter.pairs) {
    emitter.emitEndToEnd(single, kCachedTerms);
    return sums.finish(b);
  }
  KernelConfig blocked{acc, config.lhsLayout, emitter.pairs ? acc : config.rhs};
  blocked.next = config.rhs;
  func::FuncOp unpack = emitter.pairs ? getUnpack() : func::FuncOp();
  bool isWide = vectorBits >= 512 && !emitter.pairs;
  // Some rows, of which the left-hand side stays in a cache meanwhile.
  auto emitSome = [&] {
    KernelConfig some = stored;
    if (isWide) {
      some.ahead = true;
      emitter.emitEndToEnd(getKernel(some), kTermsAhead);
    } else {
      some.next = config.rhs;
      some.streams = kStreams;
      emitter.emitInterleaved(getKernel(some));
    }
  };
  auto emitMore = [&] {
    buildIfElse(
        b, emitter.ule(emitter.rows, isWide ? kEndToEndRows : kStreamRows),
        emitSome, [&] { emitter.emitBlocked(getKernel(blocked), unpack); });
  };
  // What several panels leave of the registers.
  int64_t sideRows = emitter.pairs ? 2 : 3;
  buildIfElse(
      b, emitter.ule(emitter.rows, 1),
      [&] { emitter.emitSideBySide(getKernel(four), single, kStreams); },
      [&] {
        buildIfElse(
            b, emitter.ule(emitter.rows, sideRows),
            [&] {
              emitter.emitSideBySide(getKernel(two), single, kStreams / 2);
            },
            emitMore);
      });
  sums.finish(b);
}
