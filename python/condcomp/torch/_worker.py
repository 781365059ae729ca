# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lowers exported programs to linalg, in a process of its own.

Run as `python -P _worker.py FOLDER`: reads FOLDER/0.pt2, 1.pt2, ... and writes
FOLDER/parts.json, a list of {"text", "arguments", "results"} or {"error"}. torch-mlir
carries an MLIR that can't share a process with condcomp's.
"""

import json
import pathlib
import sys
import warnings


def lower(path, name):
    import torch
    from torch_mlir import fx

    program = torch.export.load(str(path))
    module = fx.export_and_import(
        program, output_type="linalg-on-tensors", func_name=name
    )
    function = next(iter(module.body.operations))
    if function.operation.name != "func.func" or len(module.body.operations) != 1:
        names = ", ".join(op.operation.name for op in module.body.operations)
        raise RuntimeError(f"torch-mlir made more than a function: {names}")
    text = module.operation.get_asm(use_local_scope=True)
    lines = text.strip().splitlines()
    lines[1] = lines[1].replace("func.func @", "func.func private @", 1)
    return {
        "text": "\n".join(lines[1:-1]),
        "arguments": [str(t) for t in function.type.inputs],
        "results": [str(t) for t in function.type.results],
    }


def main():
    warnings.simplefilter("ignore")
    folder = pathlib.Path(sys.argv[1])
    parts = []
    for number in range(len(list(folder.glob("*.pt2")))):
        try:
            parts.append(lower(folder / f"{number}.pt2", f"part{number}"))
        except Exception as error:
            parts.append({"error": f"{type(error).__name__}: {error}"})
    (folder / "parts.json").write_text(json.dumps(parts))


if __name__ == "__main__":
    main()
