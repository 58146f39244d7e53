"""How examples of the gallery start processes."""

import multiprocessing
from typing import Any


def spawn(gallery_conf: Any, example: str) -> None:
    """Let examples start processes as scripts do.

    The gallery runs them in processes of joblib, whose own way of starting more is known to no
    other: a cluster of Dask could not start its workers.
    """
    multiprocessing.set_start_method("spawn", force=True)
