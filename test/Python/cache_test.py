# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled code on disk: what it depends on, and what can go wrong with it."""

import os
import subprocess
import sys
import warnings

import pytest

import condcomp
from condcomp import _cache

SOURCE = "func.func @f(%x: index) -> index { return %x : index }"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CONDCOMP_CACHE", str(tmp_path / "new" / "cache"))
    return tmp_path / "new" / "cache"


def quietly(source=SOURCE, **options):
    """A program; a warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program = condcomp.compile(source, **options)
    assert program.f(3) == 3
    return program


def test_found_again(folder):
    assert not quietly().cached
    assert quietly().cached
    assert len(list(folder.iterdir())) == 1
    assert folder.stat().st_mode & 0o077 == 0


def test_what_the_key_depends_on(monkeypatch):
    quietly()
    other = {
        "form": {"form": "masked"},
        "opt_level": {"opt_level": 1},
        "prepack": {"prepack": False},
        "trace": {"trace": True},
        # Errors quote it.
        "name": {"name": "g.mlir"},
        "text": {"source": SOURCE + "\n"},
    }
    for options in other.values():
        assert not quietly(**options).cached
    assert quietly(threads=2).cached
    for function in ("compiler_id", "host_cpu"):
        with monkeypatch.context() as patch:
            patch.setattr(f"condcomp._condcomp.{function}", lambda: "another")
            assert not quietly().cached


def test_signatures_and_remarks_come_back():
    source = "func.func @f(%x: index, %0: tensor<?x2xbf16> {condcomp.constant}) -> index { return %x : index }"
    first, second = (condcomp.compile(source) for _ in range(2))
    assert second.cached
    assert repr(first) == repr(second)
    assert first.remarks == second.remarks


def test_split_functions_come_back():
    import numpy as np
    import small_programs as programs

    for _ in range(2):
        program = condcomp.compile(programs.LINEAR, opt_level=0)
        x, w, b = (np.ones(s, "f4") for s in ((2, 8), (8, 16), (16,)))
        assert (program.bind("linear", w=w, b=b)(x) == 9).all()
    assert program.cached


@pytest.mark.parametrize("value", ["0", "off", ""])
def test_switched_off(value, monkeypatch, tmp_path):
    monkeypatch.setenv("CONDCOMP_CACHE", value)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert not quietly().cached
    assert not list(tmp_path.iterdir())


def test_switched_off_for_one_program(folder):
    for _ in range(2):
        assert not quietly(cache=False).cached
    assert not folder.exists()


def test_default_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("CONDCOMP_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert _cache.get_folder() == tmp_path / ".cache" / "condcomp"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert _cache.get_folder() == tmp_path / ".cache" / "condcomp"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert _cache.get_folder() == tmp_path / "xdg" / "condcomp"


def change(contents, case):
    middle = len(contents) // 2
    return {
        "empty": b"",
        "cut off": contents[:middle],
        "longer": contents + b"\0",
        "a bit": contents[:middle]
        + bytes([contents[middle] ^ 1])
        + contents[middle + 1 :],
        "magic": b"X" + contents[1:],
        "text": b"not a program at all, but long enough to hold a header",
    }[case]


@pytest.mark.parametrize(
    "case", ["empty", "cut off", "longer", "a bit", "magic", "text"]
)
def test_damaged_files_are_made_again(case, folder):
    quietly()
    (path,) = folder.iterdir()
    good = path.read_bytes()
    path.write_bytes(change(good, case))
    with pytest.warns(condcomp.CacheWarning, match="is damaged and is made again"):
        program = condcomp.compile(SOURCE)
    assert not program.cached and program.f(4) == 4
    assert path.read_bytes() == good
    assert quietly().cached


def test_programs_of_another_build_are_refused(folder):
    quietly()
    (path,) = folder.iterdir()
    from condcomp import _condcomp

    # As a build that differs would have left it, checksum included.
    contents = path.read_bytes()
    with pytest.raises(ValueError, match="checksum"):
        _condcomp.load(contents.replace(b"LLVM 22", b"LLVM 21"))


def test_folders_that_can_not_be_written(folder, monkeypatch):
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.warns(condcomp.CacheWarning):
        program = condcomp.compile(SOURCE)
    assert program.f(4) == 4


def test_code_of_other_users_is_not_run(monkeypatch):
    quietly()
    # Root's would be trusted: both have to differ.
    with monkeypatch.context() as patch:
        patch.setattr(_cache, "_TRUSTED", ())
        with pytest.warns(condcomp.CacheWarning, match="another user"):
            assert not condcomp.compile(SOURCE).cached
    assert quietly().cached


def test_least_recently_used_files_are_removed(folder, monkeypatch):
    quietly(name="old")
    (old,) = folder.iterdir()
    quietly(name="used")
    os.utime(old, (1, 1))
    monkeypatch.setattr(_cache, "LIMIT_BYTES", 2 * old.stat().st_size + 100)
    quietly(name="new")
    assert not old.exists()
    assert quietly(name="used").cached and quietly(name="new").cached


SCRIPT = f"""
import sys, condcomp
for number in range(12):
    program = condcomp.compile({SOURCE!r}, name=str(number))
    assert program.f(number) == number
print(sys.argv[1], "done")
"""


def test_processes_share_a_folder(folder):
    # Both compile the same programs at the same time.
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SCRIPT, name],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in "ab"
    ]
    for process, name in zip(processes, "ab"):
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and output == f"{name} done\n", output
    # No file was left half-written.
    assert len(list(folder.iterdir())) == 12
    for number in range(12):
        assert quietly(name=str(number)).cached
