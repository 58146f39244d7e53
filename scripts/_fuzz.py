"""Many strange calls, the same ones each time, as long as there is time: see `scripts/fuzz`."""

from __future__ import annotations

import inspect
import re
import sys
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from _fuzz_cases import Call, Target, calls, value_of
from hypothesis import HealthCheck, Phase, given, seed, settings
from sklearn.exceptions import NotFittedError
from sktime.exceptions import NotFittedError as NotFittedForecaster

from skrnn.exceptions import TrainingDivergedError

ALLOWED = {
    *(ValueError, TypeError, NotImplementedError, NotFittedError, NotFittedForecaster),
    TrainingDivergedError,
}
FOREIGN = re.compile(r"site-packages/(jax|jaxlib|keras)/")
WORDS = {
    *("X", "y", "row", "rows", "fh", "column", "columns", "series", "index", "feature", "features"),
    *("sequence", "sequences", "Sequence", "target", "targets", "sample", "samples", "labels"),
    *("class", "classes", "step", "steps", "dates", "horizon", "window", "data"),
}
CALLS_PER_ROUND = 400


def parameters(target: Target) -> list[str]:
    """Return the names of the parameters to change."""
    data = {*target.fit} if target.method is None else set()
    return sorted({*inspect.signature(target.called).parameters} - data)


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


def complaint(error: Exception, names: set[str]) -> str:
    """Return what is wrong with a refusal, or nothing."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    text = str(error)
    place = f"{type(error).__name__} at {'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}"
    if type(error) not in ALLOWED and not {*type(error).__mro__} & {ValueError, TypeError}:
        return f"{place}: {text[:200]}"
    if FOREIGN.search(frame.filename) or type(error).__module__.split(".")[0] in ("jax", "keras"):
        return f"foreign {place}: {text[:200]}"
    if isinstance(error, NotFittedError | NotFittedForecaster):
        return ""
    if not {*re.findall(r"\w+", text)} & (WORDS | names):
        return f"names nothing, {place}: {text[:200]}"
    return ""


def try_call(call: Call, record: Record) -> None:
    """Make a call and note what came of it."""
    target, names = call.target, {*parameters(call.target)}
    record.calls[target.name] += 1
    params, fit, then = value_of(call.params), value_of(call.fit), value_of(call.then)
    estimator: Any = None

    def attempt(function: Any, arguments: dict[str, Any]) -> Any:
        before = dict(vars(estimator)) if estimator is not None else {}
        try:
            return function(**arguments)
        except Exception as error:
            record.refusals[type(error).__name__] += 1
            if what := complaint(error, names):
                record.violation(what, call)
            after = vars(estimator) if estimator is not None else {}
            changed = [
                name
                for name in before.keys() | after.keys()
                if name not in before or name not in after or before[name] is not after[name]
            ]
            if changed:
                record.violation(f"a refusal changed {sorted(changed)}", call)
            return None

    if target.method is None:
        attempt(target.called, {**fit, **params})
        return
    estimator = target.called(**params)
    if attempt(estimator.fit, fit) is None:
        return
    found = attempt(getattr(estimator, target.method), then)
    wild = "inf" in str(call) or target.method != "predict" or found is None
    values = np.asarray(found)
    if not wild and values.dtype.kind == "f" and not np.isfinite(values).all():
        record.violation("predictions are not finite", call)


def main(seconds: float) -> int:
    """Make calls for so many seconds; return the exit status."""
    jax.config.update("jax_disable_most_optimizations", True)  # XLA compiles faster
    warnings.simplefilter("ignore")
    end, record, number = time.monotonic() + seconds, Record(), 0
    quiet = settings(
        max_examples=CALLS_PER_ROUND,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    while time.monotonic() < end:

        @seed(number)
        @quiet
        @given(calls(parameters))
        def one_round(call: Call) -> None:
            if time.monotonic() < end:
                try_call(call, record)

        one_round()
        number += 1
    print(record.report())
    return int(bool(record.violations))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0))
