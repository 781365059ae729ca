#!/usr/bin/env python3
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adds up JUnit XML reports of lit, GoogleTest and pytest.

Usage: summarize-tests.py RUNNER_FAILED REPORT...

RUNNER_FAILED is 1 if a runner returned an error: that counts as a failure even
where its report shows none (a runner that crashed writes no report).
"""

import os
import sys
import xml.etree.ElementTree as ElementTree


def main(runner_failed, reports):
    passed, failed, skipped = 0, [], []
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            name = f"{case.get('classname', '')} {case.get('name')}".strip()
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(name)
            elif case.find("skipped") is not None or case.get("status") == "notrun":
                skipped.append(name)
            else:
                passed += 1
    if runner_failed and not failed:
        failed.append("a test runner ended with an error; see its output above")
    for name in failed:
        print("failed:", name)
    for name in skipped:
        print("skipped:", name)
    if not passed and not failed:
        print("no test was run")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] == "1", [r for r in sys.argv[2:] if os.path.exists(r)]))
