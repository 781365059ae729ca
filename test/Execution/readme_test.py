# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example of README.md works when pasted."""

import re
import subprocess

import ccrun
from condcomp.cc_run import BUILD


def test_readme_example(tmp_path):
    (tmp_path / "build").symlink_to(BUILD)
    text = (ccrun.ROOT / "README.md").read_text()
    (example,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        ["bash", "-ec", example], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # Rows of ones, twos and threes through a 4x4 matrix of ones, by their weights.
    rows = [4 * 1 * 0.9, 4 * 2 * 0.5, 4 * 3 * 1]
    values = ",".join(f"{value:g}" for value in rows for _ in range(4))
    assert f"3x4xf32={values}" in done.stdout
    assert f"`3x4xf32={values}`" in text
