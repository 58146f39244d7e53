"""Many strange calls, the same ones each time, as long as there is time: see `scripts/fuzz`."""

from __future__ import annotations

import contextlib
import copy
import io
import linecache
import os
import re
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import matplotlib as mpl
import numpy as np
from _fuzz_cases import Call, Target, calls, value_of
from hypothesis import HealthCheck, Phase, given, seed, settings

# Of builtins, scikit-learn, sktime and skrnn. Files are where what the system says is meant.
REFUSALS = {
    *("ValueError", "TypeError", "NotImplementedError", "InvalidParameterError", "NotFittedError"),
    *("TrainingDivergedError", "LossError"),
}
OF_FILES = {"save", "load"}
OF_OTHERS = re.compile(r"/sklearn/(linear_model|neighbors)/")  # what these say is theirs
OURS = re.compile(r"/(skrnn|sklearn|sktime)/")
WORDS = {
    *("row", "rows", "column", "columns", "index", "feature", "features", "sequence", "sequences"),
    *(
        "Ridge",
        "y_true",
        "y_pred",
        "attention",
        "Sequence",
        "target",
        "targets",
        "sample",
        "samples",
        "samples:",
        "labels",
        "dates",
    ),
}
REMEDY = re.compile(
    r"must|needs?\b|[Ee]xpect|[Uu]se\b|[Pp]ass\b|[Ss]et\b|[Gg]ive\b|[Cc]hoose|[Mm]ake\b|[Ll]eave|"
    r"[Cc]all\b|[Ff]it\b|[Dd]rop|[Ff]ill|[Mm]end|[Ss]ort|[Pp]ut\b|[Tt]urn|[Kk]eep|[Cc]ut|[Rr]e\w+e\b|"
    r"[Bb]ring|[Ii]mpute|required|[Cc]onvert|instead|add\b|[Ss]elect"
)
PURE = re.compile("predict|score|transform|attention")
CALLS_PER_ROUND = 400
FITTED: dict[Target, Any] = {}  # fits of ordinary data take most of the time


@dataclass
class Record:
    """What came of the calls."""

    calls: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    smallest: dict[str, str] = field(default_factory=dict)

    def violation(self, what: str, call: Call) -> None:
        """Count a violation and keep the shortest example of it."""
        kind = f"{call.target.name}: {what}"
        self.violations[kind] += 1
        self.smallest[kind] = min(self.smallest.get(kind, str(call)), str(call), key=len)

    def report(self) -> str:
        """Return the counts, and an example of each violation."""
        lines = [f"{self.calls.total()} calls: {dict(self.calls)}"]
        lines += [f"refused {number} with {name}" for name, number in self.refusals.most_common()]
        lines += [f"{self.violations.total()} violations of {len(self.violations)} kinds"]
        for kind, number in self.violations.most_common():
            lines += [f"- {number} x {kind}", f"      {self.smallest[kind]}"]
        return "\n".join(lines)


def complaint(error: Exception, call: Call) -> str:
    """Return what is wrong with a refusal, or nothing."""
    frames, text = traceback.extract_tb(error.__traceback__), str(error)
    frame = frames[-1]
    kind = type(error).__name__
    what = f"{kind} at {'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}: {text[:200]}"
    if isinstance(error, OSError) and call.target.name in OF_FILES:
        return ""
    if any(one.name == "predict" and OF_OTHERS.search(one.filename) for one in frames):
        return ""
    if OF_OTHERS.search(str(error.__cause__)):  # what a process of joblib has seen, as a text
        return ""
    if kind not in REFUSALS:
        return what
    if kind == "NotFittedError":
        return ""
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    if not OURS.search(frame.filename) or not line.startswith("raise"):
        return f"foreign {what}"
    if not {*re.findall(r"\w+", text)} & (WORDS | call.target.words):
        return f"names nothing, {what}"
    return "" if REMEDY.search(text) else f"no remedy, {what}"


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the names of attributes that are not the same objects any more."""
    names = before.keys() | after.keys()
    gone = object()
    return sorted(name for name in names if before.get(name, gone) is not after.get(name, gone))


def try_call(call: Call, record: Record) -> None:
    """Make a call and note what came of it."""
    record.calls[call.target.name] += 1

    def attempt(
        function: Any, arguments: dict[str, Any], owner: Any = None, pure: Any = None
    ) -> Any:
        before = {} if owner is None else dict(vars(owner))
        try:
            found = function(**arguments)
        except Exception as error:
            record.refusals[type(error).__name__] += 1
            if what := complaint(error, call):
                record.violation(what, call)
            found = None
        else:
            if not pure:
                return found
        if owner is not None and (names := changed(before, dict(vars(owner)))):
            what = "a call" if found is not None else "a refusal"
            record.violation(f"{call.method}: {what} changed {names}", call)
        return found

    data = value_of(call.data)
    if not call.method:
        attempt(call.target.called, {**data, **value_of(call.params)})
        return
    if call.is_ordinary_until_fit and call.target in FITTED:
        estimator = copy.copy(FITTED[call.target])
    else:
        estimator = call.target.called(**value_of(call.params))
        if attempt(estimator.fit, data, estimator) is None:
            return
        if call.is_ordinary_until_fit:
            FITTED[call.target] = copy.copy(estimator)
    estimator.set_params(**value_of(call.later))
    if not hasattr(type(estimator), "settings_") and not hasattr(estimator, call.method):
        return
    pure = PURE.match(call.method) and call.target.name != "Seq2SeqForecaster"
    found = attempt(getattr(estimator, call.method), value_of(call.then), estimator, pure)
    if found is not None and _must_be_finite(call) and not _is_finite(found):
        record.violation(f"{call.method}: not finite", call)


def _must_be_finite(call: Call) -> bool:
    masked = "return_sequences" in call.params or "members" in call.method
    missing = "residuals" in call.method and "nan" in str(call.then)  # no value, no residual
    odd = masked or missing or "inf" in str(call)
    return bool(re.match("predict|score", call.method)) and not odd


def _is_finite(found: Any) -> bool:
    values = np.asarray(found)
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


@contextlib.contextmanager
def quiet_place() -> Iterator[None]:
    """Go to an empty folder, and hear no warnings and no progress, for a while."""
    here = Path.cwd()
    mpl.use("agg")
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        os.chdir(folder)
        Path("empty").touch()
        Path("text.txt").write_text("text")
        try:
            yield
        finally:
            os.chdir(here)


def make_calls(seconds: float, most: int | None = None, first: int = 0) -> Record:
    """Make calls for so many seconds, or until there were so many, from the first seed on."""
    from matplotlib import pyplot as plt

    end, record, number = time.monotonic() + seconds, Record(), first
    quiet = settings(
        max_examples=CALLS_PER_ROUND,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    def ended() -> bool:
        return time.monotonic() > end or (most is not None and record.calls.total() >= most)

    while not ended():

        @seed(number)
        @quiet
        @given(calls())
        def one_round(call: Call) -> None:
            if not ended():
                try_call(call, record)
                plt.close("all")

        one_round()
        number += 1
    return record


def main(seconds: float = 120.0, first: float = 0) -> int:
    """Make calls for so many seconds, from a seed on; return the exit status."""
    jax.config.update("jax_disable_most_optimizations", True)  # XLA compiles faster
    with quiet_place():
        record = make_calls(seconds, first=int(first))
    print(record.report())
    return int(bool(record.violations))


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
