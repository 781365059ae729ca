# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layers of the benchmark in condcomp: one template, from shape to text."""

from . import shapes

MODULE = """
#same = affine_map<(row, i) -> (row, i)>
#column = affine_map<(row, i) -> (i)>

func.func @layer(%x: tensor<?x{d}x{t}>, %logits: tensor<?x{e}xf32>{arguments}) -> tensor<?x{d}x{t}> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {t}
  %none = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %alpha = arith.constant {alpha} : f32
  %limit = arith.constant {limit} : f32
  %low = arith.constant -{limit} : f32
  %tokens = tensor.dim %x, %c0 : tensor<?x{d}x{t}>
  %l0 = tensor.empty(%tokens) : tensor<?x{e}xf32>
  %probs = linalg.softmax dimension(1) ins(%logits : tensor<?x{e}xf32>)
    outs(%l0 : tensor<?x{e}xf32>) -> tensor<?x{e}xf32>
  %chosen = condcomp.top_k %logits, {k} : tensor<?x{e}xf32> -> {exactly}
  %weighted = condcomp.reweight %chosen dense(%probs : tensor<?x{e}xf32>) : {exactly}
{algebra}
  %y0 = tensor.empty(%tokens) : tensor<?x{d}x{t}>
  %y1 = linalg.fill ins(%zero : {t}) outs(%y0 : tensor<?x{d}x{t}>) -> tensor<?x{d}x{t}>
  %y = condcomp.apply %routing : {routing}
      rows(%x : tensor<?x{d}x{t}>)
      params({params})
      outs(%y1 : tensor<?x{d}x{t}>) combine(sum) {{
  ^bb0(%xe: tensor<?x{d}x{t}>, {block}):
    %n = tensor.dim %xe, %c0 : tensor<?x{d}x{t}>
    %h0 = tensor.empty(%n) : tensor<?x{f}x{t}>
    %h1 = linalg.fill ins(%zero : {t}) outs(%h0 : tensor<?x{f}x{t}>) -> tensor<?x{f}x{t}>
{projections}
    %act = linalg.generic {{
        indexing_maps = [{maps}#same], iterator_types = ["parallel", "parallel"]}}
        ins({operands}) outs(%h0 : tensor<?x{f}x{t}>) {{
    ^bb1({scalars}, %o: {t}):
{activation}
      linalg.yield {hidden} : {t}
    }} -> tensor<?x{f}x{t}>
    %d0 = tensor.empty(%n) : tensor<?x{d}x{t}>
    %d1 = linalg.fill ins(%zero : {t}) outs(%d0 : tensor<?x{d}x{t}>) -> tensor<?x{d}x{t}>
    %out = linalg.matmul ins(%act, %w_down : tensor<?x{f}x{t}>, tensor<{f}x{d}x{t}>)
      outs(%d1 : tensor<?x{d}x{t}>) -> tensor<?x{d}x{t}>
{result}
  }} -> tensor<?x{d}x{t}>
  return %y : tensor<?x{d}x{t}>
}}
"""

PROJECTION = """\
    %h_{name} = linalg.matmul ins(%xe, %w_{name} : tensor<?x{d}x{t}>, tensor<{d}x{f}x{t}>)
      outs(%h1 : tensor<?x{f}x{t}>) -> tensor<?x{f}x{t}>"""

BIASED_RESULT = """\
    %biased = linalg.generic {{
        indexing_maps = [#same, #column, #same], iterator_types = ["parallel", "parallel"]}}
        ins(%out, %w_down_bias : tensor<?x{d}x{t}>, tensor<{d}x{t}>)
        outs(%d0 : tensor<?x{d}x{t}>) {{
    ^bb2(%v_out: {t}, %v_bias: {t}, %o: {t}):
{sum}
      linalg.yield {last} : {t}
    }} -> tensor<?x{d}x{t}>
    condcomp.yield %biased : tensor<?x{d}x{t}>"""

SIGMOID_GATE = """\
      %minus = arith.negf %{scaled} : f32
      %exp = math.exp %minus : f32
      %denominator = arith.addf %one, %exp : f32
      %gated = arith.divf %{gate}, %denominator : f32
      %hidden = arith.mulf %gated, %{up} : f32"""

CLAMPED_GATE = """\
      %clamped = arith.minimumf %gate, %limit : f32
      %below = arith.minimumf %up, %limit : f32
      %within = arith.maximumf %below, %low : f32
      %shifted = arith.addf %within, %one : f32
      %steep = arith.mulf %clamped, %alpha : f32
"""


def make(layer, dtype):
    """The module's text; @layer takes x, logits and the arrays of argument_names()."""
    sizes = {"d": layer.d, "f": layer.width, "e": layer.experts, "t": dtype}
    exactly = f"!condcomp.routing<?x{layer.experts}, f32, exactly {layer.top_k}>"
    routing, algebra = exactly, []
    last = "%weighted"
    if layer.normalize:
        algebra.append(f"  %normalized = condcomp.normalize sum {last} : {exactly}")
        last = "%normalized"
    if layer.capacity_factor:
        # ceil(factor · tokens / experts) in whole numbers, factor in quarters.
        quarters = int(4 * layer.capacity_factor)
        routing = f"!condcomp.routing<?x{layer.experts}, f32, at_most {layer.top_k}>"
        algebra += [
            f"  %quarters = arith.constant {quarters} : index",
            f"  %per = arith.constant {4 * layer.experts} : index",
            "  %scaled = arith.muli %tokens, %quarters : index",
            "  %capacity = arith.ceildivui %scaled, %per : index",
            f"  %kept = condcomp.capacity {last}, %capacity order(arrival)"
            f" : {exactly} -> {routing}",
        ]
        last = "%kept"
    params = [(name, shape) for name, shape in _params(layer)]
    text = MODULE.format(
        **sizes,
        k=layer.top_k,
        alpha=shapes.ALPHA,
        limit=shapes.LIMIT,
        exactly=exactly,
        routing=routing,
        algebra="\n".join(algebra).replace("%routing", last),
        arguments="".join(
            f",\n    %all_{name}: tensor<{layer.experts}x{shape}x{dtype}>"
            " {condcomp.constant}"
            for name, shape in params
        ),
        params="{} : {}".format(
            ", ".join(f"%all_{name}" for name, _ in params),
            ", ".join(
                f"tensor<{layer.experts}x{shape}x{dtype}>" for _, shape in params
            ),
        ),
        block=", ".join(
            f"%w_{name}: tensor<{shape}x{dtype}>" for name, shape in params
        ),
        projections="\n".join(
            PROJECTION.format(name=name, **sizes) for name in _first_projections(layer)
        ),
        result=_result(layer, dtype, sizes),
        **_activation(layer, dtype),
    )
    return text.replace("%routing", last)


def argument_names(layer):
    return [name for name, _ in _params(layer)]


def _first_projections(layer):
    return ["up"] if layer.activation == "relu" else ["gate", "up"]


def _params(layer):
    """(name, shape within a module) in the order of the arguments."""
    first = _first_projections(layer)
    params = [(name, f"{layer.d}x{layer.width}") for name in first]
    params.append(("down", f"{layer.width}x{layer.d}"))
    if layer.bias:
        params += [(f"{name}_bias", f"{layer.width}") for name in first]
        params.append(("down_bias", f"{layer.d}"))
    return params


def _widen(names, dtype):
    """Lines that widen %v_name to f32, and each name's value after that."""
    if dtype == "f32":
        return [], {name: f"v_{name}" for name in names}
    lines = [
        f"      %f_{name} = arith.extf %v_{name} : {dtype} to f32" for name in names
    ]
    return lines, {name: f"f_{name}" for name in names}


def _activation(layer, dtype):
    first = _first_projections(layer)
    scalars = first + [f"{name}_bias" for name in first if layer.bias]
    lines, value = _widen(scalars, dtype)
    if layer.bias:
        for name in first:
            sum_name = f"{name}_sum"
            lines.append(
                f"      %{sum_name} = arith.addf %{value[name]}, %{value[name + '_bias']} : f32"
            )
            value[name] = sum_name
    if layer.activation == "relu":
        lines.append(f"      %hidden = arith.maximumf %{value['up']}, %none : f32")
    elif layer.activation == "clamped":
        clamp = CLAMPED_GATE.replace("%gate,", f"%{value['gate']},")
        lines.append(clamp.replace("%up,", f"%{value['up']},").rstrip())
        lines.append(SIGMOID_GATE.format(scaled="steep", gate="clamped", up="shifted"))
    else:
        gate, up = value["gate"], value["up"]
        lines.append(SIGMOID_GATE.format(scaled=gate, gate=gate, up=up))
    hidden = "%hidden"
    if dtype != "f32":
        lines.append(f"      %narrow = arith.truncf %hidden : f32 to {dtype}")
        hidden = "%narrow"
    values = [f"%h_{name}" for name in first]
    types = [f"tensor<?x{layer.width}x{dtype}>"] * len(first)
    if layer.bias:
        values += [f"%w_{name}_bias" for name in first]
        types += [f"tensor<{layer.width}x{dtype}>"] * len(first)
    return {
        "maps": "".join("#same, " for _ in first)
        + "".join("#column, " for _ in first if layer.bias),
        "operands": f"{', '.join(values)} : {', '.join(types)}",
        "scalars": ", ".join(f"%v_{name}: {dtype}" for name in scalars),
        "activation": "\n".join(lines),
        "hidden": hidden,
    }


def _result(layer, dtype, sizes):
    if not layer.bias:
        return f"    condcomp.yield %out : tensor<?x{layer.d}x{dtype}>"
    lines, value = _widen(["out", "bias"], dtype)
    lines.append(f"      %sum = arith.addf %{value['out']}, %{value['bias']} : f32")
    last = "%sum"
    if dtype != "f32":
        lines.append(f"      %narrow = arith.truncf %sum : f32 to {dtype}")
        last = "%narrow"
    return BIASED_RESULT.format(sum="\n".join(lines), last=last, **sizes)
