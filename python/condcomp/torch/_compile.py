# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models to callables."""

import torch

from .. import _cuda
from . import _weights
from ._arguments import tensors_of
from ._export import FUNCTION, export
from ._run_time import value


class Compiled:
    """A model as compiled code, made by `compile`.

    Called like the model, with tensors of the dtypes and sizes that it was exported
    with (but for the dynamic ones); returns what the model returns. What was named as
    `run_time` is read from the model in every call. Only for inference: results have
    no gradients. model: the model. exported: an `Exported`, or
    None before the first call. program: the `condcomp.Program`.
    """

    def __init__(self, model, dynamic, run_time, options):
        self.model, self.exported, self.program = model, None, None
        self._dynamic, self._run_time = dynamic, run_time
        self._options, self._bound, self._watch = options, None, None

    def prepare(self, *args, **kwargs):
        """Exports the model with these example inputs, compiles it and binds its
        weights."""
        import condcomp

        self.exported = export(self.model, args, kwargs, self._dynamic, self._run_time)
        options = dict(self._options)
        if options.get("target") == "cuda" and options.get("chip") is None:
            tensors = [*self.exported.weights.values(), *tensors_of((args, kwargs))]
            on_gpu = next((t for t in tensors if t.is_cuda), None)
            if on_gpu is not None:
                options["chip"] = _cuda.chip(on_gpu.device.index)
        self.program = condcomp.compile(
            self.exported.text, name=type(self.model).__name__, **options
        )
        self.bind()
        return self

    def bind(self):
        """Packs the model's weights as they are now: to be called when they changed.
        Raises ExportError if one has another shape or dtype than was exported."""
        if self.program is None:
            raise RuntimeError(
                "bind: the model is not exported yet: call it, or prepare, first"
            )
        weights = _weights.read(self.model, self.exported)
        on_gpu = next((w for w in weights.values() if w.is_cuda), None)
        if on_gpu is not None:
            # What the model's code made was made on the CPU.
            for name in weights.keys() - self.exported.sources.keys():
                weights[name] = _cuda.move(weights[name], on_gpu)
        names = [n for names in self.exported.sources.values() for n in names]
        watch = _weights.Watch(self.model, names)
        self._bound = self.program.bind(FUNCTION, weights)
        self._watch, self.exported.weights = watch, weights
        return self

    def __call__(self, *args, **kwargs):
        """The model's result."""
        if self._bound is None:
            self.prepare(*args, **kwargs)
        self._watch.check()
        inputs = self.exported.flatten(args, kwargs)
        inputs += [
            _cuda.move(value(self.model, name), inputs[0])
            for name in self.exported.run_time
        ]
        with torch.no_grad():
            results = self._bound(*inputs)
        results = results if isinstance(results, tuple) else (results,)
        return self.exported.unflatten(results)

    def __repr__(self):
        state = "not exported yet" if self.program is None else repr(self.program)
        return f"<condcomp.torch.Compiled {type(self.model).__name__}: {state}>"


def compile(
    model, example_inputs=None, *, dynamic=None, run_time=(), **options
) -> Compiled:
    """A drop-in callable for a model's inference.

    model, dynamic, run_time: as of `export`. example_inputs: a tensor or a tuple; when
    absent the arguments of the first call are taken, which exports and compiles.
    options: of `condcomp.compile`, such as form and threads; with target="cuda" calls run
    on the GPU that the model or the call's tensors are on, and return tensors there;
    with wait=False as well, they return before it is done.

    Raises ExportError where the model can't be exported and condcomp.CompileError where
    it can't be compiled; calls raise what `Program.run` does. Weights that are changed in
    place or replaced after they were bound are a condcomp.StaleWeightsError: call `bind`
    again. TypeError: arguments unlike those of the export, but for tensors.
    """
    compiled = Compiled(model, dynamic, run_time, options)
    if example_inputs is not None:
        args = (
            example_inputs if isinstance(example_inputs, tuple) else (example_inputs,)
        )
        compiled.prepare(*args)
    return compiled
