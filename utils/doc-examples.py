# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the examples of a page: what its shell examples write with `cat`, then its
Python examples one after another, in the current folder.

    python utils/doc-examples.py README.md
"""

import pathlib
import re
import sys


def read(path):
    """(files, blocks): {name: text} of files that the page makes, and the Python
    examples as (line, text)."""
    page = pathlib.Path(path).read_text(encoding="utf-8")
    files = dict(re.findall(r"^cat > (\S+) <<'END'\n(.*?)^END$", page, re.M | re.S))
    # A block of MLIR belongs to a file if its first line says so.
    files.update(re.findall(r"^```mlir\n// (\S+\.mlir)\n(.*?)^```$", page, re.M | re.S))
    blocks = [
        (page.count("\n", 0, match.start(1)) + 1, match[1])
        for match in re.finditer(r"^```python\n(.*?)^```$", page, re.M | re.S)
    ]
    return files, blocks


def run(path):
    """Runs the examples of a page and returns how many there are."""
    files, blocks = read(path)
    for name, text in files.items():
        pathlib.Path(name).write_text(text, encoding="utf-8")
    names = {"__name__": "__main__"}
    for line, text in blocks:
        # Lines of errors are those of the page.
        code = compile("\n" * (line - 1) + text, str(path), "exec")
        exec(code, names)
    return len(blocks)


if __name__ == "__main__":
    print(f"{sys.argv[1]}: {run(sys.argv[1])} Python examples work")
