# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The Python examples of README.md and docs/python.md work, in order."""

import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load_runner():
    path = ROOT / "utils" / "doc-examples.py"
    spec = importlib.util.spec_from_file_location("doc_examples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page, count, with_torch", [("README.md", 1, 0), ("docs/python.md", 8, 2)]
)
def test_examples(page, count, with_torch, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    has_torch = importlib.util.find_spec("torch") is not None

    def skip(text):
        return not has_torch and ("torch" in text or "(tw" in text or "=tw" in text)

    ran = load_runner().run(ROOT / page, skip)
    assert ran == count - (0 if has_torch else with_torch)
    assert "experts(x: tensor<" in capsys.readouterr().out


def test_promised_names_are_there():
    import condcomp

    for name in condcomp.__all__:
        assert getattr(condcomp, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        condcomp.other
