#!/usr/bin/env bash
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# test-wheel.sh WHEEL: installs a wheel into an empty virtual environment and
# runs the Python examples of README.md there, away from this clone.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
wheel=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset PYTHONPATH LD_LIBRARY_PATH
export CONDCOMP_CACHE=$folder/cache

"$root/build/venv/bin/python" -m venv venv
venv/bin/python -m pip install --disable-pip-version-check --no-input "$wheel"
cp "$root/README.md" "$root/utils/doc-examples.py" .
venv/bin/python doc-examples.py README.md
venv/bin/python -m condcomp info experts.mlir
# The compiler is the wheel's own, not one of this machine.
cat >maps.py <<'EOF'
import pathlib, re, sys

import condcomp
from condcomp import _condcomp

condcomp.compile("experts.mlir", cache=False)
assert hasattr(_condcomp, "jax_handler"), "condcomp.jax would not work"
maps = pathlib.Path("/proc/self/maps").read_text()
libraries = {p for p in re.findall(r"/\S+", maps) if re.search("LLVM|MLIR|[cC]ond[cC]omp|libomp", p)}
outside = [p for p in libraries if not p.startswith(sys.prefix)]
assert len(libraries) >= 5 and not outside, (libraries, outside)
EOF
venv/bin/python maps.py
size=$(du -sm venv/lib/python3*/site-packages/condcomp* | awk '{sum += $1} END {print sum}')
echo "The wheel works in an empty environment and takes $size MiB there."
