# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text of test programs: types, functions and pieces that many of them share."""

from dataclasses import dataclass


def tensor(dims, element):
    """tensor(["?", 4], "f32") is tensor<?x4xf32>."""
    return "tensor<" + "".join(f"{dim}x" for dim in dims) + element + ">"


@dataclass
class RoutingType:
    dims: list
    bound: str = ""
    element: str = "f32"

    def __str__(self):
        dims = "x".join(map(str, self.dims))
        bound = f", {self.bound}" if self.bound else ""
        return f"!condcomp.routing<{dims}, {self.element}{bound}>"

    @property
    def entry_dims(self):
        words = self.bound.split(",")[0].split()
        if words[:1] == ["exactly"]:
            return self.dims[:-1] + words[1:]
        return ["?"]

    def entries(self, trailing, element=None):
        """The type of an entry tensor."""
        return tensor(self.entry_dims + trailing, element or self.element)


def function(name, arguments, body, results):
    """A public function. arguments: {name: type}; results: {value: type}."""
    taken = ", ".join(f"%{a}: {t}" for a, t in arguments.items())
    types = ", ".join(results.values())
    lines = [line.strip() for line in body.strip().splitlines()]
    return "\n".join(
        [f"func.func @{name}({taken}) -> ({types}) {{"]
        + ["  " + line for line in lines]
        + [f"  return {', '.join('%' + v for v in results)} : {types}", "}", ""]
    )


def queries(routing, of):
    """Every query of a routing: text, and results as `function` takes them."""
    *batch, rows, modules = of.dims
    whole = tensor(of.dims, of.element)
    packed_rows = "?"
    if all(dim != "?" for dim in batch + [rows]):
        packed_rows = 1 + rows
        for dim in batch:
            packed_rows = 1 + (packed_rows - 1) * dim
    results = {
        "row_sizes": tensor(batch + [rows], "index"),
        "module_sizes": tensor(batch + [modules], "index"),
        "row_offsets": tensor([packed_rows], "index"),
        "weights": of.entries([]),
        "indices": of.entries([], "index"),
        "to_dense": whole,
        "to_mask": tensor(of.dims, "i1"),
    }
    text = "\n".join(
        f"%{query} = condcomp.{query} %{routing} : {of} -> {result}"
        for query, result in results.items()
    )
    text += f"\n%num_entries = condcomp.num_entries %{routing} : {of}"
    return text, {**results, "num_entries": "index"}


def sizes(of, value, prefix="n"):
    """tensor.dim of every `?` of a type: text, and the list of operands."""
    dims = of[len("tensor<") :].split("x")[:-1]
    text, operands = [], []
    for position, dim in enumerate(dims):
        if dim == "?":
            name = f"%{prefix}_{value}{position}"
            text.append(
                f"%{prefix}_{value}{position}c = arith.constant {position} : index"
            )
            text.append(f"{name} = tensor.dim %{value}, {name}c : {of}")
            operands.append(name)
    return "\n".join(text), operands


def matmul(result, left, left_type, right, right_type):
    """%result = %left x %right for [n, k] and [k, m]; n may be `?`."""
    rows = left_type[len("tensor<") :].split("x")[0]
    columns, element = right_type[len("tensor<") : -1].split("x")[1:]
    out = tensor([rows, columns], element)
    size = f"%{result}_n" if rows == "?" else ""
    text = f"""
      %{result}_c0 = arith.constant 0 : index
      %{result}_n = tensor.dim %{left}, %{result}_c0 : {left_type}
      %{result}_f0 = arith.constant 0.0 : {element}
      %{result}_e = tensor.empty({size}) : {out}
      %{result}_z = linalg.fill ins(%{result}_f0 : {element}) outs(%{result}_e : {out}) -> {out}
      %{result} = linalg.matmul ins(%{left}, %{right} : {left_type}, {right_type})
        outs(%{result}_z : {out}) -> {out}"""
    return text, out


def elementwise(result, operands, of, body):
    """%result: `body` on the elements %a, %b, ... of tensors of one type.

    `body` ends in the element %y.
    """
    dims = of[len("tensor<") : -1].split("x")
    element, rank = dims[-1], len(dims) - 1
    names = "abcd"[: len(operands)]
    loops = ", ".join(f"d{i}" for i in range(rank))
    identity = f"affine_map<({loops}) -> ({loops})>"
    maps = ", ".join([identity] * (len(operands) + 1))
    iterators = ", ".join(['"parallel"'] * rank)
    arguments = ", ".join(f"%{n}: {element}" for n in names)
    values, types = ", ".join(f"%{o}" for o in operands), ", ".join(
        [of] * len(operands)
    )
    return f"""
      %{result} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{iterators}]}}
        ins({values} : {types}) outs(%{operands[0]} : {of}) {{
      ^bb0({arguments}, %out: {element}):
        {body}
        linalg.yield %y : {element}
      }} -> {of}"""
