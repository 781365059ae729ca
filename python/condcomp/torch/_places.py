# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The names of a model's modules, and where in its code operators come from."""

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
    """Says what the modules of a model are called, and of nodes which of them made
    them, in which line."""

    def __init__(self, model):
        self.modules = dict(model.named_modules())
        self.names = {id(m): n for n, m in self.modules.items() if n}

    def name_of(self, module):
        """Type and, if it is a part of the model, name."""
        name = self.names.get(id(module))
        return type(module).__name__ + (f" '{name}'" if name else "")

    def of(self, nodes):
        """Of the first of the nodes that says where it comes from: the end of an error,
        ". It is used by Inner 'blocks.0.inner': net.py, line 5: …"; else nothing."""
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
            modules = [
                module
                for module in self.modules.values()
                if _holds(type(module).forward, file, int(line))
            ]
            if modules:
                more = f" and {len(modules) - 1} others" if len(modules) > 1 else ""
                return self.name_of(modules[0]) + more
        return None


def _holds(function, file, line):
    """Whether a line of a file belongs to a function."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename != file:
        return False
    lines = [number for *_, number in code.co_lines() if number is not None]
    return code.co_firstlineno <= line <= max(lines, default=0)
