# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Options of all Python tests."""

import functools
import re


def pytest_addoption(parser):
    parser.addoption("--filter", help="only tests whose name matches this expression")
    parser.addoption(
        "--frameworks",
        choices=["no", "only"],
        help="without tests that need PyTorch, Hugging Face, JAX or IREE, or only those",
    )


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "frameworks: needs PyTorch, Hugging Face, JAX or IREE; a file of such tests has "
        "the line `# Requires: torch`",
    )


def pytest_ignore_collect(collection_path, config):
    # Not even imported, for that takes seconds.
    if config.getoption("--frameworks") == "no" and collection_path.suffix == ".py":
        return _needs_frameworks(collection_path) or None
    return None


@functools.cache
def _needs_frameworks(path):
    return "\n# Requires: torch\n" in path.read_text(encoding="utf-8")


def pytest_collection_modifyitems(config, items):
    wanted, frameworks = config.getoption("--filter"), config.getoption("--frameworks")

    def is_wanted(item):
        if wanted and not re.search(wanted, item.nodeid):
            return False
        needs = item.get_closest_marker("frameworks") or _needs_frameworks(item.path)
        return frameworks is None or bool(needs) == (frameworks == "only")

    kept, dropped = [], []
    for item in items:
        (kept if is_wanted(item) else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
