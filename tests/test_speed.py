"""What `benchmarks/run` makes of its figures; the figures themselves are no test."""

import ast
import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def speed(monkeypatch):
    """Modules of the benchmarks, by name."""
    monkeypatch.syspath_prepend(str(HERE))
    return lambda name: importlib.import_module(f"speed.{name}")


def test_names_are_different(speed):
    names = [benchmark.name for benchmark in speed("records").BENCHMARKS]
    assert len(set(names)) == len(names)


def test_every_task_and_side_is_there(speed):
    tasks, sides = speed("tasks").Tasks, speed("sides").SIDES
    for benchmark in speed("records").BENCHMARKS:
        assert callable(getattr(tasks, benchmark.task))
        assert set(benchmark.peers) <= set(sides)
        assert {goal.peer for goal in benchmark.goals} <= set(benchmark.peers)


def test_ratios_are_taken_within_rounds(speed):
    report = speed("report")
    times = {"skrnn": [1.0, 2.0, 4.0], "keras": [4.0, 4.0, 4.0], "torch": [0.5, 1.0, 2.0]}
    figures = {side: [{"seconds": value} for value in row] for side, row in times.items()}
    (line,) = report.lines({"next-fit": figures})
    assert line.ratios == {"keras": (2.0, 1.0, 4.0), "torch": (0.5, 0.5, 0.5)}
    header, row = report.as_rows({"next-fit": figures})
    assert dict(zip(header, row, strict=True))["vs torch"].endswith("(goal 8, missed)")


def test_rows_can_be_learned(speed):
    work = replace(speed("works").SMALL, n_rows=50)
    X, y = work.rows()
    assert (X.shape, y.shape, X.dtype) == ((50, 12, 1), (50,), np.float32)
    assert np.ptp(y) > 1.0


def test_the_figures_of_the_guide_are_of_benchmarks_that_there_are(speed):
    figures = json.loads((HERE / "speed.json").read_text(encoding="utf-8"))
    assert set(figures) <= {benchmark.name for benchmark in speed("records").BENCHMARKS}
    header, *rows = speed("report").as_rows(figures)
    assert len(rows) == len(figures)
    assert all(len(row) == len(header) for row in rows)


def test_every_table_of_the_guide_has_figures():
    page = HERE.parent / "docs" / "guide" / "speed.rst"
    if not page.exists():
        pytest.skip("installed without the documentation")
    names = list(json.loads((HERE / "speed.json").read_text(encoding="utf-8")))
    wanted = re.findall(r"speed-table::\n\n   (.*)\n", page.read_text(encoding="utf-8"))
    assert len(wanted) >= 5
    for word in " ".join(wanted).split():
        assert any(name.startswith(word) for name in names), word


OF_PEERS = {"torch", "skorch"}  # in an environment of their own


@pytest.mark.parametrize("script", sorted(HERE.rglob("*.py")), ids=lambda path: path.stem)
def test_what_a_script_imports_is_there(script, speed):
    for node in ast.walk(ast.parse(script.read_text())):
        for package in _packages(node) - OF_PEERS:
            assert importlib.util.find_spec(package) is not None, package


def _packages(node):
    """Return what an import names, up to the first dot."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and not node.level:
        names = [node.module]
    return {name.partition(".")[0] for name in names}
