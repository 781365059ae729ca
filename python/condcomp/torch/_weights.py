# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model's weights by name, and whether they are still those that were bound."""

from .._errors import StaleWeightsError
from ._errors import ExportError


def named(model):
    """{name: tensor} of all parameters and buffers, shared ones by every name."""
    return {
        **dict(model.named_parameters(remove_duplicate=False)),
        **dict(model.named_buffers(remove_duplicate=False)),
    }


def read(model, exported):
    """The weights that a model has now, by the names of the function's arguments.
    Raises ExportError if they are no longer such as were exported."""
    now, weights = named(model), dict(exported.weights)
    for argument, names in exported.sources.items():
        tensors = [now.get(n) for n in names]
        problem = _problem(names, tensors, exported.kinds[argument])
        if problem:
            raise ExportError(
                f"{type(model).__name__}: {problem}: compile the model again, or call "
                "prepare with example inputs"
            )
        weights[argument] = tensors[0]
    return weights


def kind(tensor):
    return tuple(tensor.shape), tensor.dtype


def _problem(names, tensors, then):
    for name, tensor in zip(names, tensors):
        if tensor is None:
            return f"there is no '{name}' any more"
        if tensor is not tensors[0]:
            return f"'{name}' and '{names[0]}' were one tensor and are no longer"
        if kind(tensor) != then:
            (old, old_dtype), (new, dtype) = then, kind(tensor)
            return (
                f"'{name}' was exported as {list(old)} of {old_dtype}, now it is "
                f"{list(new)} of {dtype}"
            )
    return None


class Watch:
    """Notices tensors that took the place of those that were bound."""

    def __init__(self, model, names):
        self.model = type(model).__name__
        # Modules too: one that was replaced brings other weights.
        modules, tensors = {}, {}
        for name in names:
            module, (*path, last) = model, name.split(".")
            for part in path:
                child = module._modules[part]
                modules[id(module), part] = (module._modules, part, child, name)
                module = child
            of = module._parameters if last in module._parameters else module._buffers
            # The alias keeps the memory, so that none other gets the same address.
            alias = of[last].detach()
            place = (of, last, of[last], alias.data_ptr(), alias, name)
            tensors[id(module), last] = place
        self.modules = [*modules.values()]
        self.tensors = [*tensors.values()]

    def check(self):
        """Raises StaleWeightsError if a weight is another tensor, or has other memory,
        than when it was bound."""
        for children, part, child, name in self.modules:
            if children.get(part) is not child:
                raise self._stale(name)
        for of, last, tensor, address, _, name in self.tensors:
            if of.get(last) is not tensor or tensor.data_ptr() != address:
                raise self._stale(name)

    def _stale(self, name):
        return StaleWeightsError(
            f"'{name}' of {self.model} was replaced after it was bound: call bind()"
        )
