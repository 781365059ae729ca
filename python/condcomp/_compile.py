# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules to programs."""

import os
import pathlib
from typing import Optional, Union

from . import _cache, _condcomp
from ._program import Program

_FORMS = ("auto", "compact", "masked", "soft")
_TARGETS = ("cpu", "cuda")


def compile(
    source: Union[str, os.PathLike],
    *,
    form: str = "auto",
    target: str = "cpu",
    chip: Optional[str] = None,
    opt_level: int = 3,
    prepack: bool = True,
    trace: Union[bool, str] = False,
    threads: int = 0,
    wait: bool = True,
    cache: bool = True,
    name: str = "",
) -> Program:
    """Compiles a module for this machine, or for an NVIDIA GPU.

    source: the path of a file (a path, or a text that ends with ".mlir"), or a
    module's text. form: how conditional parts run: "compact" (only chosen work),
    "masked" (everything, then discarded; the same results), "auto" (the better one)
    or "soft" (mixtures in place of decisions). target: "cpu", or "cuda": calls run on
    a GPU (docs/gpu.md). chip: with "cuda", the GPU to make code for, such as "sm_90a";
    None: the current one of PyTorch where that uses CUDA, else the first. opt_level:
    LLVM's, 0 to 3; less compiles faster. prepack: functions with `condcomp.constant`
    arguments are split, so that `Program.bind` packs those once ("cpu" only). trace:
    `condcomp.trace` ops are kept, for `run(..., trace=...)`; "all": every routing
    that work depends on is traced, named by its place and op ("cpu" only). threads:
    of every call that does not say otherwise; 0: as many as OpenMP decides. wait: calls
    on a GPU return when it is done; with False ("cuda" only), when their work is on its
    stream, where they can: a failed check is then raised by the next call on that stream
    or by `condcomp.synchronize`, and calls can be captured into CUDA graphs
    (docs/python.md). cache: compiled code is kept on disk and found there again
    (CONDCOMP_CACHE; docs/python.md). name: what errors call a text.

    Raises CompileError, with the compiler's diagnostics, if the module is not valid
    or can't be compiled; OSError if the file can't be read; ValueError for an
    unknown option; DeviceError without a GPU and without a chip. The GIL is released
    meanwhile.
    """
    for what, value, known in (("form", form, _FORMS), ("target", target, _TARGETS)):
        if value not in known:
            raise ValueError(f"the {what} is one of {', '.join(known)}, not {value!r}")
    if trace not in (False, True, "all"):
        raise ValueError(f"trace is False, True or 'all', not {trace!r}")
    if target == "cpu" and chip is not None:
        raise ValueError(f"the chip {chip!r} is for target='cuda' only")
    if target == "cuda" and trace:
        raise ValueError("programs for target='cuda' have no traces")
    if target == "cpu" and not wait:
        raise ValueError("wait=False is for target='cuda' only")
    text, name = _read(source, name)
    if target == "cuda" and chip is None:
        _, chip = _condcomp.cuda_gpu()
    options = (
        name,
        form,
        opt_level,
        bool(prepack),
        2 if trace == "all" else int(trace),
        chip or "",
    )
    key = _cache.make_key(text, target, *options) if cache else None
    native = _cache.load(key)
    from_cache = native is not None
    if not from_cache:
        native = _condcomp.compile(text, *options)
        _cache.store(key, native)
    return Program(
        native,
        form=form,
        target=target,
        threads=threads,
        wait=wait,
        cached=from_cache,
    )


def _read(source, name):
    """The text and what errors call it."""
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"the source is a text or a path, not {type(source).__name__}")
    if isinstance(source, str) and ("\n" in source or not source.endswith(".mlir")):
        return source, name or "<text>"
    path = pathlib.Path(source)
    return path.read_text(encoding="utf-8"), name or str(path)
