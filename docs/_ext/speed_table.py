"""The directive `speed-table`: the figures that a run of `benchmarks/run` left, as a table."""

import csv
import io
import json
import sys
from pathlib import Path

from docutils.parsers.rst import Directive

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from speed.report import as_rows  # noqa: E402  (found there)


class SpeedTable(Directive):
    """Benchmarks whose names begin with the words in the content; all where there are none."""

    has_content = True

    def run(self):
        """Write a table of comma-separated values in its place."""
        figures = json.loads((BENCHMARKS / "speed.json").read_text(encoding="utf-8"))
        wanted = tuple(" ".join(self.content).split()) or ("",)
        rows = as_rows({name: f for name, f in figures.items() if name.startswith(wanted)})
        used = [n for n, column in enumerate(zip(*rows[1:], strict=True)) if any(column)]
        text = io.StringIO()
        csv.writer(text).writerows([[row[n] for n in used] for row in rows])
        lines = [".. csv-table::", "   :header-rows: 1", ""]
        lines += [f"   {line}" for line in text.getvalue().splitlines()]
        self.state_machine.insert_input([*lines, ""], __file__)
        return []


def setup(app):
    """Add the directive."""
    app.add_directive("speed-table", SpeedTable)
    return {"parallel_read_safe": True}
