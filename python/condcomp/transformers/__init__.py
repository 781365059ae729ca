# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hugging Face mixture-of-experts models with condcomp's experts.

    import condcomp.transformers

    model = AutoModelForCausalLM.from_pretrained(name, experts_implementation="condcomp")
    condcomp.transformers.pack(model, inplace=True)    # optional: no second copy
    model.generate(...)

Importing this registers the implementation "condcomp" with transformers, for every
model family whose experts transformers can exchange; `model.set_experts_implementation`
changes a loaded model. Rows, weights and results stay as they are: float32, bfloat16
or float16 on the CPU or on an NVIDIA GPU, any number of tokens.
"""

from transformers.integrations.moe import ExpertsInterface

from .layer import experts_forward
from .packing import pack, packed_bytes, unpack

__all__ = ["experts_forward", "pack", "packed_bytes", "unpack"]

ExpertsInterface.register("condcomp", experts_forward)
