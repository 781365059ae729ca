# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the examples of a page one after another, in the current folder: what its shell
examples write with `cat` and its blocks of MLIR that name a file, then its Python
examples. With the folder of a build, shell examples are run too. A block ```text says
what the example before it printed; … in it stands for anything.

    python utils/doc-examples.py README.md
    python utils/doc-examples.py docs/tutorial.md --build build
"""

import argparse
import contextlib
import io
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


class ExampleError(Exception):
    """An example fails, or prints something else than the page says."""


def read(path):
    """(files, blocks): {name: text} of files that the page makes, and its other fenced
    blocks as (line, language, text)."""
    page = pathlib.Path(path).read_text(encoding="utf-8")
    files = dict(re.findall(r"^cat > (\S+) <<'END'\n(.*?)^END$", page, re.M | re.S))
    # A block of MLIR belongs to a file if its first line says so.
    for text in re.findall(r"^```mlir\n(// \S+\.mlir\n.*?)^```$", page, re.M | re.S):
        files[text.split()[1]] = text
    blocks = [
        (page.count("\n", 0, match.start(2)) + 1, match[1], match[2])
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", page, re.M | re.S)
    ]
    return files, blocks


def run(path, build=None):
    """Runs the examples of a page and returns how many there are."""
    files, blocks = read(path)
    for name, text in files.items():
        pathlib.Path(name).write_text(text, encoding="utf-8")
    names = {"__name__": "__main__"}
    count, printed = 0, ""
    for line, language, text in blocks:
        if language == "python":
            printed = run_python(path, line, text, names)
        elif language == "sh" and build:
            printed = run_shell(path, line, text, pathlib.Path(build).resolve())
        elif language == "text" and build:
            check(path, line, text, printed)
            continue
        else:
            continue
        count += 1
    return count


def run_python(path, line, text, names):
    # Lines of errors are those of the page.
    code = compile("\n" * (line - 1) + text, str(path), "exec")
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, names)
    finally:
        print(printed.getvalue(), end="")
    return printed.getvalue()


def run_shell(path, line, text, build):
    """What a shell example prints, errors included, with the tools of the build."""
    folders = [build / "bin", pathlib.Path(sys.executable).parent, os.environ["PATH"]]
    packages = [ROOT / "python", os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        ["bash", "-euc", text],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ
        | {
            "PATH": os.pathsep.join(map(str, folders)),
            "PYTHONPATH": os.pathsep.join(map(str, packages)).rstrip(os.pathsep),
        },
    )
    print(done.stdout, end="")
    if done.returncode:
        raise ExampleError(
            f"{path}:{line}: exit code {done.returncode} of\n{text}\n{done.stdout}"
        )
    return done.stdout


def check(path, line, wanted, printed):
    pattern = ".*".join(map(re.escape, wanted.strip().split("…")))
    if not re.fullmatch(pattern, printed.strip(), re.DOTALL):
        raise ExampleError(
            f"{path}:{line}: the page says\n{wanted}\nbut the example prints\n{printed}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("page")
    parser.add_argument("--build", help="run shell examples too, with its tools")
    options = parser.parse_args()
    print(f"{options.page}: {run(options.page, options.build)} examples work")
