# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Options of all Python tests."""

import re


def pytest_addoption(parser):
    parser.addoption("--filter", help="only tests whose name matches this expression")


def pytest_collection_modifyitems(config, items):
    wanted = config.getoption("--filter")
    if wanted:
        matches = [bool(re.search(wanted, item.nodeid)) for item in items]
        dropped = [item for item, match in zip(items, matches) if not match]
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item, match in zip(items, matches) if match]
