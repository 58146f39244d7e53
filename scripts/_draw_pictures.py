"""Draws the house and the mappings, for the documentation, into a folder."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

INK, PAPER, EDGE = "#22303c", "#ffffff", "#5b7083"
TINTS = {"face": "#d8e8f5", "middle": "#fde8c8", "engine": "#dcefd9", "ground": "#eceff1"}

# Floors of the package, top down: the parts, and how they are tinted.
FLOORS = (
    ("read and compare", "ground", ("persistence", "inspection", "comparison")),
    ("faces", "face", ("estimators", "forecasting", "plotting")),
    ("middle", "middle", ("models",)),
    ("engines", "engine", ("engines",)),
    ("rooms", "ground", ("networks", "scaling", "windowing")),
    ("ground", "ground", ("inputs", "scoring", "compat", "exceptions")),
)
NOTES = {
    "estimators": "scikit-learn",
    "forecasting": "sktime",
    "plotting": "matplotlib",
    "models": "options, specs, training, fitted networks, plain data",
    "engines": "the loop over epochs; programs of JAX, or keras.Model.fit",
    "networks": "cells, decoders, heads",
    "compat": "what others keep private",
    "persistence": "save, load",
    "inspection": "importance, gradients",
    "comparison": "compare",
    "scaling": "columns, windows",
    "windowing": "series to windows",
    "inputs": "arrays and masks",
    "scoring": "scores per step",
    "exceptions": "errors",
}

# Mappings: which steps have an input, and which an output.
MAPPINGS = (
    ("one-to-one", (0,), (0,)),
    ("one-to-many", (0,), (0, 1, 2)),
    ("many-to-one", (0, 1, 2), (2,)),
    ("many-to-many,\naligned", (0, 1, 2), (0, 1, 2)),
    ("many-to-many,\nencoder-decoder", (0, 1), (2, 3, 4)),
)


def box(ax, x, y, width, height, tint):
    style = "round,pad=0,rounding_size=0.06"
    ax.add_patch(
        FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor=tint, edgecolor=EDGE)
    )


def arrow(ax, start, end):
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color=EDGE, shrinkA=0)
    )


def blank(width, height):
    figure, ax = plt.subplots(figsize=(width, height), facecolor=PAPER)
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    ax.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    return figure, ax


def house():
    figure, ax = blank(8.4, 5.6)
    for number, (_, tint, parts) in enumerate(FLOORS):
        y = 4.7 - 0.9 * number
        width = 7.6 / len(parts)
        for place, part in enumerate(parts):
            x = 0.4 + place * width
            box(ax, x + 0.06, y, width - 0.12, 0.64, TINTS[tint])
            middle = x + width / 2
            ax.text(middle, y + 0.42, part, ha="center", va="center", color=INK, weight="bold")
            ax.text(
                middle, y + 0.19, NOTES[part], ha="center", va="center", color=INK, fontsize=7.5
            )
        if number:
            arrow(ax, (4.2, y + 0.88), (4.2, y + 0.66))
    return figure


def mappings():
    figure, ax = blank(9.6, 2.5)
    left = 0.25
    for name, inputs, outputs in MAPPINGS:
        steps = range(max(*inputs, *outputs) + 1)
        for step in steps:
            x = left + 0.42 * step
            box(ax, x, 1.1, 0.3, 0.3, TINTS["middle"])
            if step in inputs:
                box(ax, x, 0.5, 0.3, 0.3, TINTS["face"])
                arrow(ax, (x + 0.15, 0.8), (x + 0.15, 1.1))
            if step in outputs:
                box(ax, x, 1.7, 0.3, 0.3, TINTS["engine"])
                arrow(ax, (x + 0.15, 1.4), (x + 0.15, 1.7))
            if step:
                arrow(ax, (x - 0.12, 1.25), (x, 1.25))
        width = 0.42 * len(steps) - 0.12
        ax.text(left + width / 2, 0.36, name, ha="center", va="top", color=INK, fontsize=8.5)
        left += max(width, 0.9) + 0.75
    ax.text(0.25, 2.38, "output, state, input: from top to bottom", color=INK, fontsize=8, va="top")
    return figure


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    plt.rcParams["svg.hashsalt"] = "skrnn"  # the same file each time
    for draw in (house, mappings):
        draw().savefig(folder / f"{draw.__name__}.svg", metadata={"Date": None})
