# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The examples of the manual work, in order."""

import importlib.util
import os
import pathlib
import re

import pytest

from condcomp.cc_run import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_runner():
    path = ROOT / "utils" / "doc-examples.py"
    spec = importlib.util.spec_from_file_location("doc_examples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# How many Python examples a page has, and what they print.
PAGES = [
    pytest.param("README.md", 1, "experts(x: tensor<"),
    pytest.param(
        "docs/python.md", 10, "experts(x: tensor<", marks=pytest.mark.frameworks
    ),
    pytest.param(
        "docs/jax.md", 4, "computes no gradients", marks=pytest.mark.frameworks
    ),
    pytest.param("docs/transformers.md", 6, "unpack", marks=pytest.mark.frameworks),
]


@pytest.mark.parametrize("page, count, printed", PAGES)
def test_examples(page, count, printed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert load_runner().run(ROOT / page) == count
    assert printed in capsys.readouterr().out


# Pages whose shell examples are run, too: how many examples they have.
@pytest.mark.parametrize("page, count", [("docs/tools.md", 6), ("docs/tutorial.md", 7)])
def test_shell_examples(page, count, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").symlink_to(BUILD)
    # The mlir-opt that belongs to the build, by the name that it has on Debian.
    cache = (BUILD / "CMakeCache.txt").read_text()
    mlir = pathlib.Path(re.search(r"(?m)^MLIR_DIR:\w+=(.*)$", cache)[1])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mlir-opt-22").symlink_to(mlir.parents[2] / "bin" / "mlir-opt")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert load_runner().run(ROOT / page, BUILD) == count


@pytest.mark.parametrize(
    "block, error",
    [
        ("```sh\ntrue\nfalse\ntrue\n```", "page.md:2: exit code 1"),
        ("```sh\ncc-opt missing.mlir\n```", "missing.mlir"),
        ("```sh\necho one two\n```\n```text\none … three\n```", "page.md:5: the page"),
        ("```sh\necho one\n```\n```text\n```", "prints\none"),
        ("```python\nprint(1 + 1)\n```\n\n```text\n3\n```", "prints\n2"),
        ("```python\nassert 1 + 1 == 3\n```", ""),
        ("```mlir\n// f.mlir\nx\n```\n```sh\ncc-opt f.mlir\n```", "f.mlir:2:1: error"),
    ],
)
def test_wrong_examples_fail(block, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(block + "\n", encoding="utf-8")
    runner = load_runner()
    with pytest.raises((runner.ExampleError, AssertionError)) as raised:
        runner.run(page, BUILD)
    assert error in str(raised.value)


def test_contents_have_every_page():
    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages == set(re.findall(r"(?m)^- \[[^]]+\]\(([\w-]+\.md)\)", contents))


def test_promised_names_are_explained():
    import condcomp

    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for name in condcomp.__all__:
        assert re.search(rf"`{name}`|\bcondcomp\.{name}\b", page), name


def test_promised_names_are_there():
    import condcomp

    for name in condcomp.__all__:
        assert getattr(condcomp, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        condcomp.other


def test_files_that_need_frameworks_say_so():
    """Else `./dev test` would import PyTorch, or skip them (test/conftest.py)."""
    needs = re.compile(r"^(\w+ = )?pytest\.importorskip\(|^import (torch|jax)", re.M)
    for path in (ROOT / "test").rglob("*_test.py"):
        text = path.read_text(encoding="utf-8")
        assert not needs.search(text) or "\n# Requires: torch\n" in text, path
