# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""examples/out_of_tree_gate, built against an install tree, and its gate in every
pipeline."""

import os
import pathlib
import subprocess

import numpy as np
import pytest

import condcomp

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CONDCOMP_BUILD", ROOT / "build"))
EXAMPLE = ROOT / "examples" / "out_of_tree_gate"


def run(*command, fails=False, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    text = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, text
    return text if fails else done.stdout


@pytest.fixture(scope="module")
def my_opt(tmp_path_factory):
    """The project's tool. Nothing of the source tree's include or lib is in sight."""
    folder = tmp_path_factory.mktemp("out_of_tree")
    run("cmake", "--install", BUILD, "--prefix", folder / "install")
    settings = dict(
        line.split("=", 1)
        for line in (BUILD / "CMakeCache.txt").read_text().splitlines()
        if "=" in line
    )
    run(
        *("cmake", "-G", "Ninja", "-S", EXAMPLE, "-B", folder / "build"),
        f"-DCMAKE_PREFIX_PATH={folder}/install",
        *(
            f"-D{name}={settings[name + ':STRING']}"
            for name in ("CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER")
            if name + ":STRING" in settings
        ),
        f"-DCMAKE_CXX_COMPILER_LAUNCHER={settings.get('CMAKE_CXX_COMPILER_LAUNCHER:UNINITIALIZED', '')}",
    )
    run("ninja", "-C", folder / "build")
    return folder / "build" / "my-opt"


def test_the_gate_runs_in_every_form(my_opt):
    """The project's tool takes the gate apart; condcomp runs the rest."""
    text = run(my_opt, EXAMPLE / "layer.mlir", "--condcomp-decompose-gates")
    assert "condcomp.from_mask" in text and "remoe" not in text
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 4), np.float32)
    scores = rng.standard_normal((6, 3), np.float32)
    scores[0] = -1  # a row without experts, and presence at the edge
    scores[1] = [0, np.nan, np.inf]
    w = rng.standard_normal((3, 4, 4), np.float32)
    weights = np.where(scores > 0, scores, 0).astype(np.float64)
    ran = x.astype(np.float64) @ w  # [experts, rows, 4]
    expected = sum(
        np.where(weights[:, m, None] > 0, weights[:, m, None] * ran[m], 0)
        for m in range(3)
    )
    found = {}
    for form in ("masked", "compact", "soft"):
        found[form] = condcomp.compile(text, form=form, opt_level=0).layer(x, scores, w)
        np.testing.assert_allclose(found[form], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(found["masked"], found["compact"])
    for rows in (0, 1):
        one = condcomp.compile(text, form="compact", opt_level=0).layer(
            x[:rows], scores[:rows], w
        )
        np.testing.assert_array_equal(one, found["compact"][:rows])


@pytest.mark.parametrize(
    "pipeline",
    ["condcomp-to-cpu", "condcomp-to-cpu=form=soft", "condcomp-to-portable-linalg"],
)
def test_pipelines_take_the_gate(my_opt, pipeline):
    name, _, options = pipeline.partition("=")
    text = run(
        my_opt, EXAMPLE / "layer.mlir", f"--{name}" + (options and f"={options}")
    )
    assert "remoe." not in text and "condcomp.from_mask" not in text


BODY = """
func.func @nested(%x: tensor<?x4xf32>, %s: tensor<?x4xf32>, %r: tensor<?x2xf32>)
    -> tensor<?x4xf32> {
  %outer = condcomp.top_k %r, 1 : tensor<?x2xf32> -> !condcomp.routing<?x2, f32, exactly 1>
  %y = condcomp.apply %outer : !condcomp.routing<?x2, f32, exactly 1>
      rows(%x, %s : tensor<?x4xf32>, tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) combine(replace) {
  ^bb0(%xe: tensor<?x4xf32>, %se: tensor<?x4xf32>):
    %inner = remoe.relu_gate %se : tensor<?x4xf32> -> !condcomp.routing<?x4, f32>
    %d = condcomp.to_dense %inner : !condcomp.routing<?x4, f32> -> tensor<?x4xf32>
    condcomp.yield %d : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
"""


def test_the_row_analysis_takes_the_gate_in_a_body(my_opt):
    run(my_opt, "-", "--condcomp-verify-rows", input=BODY)
    text = run(my_opt, "-", "--condcomp-decompose-gates", input=BODY)
    rng = np.random.default_rng(1)
    x, s = rng.standard_normal((2, 5, 4), np.float32)
    r = rng.standard_normal((5, 2), np.float32)
    for form in ("masked", "compact"):
        nested = condcomp.compile(text, form=form, opt_level=0).nested
        weighted = np.maximum(s, 0) * r.max(1, keepdims=True)
        np.testing.assert_array_equal(nested(x, s, r), weighted)


@pytest.mark.parametrize(
    "change, text",
    [
        (("<?x3, f32>", "<?x4, f32>"), "has scores of type 'tensor<?x3xf32>' for"),
        (("<?x3, f32>", "<?x3, f64>"), "has scores of 'f32' for weights of 'f64'"),
        (("<?x3, f32>", "<?x3, f32, at_most 2>"), "promises no number of entries"),
    ],
)
def test_the_gate_verifies(my_opt, change, text):
    line = (
        "func.func @f(%s: tensor<?x3xf32>) { %r = remoe.relu_gate %s : "
        "tensor<?x3xf32> -> !condcomp.routing<?x3, f32> return }"
    )
    assert f"'remoe.relu_gate' op {text}" in run(
        my_opt, "-", input=line.replace(*change), fails=True
    )
