# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ops that regions become."""

from ..nn import _region, gates
from ._errors import ExportError
from ._writer import Value, dims, listed, tensor_type


class Routing:
    """A routing's SSA name and type, with the sizes of its dense form."""

    def __init__(self, name, shape, element, bound=""):
        self.name, self.shape, self.element = name, shape, element
        self.type = f"!condcomp.routing<{dims(shape)}, {element}{bound}>"


def write_gate(w, gate, scores, numbers):
    """The routing that a gate makes of scores. numbers: what steers it, {name: number,
    or value of a tensor without dims}."""
    if scores.element not in ("f32", "f64"):
        lines = [f"%b = arith.extf %a : {scores.element} to f32"]
        scores = w.elementwise(scores, lines, "f32")
    modules, element = scores.shape[-1], scores.element
    bound, after = "", ""
    if isinstance(gate, gates.GumbelTopK):
        if w.in_body:
            raise ExportError(
                "GumbelTopK stands in the body of another module, where rows are not "
                "all there: draw outside, or use TopK"
            )
        (k, bound), key = w.integer(numbers["k"]), w.number(numbers["key"], "i64")
        bound = f", exactly {bound}"
        text = f"condcomp.sample {scores.name}, {k} key({key})"
    elif isinstance(gate, gates.TopK):
        k, bound = w.integer(numbers["k"])
        bound = f", exactly {bound}"
        text = f"condcomp.top_k {scores.name}, {k}"
    elif isinstance(gate, gates.TopP):
        most = modules if numbers["most"] is None else numbers["most"]
        most, bound = w.integer(most)
        bound = "" if bound == "?" else f", at_most {bound}"
        least, _ = w.integer(numbers["least"])
        p = w.number(numbers["p"], element)
        text = f"condcomp.top_p {scores.name}, {p} min({least}) max({most})"
        after = f", {element}"
    elif isinstance(gate, gates.Threshold):
        tau = w.number(numbers["tau"], element)
        text = f"condcomp.threshold {scores.name}, {tau}"
        after = f", {element}"
    elif isinstance(gate, gates.ExpertChoice):
        rows, count = scores.shape[-2], numbers["count"]
        if rows is None and count is None:
            count, bound = _share(w, gate, scores), "?"
        else:
            # Numbers that are too large are found when the program runs.
            chosen = gate.chosen(rows, modules) if count is None else count
            count, bound = w.integer(chosen)
        bound = f", per_module exactly {bound}"
        text = f"condcomp.expert_choice {scores.name}, {count}"
    else:
        raise ExportError(
            f"{type(gate).__name__} is no gate of condcomp.nn, so it has no op"
        )
    shown = Routing("", scores.shape, element, bound)
    made = w.op(f"{text} : {scores.type}{after} -> {shown.type}", "r")
    routing = Routing(made, scores.shape, element, bound)
    return _weigh(w, gate, routing, scores)


def _share(w, gate, scores):
    """rows * factor / modules, rounded down, and at most all rows."""
    rows = w.dim(scores, len(scores.shape) - 2)
    over = w.constant(gate.factor.numerator, "index")
    under = w.constant(gate.factor.denominator * scores.shape[-1], "index")
    product = w.op(f"arith.muli {rows}, {over} : index")
    share = w.op(f"arith.divui {product}, {under} : index")
    return w.op(f"arith.minui {share}, {rows} : index")


def _weigh(w, gate, routing, scores):
    if gate.weigh in ("softmax", "sum"):
        text = f"condcomp.normalize {gate.weigh} {routing.name} : {routing.type}"
    elif gate.weigh == "probability":
        out = w.empty(scores.shape, scores.element, w.sizes(scores))
        p = w.value(
            f"linalg.softmax dimension({len(scores.shape) - 1}) ins({scores.typed}) "
            f"outs({out.typed}) -> {out.type}",
            scores.shape,
            scores.element,
        )
        text = f"condcomp.reweight {routing.name} dense({p.typed}) : {routing.type}"
    else:
        return routing
    weighed = Routing("", routing.shape, routing.element)
    weighed.type, weighed.name = routing.type, w.op(text, "r")
    return weighed


def _numbers(numbers, inputs):
    """What a region's `split_values` stands for, given the values of its tensors."""
    rest = iter(inputs)
    kept = numbers.items()
    return {n: next(rest) if v == _region.INPUT else v for n, v in kept}


def write_gate_region(w, region, inputs, bodies):
    scores, *rest = inputs
    r = write_gate(w, region.gate, scores, _numbers(region.numbers, rest))
    mask_type = tensor_type(r.shape, "i1")
    mask = w.op(f"condcomp.to_mask {r.name} : {r.type} -> {mask_type}")
    mask = Value(mask, r.shape, "i1")
    if region.gate.weigh == "none":
        lines = [f"%b = arith.uitofp %a : i1 to {r.element}"]
        return [w.elementwise(mask, lines, r.element), mask]
    kind = tensor_type(r.shape, r.element)
    dense = w.op(f"condcomp.to_dense {r.name} : {r.type} -> {kind}")
    return [Value(dense, r.shape, r.element), mask]


def write_apply(w, region, inputs, bodies):
    rows, scores, outs, steers, params = region.split(inputs)
    lead = len(rows.shape) - 1 if region.stacked else 1
    x = w.collapse(rows, lead)
    scores, flat = w.collapse(scores, lead), w.collapse(outs, lead)
    r = write_gate(w, region.gate, scores, _numbers(region.numbers, steers))
    result = Value(w.name("y"), flat.shape, flat.element)
    w.line(f"{result.name} = condcomp.apply {r.name} : {r.type}")
    w.line(f"    rows({x.typed})")
    if region.stacked and params:
        w.line(f"    params({listed(params)})")
    weights = "" if region.weights == "output" else f" weights({region.weights})"
    w.line(f"    outs({flat.typed}) combine({region.combine}){weights} {{")
    arguments = [Value(w.name("b"), (None, *x.shape[1:]), x.element)]
    given = params
    if region.stacked:
        given = [Value(w.name("b"), p.shape[1:], p.element) for p in params]
        arguments += given
    (y,) = bodies[0].write(w, arguments, [arguments[0], *given])
    w.line(f"  condcomp.yield {y.typed}")
    w.line(f"}} -> {result.type}")
    return [w.expand(result, outs, lead)]


def write_cascade(w, region, inputs, bodies):
    rows = inputs[: region.rows]
    count = rows[0].shape[0]
    results, text = None, []
    names = [w.name("y"), w.name("left")]
    at = len(w.lines)
    w.line("")  # the op's first line, when the results' types are known
    for number, (stage, body) in enumerate(zip(region.stages, bodies)):
        if number:
            w.line("}, {")
        carried = [
            Value(w.name("b"), (None, *shape), body.elements[i])
            for i, (shape, _) in enumerate(region.carried[number])
        ]
        captured = [inputs[i] for i in stage.captured]
        made = body.write(w, carried, [*carried, *captured])
        if stage.last:
            results = made
            w.line(f"  condcomp.yield {made[0].typed}")
        else:
            done, *made = made
            soft = f" soft({made.pop(0).typed})" if region.soft else ""
            y, *carry = made
            w.line(
                f"  condcomp.exit {done.typed} results({y.typed}) "
                f"carry({listed(carry)}){soft}"
            )
    kinds = [tensor_type((count, *r.shape[1:]), r.element) for r in results]
    left = tensor_type((count,), "i32")
    w.lines[at] = (
        "  " * w.indent
        + f"{names[0]}, {names[1]} = condcomp.cascade rows({listed(rows)}) {{"
    )
    w.line(f"}} -> {', '.join([*kinds, left])}")
    result = Value(names[0], (count, *results[0].shape[1:]), results[0].element)
    return [result, Value(names[1], (count,), "i32")]


def write_iterate(w, region, inputs, bodies):
    rows, outs, steers, captured = region.split(inputs)
    limit = w.number(_numbers(region.numbers, steers)["limit"], "index")
    made = [Value(w.name("y"), o.shape, o.element) for o in outs]
    left = Value(w.name("left"), (rows[0].shape[0],), "i32")
    w.line(
        f"{', '.join(v.name for v in [*made, left])} = condcomp.iterate steps({limit})"
    )
    w.line(f"    rows({listed(rows)}) outs({listed(outs)}) {{")
    carried = [Value(w.name("b"), (None, *r.shape[1:]), r.element) for r in rows]
    done, *rest = bodies[0].write(w, carried, [*carried, *captured])
    soft = f" soft({rest.pop(0).typed})" if region.soft else ""
    results, carry = rest[: region.results], rest[region.results :]
    w.line(
        f"  condcomp.exit {done.typed} results({listed(results)}) "
        f"carry({listed(carry)}){soft}"
    )
    w.line(f"}} -> {', '.join(v.type for v in [*made, left])}")
    return [*made, left]


def write_select(w, region, inputs, bodies):
    scores, *tensors = inputs
    r = write_gate(w, gates.TopK(region.k), scores, {"k": region.k})
    batch = scores.shape[0]
    made = []
    for tensor in tensors:
        shape = (batch, region.k, *tensor.shape[2:])
        made.append(
            w.value(
                f"condcomp.select {r.name} from pairs({tensor.typed}) : {r.type} -> "
                f"{tensor_type(shape, tensor.element)}",
                shape,
                tensor.element,
            )
        )
    return [lambda: _positions(w, r, (batch, region.k)), *made]


def _positions(w, r, shape):
    kind = tensor_type(shape, "index")
    at = w.value(f"condcomp.indices {r.name} : {r.type} -> {kind}", shape, "index")
    return w.elementwise(at, ["%b = arith.index_cast %a : index to i64"], "i64")


def write_restore(w, region, inputs, bodies):
    scores, entries, outs = inputs
    r = write_gate(w, gates.TopK(region.k), scores)
    made = w.op(
        f"condcomp.restore sum {r.name} entries({entries.typed}) outs({outs.typed}) "
        f": {r.type}"
    )
    return [Value(made, outs.shape, outs.element)]


def write_ragged(w, region, inputs, bodies):
    mask, x, *captured = inputs
    live = Routing("", mask.shape, "f32")
    live.name = w.op(f"condcomp.from_mask {mask.typed} -> {live.type}", "r")
    shape = (None, *x.shape[2:])
    packed = w.value(
        f"condcomp.select {live.name} from pairs({x.typed}) : {live.type} -> "
        f"{tensor_type(shape, x.element)}",
        shape,
        x.element,
    )
    # Rows are now elements, modules the rows that they are from.
    offsets = w.op(f"condcomp.row_offsets {live.name} : {live.type} -> tensor<?xindex>")
    owner = Routing("", (None, None), "f32", ", exactly 1")
    owner.name = w.op(
        f"condcomp.from_offsets {offsets} : tensor<?xindex> -> {owner.type}", "r"
    )
    outs = w.empty(shape, x.element, w.sizes(packed))
    made = Value(w.name("y"), shape, x.element)
    w.line(f"{made.name} = condcomp.apply {owner.name} : {owner.type}")
    w.line(f"    rows({packed.typed}) outs({outs.typed})")
    w.line("    combine(replace) weights(none) scope(group) {")
    argument = Value(w.name("b"), shape, x.element)
    (y,) = bodies[0].write(w, [argument], [argument, *captured])
    w.line(f"  condcomp.yield {y.typed}")
    w.line(f"}} -> {made.type}")
    result = w.op(
        f"condcomp.restore replace {live.name} entries({made.typed}) outs({x.typed}) "
        f": {live.type}"
    )
    return [Value(result, x.shape, x.element)]


def write_merge(w, region, inputs, bodies):
    scores, x = inputs
    batch, a, b = scores.shape
    shape = (batch, a + b, a + b - region.r)
    r = Routing("", shape, "f64" if scores.element == "f64" else "f32", ", exactly 1")
    r.name = w.op(
        f"condcomp.match_tokens {scores.name}, {region.r} : {scores.type} -> {r.type}",
        "r",
    )
    shape = (batch, a + b - region.r, *x.shape[2:])
    outs = w.zeros(shape, x.element, w.sizes(x, [0]))
    return [
        w.value(
            f"condcomp.pool sum {r.name} from rows({x.typed}) outs({outs.typed}) "
            f"weights(none) : {r.type}",
            shape,
            x.element,
        )
    ]


def write_confidence(w, region, inputs, bodies):
    (logits,) = inputs
    shape = logits.shape[:-1]
    return [
        w.value(
            f"condcomp.confidence {region.kind} {logits.typed} -> "
            f"{tensor_type(shape, 'f32')}",
            shape,
            "f32",
        )
    ]


WRITERS = {
    _region.GateRegion: write_gate_region,
    _region.ApplyRegion: write_apply,
    _region.CascadeRegion: write_cascade,
    _region.IterateRegion: write_iterate,
    _region.SelectRegion: write_select,
    _region.RestoreRegion: write_restore,
    _region.RaggedRegion: write_ragged,
    _region.MergeRegion: write_merge,
    _region.ConfidenceRegion: write_confidence,
}
