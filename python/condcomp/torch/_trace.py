# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of tensors to plans of parts and regions."""

import torch

from ..nn import _region
from ._cut import is_region, is_result, is_size, levels, part_of
from ._decompose import TABLE, Decomposed, is_decomposed
from ._errors import ExportError
from ._exchange import dump, example_inputs
from ._plan import Conditional, Part, Plan, bodies_of, spec_of

aten = torch.ops.aten

# Checks of sizes, which the compiled code makes itself.
_CHECKS = {
    aten._assert_scalar.default,
    aten._assert_async.msg,
    aten._assert_tensor_metadata.default,
    aten.sym_constrain_range.default,
    aten.sym_constrain_range_for_size.default,
}


def _does_nothing(node):
    """Whether a node is its operand as it is, in evaluation mode. Results stay, they
    have to be other tensors than the inputs."""
    if any(user.op == "output" for user in node.users):
        return False
    if node.target is aten.dropout.default:
        return not node.args[2]
    return (
        node.target is aten.to.dtype and node.args[0].meta["val"].dtype == node.args[1]
    )


def _equal_sizes(placeholders, specs):
    """Names for the symbols of the inputs' sizes: torch.export gives the sizes of each
    input symbols of their own, where `specs` have one name for equal sizes."""
    return {
        str(size): name
        for node, spec in zip(placeholders, specs)
        for size, name in zip(node.meta["val"].shape, spec.shape)
        if isinstance(name, str)
    }


class _Function(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self._function = (function,)

    def forward(self, *inputs):
        results = self._function[0](*inputs)
        return tuple(r.clone() if any(r is i for i in inputs) else r for r in results)


class Tracer:
    """Makes plans; collects the parts that are to be lowered.

    parts: plain PyTorch, (what, graph, the graph as bytes). regions: what modules
    recorded.
    """

    def __init__(self, places):
        self.parts, self.keys, self.regions = [], {}, []
        self.where = []
        self.places = places

    def plan(self, what, function, specs):
        """The plan of a function of tensors. what: its name in errors."""
        graph, placeholders, constants = self.trace(what, function, specs)
        output = next(n for n in graph.nodes if n.op == "output")
        plan = Plan(placeholders, list(output.args[0]), constants=constants)
        plan.steps = self.split(what, graph, _equal_sizes(placeholders, specs))
        return plan

    def trace(self, what, function, specs):
        """The graph of a function, with its placeholders and lifted constants."""
        examples, shapes = example_inputs(specs, torch.export.Dim.DYNAMIC)
        program = self.export(what, function, examples, shapes)
        graph = program.graph_module.graph
        for node in reversed(graph.nodes):
            if node.op == "call_function" and node.target in _CHECKS and not node.users:
                graph.erase_node(node)
            elif _does_nothing(node):
                node.replace_all_uses_with(node.args[0])
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
            outside = "" if id(inner) in self.places.names else f" in {what}"
            what = self.places.name_of(inner) + outside
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

    def split(self, what, graph, equal):
        """Parts and regions in an order in which they can run. equal: names of sizes."""
        level = levels(graph)
        steps = []
        for now in range(max(level.values(), default=0) + 1):
            here = [
                n for n in graph.nodes if level[n] == now and n.op == "call_function"
            ]
            pure = [n for n in here if not is_region(n) and not is_result(n)]
            steps += self.part(what, [n for n in pure if not is_size(n)], equal)
            for node in here:
                if is_region(node):
                    steps.append(self.conditional(what, node))
        return steps

    def conditional(self, what, node):
        """The step of a region, its bodies traced."""
        region = self.regions[node.args[1]]
        values = [n.meta["val"] for n in node.args[0]]
        name = getattr(region, "owner", None)
        name = what if name is None else self.places.name_of(name)
        bodies = [
            self.plan(f"a body of {name}", function, specs)
            for function, specs in bodies_of(name, region, values)
        ]
        return Conditional(node, region, bodies)

    def part(self, what, nodes, equal):
        """A part of plain PyTorch, a list of one; or of none, if it has no nodes."""
        graph, inputs, outputs = part_of(nodes)
        if not outputs:
            return []
        return [Part(self.number(what, graph, inputs, equal), inputs, outputs)]

    def number(self, what, graph, inputs, equal):
        """The number of a part among those to lower; equal parts are one."""
        specs = [spec_of(n.meta["val"], equal) for n in inputs]
        for number, node in enumerate(graph.nodes):
            if node.op == "call_function":
                node.name = f"v{number}"
        key = (str(graph), tuple(specs))
        if key not in self.keys:
            self.keys[key] = len(self.parts)
            self.parts.append((what, graph, dump(graph, specs)))
        return self.keys[key]
