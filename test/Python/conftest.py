# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled code of the tests is kept in a folder of their own."""

import gc
import os

import pytest

import condcomp


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    before = os.environ.get("CONDCOMP_CACHE")
    os.environ["CONDCOMP_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["CONDCOMP_CACHE"]
    else:
        os.environ["CONDCOMP_CACHE"] = before


@pytest.fixture
def no_leak():
    """All memory of compiled code is free again after the test."""
    gc.collect()
    before = condcomp.memory_live_bytes()
    yield
    gc.collect()
    assert condcomp.memory_live_bytes() == before
