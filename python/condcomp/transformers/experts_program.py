# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The experts of a Hugging Face mixture-of-experts layer as a condcomp program."""

from dataclasses import dataclass

from .gate import Activation, Columns

# The name of the program's function.
FUNCTION = "experts"


@dataclass(frozen=True)
class Experts:
    """What the program of a layer depends on.

    element: "f32" or "bf16", the type of rows and weights; sums are f32.
    transposed: projections are [experts, in, out] instead of [experts, out, in].
    biased: both projections have biases [experts, out].
    sentinels: expert numbers outside 0 <= e < experts are entries to leave out,
    where otherwise they are errors.
    """

    experts: int
    width: int
    hidden: int
    columns: int
    chosen: int
    element: str
    activation: Activation
    transposed: bool = False
    biased: bool = False
    sentinels: bool = False

    def text(self):
        """The module's text. @experts takes x [tokens, width], the experts of each
        token and their weights, [tokens, chosen] of i64 and f32, and the constants
        first projection, second projection, then their biases if there are; it
        gives [tokens, width]."""
        return _Writer(self).module()


class _Writer:
    def __init__(self, spec):
        self.spec = spec
        self.x = f"tensor<?x{spec.width}x{spec.element}>"
        self.y = f"tensor<?x{spec.width}xf32>"
        self.routing = f"!condcomp.routing<?x{spec.experts}, f32, {'at_most' if spec.sentinels else 'exactly'} {spec.chosen}>"

    def matrix(self, inputs, outputs, stack=True):
        shape = (inputs, outputs) if self.spec.transposed else (outputs, inputs)
        return self.tensor(*shape, stack=stack)

    def tensor(self, *shape, stack=True):
        shape = (self.spec.experts, *shape) if stack else shape
        return f"tensor<{'x'.join(map(str, shape))}x{self.spec.element}>"

    def module(self):
        s = self.spec
        arguments = [
            ("%x", self.x),
            ("%chosen", f"tensor<?x{s.chosen}xi64>"),
            ("%weights", f"tensor<?x{s.chosen}xf32>"),
        ]
        constants = [
            ("%first", self.matrix(s.width, s.columns)),
            ("%second", self.matrix(s.hidden, s.width)),
        ]
        if s.biased:
            constants += [
                ("%first_bias", self.tensor(s.columns)),
                ("%second_bias", self.tensor(s.width)),
            ]
        arguments += [(n, t + " {condcomp.constant}") for n, t in constants]
        signature = ",\n    ".join(f"{n}: {t}" for n, t in arguments)
        map_b = "(r, o, i) -> (i, o)" if s.transposed else "(r, o, i) -> (o, i)"
        lines = [
            "#left = affine_map<(r, o, i) -> (r, i)>",
            f"#right = affine_map<{map_b}>",
            "#result = affine_map<(r, o, i) -> (r, o)>",
            "#row = affine_map<(r, o) -> (r, o)>",
            "#bias = affine_map<(r, o) -> (o)>",
            f"func.func @{FUNCTION}({signature}) -> {self.x} {{",
            "  %c0 = arith.constant 0 : index",
            "  %zero = arith.constant 0.0 : f32",
            *self.slices(),
            f"  %tokens = tensor.dim %x, %c0 : {self.x}",
            f"  %routing = condcomp.assign %chosen weights(%weights : tensor<?x{s.chosen}xf32>)"
            f"{' out_of_range(drop)' if s.sentinels else ''} : tensor<?x{s.chosen}xi64> -> {self.routing}",
            f"  %e = tensor.empty(%tokens) : {self.y}",
            f"  %zeros = linalg.fill ins(%zero : f32) outs(%e : {self.y}) -> {self.y}",
            *self.apply(),
            *self.rounded("%y", "%out"),
            f"  return %out : {self.x}",
            "}",
        ]
        return "\n".join(lines) + "\n"

    def slices(self):
        """The columns that the activation reads, each a parameter of its own: what
        depends on constants alone is done once."""
        s = self.spec
        for j, c in enumerate(s.activation.columns):
            whole = self.matrix(s.width, s.columns)
            part = self.matrix(s.width, c.count)
            if s.transposed:
                at = f"[0, 0, {c.first}] [{s.experts}, {s.width}, {c.count}] [1, 1, {c.step}]"
            else:
                at = f"[0, {c.first}, 0] [{s.experts}, {c.count}, {s.width}] [1, {c.step}, 1]"
            yield f"  %w{j} = tensor.extract_slice %first{at} : {whole} to {part}"
            if s.biased:
                yield (
                    f"  %b{j} = tensor.extract_slice %first_bias[0, {c.first}] [{s.experts}, {c.count}] [1, {c.step}]"
                    f" : {self.tensor(s.columns)} to {self.tensor(c.count)}"
                )

    def apply(self):
        s = self.spec
        params = [
            (
                f"%w{j}",
                self.matrix(s.width, c.count),
                f"%u{j}",
                self.matrix(s.width, c.count, stack=False),
            )
            for j, c in enumerate(s.activation.columns)
        ]
        params.append(
            (
                "%second",
                self.matrix(s.hidden, s.width),
                "%d",
                self.matrix(s.hidden, s.width, stack=False),
            )
        )
        if s.biased:
            params += [
                (
                    f"%b{j}",
                    self.tensor(c.count),
                    f"%ub{j}",
                    self.tensor(c.count, stack=False),
                )
                for j, c in enumerate(s.activation.columns)
            ]
            params.append(
                (
                    "%second_bias",
                    self.tensor(s.width),
                    "%db",
                    self.tensor(s.width, stack=False),
                )
            )
        names, types = ", ".join(p[0] for p in params), ", ".join(p[1] for p in params)
        block = ", ".join(f"{p[2]}: {p[3]}" for p in params)
        yield f"  %y = condcomp.apply %routing : {self.routing} rows(%x : {self.x})"
        yield f"      params({names} : {types})"
        yield f"      outs(%zeros : {self.y}) combine(sum) {{"
        yield f"  ^bb0(%rows: {self.x}, {block}):"
        yield f"    %n = tensor.dim %rows, %c0 : {self.x}"
        for j, c in enumerate(s.activation.columns):
            yield from self.contraction(f"%h{j}", "%rows", s.width, f"%u{j}", c.count)
        yield from self.activation()
        yield from self.contraction("%p", "%a", s.hidden, "%d", s.width)
        if s.biased:
            yield from self.add_bias()
        yield f"    condcomp.yield {'%pb' if s.biased else '%p'} : {self.y}"
        yield f"  }} -> {self.y}"

    def contraction(self, name, left, inputs, right, outputs):
        s = self.spec
        left_type, result = (
            f"tensor<?x{inputs}x{s.element}>",
            f"tensor<?x{outputs}xf32>",
        )
        yield f"    {name}_e = tensor.empty(%n) : {result}"
        yield f"    {name}_z = linalg.fill ins(%zero : f32) outs({name}_e : {result}) -> {result}"
        yield (
            f"    {name} = linalg.matmul indexing_maps = [#left, #right, #result]"
            f" ins({left}, {right} : {left_type}, {self.matrix(inputs, outputs, stack=False)})"
            f" outs({name}_z : {result}) -> {result}"
        )

    def generic(self, name, inputs, columns, element, body, result, rows="%n"):
        """An elementwise op: inputs are (SSA name, type, map, block argument)."""
        kind = f"tensor<?x{columns}x{element}>"
        maps = ", ".join([*(i[2] for i in inputs), "#row"])
        yield f"    {name}_e0 = tensor.empty({rows}) : {kind}"
        yield f'    {name} = linalg.generic {{indexing_maps = [{maps}], iterator_types = ["parallel", "parallel"]}}'
        yield f"        ins({', '.join(i[0] for i in inputs)} : {', '.join(i[1] for i in inputs)}) outs({name}_e0 : {kind}) {{"
        block = ", ".join(f"{i[3]}: {i[1][:-1].split('x')[-1]}" for i in inputs)
        yield f"    ^bb1({block}, %o: {element}):"
        for line in body:
            yield f"      {line}"
        yield f"      linalg.yield {result} : {element}"
        yield f"    }} -> {kind}"

    def narrow(self, value):
        """f32 to the element type: the ops, and the value."""
        if self.spec.element == "f32":
            return [], value
        return [
            f"%narrow = arith.truncf {value} : f32 to {self.spec.element}"
        ], "%narrow"

    def widen(self, value, name):
        if self.spec.element == "f32":
            return [f"{name} = arith.addf {value}, {value}_b : f32"]
        return [
            f"{value}_w = arith.extf {value}_b : {self.spec.element} to f32",
            f"{name} = arith.addf {value}, {value}_w : f32",
        ]

    def activation(self):
        s = self.spec
        inputs, body = [], []
        for j, c in enumerate(s.activation.columns):
            name = f"%s{j}" if s.biased else f"%in{j}"
            inputs.append((f"%h{j}", f"tensor<?x{c.count}xf32>", "#row", name))
            if s.biased:
                body += self.widen(name, f"%in{j}")
        if s.biased:
            inputs += [
                (f"%ub{j}", self.tensor(c.count, stack=False), "#bias", f"%s{j}_b")
                for j, c in enumerate(s.activation.columns)
            ]
        narrow, result = self.narrow(s.activation.result)
        yield from self.generic(
            "%a",
            inputs,
            s.hidden,
            s.element,
            [*body, *s.activation.lines, *narrow],
            result,
        )

    def add_bias(self):
        s = self.spec
        inputs = [
            ("%p", self.y, "#row", "%s"),
            ("%db", self.tensor(s.width, stack=False), "#bias", "%s_b"),
        ]
        yield from self.generic(
            "%pb", inputs, s.width, "f32", self.widen("%s", "%r"), "%r"
        )

    def rounded(self, value, name):
        if self.spec.element == "f32":
            # A cast to the same type: a name for the value.
            return [f"  {name} = tensor.cast {value} : {self.y} to {self.x}"]
        narrow, result = self.narrow("%v")
        return self.generic(
            name,
            [(value, self.y, "#row", "%v")],
            self.spec.width,
            self.spec.element,
            narrow,
            result,
            rows="%tokens",
        )
