# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Zero Time Waste: an exit answers with the ensemble of all exits so far."""

import numpy as np

from zoo import System, layers_run, matrix, normal, softmax, wide


def inputs(rng, samples, d, layers, classes, theta):
    return {
        "x": normal(rng, samples, d, scale=2),
        "w": matrix(rng, layers, d, d) * np.float32(1.5),
        "classify": matrix(rng, layers, d, classes),
        "mix": np.tril(np.abs(normal(rng, layers, layers))),
        "bias": normal(rng, layers, classes, scale=0.1),
        "theta": np.array(theta, np.float32),
    }


def reference(x, w, classify, mix, bias, theta):
    layers = len(w)
    answer = np.zeros((len(x), classify.shape[2]))
    left_at = np.full(len(x), layers, np.int32)
    for sample, h in enumerate(wide(x)):
        said = []
        for m in range(layers):
            h = np.maximum(h @ wide(w[m]), 0)
            said.append(np.log(softmax(h @ wide(classify[m]))))
            answer[sample] = wide(bias[m]) + wide(mix[m, : m + 1]) @ np.array(said)
            if softmax(answer[sample]).max() > theta:
                left_at[sample] = m
                break
    return [answer, left_at], layers_run(left_at, layers)


# A stack of layers of one width, for which the paper has no table: the sizes are
# those of its exits on ResNet-56 and CIFAR-100 (27 residual blocks).
SYSTEM = System(
    title="Zero Time Waste (exit ensembles)",
    family="depth",
    paper="2106.05409",
    inputs=inputs,
    reference=reference,
    tiny=dict(samples=7, d=16, layers=4, classes=3, theta=0.9),
    published=dict(samples=256, d=1024, layers=27, classes=100, theta=0.5),
    rows="samples",
    less="dense layers for convolutions",
)
