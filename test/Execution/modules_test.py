# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""scale, complement, slice_modules and concat_modules."""

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Suite, Ulps
from programs import RoutingType, function, tensor

SUITE = Suite("modules")
MATRIX, MASK = "tensor<?x?xf32>", "tensor<?x?xi1>"
PACKED = RoutingType(["?", "?"])
UNIFORM = RoutingType(["?", "?"], "exactly ?")
BATCHED = RoutingType([2, "?", 5])
FROM_MASK = f"%r = condcomp.from_mask %m weights(%w : {MATRIX}) : {MASK} -> {PACKED}"
TOP_K = f"%r = condcomp.top_k %w, %k : {MATRIX} -> {UNIFORM}"


def index(value):
    return np.array(value, dtype=np.int64)


def add(name, arguments, text, of, calls, reference, bound=None, row_inputs=()):
    """A function whose routing %s comes back as a matrix, a mask and indices.

    The reference gives the routing; a call that must fail gives its error as a
    third member.
    """
    whole, mask, entries = tensor(of.dims, of.element), tensor(of.dims, "i1"), None
    entries = of.entries([], "index")
    text += f"""
      %dense = condcomp.to_dense %s : {of} -> {whole}
      %mask = condcomp.to_mask %s : {of} -> {mask}
      %indices = condcomp.indices %s : {of} -> {entries}"""
    results = {"dense": whole, "mask": mask, "indices": entries}

    def outputs(*values):
        routing = reference(*values)
        return [ref.to_dense(routing), ref.to_mask(routing), ref.indices(routing)]

    SUITE.add(
        function(name, arguments, text, results),
        *[
            Call(
                name,
                values,
                outputs,
                [bound or Exact(), Exact(), Exact()],
                label,
                list(row_inputs),
                [0, 1],
                *errors,
            )
            for label, values, *errors in calls
        ],
    )


def masks(*more, kind=inputs.normal):
    for shape in inputs.SHAPES:
        for density in [0.0, 0.5, 1.1]:
            values = [inputs.mask("m", shape, density), kind("w", shape)]
            yield "x".join(map(str, shape)) + f"-{density}", values + list(more)


def uniforms():
    for rows, modules in inputs.SHAPES:
        for k in sorted({0, 1, modules}):
            scores = inputs.separated("w", (rows, modules))
            yield f"{rows}x{modules}-k{k}", [scores, index(k)]


def scale():
    arguments = {"m": MASK, "w": MATRIX, "f": "f32"}
    text = FROM_MASK + f"\n%s = condcomp.scale %r, %f : {PACKED}"
    for factor in [2.5, 0.0, np.inf, np.nan]:
        factor = np.array(factor, np.float32)
        kinds = [("plain", inputs.normal), ("specials", inputs.specials)]
        for kind, make in kinds if factor == 2.5 else kinds[1:]:
            add(
                f"scale_{kind}_{factor}".replace(".", "_"),
                arguments,
                text,
                PACKED,
                masks(factor, kind=make),
                lambda m, w, f: ref.scale(ref.from_mask(m, w), f),
                Ulps(1),
                [0, 1],
            )
    wide = RoutingType(["?", "?"], "exactly ?", "f64")
    add(
        "scale_uniform_f64",
        {"w": "tensor<?x?xf64>", "k": "index", "f": "f64"},
        f"""%r = condcomp.top_k %w, %k : tensor<?x?xf64> -> {wide}
        %s = condcomp.scale %r, %f : {wide}""",
        wide,
        [("9x4", [inputs.normal("w", (9, 4), "f64"), index(2), np.array(1 / 3)])],
        lambda w, k, f: ref.scale(ref.top_k(w, int(k)), f),
        Ulps(1, "f64"),
        [0],
    )
    # All sizes are static: more than the parts of a compact routing say.
    sized = RoutingType([2, 5, 3], "exactly 2")
    add(
        "scale_static",
        {"at": "tensor<2x5x2xindex>", "f": "f32"},
        f"""%r = condcomp.assign %at : tensor<2x5x2xindex> -> {sized}
        %s = condcomp.scale %r, %f : {sized}""",
        sized,
        [("", [inputs.distinct("at", (2, 5, 2), 3), np.array(3, np.float32)])],
        lambda at, f: ref.scale(ref.assign(at, 3), f),
    )


def complement():
    add(
        "complement",
        {"m": MASK, "w": MATRIX},
        FROM_MASK + f"\n%s = condcomp.complement %r : {PACKED} -> {PACKED}",
        PACKED,
        masks(kind=inputs.specials),
        lambda m, w: ref.complement(ref.from_mask(m, w)),
        row_inputs=[0, 1],
    )
    add(
        "complement_uniform",
        {"w": MATRIX, "k": "index"},
        TOP_K + f"\n%s = condcomp.complement %r : {UNIFORM} -> {UNIFORM}",
        UNIFORM,
        uniforms(),
        lambda w, k: ref.complement(ref.top_k(w, int(k))),
        row_inputs=[0],
    )
    kept = RoutingType([3, 5, 6], "exactly 2")
    dropped = RoutingType([3, 5, 6], "exactly 4")
    add(
        "complement_static",
        {"w": "tensor<3x5x6xf32>"},
        f"""%r = condcomp.top_k %w, 2 : tensor<3x5x6xf32> -> {kept}
        %s = condcomp.complement %r : {kept} -> {dropped}""",
        dropped,
        [("", [inputs.ties("w", (3, 5, 6))])],
        lambda w: ref.complement(ref.top_k(w, 2)),
    )
    # No tokens: one entry per row, and not one module.
    merged = RoutingType(["?", "?"], "exactly 1")
    left = RoutingType(["?", "?"], "exactly ?")
    add(
        "complement_of_no_modules",
        {"w": MATRIX},
        f"""%zero = arith.constant 0 : index
        %r = condcomp.match_tokens %w, %zero : {MATRIX} -> {merged}
        %s = condcomp.complement %r : {merged} -> {left}""",
        left,
        [
            (label, [np.zeros(shape, np.float32)])
            for label, shape in [("none", (0, 0)), ("one", (1, 0))]
        ],
        lambda w: ref.complement(ref.match_tokens(w, 0)),
    )


def without_count(routing):
    """The same, no longer known to be uniform."""
    return ref.Routing(routing.presence, routing.weights)


def slice_modules():
    add(
        "slice_modules",
        {"m": MASK, "w": MATRIX, "o": "index", "n": "index"},
        FROM_MASK + f"\n%s = condcomp.slice_modules %r [%o, %n] : {PACKED} -> {PACKED}",
        PACKED,
        [
            (f"{label}-{o}-{n}", values + [index(o), index(n)])
            for label, values in masks()
            for modules in [values[0].shape[1]]
            for o, n in {
                (0, modules),
                (1, modules - 1),
                (modules, 0),
                (modules // 2, 1),
            }
            if o + n <= modules
        ],
        lambda m, w, o, n: ref.slice_modules(ref.from_mask(m, w), int(o), int(n)),
        row_inputs=[0, 1],
    )
    part = RoutingType([2, "?", 3])
    add(
        "slice_modules_batched",
        {"m": "tensor<2x?x5xi1>", "w": "tensor<2x?x5xf32>"},
        f"""%r = condcomp.from_mask %m weights(%w : tensor<2x?x5xf32>)
          : tensor<2x?x5xi1> -> {BATCHED}
        %s = condcomp.slice_modules %r [1, 3] : {BATCHED} -> {part}""",
        part,
        [
            (str(rows), [inputs.mask("m", s), inputs.specials("w", s)])
            for rows in [0, 1, 13]
            for s in [(2, rows, 5)]
        ],
        lambda m, w: ref.slice_modules(ref.from_mask(m, w), 1, 3),
    )
    chosen = RoutingType(["?", 6], "exactly 4")
    some = RoutingType(["?", 3], "at_most 3")
    add(
        "slice_modules_uniform",
        {"w": "tensor<?x6xf32>"},
        f"""%r = condcomp.top_k %w, 4 : tensor<?x6xf32> -> {chosen}
        %s = condcomp.slice_modules %r [2, 3] : {chosen} -> {some}""",
        some,
        [(str(n), [inputs.separated("w", (n, 6))]) for n in [0, 1, 20]],
        lambda w: ref.slice_modules(ref.top_k(w, 4), 2, 3),
        row_inputs=[0],
    )
    open_part = RoutingType(["?", "?"], "at_most 4")
    add(
        "slice_modules_at_end",
        {"w": "tensor<?x6xf32>", "n": "index"},
        f"""%r = condcomp.top_k %w, 4 : tensor<?x6xf32> -> {chosen}
        %s = condcomp.slice_modules %r [6, %n] : {chosen} -> {open_part}""",
        open_part,
        [
            (str(rows), [inputs.separated("w", (rows, 6)), index(0)])
            for rows in [0, 1, 7]
        ]
        + [
            (
                "too many",
                [inputs.separated("w", (7, 6)), index(1)],
                "slice_modules C3: modules 6 to 6 + 1 are not within the 6 modules",
            )
        ],
        lambda w, n: ref.slice_modules(ref.top_k(w, 4), 6, int(n)),
    )
    # Nothing, at the end, in front of and behind all.
    four = RoutingType(["?", 4], "exactly 2")
    none = RoutingType(["?", 0], "at_most 0")
    both = RoutingType(["?", 4], "at_most 2")
    add(
        "slice_modules_none",
        {"w": "tensor<?x4xf32>"},
        f"""%r = condcomp.top_k %w, 2 : tensor<?x4xf32> -> {four}
        %n = condcomp.slice_modules %r [4, 0] : {four} -> {none}
        %s = condcomp.concat_modules %n, %r, %n : {none}, {four}, {none} -> {both}""",
        both,
        [(str(n), [inputs.separated("w", (n, 4))]) for n in [0, 1, 9]],
        lambda w: without_count(ref.top_k(w, 2)),
        row_inputs=[0],
    )
    ones = [np.ones((2, 3), bool), np.ones((2, 3), np.float32)]
    add(
        "slice_modules_bad",
        {"m": MASK, "w": MATRIX, "o": "index", "n": "index"},
        FROM_MASK + f"\n%s = condcomp.slice_modules %r [%o, %n] : {PACKED} -> {PACKED}",
        PACKED,
        [
            (f"{o}-{n}", ones + [index(o), index(n)], f"slice_modules C3: modules {o}")
            for o, n in [(-1, 2), (2, 2), (4, 0), (0, -1), (2**62, 2**62)]
        ],
        None,
    )


def concat_modules():
    both = {"m": MASK, "w": MATRIX, "n": MASK, "v": MATRIX}
    second = f"%t = condcomp.from_mask %n weights(%v : {MATRIX}) : {MASK} -> {PACKED}"
    concat = f"%s = condcomp.concat_modules %r, %t : {PACKED}, {PACKED} -> {PACKED}"
    calls = []
    for label, (mask, weights) in masks():
        for modules in [1, 3]:
            shape = (len(mask), modules)
            more = [inputs.mask("n", shape, 0.6), inputs.specials("v", shape)]
            calls.append((f"{label}-{modules}", [mask, weights] + more))
    wrong = [np.ones((3, 1), bool), np.ones((3, 1), np.float32)]
    right = [np.ones((2, 3), bool), np.ones((2, 3), np.float32)]
    calls.append(("rows", right + wrong, "concat_modules C1: routing 1 has size 3"))
    add(
        "concat_modules",
        both,
        f"{FROM_MASK}\n{second}\n{concat}",
        PACKED,
        calls,
        lambda m, w, n, v: ref.concat_modules(ref.from_mask(m, w), ref.from_mask(n, v)),
        row_inputs=[0, 1, 2, 3],
    )
    shared = RoutingType(["?", 2], "exactly 2")
    chosen = RoutingType(["?", 7], "exactly 3")
    all_of = RoutingType(["?", 11], "exactly 7")
    add(
        "concat_modules_uniform",
        {"u": "tensor<?x2xf32>", "w": "tensor<?x7xf32>"},
        f"""%a = condcomp.top_k %u, 2 : tensor<?x2xf32> -> {shared}
        %b = condcomp.top_k %w, 3 : tensor<?x7xf32> -> {chosen}
        %s = condcomp.concat_modules %a, %b, %a : {shared}, {chosen}, {shared} -> {all_of}""",
        all_of,
        [
            (str(n), [inputs.ties("u", (n, 2)), inputs.separated("w", (n, 7))])
            for n in [0, 1, 20]
        ],
        lambda u, w: ref.concat_modules(
            ref.top_k(u, 2), ref.top_k(w, 3), ref.top_k(u, 2)
        ),
        row_inputs=[0, 1],
    )


scale()
complement()
slice_modules()
concat_modules()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
