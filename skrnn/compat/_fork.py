"""Processes that were forked from one that ran JAX.

A fork copies memory and one thread. The threads of JAX are missing in the child, and whatever waits
for them would wait for ever.
"""

from __future__ import annotations

import os
import sys

_cut_off = False


def check_not_forked() -> None:
    """Raise in a process that was forked after JAX had been used.

    Raises
    ------
    RuntimeError
        There; the message says how to start processes instead.
    """
    if _cut_off:
        raise RuntimeError(
            "This process was made by fork after JAX had been used in its parent, and JAX would "
            'wait for ever in it. Start processes with "spawn" or "forkserver", as in '
            'multiprocessing.get_context("spawn"), or through joblib, whose default "loky" is '
            "right. A process that is forked before the first fit or prediction works."
        )


def _note_fork() -> None:
    """In a new child, take note whether JAX ran in the parent; nothing is imported for it."""
    global _cut_off
    bridge = sys.modules.get("jax._src.xla_bridge")
    _cut_off = _cut_off or bool(getattr(bridge, "_backends", None))


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing is forked
    os.register_at_fork(after_in_child=_note_fork)
