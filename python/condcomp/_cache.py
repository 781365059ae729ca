# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled code on disk.

One file per program, named by a hash of all that its code depends on: the text and
its name, the options, the CPU and the build of the compiler. Files appear under
their names when they are complete, so that processes may share a folder.
"""

import contextlib
import hashlib
import os
import pathlib
import tempfile
import warnings

from . import _condcomp
from ._errors import CacheWarning

# Beyond it, those not used for longest are removed.
LIMIT_BYTES = 1 << 30
_SUFFIX = ".condcomp"
_OFF = ("0", "off", "")
# Whose code is run: one's own and the administrator's.
_TRUSTED = (os.getuid(), 0)


def get_folder() -> pathlib.Path | None:
    """The folder: CONDCOMP_CACHE, or condcomp in the user's cache folder. None if
    CONDCOMP_CACHE is 0, off or empty."""
    chosen = os.environ.get("CONDCOMP_CACHE")
    if chosen is not None:
        return None if chosen.strip().lower() in _OFF else pathlib.Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    # The convention: a relative path does not count.
    if not base or not os.path.isabs(base):
        base = os.path.expanduser("~/.cache")
    return pathlib.Path(base) / "condcomp"


def make_key(*parts) -> str:
    """A name for what all of the parts determine on this machine."""
    everything = (_condcomp.compiler_id(), _condcomp.host_cpu(), *parts)
    # Lengths keep neighbours apart.
    return hashlib.sha256(
        b"".join(
            b"%d:%b" % (len(text), text)
            for text in (
                str(part).encode("utf-8", "surrogatepass") for part in everything
            )
        )
    ).hexdigest()


def load(key):
    """The program of a key, or None."""
    folder = get_folder() if key else None
    if folder is None:
        return None
    path = folder / (key + _SUFFIX)
    try:
        with open(path, "rb") as file:
            owner = os.fstat(file.fileno()).st_uid
            # Code that somebody else can replace is not run.
            if owner not in _TRUSTED:
                _warn(f"{path} belongs to another user and is not used")
                return None
            contents = file.read()
        os.utime(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        _warn(f"{path} can't be read: {error}")
        return None
    try:
        return _condcomp.load(contents)
    except ValueError as error:
        _warn(f"{path} is damaged and is made again: {error}")
        with contextlib.suppress(OSError):
            path.unlink()
        return None


def store(key, native) -> None:
    """Keeps a program under a key."""
    folder = get_folder() if key else None
    if folder is None:
        return
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(native.serialize())
        os.replace(temporary, folder / (key + _SUFFIX))
        _prune(folder)
    except OSError as error:
        _warn(f"compiled code can't be kept in {folder}: {error}")
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _prune(folder):
    """Removes the files that were not used for longest."""
    files = []
    for path in folder.glob("*" + _SUFFIX):
        # Another process may remove it meanwhile.
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= LIMIT_BYTES:
            break
        path.unlink(missing_ok=True)
        total -= size


def _warn(text):
    warnings.warn(
        f"{text} (CONDCOMP_CACHE moves or disables the cache)",
        CacheWarning,
        stacklevel=4,
    )
