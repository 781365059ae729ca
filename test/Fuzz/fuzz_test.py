# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A few random programs of `./dev fuzz`, the same in every run."""

import pytest

import fuzz

PROGRAMS = 60


@pytest.mark.parametrize("first", range(0, PROGRAMS, 20))
def test_forms_and_reference_agree(first):
    failures = fuzz.fuzz(first, 20, seed=0, batch=20)
    assert not failures, "\n".join(failures)
