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
    # Ones through a 4x4 matrix of twos are 8; the weight of each row is 0.5.
    assert "8x4xf32=" + ",".join(["4"] * 32) in done.stdout
