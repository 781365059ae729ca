# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""No op is without a section of docs/spec.md, an example that parses, tests of
its constraints, of both lowerings, and of its execution; and no function of the C
API without a test in C.

What counts:

- A section is a heading that names the op with its prefix: `### condcomp.top_k`.
- An example is the ```mlir block of the op's ODS description. It is either a
  module with functions of its own, or a piece of a function whose operands are
  defined elsewhere; their types are those that the piece needs.
- A constraint C1 of a section is tested if an invalid.mlir or *-invalid.mlir
  expects the error ('condcomp.top_k' op C1: ...) or says in a comment that it
  tests `top_k C1`. One that is checked at run time is tested if a call of
  test/Execution expects an error with `top_k C1`, or if a program that would
  break it is invalid; one that is "verified where static" needs both.
- A function of a C header is tested if a test of that header calls it.
- A lowering is tested if the op is in a file of test/Conversion/CondCompToLinalg
  that is lowered in both forms, and execution if it is in a program of
  test/Execution.
"""

import functools
import importlib
import json
import pathlib
import re
import subprocess

import pytest

from condcomp.cc_run import BUILD
from harness import Suite

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC_OPT = BUILD / "bin" / "cc-opt"
OPS_TD = "condcomp/Dialect/CondComp/IR/CondCompOps.td"

# Terminators, whose constraints are those of the ops that they end.
TERMINATORS = {"apply": ["yield"], "cascade": ["exit", "yield"], "iterate": ["exit"]}


@functools.cache
def descriptions():
    """{mnemonic: description} of every op, from ODS."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    mlir = pathlib.Path(re.search(r"(?m)^MLIR_DIR:\w+=(.*)$", cache)[1])
    prefix = mlir.parents[2]
    command = [prefix / "bin" / "llvm-tblgen", "--dump-json"]
    command += [f"-I{prefix}/include", f"-I{ROOT}/include", ROOT / "include" / OPS_TD]
    dump = subprocess.run(command, capture_output=True, text=True, check=True)
    records = json.loads(dump.stdout)
    ops = [records[name] for name in records["!instanceof"]["Op"]]
    return {
        op["opName"]: op["description"]
        for op in ops
        if op["opDialect"]["def"] == "CondComp_Dialect"
    }


OPS = sorted(descriptions())


@functools.cache
def files(pattern):
    """{path: text} of tests."""
    return {path: path.read_text() for path in sorted((ROOT / "test").glob(pattern))}


@functools.cache
def executed():
    """The programs of test/Execution, and the errors that its calls expect."""
    programs, errors = [], []
    for path in sorted((ROOT / "test" / "Execution").glob("*_test.py")):
        for value in vars(importlib.import_module(path.stem)).values():
            if isinstance(value, Suite):
                programs += value.functions
                errors += [call.error for call in value.calls if call.error]
    return "\n".join(programs), errors


def mentions(text, op):
    return re.search(rf"\bcondcomp\.{op}\b", text)


# ===-- Generated pages ----------------------------------------------------===#

PAGES = ROOT / "build" / "docs" / "reference"


@pytest.mark.parametrize("op", OPS)
def test_is_in_the_generated_reference(op):
    page = (PAGES / "CondCompDialect.md").read_text()
    assert f"`condcomp.{op}`" in page, f"build/docs/reference has no condcomp.{op}"


def test_passes_are_in_the_generated_reference():
    pages = "\n".join(page.read_text() for page in PAGES.glob("*.md"))
    for path in (ROOT / "include").glob("**/Passes.td"):
        for name in re.findall(r'Pass<"([\w-]+)"', path.read_text()):
            assert f"`-{name}`" in pages, f"build/docs/reference has no -{name}"


def test_passes_and_pipelines_are_explained():
    pages = "\n".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    names = []
    for path in (ROOT / "include").glob("**/Passes.td"):
        names += re.findall(r'Pass<"([\w-]+)"', path.read_text())
    pipelines = (ROOT / "lib" / "Pipelines" / "ToCPU.cpp").read_text()
    names += re.findall(r'PassPipelineRegistration<\w+>\(\s*"([\w-]+)"', pipelines)
    assert len(names) > 50
    missing = [name for name in names if not re.search(rf"{name}(?![\w-])", pages)]
    assert not missing, f"docs/ has no {', '.join(missing)}"


# ===-- Sections of the specification -------------------------------------===#


@functools.cache
def sections():
    """{mnemonic: text} of the sections whose headings name ops."""
    parts = re.split(r"(?m)^#{2,4} (.*)$", (ROOT / "docs" / "spec.md").read_text())
    found = {}
    for heading, text in zip(parts[1::2], parts[2::2]):
        for op in re.findall(r"\bcondcomp\.(\w+)", heading):
            found[op] = text
    return found


def constraints(section):
    """{"C1": text}: a constraint begins a list item, a table row or a sentence."""
    parts = re.split(r"(?m)(?:^- |^\| |(?<=[.;`]) )(C\d+) ", section)
    texts = (re.split(r"\n- (?!C\d)|\n\n|\n\|", text)[0] for text in parts[2::2])
    return dict(zip(parts[1::2], texts))


@pytest.mark.parametrize("op", OPS)
def test_is_specified(op):
    assert op in sections(), f"docs/spec.md has no heading that names condcomp.{op}"


# ===-- Examples ----------------------------------------------------------===#


def examples(op):
    return re.findall(r"(?s)```mlir\n(.*?)```", descriptions()[op])


def parse_errors(module):
    done = subprocess.run([CC_OPT], input=module, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def complete(example):
    """A module with the example: values that it only uses become arguments.

    Their types are asked of the parser, which says what type a use needs.
    """
    if re.search(r"(?m)^\s*func\.func", example):
        return example
    defined = set()
    for names in re.findall(r"(?m)^\s*((?:%\w+(?:, )?)+) = ", example):
        defined |= set(re.findall(r"%\w+", names))
    for arguments in re.findall(r"(?s)\^bb\d+\((.*?)\):", example):
        defined |= set(re.findall(r"(%\w+):", arguments))
    used = dict.fromkeys(re.findall(r"%[a-zA-Z_]\w*", example))
    types = {name: "none" for name in used if name not in defined}
    while True:
        arguments = ", ".join(f"{name}: {of}" for name, of in types.items())
        module = f"func.func @example({arguments}) {{\n{example}\nreturn\n}}\n"
        needs = re.search(
            r"use of value '(%\w+)' expects different type than prior uses: "
            r"'(.*)' vs 'none'",
            parse_errors(module),
        )
        if not needs:
            return module
        types[needs[1]] = needs[2]


@pytest.mark.parametrize("op", OPS)
def test_has_examples_that_parse(op):
    assert any(
        mentions(example, op) for example in examples(op)
    ), f"the description of condcomp.{op} has no example of it"
    for example in examples(op):
        errors = parse_errors(complete(example))
        assert not errors, f"an example of condcomp.{op} is not valid:\n{errors}"


# ===-- Tests -------------------------------------------------------------===#


def quoted_by_invalid_test(op, constraint):
    owners = "|".join([op] + TERMINATORS.get(op, []))
    error = rf"'condcomp\.({owners})' op {constraint}:"
    comment = rf"(?m)^\s*//.*\b{op} {constraint}\b"
    return any(
        re.search(error, text) or re.search(comment, text)
        for text in files("**/*invalid.mlir").values()
    )


@pytest.mark.parametrize("op", OPS)
def test_constraints_are_tested(op):
    for number, text in constraints(sections().get(op, "")).items():
        invalid = quoted_by_invalid_test(op, number)
        fails = any(f"{op} {number}" in error for error in executed()[1])
        if "(run time)" not in text:
            assert invalid, f"no invalid.mlir tests {op} {number}: {text.strip()}"
        elif "verified where static" in text:
            assert invalid, f"no invalid.mlir tests {op} {number} where it is static"
            assert fails, f"no call of test/Execution expects an error '{op} {number}'"
        else:
            assert (
                fails or invalid
            ), f"no call of test/Execution expects an error '{op} {number}'"


@pytest.mark.parametrize("op", OPS)
def test_lowerings_are_tested(op):
    def lowers_both(text):
        return all(
            f"--condcomp-choose-form=form={form}" in text
            for form in ["masked", "compact"]
        )

    conversions = files("Conversion/CondCompToLinalg/*.mlir").values()
    assert any(
        mentions(text, op) and lowers_both(text) for text in conversions
    ), f"no file of test/Conversion/CondCompToLinalg lowers condcomp.{op} in both forms"


@pytest.mark.parametrize("op", OPS)
def test_is_executed(op):
    assert mentions(
        executed()[0], op
    ), f"no program of test/Execution has condcomp.{op}"


# ===-- C API -------------------------------------------------------------===#

# Headers, and where their functions are tested.
HEADERS = {
    "condcomp-c/CondComp.h": ["test/CAPI/program.c"],
    "condcomp/Runtime/Runtime.h": ["test/CAPI/program.c", "test/CAPI/runtime.c"],
    "condcomp/Runtime/CUDA.h": [
        "unittests/Runtime/CUDA/ScaleTest.h",
        "unittests/Runtime/CUDA/LaunchTest.cpp",
        "unittests/Runtime/CUDA/ResultsTest.cpp",
        "unittests/Runtime/CUDA/UnwaitedTest.cpp",
    ],
}


def called(path):
    """Functions of C that a file declares or calls, but for its comments."""
    text = re.sub(r"(?s)/\*.*?\*/|//[^\n]*", "", (ROOT / path).read_text())
    return set(re.findall(r"\b(condcomp_\w+)\(", text))


@pytest.mark.parametrize("header", HEADERS)
def test_c_functions_are_called(header):
    declared = called(f"include/{header}")
    assert len(declared) >= 6
    missing = sorted(declared.difference(*map(called, HEADERS[header])))
    assert not missing, f"{', '.join(HEADERS[header])}: no {', '.join(missing)}"
