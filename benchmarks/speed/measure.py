"""Measure benchmarks: the sides take turns, so that a busy machine is busy for all of them."""

import shutil
import sys
from contextlib import ExitStack

from .processes import worker


def measure(benchmark, place, rounds):
    """Return the figures of a benchmark, by side and round.

    Parameters
    ----------
    benchmark : Benchmark
    place : Place
    rounds : int
    """
    sides = [side for side in ("skrnn", *benchmark.peers) if place.python(side)]
    run = _in_fresh_processes if benchmark.fresh else _in_one_process
    print(f"{benchmark.name}: {', '.join(sides)}", file=sys.stderr, flush=True)
    figures = run(benchmark, place, sides, rounds)
    if benchmark.flops:
        figures["products"] = [_peak(benchmark, place)]
    return figures


def _in_one_process(benchmark, place, sides, rounds):
    figures = {side: [] for side in sides}
    with ExitStack() as stack:
        workers = {
            side: stack.enter_context(worker(place, side, place.folder / "programs"))
            for side in sides
        }
        for _ in range(rounds + 1):
            for side, process in workers.items():
                figures[side].append(process.ask(benchmark.task, benchmark.work))
    return {side: of_rounds[1:] for side, of_rounds in figures.items()}


def _in_fresh_processes(benchmark, place, sides, rounds):
    figures = {side: [] for side in sides}
    warm = benchmark.cache == "warm"
    for turn in range(rounds + warm):
        for side in sides:
            cache = place.folder / f"programs-{benchmark.name}"
            with worker(place, side, cache) as process:
                task = "nothing" if side == "imports" else benchmark.task
                figures[side].append(process.ask(task, benchmark.work))
            if not warm:
                shutil.rmtree(cache, ignore_errors=True)
        if warm and not turn:
            figures = {side: [] for side in sides}
    return figures


def _peak(benchmark, place):
    with worker(place, "products", "off") as process:
        return process.ask("gflops", benchmark.work)
