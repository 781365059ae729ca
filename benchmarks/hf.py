"""A Hugging Face mixture-of-experts model with condcomp's experts and with others."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import gc
import sys
import time

import torch
import transformers
from transformers.initialization import no_init_weights
from transformers.integrations.moe import ExpertsInterface

import condcomp.transformers  # noqa: F401, registers "condcomp"
from condcomp import side_by_side

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
PEERS = ("grouped_mm", "batched_mm", "eager")
# batched_mm copies a token's experts; more tokens than this do not fit in memory.
MOST_TOKENS_BATCHED = 64
# The model without its experts.
REST = "without experts"
# Of logits, relative to eager's of the same dtype.
MOST_ERROR = {"f32": 1e-4, "bf16": 5e-2}


def nothing(self, hidden_states, top_k_index, top_k_weights):
    """What is left of a model without its experts."""
    return hidden_states


def make(layers, dtype):
    """OLMoE-1B-7B with fewer layers and random weights."""
    # The configuration's default has experts of twice the published width.
    config = transformers.OlmoeConfig(num_hidden_layers=layers, intermediate_size=1024)
    torch.manual_seed(0)
    # Drawing billions of weights takes longer than all else; a few repeat here.
    with no_init_weights():
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=dtype)
    draw = torch.randn(1_000_003)  # a prime: experts differ
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.fill_(1)
                continue
            # Experts' are larger, or they would not matter beside the rest.
            scale = 2 * parameter.shape[-1] ** -0.5 if parameter.ndim == 3 else 0.02
            values = (draw * scale).to(dtype)
            flat = parameter.view(-1)
            whole = len(flat) // len(values) * len(values)
            flat[:whole].view(-1, len(values)).copy_(values)
            flat[whole:].copy_(values[: len(flat) - whole])
    return model.eval()


class Step:
    """A forward pass of `tokens` tokens after a prefix that is cached."""

    def __init__(self, model, tokens, prefix):
        self.model, self.prefix = model, prefix
        draw = torch.Generator().manual_seed(1)
        vocabulary = model.config.vocab_size
        self.ids = torch.randint(0, vocabulary, (1, tokens), generator=draw)
        self.before = torch.randint(0, vocabulary, (1, prefix), generator=draw)
        self.cache = None

    def prepare(self):
        if self.prefix:
            self.cache = self.model(self.before, use_cache=True).past_key_values

    def run(self, forward):
        if not self.prefix:
            return forward(self.ids, use_cache=False, logits_to_keep=1).logits
        logits = forward(self.ids, past_key_values=self.cache, use_cache=True).logits
        self.cache.crop(-self.ids.shape[1])
        return logits


def implementations(step, options):
    """Names to measure; "…, compiled" is the same under torch.compile."""
    names = ["condcomp"]
    for peer in options.peers:
        if peer == "batched_mm" and step.ids.numel() > MOST_TOKENS_BATCHED:
            print(f"  batched_mm: would copy the experts of {step.ids.numel()} tokens")
            continue
        names += [peer] if options.no_compile else [peer, f"{peer}, compiled"]
    return [*names, REST]


def first_calls(model, step, names):
    """{name: forward pass} and {name: logits} of those that work."""
    forwards, results = {}, {}
    for name in names:
        implementation = "nothing" if name == REST else name.split(",")[0]
        # Code for other implementations counts against a limit of recompilations.
        torch._dynamo.reset()
        compiled = torch.compile(model) if "compiled" in name else model

        def forward(*args, compiled=compiled, implementation=implementation, **kwargs):
            model.set_experts_implementation(implementation)
            return compiled(*args, **kwargs)

        start = time.perf_counter()
        try:
            results[name] = step.run(forward).float()
            forwards[name] = forward
        except Exception as error:  # a compiler that can't: said, not fatal
            said = (str(error).splitlines() or [""])[0][:90]
            print(f"  {name}: {type(error).__name__}: {said}")
        if (seconds := time.perf_counter() - start) > 10:
            print(f"  {name}: first call {seconds:.0f} s", flush=True)
    return forwards, results


def measure(model, step, options):
    """{name: times}, {name: error} of the implementations, in turn. The error is the
    distance from eager's logits, which are the definition of the model; that of the
    model without experts says how much they matter."""
    forwards, results = first_calls(model, step, implementations(step, options))
    model.set_experts_implementation("eager")
    wanted = step.run(model).float()
    errors = {
        name: ((result - wanted).norm() / wanted.norm()).item()
        for name, result in results.items()
    }
    runs = {
        name: lambda forward=forward: side_by_side.time_here(
            lambda: step.run(forward), options.repetitions
        )
        for name, forward in forwards.items()
    }
    return side_by_side.summary(side_by_side.interleave(runs, options.rounds)), errors


def show(tokens, times, errors, most):
    """Prints a table; returns whether all results are right."""
    ours, rest = times["condcomp"]["median"], times[REST]["median"]
    print("  experts                 tokens/s    ms    speed of condcomp   error")
    wrong = [n for n, error in errors.items() if n != REST and not error <= most]
    # A check that could not fail is none.
    if not errors[REST] > 10 * most:
        wrong.append(REST)
    for name, time_ in times.items():
        median = time_["median"]
        said = f"{errors[name]:.1e}"
        if name in wrong:
            said += (
                f", WRONG: experts have to be below {most:.0e}, no experts far above"
            )
        print(
            f"  {name:22} {tokens / median:9.1f} {median * 1e3:8.1f}"
            f" {median / ours:12.2f}x      {said}"
        )
    best = min(t["median"] for n, t in times.items() if n not in ("condcomp", REST))
    print(
        f"  best peer / condcomp: {best / ours:.2f}, of the experts alone "
        f"{(best - rest) / (ours - rest):.2f}; the rest of the model takes "
        f"{rest / ours:.0%} of condcomp's time",
        flush=True,
    )
    return not wrong


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser, rounds=3, repetitions=5)
    parser.add_argument("--layers", type=int, default=4, help="of 16 (default: 4)")
    parser.add_argument("--dtypes", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument(
        "--prefill", type=int, default=512, help="tokens (default: 512)"
    )
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--no-compile", action="store_true", help="no torch.compile")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one layer, one round, no torch.compile: whether all works, in a minute",
    )
    options = parser.parse_args()
    if options.quick:
        options.layers, options.rounds, options.repetitions = 1, 1, 2
        options.no_compile = True
    return options


def main():
    options = parse_options()
    torch.set_num_threads(options.threads)
    ExpertsInterface.register("nothing", nothing)
    rows, right = [], True
    for dtype in options.dtypes:
        model = make(options.layers, DTYPES[dtype])
        for what, tokens, prefix in (
            ("prefill", options.prefill, 0),
            ("decode", 1, 64),
        ):
            step = Step(model, tokens, prefix)
            with torch.inference_mode():
                model.set_experts_implementation("condcomp")
                start = time.perf_counter()
                step.prepare()
                step.run(model)
                first = time.perf_counter() - start
                print(f"{what} of {tokens} tokens, {dtype}; first call {first:.1f} s")
                times, errors = measure(model, step, options)
            right &= show(tokens, times, errors, MOST_ERROR[dtype])
            rows.append(
                dict(case=what, tokens=tokens, dtype=dtype, times=times, errors=errors)
            )
            # After each case: what was measured stays, whatever happens.
            side_by_side.write_report(options.output, vars(options).items(), rows)
        del model, step
        gc.collect()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
