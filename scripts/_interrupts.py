"""Interrupts at every call inside fit, update, transform and predict: see `scripts/interrupts`.

Python looks for interrupts where a function begins and where a call of a built-in one ends, and it
is there that errors are raised, in the files of skrnn alone.
"""

from __future__ import annotations

import copy
import inspect
import random
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np
from _interrupt_cases import CASES, Case
from sklearn.exceptions import NotFittedError
from sktime.exceptions import NotFittedError as NotFittedForecaster

import skrnn
from skrnn.compat._keras import keras

PACKAGE = str(Path(skrnn.__file__).parent)
ERRORS = (KeyboardInterrupt, MemoryError)
# Seconds that a call may take after an interrupt; a lock that is held takes for ever.
PATIENCE = 120
FEWEST = 2
LOCKED = "a lock is held"


class Interrupt:
    """On entry, begin to count the calls in files of skrnn; raise an error at one of them.

    Parameters
    ----------
    error : type
    at : int or None
        Which call, from 0; None only counts.
    """

    def __init__(self, error: type[BaseException], at: int | None = None) -> None:
        self.error, self.at, self.count, self.place = error, at, 0, ""

    def __enter__(self) -> Interrupt:
        sys.setprofile(self._event)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)

    def _event(self, frame: Any, event: str, argument: Any) -> None:
        if event not in ("call", "c_return") or not self._is_ours(frame, event):
            return
        if self.count == self.at:
            line = f"{frame.f_code.co_filename.removeprefix(PACKAGE)}:{frame.f_lineno}"
            self.place = f"{event} at {line} ({frame.f_code.co_name})"
            raise self.error("injected")
        self.count += 1

    @staticmethod
    def _is_ours(frame: Any, event: str) -> bool:
        code = frame.f_code
        # The event of a generator that goes on comes before its own handlers are in force.
        generator = code.co_flags & inspect.CO_GENERATOR and event == "call"
        return not generator and code.co_filename.startswith(PACKAGE)


@dataclass
class Record:
    """What came of the interrupts."""

    calls: Counter[str] = field(default_factory=Counter)
    interrupts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return the counts, and each violation."""
        lines = [f"{self.interrupts.total()} interrupts, {len(self.violations)} violations"]
        return "\n".join([*lines, *(f"- {violation}" for violation in self.violations)])

    def line(self, name: str) -> str:
        """Return what is said of a case while others wait."""
        return f"{name}: {self.interrupts[name]} of {len(ERRORS) * self.calls[name]} interrupts"


def reading(case: Case, estimator: Any) -> list[Any]:
    """Return what tells a state of an estimator from others, in a form that can be compared."""
    try:
        found = case.read(estimator)
    except (NotFittedError, NotFittedForecaster, AttributeError) as error:
        return [type(error).__name__]
    parts = found if isinstance(found, tuple) else (found,)
    return [str(np.asarray(part).tolist()) for part in parts]  # as texts, NaN equals NaN


def settings() -> list[Any]:
    """Return what belongs to the whole process."""
    generator = np.random.get_state()  # noqa: NPY002  the global one, which is nobody's to use
    config = keras.config
    of_keras = [config.floatx(), config.epsilon(), config.image_data_format()]
    policy = keras.config.dtype_policy().name
    return [*of_keras, policy, random.getstate(), [*map(str, generator)], dict(jax.config.values)]


@contextmanager
def patience() -> Iterator[None]:
    """Raise where something within waits for ever."""

    def give_up(*_: object) -> None:
        raise TimeoutError(LOCKED)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Trial:
    """A case with what it gives undisturbed."""

    def __init__(self, case: Case) -> None:
        self.case, self.before = case, case.make()
        after = self.fresh()
        case.call(after)
        self.readings = reading(case, self.fresh()), reading(case, after)
        self.names = set(vars(self.before)), set(vars(after))
        counting = self.fresh()
        with Interrupt(KeyboardInterrupt) as counted:
            case.call(counting)
        self.n_calls = counted.count

    def fresh(self) -> Any:
        """Return the estimator as it is before the call, with nothing that others share."""
        if self.case.cold:
            skrnn.clear_compile_cache()
        return copy.deepcopy(self.before)

    def interrupt(self, error: type[BaseException], at: int) -> str | None:
        """Interrupt a call; return what is wrong afterwards, or None where it ended before."""
        subject, as_it_was = self.fresh(), settings()
        held = dict(vars(subject))
        try:
            with patience(), Interrupt(error, at) as interrupt:
                self.case.call(subject)
            raised = False
        except error:
            raised = True
        except BaseException as other:
            return f"{interrupt.place}: {error.__name__} became {type(other).__name__}: {other}"
        if not interrupt.place:  # there were fewer calls than before
            return None
        wrong = self._complaint(subject, held, raised, error) or self._works_on()
        if not wrong and settings() != as_it_was:
            wrong = "a setting of the process is another"
        return f"{interrupt.place}, {error.__name__}: {wrong}" if wrong else ""

    def _complaint(
        self, subject: Any, held: dict[str, Any], raised: bool, error: type[BaseException]
    ) -> str:
        """Return what is wrong with the estimator: it is as before, or all new."""
        now = vars(subject)
        changed = [
            name
            for name in now.keys() | held.keys()
            if name not in now or name not in held or now[name] is not held[name]
        ]
        found = reading(self.case, subject)
        if not raised:
            whole = set(now) == self.names[1] and len(found) == len(self.readings[1])
            return "" if whole and error is KeyboardInterrupt else "swallowed"
        if not changed and found == self.readings[0]:
            return ""
        if set(now) == self.names[1] and found == self.readings[1]:
            return ""
        return f"half changed: {sorted(changed)}" if changed else "predicts something else"

    def _works_on(self) -> str:
        """Return what is wrong with the next call."""
        try:
            with patience():
                other = copy.deepcopy(self.before)
                self.case.call(other)
                right = reading(self.case, other) == self.readings[1]
        except BaseException as error:
            return f"the next call fails with {type(error).__name__}: {error}"
        return "" if right else "the next call gives something else"


def positions(n_calls: int) -> list[tuple[type[BaseException], int]]:
    """Return every error at every call, in an order whose beginning is a sample."""
    every = [(error, at) for error in ERRORS for at in range(n_calls)]
    random.Random(0).shuffle(every)
    return every


def interrupt_all(cases: list[Case], seconds: float, most: int | None = None) -> Record:
    """Interrupt cases for so many seconds, or so many times each; return what came of it."""
    record, end = Record(), time.monotonic() + seconds
    for number, case in enumerate(cases):
        trial = Trial(case)
        record.calls[case.name] = trial.n_calls
        share = max(0.0, end - time.monotonic()) / (len(cases) - number)
        until = time.monotonic() + share
        for error, at in positions(trial.n_calls)[:most]:
            if time.monotonic() > until and record.interrupts[case.name] >= FEWEST:
                break
            wrong = trial.interrupt(error, at)
            record.interrupts[case.name] += wrong is not None
            if wrong:
                record.violations.append(f"{case.name}, call {at}, {wrong}")
                if LOCKED in wrong:  # so will all that follow
                    return record
        print(record.line(case.name), flush=True)
    return record


def main(seconds: float) -> int:
    """Interrupt all cases for so many seconds; return the exit status."""
    jax.config.update("jax_disable_most_optimizations", True)  # XLA compiles faster
    keras.config.set_floatx("float16")  # there must be something to restore
    warnings.simplefilter("ignore")
    record = interrupt_all(CASES, seconds)
    print(record.report())
    return int(bool(record.violations))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 120.0))
