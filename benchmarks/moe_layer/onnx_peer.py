# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime: its contributed operator com.microsoft.MoE."""

import numpy as np
import onnx
import onnxruntime
from onnx import helper

from . import shapes
from .peer import Peer, Unsuitable

DOMAIN = "com.microsoft"


class OnnxRuntime(Peer):
    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        if dtype != "f32":
            raise Unsuitable(f"com.microsoft.MoE has no {dtype} kernel for the CPU")
        # The CPU kernel takes gate and up in turns.
        arrays = shapes.make_weights(layer, dtype, merged="pairs")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_external_initializers(
            list(arrays),
            [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in arrays.values()],
        )
        self.session = onnxruntime.InferenceSession(
            make_model(layer, arrays).SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
        )  # which has copied the arrays

    def versions(self):
        return {"onnxruntime": onnxruntime.__version__}

    def programs(self):
        return ["onnxruntime MoE"]

    def bind(self, program, x, logits):
        if (shapes.choose(self.layer, logits)[0] < 0).any():
            raise Unsuitable("com.microsoft.MoE knows no capacity")
        binding = self.session.io_binding()
        binding.bind_cpu_input("x", x)
        binding.bind_cpu_input("logits", logits)
        y = onnxruntime.OrtValue.ortvalue_from_shape_and_type(x.shape, np.float32)
        binding.bind_ortvalue_output("y", y)

        def run():
            self.session.run_with_iobinding(binding)
            return y

        return run

    def to_numpy(self, result):
        return result.numpy()


def make_model(layer, arrays):
    """The layer as a model of one node; the arrays are given to the session."""
    kind = onnx.TensorProto.FLOAT
    attributes = {"k": layer.top_k, "normalize_routing_weights": int(layer.normalize)}
    if layer.activation == "relu":
        attributes["activation_type"] = "relu"
    else:
        clamped = layer.activation == "clamped"
        attributes |= {
            "activation_type": "swiglu",
            "swiglu_fusion": 1,
            "activation_alpha": shapes.ALPHA if clamped else 1.0,
            "activation_beta": 1.0 if clamped else 0.0,
        }
        if clamped:
            attributes["swiglu_limit"] = shapes.LIMIT
    first = "up" if layer.activation == "relu" else "gate_up"
    names = [first, f"{first}_bias", "down", "down_bias"]
    inputs = ["x", "logits"] + [name if name in arrays else "" for name in names]
    node = helper.make_node("MoE", inputs, ["y"], domain=DOMAIN, **attributes)
    initializers = []
    for name, array in arrays.items():
        tensor = onnx.TensorProto(name=name, data_type=kind, dims=array.shape)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="given to the session")
        initializers.append(tensor)
    graph = helper.make_graph(
        [node],
        "layer",
        [
            helper.make_tensor_value_info("x", kind, ["tokens", layer.d]),
            helper.make_tensor_value_info("logits", kind, ["tokens", layer.experts]),
        ],
        [helper.make_tensor_value_info("y", kind, ["tokens", layer.d])],
        initializers,
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(DOMAIN, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
