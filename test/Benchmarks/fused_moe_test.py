# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The experts in Triton of `./dev bench gpu`, without a GPU: run by Triton's
interpreter, in processes of their own (it has to be chosen before Triton is imported),
and compiled for GPUs."""

# Requires: torch

import dataclasses
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

torch = pytest.importorskip("torch", reason="needs PyTorch: ./dev setup --with-torch")
pytest.importorskip("transformers", reason="needs transformers")
triton = pytest.importorskip(
    "triton", reason="needs Triton: build/venv/bin/pip install triton"
)

from gpu_layer import fused_moe, measure, programs  # noqa: E402

CPU = torch.device("cpu")


def small(name, **shape):
    # Columns and terms that fill no tile; f32, for the interpreter has no products of
    # bf16.
    shape = {"d": 144, "width": 80, "experts": 12, "dtypes": ("f32",), **shape}
    return dataclasses.replace(programs.LAYERS[name], **shape)


def worst_error(moe, config, tokens, routing):
    """Of all rows, against the reference in float64."""
    inputs, (x, choice) = programs.make_inputs(
        moe.layer, "f32", tokens, routing, 0, CPU
    )
    inputs = (8 * inputs[0], *inputs[1:])  # gpt-oss's activation clamps some
    result = moe(*inputs) if config is None else moe.run(config, *inputs)
    return measure.error_of(moe.layer, "f32", result, (8 * x, choice))


def compute(name):
    """In a process with the interpreter."""
    measure.CHECKED_ROWS = 100
    layer = small(name)
    moe = fused_moe.FusedMoe(layer, programs.make_weights(layer, "f32", CPU))
    configs = fused_moe.CONFIGS
    for config in configs[0], configs[3], configs[-1]:
        error = worst_error(moe, config, 1, "uniform")
        assert error < 1e-5, (config, error)
    # Several experts with several blocks of rows.
    error = worst_error(moe, configs[2], 30, "zipf")
    assert error < 1e-5, error
    # The choice of a configuration, of which one is refused.
    refused = dataclasses.replace(configs[0], rows=48)  # no power of two
    moe.configs = refused, *configs[4:]
    assert worst_error(moe, None, 3, "uniform") < 1e-5
    assert moe.best.keys() == {3} and moe.best[3] in configs[4:]
    moe.configs = (refused,)
    with pytest.raises(RuntimeError, match="no configuration runs here: "):
        worst_error(moe, None, 4, "uniform")


@pytest.mark.parametrize("name", ["olmoe", "gpt-oss"])
def test_computes_what_the_reference_does(name):
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, __file__, name],
        env={
            **os.environ,
            "PYTHONPATH": path,
            "TRITON_INTERPRET": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


POINTERS = {
    **dict.fromkeys(("x", "weights", "biases", "hidden", "scale", "out"), "*bf16"),
    **dict.fromkeys(("starts", "order", "owners", "ends", "used"), "*i32"),
    "chosen": "*i64",
}


def compile_for(chip, kernel, constants, warps=4, stages=3):
    """Arguments aligned as those of whole layers are."""
    from triton.backends.compiler import GPUTarget

    names = kernel.arg_names
    types = {name: POINTERS.get(name, "i32") for name in names}
    types |= dict.fromkeys(constants, "constexpr")
    aligned = [
        i
        for i, name in enumerate(names)
        if types[name].startswith("*") or name in ("d", "width")
    ]
    source = triton.compiler.ASTSource(
        kernel,
        types,
        constexprs={(names.index(name),): value for name, value in constants.items()},
        attrs={(i,): [["tt.divisibility", 16]] for i in aligned},
    )
    return triton.compile(
        source,
        target=GPUTarget("cuda", chip, 32),
        options={"num_warps": warps, "num_stages": stages},
    )


# Bytes of shared memory that a block may have.
@pytest.mark.parametrize("chip, shared", [(80, 163 << 10), (90, 227 << 10)])
def test_compiles_for_gpus(chip, shared):
    for experts in 8, 256:
        compile_for(chip, fused_moe.count_blocks, {"EXPERTS": experts, "ROWS": 16})
    compile_for(chip, fused_moe.list_entries, {"ROWS": 16})
    # The later generation has other instructions, and more memory for the same tiles.
    configs = fused_moe.CONFIGS if chip == 90 else fused_moe.CONFIGS[-1:]
    for config in configs:
        cut = {
            "ROWS": config.rows,
            "COLUMNS": config.columns,
            "TERMS": config.terms,
            "GROUP": config.group,
            "BIAS": True,
        }
        for kernel, more in (
            (fused_moe.multiply_gate_up, {"CLAMPED": True}),
            (fused_moe.multiply_down, {}),
        ):
            made = compile_for(
                chip, kernel, {**cut, **more}, config.warps, config.stages
            )
            assert made.metadata.shared <= shared, config
            assert "mma" in made.asm["ptx"], config


if __name__ == "__main__":
    compute(sys.argv[1])
