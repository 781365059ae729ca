# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where in a model's code the operators of a graph come from."""

import pathlib
import re

import torch

_FRAME = re.compile(r'File "(.*)", line (\d+), in .*\n\s*(.*)')
# Frames in here lead from a module to the operators that it calls.
_LIBRARIES = tuple(
    str(pathlib.Path(path).resolve())
    for path in (pathlib.Path(torch.__file__).parent, pathlib.Path(__file__).parents[1])
)


class Places:
    """Says of nodes which module of the model made them, and in which line."""

    def __init__(self, model):
        self.modules = dict(model.named_modules())

    def of(self, nodes):
        """ " It is used by Inner 'blocks.0.inner': net.py, line 5: …" of the first of the
        nodes that says where it comes from; "" if none does."""
        for node in nodes:
            frames = _FRAME.findall(node.meta.get("stack_trace") or "")
            theirs = [f for f in frames if not f[0].startswith(_LIBRARIES)]
            owner = self.owner(reversed(frames))
            if owner or theirs:
                file, line, code = (theirs or frames)[-1]
                by = f" by {owner}" if owner else ""
                return (
                    f". It is used{by}: {pathlib.Path(file).name}, line {line}: {code}"
                )
        return ""

    def owner(self, frames):
        """The modules whose forward the innermost of the frames is in, or None."""
        for file, line, _ in frames:
            names = [
                (name, type(module).__name__)
                for name, module in self.modules.items()
                if _holds(type(module).forward, file, int(line))
            ]
            if names:
                quoted = [repr(name) for name, _ in names if name]
                more = f" and {len(quoted) - 1} others" if len(quoted) > 1 else ""
                return " ".join([names[0][1], *quoted[:1]]) + more
        return None


def _holds(function, file, line):
    """Whether a line of a file belongs to a function."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename != file:
        return False
    lines = [number for *_, number in code.co_lines() if number is not None]
    return code.co_firstlineno <= line <= max(lines, default=0)
