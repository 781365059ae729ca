# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules that are wrong somewhere: cc-opt ends with an error, not with a crash.

Random programs in generic form, whose parser checks nothing but the form, are
changed in one to three places: operands, types, attributes, segments, regions.
Each goes through a whole pipeline. What it says is not looked at, only that it
ends, and that a failure comes with an error.
"""

import re
import subprocess
import time

import numpy as np

from condcomp.cc_run import BUILD
from generate import generate

CC_OPT = BUILD / "bin" / "cc-opt"
SPLIT = "// -----"
PIPELINES = [
    "--condcomp-to-cpu=form=masked",
    "--condcomp-to-cpu=form=compact",
    "--condcomp-to-cpu=form=soft",
    "--condcomp-to-portable-linalg",
    "--condcomp-prepack",
]
SECONDS = 20  # that a module may take
VARIANTS = 8  # modules made of one program

ELEMENTS = ["f32", "f64", "bf16", "i1", "i32", "i64", "index", "complex<f32>"]
INTEGERS = ["-1", "0", "1", "3", "1000", "-9223372036854775808", "9223372036854775807"]
SIZES = ["?", "0", "1", "2", "7", "4294967296"]
BOUNDS = ["", ", exactly 1", ", exactly ?", ", at_most 0", ", exactly 1000"]
BOUNDS += [", per_module exactly 2", ", per_module at_most 0", ", exactly -1"]
OPS = ["top_k", "threshold", "capacity", "normalize", "select", "combine", "restore"]
OPS += [
    "apply",
    "cascade",
    "iterate",
    "pool",
    "mix",
    "exit",
    "yield",
    "to_mask",
    "trace",
]


# ===-- Changes ------------------------------------------------------------===#
# Each takes a random generator and the lines of a module, and returns the lines
# of another one, or None where there is nothing to change.


def pick(random, options):
    return options[random.integers(len(options))]


def replace_one(random, lines, pattern, new):
    """One of the matches of a pattern in some line; new: match to text."""
    found = [
        (number, match)
        for number, line in enumerate(lines)
        for match in re.finditer(pattern, line)
    ]
    if not found:
        return None
    number, match = pick(random, found)
    line = lines[number]
    changed = line[: match.start()] + new(match) + line[match.end() :]
    return lines[:number] + [changed] + lines[number + 1 :]


def replacing(pattern, choices):
    """A change that puts one of the choices in place of a match."""
    return lambda random, lines: replace_one(
        random, lines, pattern, lambda _: pick(random, choices)
    )


def split_list(text):
    """The parts of a list at its outermost commas."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        if letter in "<([{":
            depth += 1
        elif letter in ")]}" or letter == ">" and text[at - 1] != "-":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()] if text.strip() else []


def closing(lines, number):
    """The line with the type of the op that begins in a line."""
    if not lines[number].endswith("({"):
        return number
    indent = re.match(" *", lines[number]).group() + "})"
    ends = range(number + 1, len(lines))
    return next((end for end in ends if lines[end].startswith(indent + " ")), None)


def change_operands(random, lines, change):
    """An op with other operands; change: new ones and their types from pairs."""
    heads = [n for n, line in enumerate(lines) if re.search(r'"\w+\.\w+"\(%', line)]
    if not heads:
        return None
    head = pick(random, heads)
    end = closing(lines, head)
    operands = re.search(r'"\w+\.\w+"\(([^)]*)\)', lines[head])
    types = end is not None and re.search(r" : \((.*)\) -> ", lines[end])
    if not types:
        return None
    pairs = list(zip(split_list(operands[1]), split_list(types[1])))
    pairs = change(pairs)
    lines = list(lines)
    for number, match, texts in (
        (end, types, [type for _, type in pairs]),
        (head, operands, [name for name, _ in pairs]),
    ):
        line = lines[number]
        joined = ", ".join(texts)
        lines[number] = line[: match.start(1)] + joined + line[match.end(1) :]
    return lines


def drop_operand(random, lines):
    def drop(pairs):
        at = random.integers(len(pairs))
        return pairs[:at] + pairs[at + 1 :]

    return change_operands(random, lines, drop)


def repeat_operand(random, lines):
    return change_operands(random, lines, lambda pairs: [*pairs, pick(random, pairs)])


def shuffle_operands(random, lines):
    return change_operands(
        random, lines, lambda pairs: [pairs[i] for i in random.permutation(len(pairs))]
    )


def change_attributes(random, lines):
    """Drops an attribute of an op, or replaces its value."""

    def change(match):
        parts = split_list(match[1])
        at = random.integers(len(parts))
        if random.random() < 0.5:
            del parts[at]
        else:
            values = [
                *INTEGERS,
                '"text"',
                "array<i32>",
                "unit",
                "f32",
                "[]",
                "1.0 : f32",
            ]
            parts[at] = f"{parts[at].split(' = ')[0]} = {pick(random, values)}"
        return "<{" + ", ".join(parts) + "}>"

    # But those of linalg: upstream's verifier of matmul reads maps that are not there.
    pattern = r"<\{((?!indexing_maps).+?)\}>(?= |$)"
    return replace_one(random, lines, pattern, change)


def other_type(random, text):
    """A type with another element, size, rank or bound."""
    head, dims, rest = re.fullmatch(r"(.*?<)((?:(?:\d+|\?)x)*)(.*)", text).groups()
    dims = dims.split("x")[:-1]
    kind = random.integers(4)
    if kind == 0:
        rest = re.sub(r"^\w+", pick(random, ELEMENTS), rest)
        rest = re.sub(r"(?<=^, )\w+", pick(random, ELEMENTS), rest)
    elif kind == 1 and dims:
        dims[random.integers(len(dims))] = pick(random, SIZES)
    elif kind == 2 and dims:
        del dims[random.integers(len(dims))]
    elif kind == 3 and "routing" in head:
        rest = re.sub(r"(?<=[fi]\d\d)[, \w?]*", pick(random, BOUNDS), rest)
    else:
        dims.insert(random.integers(len(dims) + 1), pick(random, SIZES))
    return head + "".join(d + "x" for d in dims) + rest


def change_type(random, lines):
    """In one place, or everywhere, so that definitions and uses agree."""
    pattern = r"(?:tensor|!condcomp\.routing)<[^<>]*(?:<\w+>)?>"
    if random.random() < 0.3:
        return replace_one(random, lines, pattern, lambda m: other_type(random, m[0]))
    types = sorted({t for line in lines for t in re.findall(pattern, line)})
    if not types:
        return None
    old = pick(random, types)
    new = other_type(random, old)
    return [line.replace(old, new) for line in lines]


def change_regions(random, lines):
    """Without a region's ops, its arguments or its terminator, or twice."""
    heads = [n for n, line in enumerate(lines) if line.endswith("({")]
    heads = [n for n in heads if "func.func" not in lines[n] and closing(lines, n)]
    if not heads:
        return None
    head = pick(random, heads)
    end = closing(lines, head)
    body = lines[head + 1 : end]
    kind = random.integers(4)
    if kind == 0:
        body = []
    elif kind == 1:
        body = [line for line in body if not line.lstrip().startswith("^")]
    elif kind == 2:
        body = body[:-1]
    else:
        body = [*body, re.match(" *", lines[head]).group() + "}, {", *body]
    return lines[: head + 1] + body + lines[end:]


def drop_op(random, lines):
    single = [n for n, l in enumerate(lines) if '"(' in l and not l.endswith("({")]
    if not single:
        return None
    at = pick(random, single)
    return lines[:at] + lines[at + 1 :]


CHANGES = [change_type] * 6 + [
    drop_operand,
    repeat_operand,
    shuffle_operands,
    change_attributes,
    change_attributes,
    change_regions,
    drop_op,
    replacing(r"(?<= = )-?\d+(?= : )", INTEGERS),
    replacing(
        r"(?<=array<i32: )[-\d, ]+(?=>)", ["0", "1", "-1, 2", "9, 9, 9, 9, 9, 9"]
    ),
    replacing(r"(?<=#condcomp<)\w+ \w+(?=>)", ["combine_kind max", "form compact"]),
    replacing(r'(?<="condcomp\.)\w+(?=")', OPS),
    replacing(r"(?<=[(, ])%\w+(?:#\d+)?(?=[,)])", ["%arg0", "%0", "%1", "%3"]),
]


def mutate(text, random):
    lines = text.splitlines()
    for _ in range(random.integers(1, 4)):
        lines = pick(random, CHANGES)(random, lines) or lines
    return "\n".join(lines) + "\n"


# ===-- Runs ---------------------------------------------------------------===#


def cc_opt(options, text, seconds):
    """(problem or None, output) of a run on modules."""
    try:
        done = subprocess.run(
            [CC_OPT, "--split-input-file", *options, "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {seconds} s", ""
    if done.returncode not in (0, 1):
        return f"ended with {done.returncode}: {done.stderr[-2000:]}", done.stdout
    if done.returncode == 1 and "error:" not in done.stderr:
        return f"failed without an error: {done.stderr[-2000:]}", done.stdout
    return None, done.stdout


def generic(numbers, seed):
    """Programs in generic form."""
    texts = [p.text(outputs) for p, outputs in (generate(n, seed) for n in numbers)]
    options = ["--mlir-print-op-generic", f"--output-split-marker={SPLIT}"]
    problem, output = cc_opt(options, f"\n{SPLIT}\n".join(texts), 60)
    assert not problem, problem
    return output.split(f"\n{SPLIT}\n")


def fuzz(first, count, seed, folder, limit=10, log=print):
    """Runs malformed modules; returns reports of those that fail, which are kept
    in the folder."""
    failures, start = [], time.monotonic()
    batch = 4 * VARIANTS
    for begin in range(first, first + count, batch):
        numbers = range(begin, min(begin + batch, first + count))
        programs = sorted({number // VARIANTS for number in numbers})
        texts = dict(zip(programs, generic(programs, seed)))
        modules = {
            n: mutate(texts[n // VARIANTS], np.random.default_rng([seed, n]))
            for n in numbers
        }
        pipeline = PIPELINES[begin // batch % len(PIPELINES)]
        together = f"\n{SPLIT}\n".join(modules.values())
        if cc_opt([pipeline], together, SECONDS * batch)[0]:
            # One of them, unless it takes them all.
            alone = {n: cc_opt([pipeline], m, SECONDS)[0] for n, m in modules.items()}
            for number, problem in alone.items():
                if not problem:
                    continue
                folder.mkdir(parents=True, exist_ok=True)
                file = folder / f"malformed-{seed}-{number}.mlir"
                file.write_text(modules[number])
                failures.append(f"{CC_OPT} {pipeline} {file}: {problem}")
                log(failures[-1])
            if not any(alone.values()):
                failures.append(f"modules {numbers} fail together only")
                log(failures[-1])
        seconds = time.monotonic() - start
        done = numbers[-1] + 1 - first
        log(f"{done} modules, {len(failures)} failures, {done / seconds:.1f} a second")
        if len(failures) >= limit:
            break
    return failures
