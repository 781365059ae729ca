# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A few random programs of `./dev fuzz`, the same in every run."""

import re

import pytest

import fuzz
import malformed
from generate import generate

PROGRAMS, SEED = 60, 0


@pytest.mark.parametrize("first", range(0, PROGRAMS, 20))
def test_forms_and_reference_agree(first):
    failures = fuzz.fuzz(first, 20, seed=SEED, batch=20)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("first", range(0, 160, 32))
def test_malformed_modules_end_with_an_error(first, tmp_path):
    failures = malformed.fuzz(first, 32, SEED, tmp_path)
    assert not failures, "\n".join(failures)


def test_every_op_occurs():
    texts = [p.text(outputs) for p, outputs in map(programs_of, range(PROGRAMS))]
    used = set(re.findall(r"condcomp\.(\w+)", "\n".join(texts)))
    spec = (fuzz.ROOT / "docs" / "spec.md").read_text()
    lacking = set(re.findall(r"(?m)^### condcomp\.(\w+)", spec)) - used
    assert not lacking, f"in none of the {PROGRAMS} programs: {sorted(lacking)}"


def programs_of(number):
    return generate(number, SEED)
