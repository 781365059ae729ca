# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""llama.cpp's ggml: mul_mat_id on the CPU, built from llama-cpp-python's sdist."""

import ctypes
import pathlib
import shutil
import subprocess
import sys
import tarfile

import numpy as np

from . import shapes
from .peer import Peer, Unsuitable, build_library

PACKAGE, VERSION = "llama-cpp-python", "0.3.36"
BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "bench" / "ggml"
SOURCE = pathlib.Path(__file__).with_name("ggml_layer.c")


def run(command, log):
    """Runs a command of the build; its output goes to the log."""
    with log.open("a") as output:
        output.write(f"{' '.join(map(str, command))}\n")
        output.flush()
        status = subprocess.run(
            ["nice", *command], stdout=output, stderr=output, check=False
        )
    if status.returncode:
        raise Unsuitable(f"ggml could not be built: see {log}")


def is_missing():
    return not (BUILD / VERSION / "done").exists()


def build():
    """Folder of ggml's source, with the libraries in BUILD/VERSION/src."""
    made = BUILD / VERSION
    source = made / "source" / "vendor" / "llama.cpp" / "ggml"
    if not is_missing():
        return source
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    log = made / "log.txt"
    pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-binary", PACKAGE, "-d", made, f"{PACKAGE}=={VERSION}"]
    run(pip, log)
    (archive,) = made.glob("*.tar.gz")
    with tarfile.open(archive) as files:
        # Debian 12's Python has no filters yet.
        files.extraction_filter = getattr(tarfile, "data_filter", None)
        for member in files.getmembers():
            # The sdist's folder, whatever its name, becomes "source".
            _, _, member.name = member.name.partition("/")
            if member.name.startswith("vendor/llama.cpp/ggml/"):
                files.extract(member, made / "source")
    archive.unlink()
    (source / "ggml.pc.in").touch()  # the sdist lacks it
    settings = ["CMAKE_BUILD_TYPE=Release", "GGML_NATIVE=ON", "BUILD_SHARED_LIBS=ON"]
    settings += ["GGML_LLAMAFILE=ON", "GGML_CCACHE=OFF"]
    settings += ["GGML_BUILD_TESTS=OFF", "GGML_BUILD_EXAMPLES=OFF"]
    flags = [f"-D{setting}" for setting in settings]
    run(["cmake", "-S", source, "-B", made, "-G", "Ninja", *flags], log)
    run(["ninja", "-C", made], log)
    (made / "done").touch()
    return source


class Ggml(Peer):
    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        source = build()
        libraries = BUILD / VERSION / "src"
        flags = [f"-I{source / 'include'}", f"-L{libraries}", "-lggml-base"]
        flags += ["-lggml-cpu", f"-Wl,-rpath,{libraries}"]
        self.library = build_library(SOURCE, flags)
        pointer = ctypes.c_void_p
        self.library.layer_new.restype = pointer
        self.library.graph_new.restype = pointer
        self.library.graph_new.argtypes = [pointer, ctypes.c_int64] + 3 * [pointer]
        self.library.graph_run.restype = ctypes.POINTER(ctypes.c_float)
        self.library.graph_run.argtypes = [pointer]
        self.library.graph_free.argtypes = [pointer]
        weights = shapes.make_weights(layer, dtype, merged="halves")
        for name in weights:
            if name.endswith("_bias"):
                weights[name] = weights[name].astype(np.float32)
        self.weights = weights
        first = "up" if layer.activation == "relu" else "gate_up"
        names = [first, "down", f"{first}_bias", "down_bias"]
        sizes = [layer.d, layer.width, layer.experts, layer.top_k]
        self.handle = self.library.layer_new(
            *map(ctypes.c_int64, sizes),
            dtype == "bf16",
            layer.activation == "relu",
            layer.activation == "clamped",
            layer.normalize,
            ctypes.c_float(shapes.ALPHA),
            ctypes.c_float(shapes.LIMIT),
            threads,
            *(pointer(weights[n].ctypes.data if n in weights else 0) for n in names),
        )

    def versions(self):
        return {PACKAGE: VERSION}

    def programs(self):
        return ["ggml mul_mat_id"]

    def bind(self, program, x, logits):
        return Bound(self, x.astype(np.float32), np.ascontiguousarray(logits))

    def to_numpy(self, result):
        return result.copy()


class Bound:
    """A graph with its inputs, which are freed together."""

    def __init__(self, peer, x, logits):
        self.library, self.shape = peer.library, x.shape
        # mul_mat_id computes every choice: those over capacity are weighed by 0.
        keep = shapes.choose(peer.layer, logits)[0] >= 0
        keep = None if keep.all() else keep.astype(np.float32)
        self.inputs = (x, logits, keep)
        data = (0 if array is None else array.ctypes.data for array in self.inputs)
        self.graph = self.library.graph_new(peer.handle, len(x), *data)
        if not self.graph:
            raise MemoryError("ggml could not allocate the graph")

    def __call__(self):
        return np.ctypeslib.as_array(self.library.graph_run(self.graph), self.shape)

    def __del__(self):
        if getattr(self, "graph", None):
            self.library.graph_free(self.graph)
