# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs called, compiled and freed on many threads; the GIL."""

import concurrent.futures
import threading
import time

import numpy as np
import small_programs as programs
import pytest

import condcomp

# Runs for as long as the caller likes, on one thread.
SPIN = """
func.func @spin(%n: index) -> i64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 1 : i64
  %a = arith.constant 6364136223846793005 : i64
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%v = %zero) -> i64 {
    %m = arith.muli %v, %a : i64
    %j = arith.index_cast %i : index to i64
    %x = arith.xori %m, %j : i64
    scf.yield %x : i64
  }
  return %r : i64
}
"""


def test_many_threads_call_one_program(no_leak):
    program = programs.get(programs.LINEAR)
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal((8, 16), "f4"), rng.standard_normal(16, "f4")
    bound = program.bind("linear", w=w, b=b)
    inputs = [rng.standard_normal((n, 8), "f4") for n in range(40)]
    expected = [bound(x) for x in inputs]

    def call(index):
        x = inputs[index % len(inputs)]
        try:
            program.gate(np.ones((2, 4), np.float32), 5)
        except condcomp.CheckError as error:
            # Its own thread's error.
            assert "k = 5" in str(error)
        else:
            raise AssertionError("no error")
        run = bound if index % 2 else lambda x: program.linear(x, w, b)
        np.testing.assert_array_equal(run(x), expected[index % len(inputs)])
        return bound.run(x, threads=1 + index % 3)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(call, range(400)))
    for index, result in enumerate(results):
        np.testing.assert_array_equal(result, expected[index % len(inputs)])


def test_programs_are_compiled_on_many_threads():
    def compile_and_call(number):
        source = f"""func.func @f(%x: index) -> index {{
          %c = arith.constant {number} : index
          %y = arith.addi %x, %c : index
          return %y : index }}"""
        return condcomp.compile(source, cache=False, opt_level=0).f(1)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compile_and_call, range(16))) == list(range(1, 17))


def test_the_gil_is_released_in_calls():
    program = programs.get(SPIN)
    start = time.perf_counter()
    program.spin(10**6)
    steps = int(10**6 * 0.5 / (time.perf_counter() - start))  # half a second
    thread = threading.Thread(target=program.spin, args=(steps,))
    ticks = 0
    thread.start()
    while thread.is_alive():
        time.sleep(0.005)
        ticks += 1
    # With the GIL held, the loop would turn once.
    assert ticks >= 5


def test_the_gil_is_released_while_compiling():
    done = threading.Event()

    def compile():
        condcomp.compile(programs.LINEAR, cache=False)
        done.set()

    thread = threading.Thread(target=compile)
    ticks = 0
    thread.start()
    while not done.is_set():
        time.sleep(0.005)
        ticks += 1
    thread.join()
    assert ticks >= 5


def test_numbers_of_threads():
    program = condcomp.compile(programs.LINEAR, opt_level=0, threads=2)
    x, w, b = (np.ones(s, np.float32) for s in ((64, 8), (8, 16), (16,)))
    assert program.threads == 2
    expected = program.linear(x, w, b)
    for threads in (0, 1, 2, 5):
        np.testing.assert_array_equal(
            program.run("linear", x, w, b, threads=threads), expected
        )
        program.threads = threads
        np.testing.assert_array_equal(program.linear(x, w, b), expected)
    with pytest.raises(ValueError, match="0 .as OpenMP decides. to 1024, not -1"):
        program.run("linear", x, w, b, threads=-1)
    with pytest.raises(ValueError, match="not 1025"):
        program.threads = 1025
