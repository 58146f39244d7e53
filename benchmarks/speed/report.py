"""From figures to a table: times of ours, and how many times as fast as each peer that is."""

from dataclasses import dataclass
from statistics import median

from .records import BENCHMARKS

PEERS = ("keras", "torch", "skorch", "imports")


@dataclass(frozen=True)
class Line:
    """One benchmark, as it is shown.

    Attributes
    ----------
    title, ours : str
        What was measured, and its median.
    ratios : dict of str to tuple
        Peer to the median of peer / ours over rounds, the lowest and the highest.
    goals : dict of str to float
    share : float or None
        Of the speed of bare matrix products of the same shapes.
    """

    title: str
    ours: str
    ratios: dict
    goals: dict
    share: float | None


def lines(results):
    """Return a line for each benchmark that was measured; `results` are figures by its name."""
    return [_line(item, results[item.name]) for item in BENCHMARKS if item.name in results]


def _line(benchmark, figures):
    values = {
        side: [item[benchmark.figure if side != "imports" else "since_start"] for item in rounds]
        for side, rounds in figures.items()
        if side != "products"
    }
    ours = values.pop("skrnn")
    share = None
    if benchmark.flops:
        peak = figures["products"][0]["gflops"]
        share = benchmark.flops / median(ours) / 1e9 / peak
    return Line(
        benchmark.title,
        _memory(figures) if benchmark.task == "memory" else _seconds(median(ours)),
        {side: _spread(peer, ours) for side, peer in values.items()},
        {goal.peer: goal.at_least for goal in benchmark.goals},
        share,
    )


def _spread(peer, ours):
    single = sorted(a / b for a, b in zip(peer, ours, strict=True))
    return median(single), single[0], single[-1]


def _memory(figures):
    last = figures["skrnn"][-1]
    growth = last["end_mib"] - last["first_mib"]
    left = last["cleared_mib"] - last["first_mib"]
    return f"{last['peak_mib']:.0f} MiB, grew by {growth:.0f}, {left:+.0f} after clearing"


def _seconds(value):
    if value < 1e-3:
        return f"{1e6 * value:.0f} µs"
    return f"{1e3 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def as_rows(results):
    """Return header and rows of text."""
    found = lines(results)
    header = ["", "skrnn", *(f"vs {peer}" for peer in PEERS), "of products"]
    return [header, *([line.title, line.ours, *_cells(line)] for line in found)]


def _cells(line):
    for peer in PEERS:
        ratio = line.ratios.get(peer)
        yield "" if ratio is None else _ratio(ratio, line.goals.get(peer))
    yield "" if line.share is None else f"{line.share:.0%}"


def _ratio(ratio, goal):
    middle, low, high = ratio
    met = "" if goal is None else f" (goal {goal:.2g}{'' if middle >= goal else ', missed'})"
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]{met}"


def as_text(results):
    """Return the table with aligned columns."""
    rows = as_rows(results)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
