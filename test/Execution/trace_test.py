# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""trace: what is recorded, in both forms; nothing changes by it."""

import json
import subprocess

import inputs
import numpy as np
import pytest
from condcomp import reference as ref
from condcomp.cc_run import CC_RUN
from harness import Call, Exact, Suite
from programs import RoutingType, function, tensor

SUITE = Suite("trace")
OF = RoutingType([2, "?", 5])
SHAPE = (2, 7, 5)
SOURCE, MASK = tensor(OF.dims, "f64"), tensor(OF.dims, "i1")
WIDE = RoutingType(OF.dims, "", "f64")
TEXT = function(
    "traced",
    {"m": MASK, "w": SOURCE},
    f"""%r = condcomp.from_mask %m weights(%w : {SOURCE}) : {MASK} -> {WIDE}
    condcomp.trace %r "all" : {WIDE}
    %s = condcomp.slice_modules %r [1, 2] : {WIDE} -> !condcomp.routing<2x?x2, f64>
    condcomp.trace %s "some" : !condcomp.routing<2x?x2, f64>
    %y = condcomp.to_mask %r : {WIDE} -> {MASK}""",
    {"y": MASK},
)
VALUES = [inputs.mask("m", SHAPE), inputs.specials("w", SHAPE, "f64")]
SUITE.add(TEXT, Call("traced", VALUES, lambda m, w: [m], [Exact()]))


def record(routing, name):
    return {
        "name": name,
        "call": 1,
        "dims": list(routing.shape),
        "row_offsets": ref.row_offsets(routing).tolist(),
        "modules": ref.indices(routing).tolist(),
        "weights": ref.weights(routing).tolist(),
    }


@pytest.mark.parametrize("form", ["masked", "compact"])
def test_records(form, tmp_path):
    (tmp_path / "f.mlir").write_text(TEXT)
    command = [CC_RUN, tmp_path / "f.mlir", "--function=traced", f"--form={form}"]
    command.append(f"--trace={tmp_path / 'trace'}")
    for number, value in enumerate(VALUES):
        np.save(tmp_path / f"{number}.npy", value)
        command.append(f"--input=@{tmp_path / str(number)}.npy")
    subprocess.run(command, check=True, capture_output=True)
    lines = (tmp_path / "trace").read_text().splitlines()
    got = [json.loads(line) for line in lines]
    for line in got:
        line["weights"] = [float(weight) for weight in line["weights"]]
    routing = ref.from_mask(*VALUES)
    wanted = [
        record(routing, "all"),
        record(ref.slice_modules(routing, 1, 2), "some"),
    ]
    for line, want in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(line.pop("weights"), want.pop("weights"))
    assert got == wanted


test_reference, test_forms, test_rows_alone = SUITE.tests()
