# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What shows that long work goes on: nothing in the first two seconds, and nothing
where standard error is no terminal."""

import contextlib
import threading

from tqdm import tqdm

# Seconds before anything is shown, and between updates.
DELAY, INTERVAL = 2.0, 0.2


def bar(work=None, **options):
    """A progress bar over work whose size is known (tqdm's options)."""
    # Without a terminal None disables it.
    return tqdm(work, **{"delay": DELAY, "leave": False, "disable": None, **options})


@contextlib.contextmanager
def elapsed(what):
    """Shows what goes on and for how long, for work whose size nobody knows."""
    done = threading.Event()

    def show():
        if done.wait(DELAY):
            return
        with bar(desc=what, delay=0, bar_format="{desc}: {elapsed}") as shown:
            while not done.wait(INTERVAL):
                shown.refresh()

    # The work itself is done without Python's lock.
    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
