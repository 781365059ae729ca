# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every system of examples/zoo at its tiny shape: both forms, the reference."""

import functools
import pathlib
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples" / "zoo"))

import zoo  # noqa: E402
from condcomp.cc_run import Function  # noqa: E402

NAMES = zoo.names()


def cases(system):
    """{label: (inputs, results of the reference)}: tiny, no rows, a row, variants."""
    changes = {"tiny": {}, **system.variants}
    if system.rows:
        changes |= {"no_rows": {system.rows: 0}, "one_row": {system.rows: 1}}
    arrays = {label: system.arrays("tiny", **c) for label, c in changes.items()}
    return {
        label: (list(inputs.values()), system.reference(**inputs)[0])
        for label, inputs in arrays.items()
    }


@functools.cache
def run(name):
    """{label: {form: results}}, {label: wanted}; each form is compiled once."""
    system = zoo.system(name)
    calls = cases(system)

    def results(form):
        with Function(system.program(), name, form=form) as function:
            return {
                label: function.call(inputs, len(wanted))
                for label, (inputs, wanted) in calls.items()
            }

    with ThreadPoolExecutor() as pool:
        masked, compact = pool.map(results, ["masked", "compact"])
    wanted = {label: want for label, (_, want) in calls.items()}
    return {label: (masked[label], compact[label], wanted[label]) for label in calls}


@pytest.mark.parametrize("name", NAMES)
def test_matches_reference(name):
    for label, (_, compact, wanted) in run(name).items():
        for got, want in zip(compact, wanted, strict=True):
            assert got.shape == want.shape, label
        error = zoo.worst_error(compact, wanted)
        assert error <= zoo.system(name).bound, f"{label}: {error:.2g}"


@pytest.mark.parametrize("name", NAMES)
def test_forms_agree(name):
    for label, (masked, compact, _) in run(name).items():
        assert zoo.same_bits(masked, compact), label


@pytest.mark.parametrize("name", [n for n in NAMES if zoo.system(n).soft])
def test_soft_form_matches_its_reference(name):
    system = zoo.system(name)
    arrays = system.arrays("tiny")
    wanted = system.soft(**arrays)
    with Function(system.program(), name, form="soft") as function:
        got = function.call(list(arrays.values()), len(wanted))
    assert zoo.worst_error(got, wanted) <= system.bound
    # It is another function than that of the decisions.
    assert zoo.worst_error(got, system.reference(**arrays)[0]) > 0.01


@pytest.mark.parametrize("name", NAMES)
def test_tiny_shape_skips_work(name):
    system = zoo.system(name)
    _, chosen = system.reference(**system.arrays("tiny"))
    assert 0 < chosen < 1


@pytest.mark.parametrize("name", NAMES)
def test_is_described(name):
    system = zoo.system(name)
    assert system.family in zoo.FAMILIES
    header = (zoo.HERE / f"{name}.mlir").read_text().split("func.func")[0]
    assert f"arXiv {system.paper}" in header
    assert len(header.splitlines()) < 40


def test_rows_of_the_docs_are_systems():
    rows = re.findall(
        r"(?m)^\| \[[^|]*examples/zoo/(\w+)\.mlir",
        (ROOT / "docs" / "zoo.md").read_text(),
    )
    assert set(rows) <= set(NAMES) and len(set(rows)) == len(rows)


def test_pages_have_every_system():
    for page in ["zoo", "cookbook"]:
        text = (ROOT / "docs" / f"{page}.md").read_text()
        lacking = [n for n in NAMES if f"(../examples/zoo/{n}.mlir)" not in text]
        assert not lacking, f"docs/{page}.md lacks {lacking}"


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name
)
def test_links_of_the_docs_lead_somewhere(page):
    for link in re.findall(r"\]\(([\w./-]+\.\w+)[^)]*\)", page.read_text()):
        assert (page.parent / link).exists(), link
