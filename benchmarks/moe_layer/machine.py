# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the machine can do: the fastest dense matmul and the fastest read.

The roofline of a point is the larger of its FLOPs over that matmul's rate and
its bytes over that read's rate.
"""

import ctypes
import pathlib
import time

import numpy as np
import torch

from .peer import Peer, build_library
from .torch_peer import as_tensor

SOURCE = pathlib.Path(__file__).with_name("read_memory.c")

M, K, N = 1024, 2048, 2048
FEW = 16  # rows of a first try
READ_BYTES = 512 << 20


def load_kernels():
    loaded = build_library(SOURCE, ["-pthread"])
    loaded.read_memory.argtypes = [
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int,
    ]
    loaded.read_memory.restype = ctypes.c_float
    loaded.kernel_names.restype = ctypes.c_char_p
    return loaded


def seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


class Machine(Peer):
    """Not a peer of the layer: measures the machine in the same rounds.

    A bf16 program may widen its numbers and multiply in f32, so that for bf16
    the f32 matmuls count as well.
    """

    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        torch.set_num_threads(threads)
        rng = np.random.default_rng(0)
        a = rng.standard_normal((M, K), dtype=np.float32)
        b = rng.standard_normal((K, N), dtype=np.float32)
        self.matmuls = {"numpy f32": lambda rows: a[:rows] @ b}
        for name in {dtype, "f32"}:
            kind = {"f32": torch.float32, "bf16": torch.bfloat16}[name]
            x, w = as_tensor(a).to(kind), as_tensor(b).to(kind)
            wt = w.t().contiguous().t()
            self.matmuls[f"torch.mm {name}"] = lambda rows, x=x, w=w: (
                torch.mm(x[:rows], w)
            )
            self.matmuls[f"torch.mm {name}, w^T"] = lambda rows, x=x, w=wt: (
                torch.mm(x[:rows], w)
            )
            self.add_jax(name, a, b)
        self.library = load_kernels()
        self.names = self.library.kernel_names().decode().split()
        self.buffer = np.ones(READ_BYTES // 4, np.float32)
        self.drop_slow()

    def add_jax(self, name, a, b):
        try:
            import jax
            import jax.numpy as jnp
        except ImportError:
            return
        kind = {"f32": jnp.float32, "bf16": jnp.bfloat16}[name]
        w = jnp.asarray(b, kind)
        xs = {rows: jnp.asarray(a[:rows], kind) for rows in (FEW, M)}
        dot = jax.jit(jnp.dot)
        self.matmuls[f"jax {name}"] = lambda rows: dot(xs[rows], w).block_until_ready()

    def drop_slow(self):
        """Some libraries have no real kernel for a type: seconds for a matmul."""
        rates = {}
        for name, function in self.matmuls.items():
            function(FEW)
            rates[name] = 1 / seconds(function, FEW)
        best = max(rates.values())
        for name, rate in rates.items():
            if 8 * rate < best:
                del self.matmuls[name]
        for function in self.matmuls.values():
            function(M)

    def programs(self):
        return []

    def measure(self):
        """{"matmul": {name: FLOP/s}, "read": {name: byte/s}}, each once."""
        data = self.buffer.ctypes.data
        return {
            "matmul": {
                name: 2 * M * K * N / seconds(function, M)
                for name, function in self.matmuls.items()
            },
            "read": {
                name: READ_BYTES
                / seconds(
                    self.library.read_memory, kernel, data, READ_BYTES, self.threads
                )
                for kernel, name in enumerate(self.names)
            },
        }
