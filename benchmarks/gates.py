"""Every gate, and capacity in its orders, at one shape, beside top_k."""

# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse

import numpy as np

from condcomp import cc_run, side_by_side

# A line for each gate: the type of the scores' elements, further arguments, the
# gate's operands, the bounds of its routing. {k} and {c}: entries per row and per
# module.
GATES = {
    "top_k": ("f32", "", "top_k %s, {k}", ", exactly {k}"),
    "top_p": ("f32", ", %p: f32", "top_p %s, %p max({k})", ", at_most {k}"),
    "top_p, all": ("f32", ", %p: f32", "top_p %s, %p", ""),
    "threshold": ("f32", ", %p: f32", "threshold %s, %p", ""),
    "expert_choice": ("f32", "", "expert_choice %s, {c}", ", per_module exactly {c}"),
    "sample": ("f32", ", %key: i64", "sample %s, {k} key(%key)", ", exactly {k}"),
    "sample, f64": ("f64", ", %key: i64", "sample %s, {k} key(%key)", ", exactly {k}"),
}
# What is done to a top_k: its order and operands.
CAPACITIES = {
    "capacity, arrival": ("", "order(arrival)"),
    "capacity, rank": ("", "order(rank)"),
    "capacity, rank and priority": (
        ", %by: tensor<?xf32>",
        "order(rank) priority(%by : tensor<?xf32>)",
    ),
    "capacity, weight": ("", "order(weight)"),
}
# Scalars, by the name of the argument. Scores are probabilities of which the first
# few of a row sum to 0.6, and all of them not to 2.
VALUES = {
    "top_p": np.float32(0.6),
    "top_p, all": np.float32(2),
    "threshold": np.float32(0.03),
}


def source(name, modules, k, c):
    """@gate, which returns the entries' modules and weights."""
    capacity = CAPACITIES.get(name)
    element, more, gate, bounds = GATES["top_k" if capacity else name]
    gate, bounds = gate.format(k=k, c=c), bounds.format(k=k, c=c)
    scores = f"tensor<?x{modules}x{element}>"
    routing = f"!condcomp.routing<?x{modules}, {element}{bounds}>"
    types = f"{scores}, f32" if "%p" in gate else scores
    lines = [f"%r = condcomp.{gate} : {types} -> {routing}"]
    if capacity:
        more, order = capacity
        capped = f", at_most {k}, per_module at_most {c}>"
        capped = routing.replace(f"{bounds}>", capped)
        lines.append(f"%c = condcomp.capacity %r, {c} {order} : {routing} -> {capped}")
        routing, bounds = capped, ""
    entries = f"?x{k}" if "exactly" in bounds and "per_module" not in bounds else "?"
    of = f"%{'c' if capacity else 'r'} : {routing}"
    results = f"tensor<{entries}xindex>, tensor<{entries}x{element}>"
    lines += [
        f"%m = condcomp.indices {of} -> tensor<{entries}xindex>",
        f"%w = condcomp.weights {of} -> tensor<{entries}x{element}>",
        f"return %m, %w : {results}",
    ]
    body = "\n  ".join(lines)
    return f"func.func @gate(%s: {scores}{more}) -> ({results}) {{\n  {body}\n}}\n"


def inputs(name, rows, modules):
    rng = np.random.default_rng(0)
    scores = np.exp(3 * rng.standard_normal((rows, modules)))
    scores /= scores.sum(1, keepdims=True)
    arrays = [scores.astype("f8" if "f64" in name else "f4")]
    if name.startswith("sample"):
        arrays[0] = np.log(arrays[0])
        arrays.append(np.array(5, np.int64))
    if name in VALUES:
        arrays.append(np.array(VALUES[name]))
    if "priority" in name:
        arrays.append(rng.standard_normal(rows).astype("f4"))
    return arrays


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser)
    parser.set_defaults(threads=1)
    parser.add_argument("--form", default="compact", choices=["masked", "compact"])
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--modules", type=int, default=256)
    parser.add_argument("--k", type=int, default=8)
    options = parser.parse_args()
    c = options.rows * options.k // options.modules
    functions = {
        name: cc_run.Function(
            source(name, options.modules, options.k, c), "gate", form=options.form
        )
        for name in [*GATES, *CAPACITIES]
    }
    runs = {
        name: lambda name=name, function=function: function.times(
            inputs(name, options.rows, options.modules),
            options.repetitions,
            options.threads,
        )
        for name, function in functions.items()
    }
    times = side_by_side.summary(side_by_side.interleave(runs, options.rounds))
    for function in functions.values():
        function.close()
    print("gate                            ms  of top_k")
    for name, of in times.items():
        ratio = of["median"] / times["top_k"]["median"]
        print(f"{name:28} {1e3 * of['median']:6.2f} {ratio:9.2f}")
    side_by_side.write_report(options.output, vars(options).items(), [times])


if __name__ == "__main__":
    main()
