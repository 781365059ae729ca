# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a model's calls may change without exporting it again."""

import contextlib

import torch


def _find(model, name):
    """The module and the attribute of a name; a ValueError, if it can't change."""
    path, _, attribute = name.rpartition(".")
    try:
        module = model.get_submodule(path)
    except AttributeError:
        module = None
    held = (
        {}
        if module is None
        else {
            **dict(module.named_parameters(recurse=False)),
            **dict(module.named_buffers(recurse=False)),
            **dict.fromkeys(getattr(module, "steers", ())),
        }
    )
    if attribute not in held:
        raise ValueError(
            f"run_time: {type(model).__name__} has no '{name}'; it is the name of a "
            "parameter, a buffer, or a number that steers a module of condcomp.nn"
            + (f", there are {', '.join(sorted(held))}" if held else "")
        )
    return module, attribute


def value(model, name):
    """What a name stands for now, as a tensor."""
    module, attribute = _find(model, name)
    number = getattr(module, attribute)
    if number is None:
        raise ValueError(f"run_time: '{name}' has no value: give the module a number")
    if isinstance(number, torch.Tensor):
        return number
    kind = torch.float32 if isinstance(number, float) else torch.int64
    return torch.tensor(number, dtype=kind)


@contextlib.contextmanager
def as_buffers(model, names):
    """Within it, numbers of these names are buffers without dims."""
    numbers = []
    try:
        for name in names:
            module, attribute = _find(model, name)
            number = getattr(module, attribute)
            if isinstance(number, torch.Tensor):
                continue
            tensor = value(model, name)
            module.__dict__.pop(attribute, None)
            numbers.append((module, attribute, number))
            module._buffers[attribute] = tensor
        yield
    finally:
        for module, attribute, number in numbers:
            del module._buffers[attribute]
            setattr(module, attribute, number)
