# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What stands for a module's computation while a model is exported.

A module of condcomp.nn computes in plain PyTorch. While condcomp.torch exports a
model it records a `Region` instead: the graph gets one node of the custom op
`condcomp_nn::region` with the region's inputs and a number to find it by, and
condcomp.torch writes the dialect's op for it, after tracing its bodies likewise.
"""

import contextlib
import contextvars
from dataclasses import dataclass, field
from typing import Any, Callable

import torch
from torch import nn
from torch.utils._python_dispatch import _disable_current_modes

_session = contextvars.ContextVar("condcomp_nn_session", default=None)


def exporting():
    """Whether modules record regions now."""
    return _session.get() is not None


@contextlib.contextmanager
def recording(regions):
    """Within it modules append regions to the list; None: they compute again."""
    token = _session.set(regions)
    try:
        yield
    finally:
        _session.reset(token)


def region(made, inputs):
    """Records a region: its results, tensors, on its inputs, tensors."""
    regions = _session.get()
    made.prepare(inputs)
    regions.append(made)
    return torch.ops.condcomp_nn.region(list(inputs), len(regions) - 1)


@torch.library.custom_op("condcomp_nn::region", mutates_args=())
def _region_op(inputs: list[torch.Tensor], number: int) -> list[torch.Tensor]:
    raise RuntimeError("condcomp.nn: a region is not run, it is exported")


@_region_op.register_fake
def _(inputs, number):
    return _session.get()[number].fake(inputs)


def _static(what, tensor, first=1):
    """The sizes after the rows, which have to be known."""
    sizes = tensor.shape[first:]
    for dim, size in enumerate(sizes):
        if isinstance(size, torch.SymInt):
            raise ValueError(
                f"{what}: dim {dim + first} of {tuple(tensor.shape)} is known in calls "
                "only; just the leading dim (the batch) may be"
            )
    return tuple(sizes)


def shapes_of(what, function, inputs, rows):
    """Shapes and dtypes after the rows of what a body makes of inputs, the first
    `rows` of which have rows: found by running it on two rows of no data."""
    with (
        _disable_current_modes(),
        torch._C.DisableTorchFunction(),
        recording(None),
        torch.no_grad(),
    ):
        examples = []
        for number, tensor in enumerate(inputs):
            sizes = _static(what, tensor, 1 if number < rows else 0)
            sizes = (2, *sizes) if number < rows else sizes
            examples.append(torch.empty(sizes, dtype=tensor.dtype, device="meta"))
        results = function(*examples)
    for result in results:
        if result.dim() == 0 or result.shape[0] != 2:
            raise ValueError(
                f"{what}: a body returns a row for every row that it gets, [rows, ...]; "
                f"for 2 rows this one returned {list(result.shape)}"
            )
    return [(tuple(result.shape[1:]), result.dtype) for result in results]


class Swapped:
    """A module as a function of its parameters and buffers, too."""

    def __init__(self, module):
        self.module = module
        self.names = [n for n, _ in _tensors_of(module)]
        self._places = _places_of(module)

    @property
    def tensors(self):
        return [tensor for _, tensor in _tensors_of(self.module)]

    def __call__(self, tensors, *inputs):
        return self.call(dict(zip(self.names, tensors)), inputs)

    def call(self, tensors, args, kwargs=None):
        """tensors: by name, wherever the module has them."""
        swap = {
            place: tensor
            for name, tensor in tensors.items()
            for place in self._places[name]
        }
        # Tied names are all there. PyTorch's own tie a module of two names to itself,
        # which then keeps what it was called with.
        return torch.func.functional_call(
            self.module, swap, args, kwargs, tie_weights=False, strict=False
        )


def _tensors_of(module):
    return [*module.named_parameters(), *module.named_buffers()]


def _places_of(module):
    """{name: all names} of the tensors of a module, by the first name of each part."""
    found = {}
    for prefix, part in module.named_modules():
        own = [
            *part.named_parameters(prefix, False),
            *part.named_buffers(prefix, False),
        ]
        for name, tensor in own:
            found.setdefault(id(tensor), []).append(name)
    return {names[0]: names for names in found.values()}


def is_value(number):
    """Whether a number is a tensor, which a call may decide, and no constant."""
    return isinstance(number, torch.Tensor)


def is_known(number):
    """Whether the value of a number is there: not while a model is exported."""
    return not is_value(number) or not (exporting() or number.is_meta)


# What stands for a number that is an input of a region.
INPUT = "input"


def split_values(numbers):
    """{name: number or tensor} as what a region holds, INPUT for tensors, and the
    tensors, which are among its inputs in this order."""
    kept = {n: INPUT if is_value(v) else v for n, v in numbers.items()}
    return kept, [v for v in numbers.values() if is_value(v)]


class Region:
    """What a module recorded."""

    def prepare(self, inputs):
        """Finds out what the results' shapes depend on, besides the inputs'."""

    def fake(self, inputs):
        """Results without contents."""
        raise NotImplementedError


@dataclass
class GateRegion(Region):
    """A gate on scores: its weights and mask. gate: a `Gate`. numbers: of
    `split_values`, what steers it; its tensors come after the scores."""

    gate: nn.Module
    numbers: dict

    def fake(self, inputs):
        scores = inputs[0]
        dtype = torch.float64 if scores.dtype == torch.float64 else torch.float32
        return [
            scores.new_empty(scores.shape, dtype=dtype),
            scores.new_empty(scores.shape, dtype=torch.bool),
        ]


@dataclass
class ApplyRegion(Region):
    """`apply` of one shared body. Inputs: rows, scores, outs, what steers the gate and
    is a tensor, then stacked params or, with one module, captured tensors. numbers: of
    `split_values`.

    body(rows, *params) returns one tensor of rows. combine: of the op. replace: the
    weights are not used and outs is what rows without an entry keep.
    """

    owner: nn.Module
    gate: nn.Module
    body: Callable
    numbers: dict
    combine: str = "sum"
    weights: str = "output"
    stacked: bool = True

    def split(self, inputs):
        """rows, scores, outs, what steers the gate, params."""
        rows, scores, outs, *rest = inputs
        count = list(self.numbers.values()).count(INPUT)
        return rows, scores, outs, rest[:count], rest[count:]

    def prepare(self, inputs):
        rows, _, outs, _, params = self.split(inputs)
        slices = [p[0] for p in params] if self.stacked else params
        what = type(self.owner).__name__
        lead = self.owner.row_dims(rows)
        flat = rows.reshape(-1, *_static(what, rows, lead))
        ((sizes, dtype),) = shapes_of(what, self.function, [flat, *slices], 1)
        want = tuple(outs.shape[lead:])
        if sizes != want:
            raise ValueError(
                f"{what}: the body makes {list(sizes)} of each row, but what is added "
                f"to has {list(want)}"
            )
        self.dtype = dtype

    def fake(self, inputs):
        outs = inputs[2]
        return [outs.new_empty(outs.shape, dtype=self.dtype)]

    def function(self, rows, *params):
        return (self.body(rows, *params),)


@dataclass
class Stage:
    """A stage of a cascade: function(*carried, *captured) returns done, the probability
    of leaving if the cascade has a soft form, results and carry in a row, (results,) in
    the last stage. captured: positions of the region's inputs."""

    function: Callable
    captured: list
    results: int
    last: bool = False


@dataclass
class CascadeRegion(Region):
    """`cascade`: results, then where each row left, int32. Inputs: the rows, `rows` of
    them, then what stages capture. soft: whether stages return, after done, the
    probability of leaving, too."""

    owner: nn.Module
    stages: list
    rows: int
    soft: bool = True
    carried: list = field(default_factory=list)

    def prepare(self, inputs):
        what = type(self.owner).__name__
        now = list(inputs[: self.rows])
        count = inputs[0].shape[0]
        for stage in self.stages:
            self.carried.append([(tuple(t.shape[1:]), t.dtype) for t in now])
            captured = [inputs[i] for i in stage.captured]
            specs = shapes_of(what, stage.function, [*now, *captured], len(now))
            first_result = 0 if stage.last else 1 + self.soft
            end = first_result + stage.results
            results, carry = specs[first_result:end], specs[end:]
            if stage is self.stages[0]:
                first = results
            elif results != first:
                raise ValueError(
                    f"{what}: all stages return results of one shape and dtype per "
                    f"row, but the first has {first} and another {results}"
                )
            now = [inputs[0].new_empty((count, *s), dtype=d) for s, d in carry]
        self.made = first

    def fake(self, inputs):
        count = inputs[0].shape[0]
        made = [inputs[0].new_empty((count, *s), dtype=d) for s, d in self.made]
        return [*made, inputs[0].new_empty((count,), dtype=torch.int32)]


@dataclass
class IterateRegion(Region):
    """`iterate`: results, then the step at which each row was done, int32. Inputs: the
    rows, outs (one per result), the limit if it is a tensor, then what the body
    captures. body(*rows, *captured) returns done, the probability of leaving if `soft`,
    results and carry in a row. numbers: of `split_values`, the limit."""

    owner: nn.Module
    body: Callable
    rows: int
    results: int
    numbers: dict
    soft: bool

    def split(self, inputs):
        """rows, outs, what is a tensor of `numbers`, what is captured."""
        outs, steers = self.rows, self.rows + self.results
        captured = steers + list(self.numbers.values()).count(INPUT)
        return (
            inputs[:outs],
            inputs[outs:steers],
            inputs[steers:captured],
            inputs[captured:],
        )

    def fake(self, inputs):
        _, outs, _, _ = self.split(inputs)
        count = inputs[0].shape[0]
        made = [o.new_empty(o.shape) for o in outs]
        return [*made, inputs[0].new_empty((count,), dtype=torch.int32)]


@dataclass
class SelectRegion(Region):
    """The k best of each row's positions, then `select` from pairs. Inputs: scores
    [rows, positions], then tensors [rows, positions, ...]; results: the positions,
    int64, then the tensors [rows, k, ...]."""

    owner: nn.Module
    k: int

    def fake(self, inputs):
        scores, *tensors = inputs
        made = [t.new_empty((t.shape[0], self.k, *t.shape[2:])) for t in tensors]
        positions = scores.new_empty((scores.shape[0], self.k), dtype=torch.int64)
        return [positions, *made]


@dataclass
class RestoreRegion(Region):
    """`restore` sum to where SelectRegion took from. Inputs: scores [rows, positions],
    entries [rows, k, ...], outs [rows, positions, ...]; result: like outs."""

    owner: nn.Module
    k: int

    def fake(self, inputs):
        return [inputs[2].new_empty(inputs[2].shape)]


@dataclass
class RaggedRegion(Region):
    """What a mask keeps of each row, packed; `apply` of one shared body to the kept
    elements of one row after the other; `restore` replace. Inputs: mask [rows,
    positions], x [rows, positions, ...], then what the body captures; result: like x.
    body(elements, *captured) returns elements."""

    owner: nn.Module
    body: Callable

    def fake(self, inputs):
        return [inputs[1].new_empty(inputs[1].shape)]

    def function(self, elements, *captured):
        return (self.body(elements, *captured),)


@dataclass
class MergeRegion(Region):
    """`match_tokens`, then `pool` sum without weights. Inputs: scores [batch, a, b], x
    [batch, a + b, ...]; result: [batch, a + b - r, ...]."""

    owner: nn.Module
    r: int

    def fake(self, inputs):
        _, x = inputs
        return [x.new_empty((x.shape[0], x.shape[1] - self.r, *x.shape[2:]))]


@dataclass
class ConfidenceRegion(Region):
    """`confidence` of logits [..., classes]."""

    kind: str

    def fake(self, inputs):
        return [inputs[0].new_empty(inputs[0].shape[:-1], dtype=torch.float32)]
