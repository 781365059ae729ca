# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models to text."""

import contextlib
import pathlib
import re
from dataclasses import dataclass, field

import numpy as np
import torch

from ..nn import _region
from ._arguments import Arguments, Results, tensors_of
from ._errors import ExportError
from ._lower import Lowering
from ._places import Places
from ._plan import Part, Spec
from ._regions import WRITERS
from ._run_time import as_buffers
from ._trace import Tracer
from ._weights import kind, named
from ._writer import Value, Writer, element_of, shape_of, tensor_type

FUNCTION = "forward"


@dataclass
class Exported:
    """An exported model.

    text: the module; its one public function is @forward, which takes the model's
    tensors, what was exported as `run_time`, then its weights, marked
    `condcomp.constant`. inputs: names of the former two. run_time: name to tensor, the
    values that the second ones had. weights: name to tensor, those of the latter: the
    names of the model's parameters and buffers. sources: name to all names that the
    model has for the weight; kinds: name to its (shape, dtype). structure: how the
    model's arguments and results nest.
    """

    text: str
    inputs: list
    run_time: dict
    weights: dict
    structure: tuple = field(repr=False)
    sources: dict = field(repr=False, default_factory=dict)
    kinds: dict = field(repr=False, default_factory=dict)

    def save(self, path):
        """Writes the text to `path`, and the weights beside it, with the ending .npz:
        NumPy arrays by name; bfloat16 as two-byte voids, as `np.load` gives them."""
        path = pathlib.Path(path)
        path.write_text(self.text)
        np.savez(path.with_suffix(".npz"), **self.arrays())

    def arrays(self):
        """The weights as NumPy arrays, by name (ml_dtypes for bfloat16)."""
        return {name: to_numpy(tensor) for name, tensor in self.weights.items()}

    def flatten(self, args, kwargs):
        """The tensors of a call's arguments, in the order of the function's. Raises
        TypeError where the call is unlike that of the export but for its tensors."""
        return self.structure[0].flatten(args, kwargs)

    def unflatten(self, results):
        """The model's result from those of the function."""
        return self.structure[1].unflatten(results)


def to_numpy(tensor):
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        import ml_dtypes

        return tensor.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return tensor.numpy()


def export(model, example_inputs, kwargs=None, dynamic=None, run_time=()) -> Exported:
    """The model as a module of the dialect.

    model: a torch.nn.Module; it is exported as it is in evaluation mode. Its modules of
    condcomp.nn become ops, all else linalg, by torch.export and torch-mlir.
    example_inputs: a tensor, or a tuple of what the model takes; tensors say dtype and
    shape, their contents are not used; everything else is fixed. kwargs: likewise; the
    order of the inputs is that of forward's parameters.
    dynamic: the sizes that are known in calls only, {number of the tensor among the
    inputs: {dim: name}}; equal names are equal sizes. When absent: the leading dim of
    the first tensor, and of every other one whose leading size is the same, "batch".
    {} fixes all sizes. Bodies of modules may have no such size but their rows.
    run_time: names of what is an argument of every call and no constant, such as
    "exits.threshold", "experts.gate.k" or "skip.tau": parameters, buffers, and numbers
    that steer a module of condcomp.nn.

    Raises ExportError, which names the module and says what to do, where torch.export
    refuses (say for Python code that decides by a tensor's values), for operators that
    torch-mlir can't lower, and for bodies that use sizes known in calls only.
    """
    args = example_inputs if isinstance(example_inputs, tuple) else (example_inputs,)
    arguments = Arguments(model, args, kwargs or {})
    tensors = arguments.flatten(args, kwargs or {})
    for number, tensor in enumerate(tensors):
        element_of(tensor.dtype, f"input {number}")
    places = Places(model)
    made = []

    def function(*inputs):
        mine, given = inputs[: len(tensors)], inputs[len(tensors) :]
        args, kwargs = arguments.unflatten(mine)
        swap = dict(zip(swapped.names, given))
        results = swapped.call(swap, args, kwargs)
        made[:] = [Results(model, results)]
        return tensors_of(results)

    tracer = Tracer(places)
    with Lowering() as lowering, as_buffers(model, run_time):
        swapped = _region.Swapped(model)
        given = dict(zip(swapped.names, swapped.tensors))
        values = {name: given.pop(name) for name in run_time}
        # What is no constant comes first.
        swapped.names = [*values, *given]
        specs = _specs(tensors, dynamic)
        specs += [
            Spec(tuple(w.shape), w.dtype) for w in (*values.values(), *given.values())
        ]
        with _evaluation(model):
            plan = tracer.plan(type(model).__name__, function, specs)
        lowered = lowering.lower(tracer.parts, places)
    return _write(
        tracer, plan, lowered, len(tensors), values, given, (arguments, *made), model
    )


@contextlib.contextmanager
def _evaluation(model):
    modes = [(m, m.training) for m in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _specs(tensors, dynamic):
    """Shapes of the inputs, with names for what is known in calls only."""
    if not tensors:
        raise ValueError("a model without tensors as inputs can't be exported")
    if dynamic is None:
        first = tensors[0].shape[:1]
        dynamic = {
            i: {0: "batch"}
            for i, t in enumerate(tensors)
            if t.dim() and t.shape[:1] == first
        }
    specs = []
    for i, tensor in enumerate(tensors):
        shape = list(tensor.shape)
        for dim, name in dynamic.get(i, {}).items():
            if not -len(shape) <= dim < len(shape):
                raise ValueError(
                    f"dynamic: input {i} has {len(shape)} dims, there is no dim {dim}"
                )
            shape[dim] = str(name)
        specs.append(Spec(tuple(shape), tensor.dtype))
    unknown = set(dynamic) - set(range(len(tensors)))
    if unknown:
        raise ValueError(f"dynamic: there is no input {unknown.pop()}")
    return specs


class _Body:
    """A traced function that can be written wherever it is used."""

    def __init__(self, plan, lowered, constants):
        self.plan, self.lowered, self.constants = plan, lowered, constants
        self.elements = [element_of(n.meta["val"].dtype, n.name) for n in plan.inputs]

    def write(self, w, arguments, inputs):
        """A region's block and ops, less the terminator: the results. arguments: of
        the block; inputs: of the function."""
        block = ", ".join(f"{a.name}: {a.type}" for a in arguments)
        w.line(f"^bb0({block}):")
        w.indent += 1
        outer, w.in_body = w.in_body, True
        results = self.ops(w, inputs)
        w.in_body = outer
        w.indent -= 1
        return results

    def ops(self, w, inputs):
        """The ops of the function on values: the results."""
        values = dict(zip(self.plan.inputs, inputs))
        for node, tensor in self.plan.constants.items():
            values[node] = self.constants.value(tensor)
        for step in self.plan.steps:
            if isinstance(step, Part):
                shapes = [shape_of(n.meta["val"]) for n in step.outputs]
                made = w.call(
                    step.number,
                    self.lowered[step.number],
                    [values[n] for n in step.inputs],
                    shapes,
                )
                values.update(zip(step.outputs, made))
            else:
                self.conditional(w, step, values)
        return [values[n] for n in self.plan.outputs]

    def conditional(self, w, step, values):
        bodies = [_Body(p, self.lowered, self.constants) for p in step.bodies]
        inputs = [values[n] for n in step.node.args[0]]
        made = WRITERS[type(step.region)](w, step.region, inputs, bodies)
        for user in step.node.users:
            value = made[user.args[1]]
            values[user] = value() if callable(value) else value


class _Constants:
    """The arguments that are weights, and tensors that the code made itself."""

    def __init__(self):
        self.tensors, self.values = {}, {}

    def value(self, tensor, name=None):
        key = id(tensor)
        if key not in self.values:
            name = name or f"constant_{len(self.tensors)}"
            self.tensors[name] = tensor
            self.values[key] = Value(
                f"%{name}", tuple(tensor.shape), element_of(tensor.dtype, name)
            )
        return self.values[key]


def _write(tracer, plan, lowered, count, run_time, weights, structure, model):
    constants = _Constants()
    names = [*(f"input{i}" for i in range(count)), *(_argument(n) for n in run_time)]
    inputs = [
        Value(
            f"%{name}",
            shape_of(n.meta["val"]),
            element_of(n.meta["val"].dtype, name),
        )
        for name, n in zip(names, plan.inputs)
    ]
    values = list(inputs)
    for (name, tensor), node in zip(weights.items(), plan.inputs[len(inputs) :]):
        # What nothing uses is no argument.
        values.append(constants.value(tensor, _argument(name)) if node.users else None)
    w = Writer()
    results = _Body(plan, lowered, constants).ops(w, values)
    w.line(
        f"return {', '.join(r.name for r in results)} : {', '.join(r.type for r in results)}"
    )
    arguments = [f"{v.name}: {v.type}" for v in inputs]
    arguments += [
        f"{v.name}: {v.type} {{condcomp.constant}}" for v in constants.values.values()
    ]
    head = f"func.func @{FUNCTION}(\n    " + ",\n    ".join(arguments) + ")"
    head += f" -> ({', '.join(r.type for r in results)}) {{"
    lines = [f"// {type(model).__name__}, exported from PyTorch.", head, *w.lines, "}"]
    text = "\n".join([*lines, *(part["text"] for part in lowered)]) + "\n"
    weights = constants.tensors
    sources = _sources(model, weights)
    kinds = {name: kind(weights[name]) for name in sources}
    return Exported(text, names, run_time, weights, structure, sources, kinds)


def _sources(model, weights):
    """All names in the model of what the function's arguments are."""
    found = {}
    for name, tensor in named(model).items():
        found.setdefault(id(tensor), []).append(name)
    return {n: found[id(t)] for n, t in weights.items() if id(t) in found}


def _argument(name):
    """A parameter's name as an SSA name."""
    name = re.sub(r"[^A-Za-z0-9_.$-]", "_", name)
    return f"_{name}" if name[0].isdigit() else name
