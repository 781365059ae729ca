# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of tensors to graphs, and graphs to parts and regions."""

import operator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx

from ..nn import _region
from ._decompose import TABLE, Decomposed, is_decomposed
from ._errors import ExportError

# Sizes that stand for those known in calls only while tracing: unlike each other
# and unlike most sizes of models.
_EXAMPLES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43)
# Checks of sizes, which the compiled code makes itself.
_CHECKS = {
    torch.ops.aten._assert_scalar.default,
    torch.ops.aten._assert_async.msg,
    torch.ops.aten._assert_tensor_metadata.default,
    torch.ops.aten.sym_constrain_range.default,
    torch.ops.aten.sym_constrain_range_for_size.default,
}


@dataclass(frozen=True)
class Spec:
    """A tensor's shape, with a name for a size known in calls only, and dtype."""

    shape: tuple
    dtype: torch.dtype

    def example(self, names):
        """A tensor of this kind, without contents."""
        sizes = (
            _EXAMPLES[names.index(s)] if isinstance(s, str) else s for s in self.shape
        )
        return torch.empty(tuple(sizes), dtype=self.dtype)


@dataclass
class Part:
    """Plain PyTorch: number of the lowered function, nodes in and out."""

    number: int
    inputs: list
    outputs: list


@dataclass
class Conditional:
    """A region: its node, and the plans of its bodies."""

    node: fx.Node
    region: Any
    bodies: list


@dataclass
class Plan:
    """A traced function: placeholders, steps, outputs; constants: node to tensor."""

    inputs: list
    outputs: list
    steps: list = field(default_factory=list)
    constants: dict = field(default_factory=dict)


class _Function(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self._function = (function,)

    def forward(self, *inputs):
        results = self._function[0](*inputs)
        return tuple(r.clone() if any(r is i for i in inputs) else r for r in results)


class Tracer:
    """Makes plans; collects the parts that are to be lowered.

    parts: exported programs of plain PyTorch. regions: what modules recorded.
    """

    def __init__(self, names):
        self.parts, self.keys, self.regions = [], {}, []
        self.where = []
        self.names = names

    def plan(self, what, function, specs):
        """The plan of a function of tensors. what: its name in errors."""
        graph, placeholders, constants = self.trace(what, function, specs)
        output = next(n for n in graph.nodes if n.op == "output")
        plan = Plan(placeholders, list(output.args[0]), constants=constants)
        plan.steps = self.split(what, graph, plan)
        return plan

    def trace(self, what, function, specs):
        """The graph of a function, with its placeholders and lifted constants."""
        names = sorted({s for spec in specs for s in spec.shape if isinstance(s, str)})
        examples = tuple(spec.example(names) for spec in specs)
        shapes = tuple(
            {
                d: torch.export.Dim.DYNAMIC
                for d, s in enumerate(x.shape)
                if isinstance(s, str)
            }
            for x in specs
        )
        program = self.export(what, function, examples, shapes)
        graph = program.graph_module.graph
        for node in reversed(graph.nodes):
            if node.op == "call_function" and node.target in _CHECKS and not node.users:
                graph.erase_node(node)
        signature = program.graph_signature
        if signature.buffers_to_mutate or signature.user_inputs_to_mutate:
            raise ExportError(
                f"{what} changes a tensor in place; compute a new tensor instead"
            )
        lifted = {
            **signature.inputs_to_lifted_tensor_constants,
            **signature.inputs_to_buffers,
            **signature.inputs_to_parameters,
        }
        nodes = {n.name: n for n in graph.nodes if n.op == "placeholder"}
        inputs = [nodes[name] for name in signature.user_inputs]
        everything = {**program.constants, **program.state_dict}
        constants = {nodes[name]: everything[of] for name, of in lifted.items()}
        graph.eliminate_dead_code()
        for node in graph.nodes:
            if node.op == "get_attr":
                user = next(iter(node.users), node)
                raise ExportError(
                    f"{what} uses {user.target}, an operator that runs Python code by "
                    "itself; use a module of condcomp.nn, or torch.where"
                )
        return graph, inputs, constants

    def export(self, what, function, examples, shapes):
        """The program of a function, decomposed."""
        self.where = []
        fastpath = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        hooks = [
            torch.nn.modules.module.register_module_forward_pre_hook(self._enter),
            torch.nn.modules.module.register_module_forward_hook(self._leave),
        ]
        try:
            with _region.recording(self.regions), torch.no_grad():
                with Decomposed():
                    program = torch.export.export(
                        _Function(function),
                        examples,
                        dynamic_shapes=(shapes,),
                        strict=False,
                    )
                if is_decomposed(program.graph_module.graph):
                    return program
                return program.run_decompositions(TABLE)
        except ExportError:
            raise
        except Exception as error:
            raise ExportError(self._explain(what, error)) from error
        finally:
            torch.backends.mha.set_fastpath_enabled(fastpath)
            for hook in hooks:
                hook.remove()

    def _enter(self, module, inputs):
        self.where.append(module)

    def _leave(self, module, inputs, outputs):
        self.where.pop()

    def _explain(self, what, error):
        """What torch.export refuses, where, and what to do."""
        inner = next(
            (m for m in reversed(self.where) if not isinstance(m, _Function)), None
        )
        if inner is not None:
            name = self.names.get(id(inner))
            what = f"{type(inner).__name__}" + (f" '{name}'" if name else f" in {what}")
        text = str(error)
        first = next(
            (l.strip() for l in text.splitlines() if l.strip()), type(error).__name__
        )
        kind = type(error).__name__
        if (
            "data-dependent" in text.lower()
            or "DataDependent" in kind
            or "GuardOn" in kind
        ):
            todo = (
                "its Python code decides by the values of a tensor; use a module of "
                "condcomp.nn for the decision (EarlyExit, SkipLayer, Halting, Experts), "
                "or torch.where"
            )
        elif "specializ" in text or "Constraints violated" in text:
            todo = (
                "its code fixes a size that is to be known in calls only; compute with "
                "x.shape instead of numbers, or name the size in `dynamic`"
            )
        else:
            todo = "change its forward so that torch.export takes it"
        return f"{what} can't be exported: {todo}. PyTorch says: {first}"

    def split(self, what, graph, plan):
        """Parts and regions in an order in which they can run."""
        level = _levels(graph)
        steps = []
        for now in range(max(level.values(), default=0) + 1):
            here = [
                n for n in graph.nodes if level[n] == now and n.op == "call_function"
            ]
            pure = [n for n in here if not _is_region(n) and not _is_result(n)]
            steps += self.part(what, [n for n in pure if not _is_size(n)])
            for node in here:
                if _is_region(node):
                    steps.append(self.conditional(what, node))
        return steps

    def conditional(self, what, node):
        """The step of a region, its bodies traced."""
        region = self.regions[node.args[1]]
        values = [n.meta["val"] for n in node.args[0]]
        name = getattr(region, "owner", None)
        name = what if name is None else self.name_of(name)
        bodies = [
            self.plan(f"a body of {name}", function, specs)
            for function, specs in bodies_of(name, region, values)
        ]
        return Conditional(node, region, bodies)

    def name_of(self, module):
        name = self.names.get(id(module))
        return type(module).__name__ + (f" '{name}'" if name else "")

    def part(self, what, nodes):
        """A part of plain PyTorch, a list of one; or of none, if it has no nodes."""
        inside = set(nodes)
        outputs = [
            n
            for n in nodes
            if any(u not in inside and not _is_size(u) for u in n.users)
        ]
        if not outputs:
            return []
        inputs = []
        for node in nodes:
            for n in node.all_input_nodes:
                if n not in inside and not _is_size(n) and n not in inputs:
                    inputs.append(n)
        graph = fx.Graph()
        known = {}
        # Sizes are taken from the part's own tensors.
        sources = list(inputs)
        for node in nodes:
            for n in node.all_input_nodes:
                for leaf in _leaves(n):
                    tensor, dim = leaf.args
                    if tensor in inside or _dim_of(leaf, sources) is not None:
                        continue
                    inputs.append(tensor)
                    sources.append(tensor)
        for number, node in enumerate(inputs):
            known[node] = graph.placeholder(f"x{number}")

        def get(node):
            if node in known:
                return known[node]
            if node.target is torch.ops.aten.sym_size.int and node.args[0] not in known:
                tensor, dim = _dim_of(node, sources)
                known[node] = graph.call_function(node.target, (known[tensor], dim))
            else:
                known[node] = graph.node_copy(node, get)
            return known[node]

        for node in nodes:
            get(node)
        graph.output(tuple(known[n] for n in outputs))
        graph.eliminate_dead_code()
        return [Part(self.number(what, graph, inputs), inputs, outputs)]

    def number(self, what, graph, inputs):
        """The number of a part among those to lower; equal parts are one."""
        specs = [_spec(n.meta["val"]) for n in inputs]
        for number, node in enumerate(graph.nodes):
            if node.op == "call_function":
                node.name = f"v{number}"
        key = (str(graph), tuple(specs))
        if key not in self.keys:
            module = fx.GraphModule(torch.nn.Module(), graph)
            names = sorted(
                {s for spec in specs for s in spec.shape if isinstance(s, str)}
            )
            examples = tuple(spec.example(names) for spec in specs)
            shapes = tuple(
                {
                    d: torch.export.Dim.AUTO
                    for d, s in enumerate(x.shape)
                    if isinstance(s, str)
                }
                for x in specs
            )
            with torch.no_grad():
                program = torch.export.export(
                    module, examples, dynamic_shapes=shapes, strict=False
                )
            self.keys[key] = len(self.parts)
            self.parts.append((what, program))
        return self.keys[key]


def _levels(graph):
    """When each node runs: the number of regions that come before it, one after the
    other. Plain nodes run as late as they can, next to what uses them."""
    level = {}
    for node in graph.nodes:
        inputs = [level[n] + _is_region(n) for n in node.all_input_nodes]
        level[node] = max(inputs, default=0) if node.op == "call_function" else 0
    last = max(level.values(), default=0)
    for node in reversed(graph.nodes):
        if node.op == "call_function" and not _is_region(node) and not _is_result(node):
            level[node] = min(
                (level[u] if u.op == "call_function" else last for u in node.users),
                default=level[node],
            )
    return level


def _is_region(node):
    return (
        isinstance(node, fx.Node)
        and node.target is torch.ops.condcomp_nn.region.default
    )


def _is_result(node):
    return node.target is operator.getitem and _is_region(node.args[0])


def _is_size(node):
    """Whether a node is a number made of sizes."""
    value = node.meta.get("val")
    return node.op == "call_function" and isinstance(
        value, (torch.SymInt, torch.SymFloat, torch.SymBool, int, float, bool)
    )


def _leaves(node):
    """The sym_size nodes that a number is made of."""
    if not _is_size(node):
        return []
    if node.target is torch.ops.aten.sym_size.int:
        return [node]
    return [leaf for n in node.all_input_nodes for leaf in _leaves(n)]


def _dim_of(size, tensors):
    """A tensor and its dim that has this size."""
    for tensor in tensors:
        if tensor is size.args[0]:
            return tensor, size.args[1]
    for tensor in tensors:
        for dim, other in enumerate(tensor.meta["val"].shape):
            if isinstance(other, torch.SymInt) and str(other) == str(size.meta["val"]):
                return tensor, dim
    return None


def _spec(value):
    sizes = (str(s) if isinstance(s, torch.SymInt) else s for s in value.shape)
    return Spec(tuple(sizes), value.dtype)


def bodies_of(name, region, values):
    """(function, specs) of each body of a region, whose inputs have these values."""
    rows = lambda shape, dtype: Spec(("rows", *shape), dtype)

    def whole(tensor):
        spec = _spec(tensor)
        if any(isinstance(s, str) for s in spec.shape):
            raise ExportError(
                f"{name} uses a tensor {spec.shape} in its body whose size is known in "
                "calls only; just what it gets row by row may have such a size"
            )
        return spec

    if isinstance(region, _region.ApplyRegion):
        x, _, _, _, params = region.split(values)
        lead = region.owner.row_dims(x)
        params = [whole(p) for p in params]
        if region.stacked:
            params = [Spec(p.shape[1:], p.dtype) for p in params]
        return [(region.function, [rows(_sizes(name, x, lead), x.dtype), *params])]
    if isinstance(region, _region.CascadeRegion):
        return [
            (
                stage.function,
                [
                    *(rows(*c) for c in carried),
                    *(whole(values[i]) for i in stage.captured),
                ],
            )
            for stage, carried in zip(region.stages, region.carried)
        ]
    if isinstance(region, _region.IterateRegion):
        moved = [rows(_sizes(name, x, 1), x.dtype) for x in values[: region.rows]]
        captured = values[region.rows + region.results :]
        return [(region.body, [*moved, *(whole(c) for c in captured)])]
    if isinstance(region, _region.RaggedRegion):
        _, x, *captured = values
        elements = rows(_sizes(name, x, 2), x.dtype)
        return [(region.function, [elements, *(whole(c) for c in captured)])]
    return []


def _sizes(name, tensor, first):
    try:
        return _region._static(name, tensor, first)
    except ValueError as error:
        raise ExportError(str(error)) from None
