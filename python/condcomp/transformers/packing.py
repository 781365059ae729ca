# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packing the weights of a model ahead of its first call, and in place of the
originals."""

import dataclasses

import torch
from torch.utils.dlpack import from_dlpack

from .. import _progress
from .layer import layer_of

# Where configurations say how many experts a token has.
_CHOSEN = (
    "num_experts_per_tok",
    "num_experts_per_token",
    "moe_top_k",
    "moe_topk",
    "top_k_experts",
)


@dataclasses.dataclass(frozen=True)
class _Piece:
    """A part of a parameter that was packed: columns `at` of parameter number
    `parameter`, as array number `packed`."""

    parameter: int
    at: slice
    packed: int


def pack(model, inplace=False, chosen=None):
    """Packs the weights of all experts in `model` now, not in the first call.

    model: a model, or a part of one, of transformers. inplace: the original weights
    are freed, so that the packed ones are the only copy: for inference alone, until
    `unpack`; the model can't be saved, trained or moved meanwhile. On a GPU nothing is
    packed, so that there is nothing to free, and programs are compiled. chosen: experts per
    token, where the configuration does not say it as `num_experts_per_tok`.

    Returns the number of layers. Raises ValueError if the model has no experts that
    condcomp can run, or for what they can't do.
    """
    layers = [
        (name, module) for name, module in model.named_modules() if _has_experts(module)
    ]
    if not layers:
        raise ValueError(
            f"{type(model).__name__} has no experts that transformers can exchange"
        )
    for name, module in _progress.bar(layers, desc="packing", unit=" layers"):
        layer = layer_of(module)
        if layer.inplace:
            continue
        function = layer.get(
            chosen or _chosen(module, name), module._is_expert_parallel
        )
        if inplace and not function.shares:
            _free_originals(name, layer, function)
    return len(layers)


def unpack(model):
    """Makes the original weights again from those packed in place, bit for bit.

    Returns the number of layers that were packed in place.
    """
    layers = [layer_of(m) for m in model.modules() if _has_experts(m)]
    packed = [layer for layer in layers if layer.inplace]
    for layer in _progress.bar(packed, desc="unpacking", unit=" layers"):
        _restore_originals(layer)
    return len(packed)


def packed_bytes(model):
    """Bytes that the packed weights of the model's experts take; those that are on a GPU
    take none."""
    layers = [layer_of(m) for m in model.modules() if _has_experts(m)]
    return sum(function.nbytes for layer in layers for function in layer.bound.values())


def _has_experts(module):
    return hasattr(module, "_is_expert_parallel") and hasattr(module, "_apply_gate")


def _chosen(module, name):
    for key in _CHOSEN:
        value = getattr(module.config, key, None)
        if isinstance(value, int):
            return value
    raise ValueError(
        f"the configuration of {name} does not say how many experts a token has: pack(model, chosen=...)"
    )


def _free_originals(name, layer, function):
    parameters = [p.detach() for p in layer.parameters()]
    pieces = _find_pieces(name, layer, function, parameters)
    layer.shapes = [p.shape for p in parameters]
    layer.pieces, layer.inplace, layer.dtype = pieces, True, parameters[0].dtype
    layer.hooks = [
        layer.module().register_state_dict_pre_hook(_refuse_to_save),
        layer.module().register_forward_pre_hook(_refuse_others),
    ]
    for parameter in layer.parameters():
        parameter.data = torch.empty(0, dtype=parameter.dtype)


def _refuse_to_save(module, prefix, keep_vars):
    raise RuntimeError(
        f"the weights of {prefix.rstrip('.') or type(module).__name__} were packed in "
        "place: condcomp.transformers.unpack(model) brings them back for saving"
    )


def _refuse_others(module, inputs):
    name = module.config._experts_implementation
    if name != "condcomp":
        raise RuntimeError(
            f"the weights of {type(module).__name__} were packed in place, which leaves "
            f"none for the implementation {name!r}: "
            "condcomp.transformers.unpack(model) brings them back"
        )


def _restore_originals(layer):
    (function,) = layer.bound.values()
    transposed = layer.module().is_transposed
    arrays = [from_dlpack(a) for a in function.packed]
    for number, parameter in enumerate(layer.parameters()):
        data = torch.empty(layer.shapes[number], dtype=layer.dtype)
        for piece in layer.pieces:
            if piece.parameter == number:
                part = _columns(data, piece.at, transposed)
                for expert in range(len(part)):
                    part[expert] = _unpacked(arrays[piece.packed], expert, part[expert])
        # The model may have been moved to another dtype meanwhile.
        parameter.data = data.to(parameter.dtype)
    layer.inplace = False
    for hook in layer.hooks:
        hook.remove()
    if all(p.dtype == layer.dtype for p in layer.parameters()):
        # The packed weights go on to be used.
        layer.packed_from = layer.state()


def _find_pieces(name, layer, function, parameters):
    """Which packed array holds what. Compares all weights, so that nothing is freed
    that could not be made again."""
    ((chosen, sentinels),) = layer.bound
    spec = layer.describe(chosen, sentinels)
    read = [
        slice(c.first, c.first + c.step * (c.count - 1) + 1, c.step)
        for c in spec.activation.columns
    ]
    if sorted(i for at in read for i in range(spec.columns)[at]) != list(
        range(spec.columns)
    ):
        raise ValueError(
            f"{name}: the activation does not read every column once, so its weights can't be packed in place"
        )
    wanted = [(number, at) for number in range(0, len(parameters), 2) for at in read]
    wanted += [(number, slice(None)) for number in range(1, len(parameters), 2)]
    arrays = [from_dlpack(a) for a in function.packed]
    unused, pieces = list(range(len(arrays))), []
    for number, at in wanted:
        part = _columns(parameters[number], at, spec.transposed)
        match = next((i for i in unused if _equal(arrays[i], part)), None)
        if match is None:
            raise ValueError(
                f"{name}: parameter {number} is not among the packed weights, so it can't be packed in place"
            )
        unused.remove(match)
        pieces.append(_Piece(number, at, match))
    return pieces


def _columns(parameter, at, transposed):
    """Output columns `at` of a projection [experts, ...] or a bias."""
    if parameter.ndim == 2:
        return parameter[:, at]
    return parameter[:, :, at] if transposed else parameter[:, at].transpose(1, 2)


def _equal(array, part):
    return len(array) == len(part) and all(
        (unpacked := _unpacked(array, expert, part[expert])) is not None
        and torch.equal(unpacked, part[expert])
        for expert in range(len(part))
    )


def _unpacked(array, expert, like):
    """One expert's matrix [in, out] or bias [out] from a packed array, None if it has
    another size. The layouts: docs/codegen.md, "Packed right-hand sides"."""
    packed = array[expert]
    if like.ndim == 1:
        return packed if packed.shape == like.shape else None
    inputs, outputs = like.shape
    if packed.ndim == 4:  # [panels, pairs of inputs, columns, 2]
        packed = packed.transpose(2, 3).flatten(1, 2)
    if packed.ndim != 3:
        return None
    panels, rows, columns = packed.shape  # [panels, inputs, columns]
    if rows not in (inputs, inputs + inputs % 2) or panels != -(-outputs // columns):
        return None
    return packed.transpose(0, 1).reshape(rows, panels * columns)[:inputs, :outputs]
