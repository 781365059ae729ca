# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The experts of one layer: from an experts module of transformers to a program with
packed weights, and the PyTorch operator that runs it. On a GPU nothing is packed: the
program reads the weights where they are."""

import functools
import itertools
import warnings
import weakref

import torch
from transformers.integrations.moe import grouped_mm_experts_forward

import condcomp

from .. import _cuda
from .experts_program import FUNCTION, Experts
from .gate import trace

ELEMENTS = {torch.float32: "f32", torch.bfloat16: "bf16", torch.float16: "f16"}


def target_of(tensor):
    """Options of condcomp.compile for programs that run where a tensor is. Raises
    ValueError for a device that none runs on."""
    if tensor.device.type == "cpu":
        return {}
    if tensor.device.type == "cuda":
        # Experts' numbers that are out of range are reported late, as PyTorch's are.
        chip = _cuda.chip(tensor.device.index)
        return {"target": "cuda", "chip": chip, "wait": False}
    raise ValueError(
        f"condcomp's experts run on the CPU or on NVIDIA GPUs, not on {tensor.device}"
    )


def parameter_names(module):
    """The projections of an experts module, then their biases if there are."""
    names = ["gate_up_proj" if module.has_gate else "up_proj", "down_proj"]
    if module.has_bias:
        names += [f"{name}_bias" for name in names]
    return names


def parameters_of(module):
    return [getattr(module, name) for name in parameter_names(module)]


class Layer:
    """The program of an experts module, with its weights packed when first called.

    Weights that change are packed again: a change is seen by PyTorch's version
    counter, or because the parameter's memory is another.
    """

    def __init__(self, module):
        self.module = weakref.ref(module)
        self.bound = {}  # by experts per token and whether sentinels may come
        self.packed_from = None
        self.inplace = False
        self.dtype = None  # of what was packed in place

    def parameters(self):
        return parameters_of(self.module())

    def state(self):
        # Tensors made in inference mode count no versions.
        version = lambda p: None if p.is_inference() else p._version
        return [(p.data_ptr(), version(p), p.dtype) for p in self.parameters()]

    def get(self, chosen, sentinels):
        """The bound function for so many experts per token."""
        if not self.inplace:
            state = self.state()
            if state != self.packed_from:
                self.bound.clear()
                self.packed_from = state
        elif any(p.dtype != self.dtype for p in self.parameters()):
            raise RuntimeError(
                f"{type(self.module()).__name__}: the weights were packed in place as "
                f"{self.dtype}, then the model was moved to another dtype: "
                "condcomp.transformers.unpack(model) first"
            )
        key = (chosen, sentinels)
        if key not in self.bound:
            if self.inplace and self.bound:
                known = ", ".join(str(k) for k, _ in self.bound)
                raise ValueError(
                    f"this layer was packed in place for {known} experts per token, "
                    f"now it is called with {chosen}: unpack() the model first"
                )
            self.bound[key] = self.bind(chosen, sentinels)
        return self.bound[key]

    def bind(self, chosen, sentinels):
        names = ["first", "second", "first_bias", "second_bias"]
        weights = {n: p.detach() for n, p in zip(names, self.parameters())}
        experts = self.describe(chosen, sentinels)
        program = compile_experts(experts, **target_of(self.parameters()[0]))
        return program.bind(FUNCTION, weights)

    def describe(self, chosen, sentinels):
        """What the program depends on. Raises ValueError for what it can't do."""
        module = self.module()
        name = type(module).__name__
        if module.has_post_expert_norm:
            raise ValueError(
                f"{name}: condcomp's experts have no norm after each expert "
                "(has_post_expert_norm=True); use another experts_implementation"
            )
        first, second = self.parameters()[:2]
        if not first.numel():
            raise RuntimeError(
                f"{name}: there are no weights, it is a copy of a model that was packed "
                "in place: condcomp.transformers.unpack(model) before it is copied"
            )
        try:
            target_of(first)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        for parameter in self.parameters():
            if parameter.device != first.device:
                raise ValueError(
                    f"{name}: one weight is on {first.device}, another one on "
                    f"{parameter.device}: move the module to one device"
                )
            if parameter.dtype not in ELEMENTS or parameter.dtype != first.dtype:
                raise ValueError(
                    f"{name}: condcomp's experts take float32, bfloat16 or float16 "
                    f"weights of one dtype, not {parameter.dtype}"
                )
        if first.ndim != 3 or second.ndim != 3:
            raise ValueError(
                f"{name}: condcomp's experts take projections [experts, out, in], "
                f"not of shapes {list(first.shape)} and {list(second.shape)}"
            )
        experts, rows, columns = first.shape
        width = rows if module.is_transposed else columns
        columns = columns if module.is_transposed else rows
        hidden = second.shape[1 if module.is_transposed else 2]
        function = module._apply_gate if module.has_gate else module.act_fn
        try:
            with torch.no_grad():
                activation = trace(function, columns, hidden)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        return Experts(
            experts=experts,
            width=width,
            hidden=hidden,
            columns=columns,
            chosen=chosen,
            element=ELEMENTS[first.dtype],
            activation=activation,
            transposed=module.is_transposed,
            biased=module.has_bias,
            sentinels=sentinels,
        )


@functools.lru_cache(maxsize=64)
def compile_experts(experts, **target):
    """The program: layers of one shape on one kind of device share it."""
    return condcomp.compile(experts.text(), name=f"{FUNCTION}.mlir", **target)


# Experts modules have a number that compiled graphs can hold.
_layers = {}
_numbers = itertools.count(1)
_ATTRIBUTE = "_condcomp_layer"


@torch._dynamo.assume_constant_result
def number_of(module):
    """The number of the module's layer, made when first asked for."""
    number = module.__dict__.get(_ATTRIBUTE)
    if (
        number is None
        or number not in _layers
        or _layers[number].module() is not module
    ):
        number = next(_numbers)
        _layers[number] = Layer(module)
        weakref.finalize(module, _layers.pop, number, None)
        module.__dict__[_ATTRIBUTE] = number
    return number


def layer_of(module):
    return _layers[number_of(module)]


# On a GPU, calls that wait (the first ones) can't be captured into CUDA graphs.
@torch.library.custom_op(
    "condcomp::experts", mutates_args=(), tags=(torch.Tag.cudagraph_unsafe,)
)
def experts_op(
    x: torch.Tensor,
    chosen: torch.Tensor,
    weights: torch.Tensor,
    parameters: list[torch.Tensor],
    layer: int,
    sentinels: bool,
) -> torch.Tensor:
    """The experts of a layer: x [tokens, width], chosen [tokens, k] of int64, weights
    [tokens, k] of float32; `parameters` are those of the layer, for gradients."""
    function = _layers[layer].get(chosen.shape[1], sentinels)
    return function.run(
        x.detach(), chosen.detach(), weights.detach(), threads=torch.get_num_threads()
    )


@experts_op.register_fake
def _(x, chosen, weights, parameters, layer, sentinels):
    return torch.empty_like(x)


class _View:
    """An experts module with other parameters."""

    def __init__(self, module, parameters):
        self._module = module
        self.__dict__.update(zip(parameter_names(module), parameters))

    def __getattr__(self, name):
        return getattr(self._module, name)


def _setup_context(ctx, inputs, output):
    x, chosen, weights, parameters, ctx.layer, _ = inputs
    ctx.save_for_backward(x, chosen, weights, *parameters)


def _backward(ctx, gradient):
    """Gradients of transformers' grouped_mm, computed again from the inputs."""
    layer = _layers[ctx.layer]
    if layer.inplace:
        raise RuntimeError(
            "the weights were packed in place, which leaves none to compute gradients "
            "with: condcomp.transformers.unpack(model) brings them back"
        )
    say_once("gradients of condcomp's experts are computed by grouped_mm")
    x, chosen, weights, *parameters = ctx.saved_tensors
    inputs = [t.detach().requires_grad_() for t in (x, weights, *parameters)]
    with torch.enable_grad():
        view = _View(layer.module(), inputs[2:])
        result = grouped_mm_experts_forward(view, inputs[0], chosen, inputs[1])
    dx, dweights, *rest = torch.autograd.grad(result, inputs, gradient)
    return dx, None, dweights, rest, None, None


experts_op.register_autograd(_backward, setup_context=_setup_context)


@functools.lru_cache(maxsize=None)
def say_once(text):
    warnings.warn(text, stacklevel=2)


def experts_forward(self, hidden_states, top_k_index, top_k_weights):
    """What transformers calls for `experts_implementation="condcomp"`.

    self: an experts module, decorated with `use_experts_implementation`.
    hidden_states: [tokens, width]. top_k_index, top_k_weights: [tokens, k], int64 and
    float. Returns [tokens, width] in the dtype of hidden_states.

    Forward passes run condcomp's code, those of a model in training mode grouped_mm's,
    because weights that change in every step would be packed in every step.
    """
    number = number_of(self)
    if self.training and torch.is_grad_enabled():
        if not torch.compiler.is_compiling():
            say_once("a model in training mode runs grouped_mm instead of condcomp")
        return grouped_mm_experts_forward(
            self, hidden_states, top_k_index, top_k_weights
        )
    parameters = parameters_of(self)
    result = torch.ops.condcomp.experts(
        # Under autocast a norm may leave float32 for weights in bfloat16.
        hidden_states.to(parameters[0].dtype).contiguous(),
        top_k_index.long().contiguous(),
        top_k_weights.float().contiguous(),
        parameters,
        number,
        self._is_expert_parallel,
    )
    return result.to(hidden_states.dtype)
