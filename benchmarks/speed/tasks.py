"""What a side is asked to do in its own process: each returns figures by name.

Seconds are those of the processor, which on one core and a quiet machine are those of the clock;
on a busy one they leave out what others do.
"""

from dataclasses import replace
from pathlib import Path
from statistics import median
from time import process_time

CALL_SECONDS = 0.3


def timed(function, *arguments):
    start = process_time()
    result = function(*arguments)
    return process_time() - start, result


class Tasks:
    """The tasks of one process; what was fitted for one round serves the next."""

    def __init__(self, side):
        self.side, self.fitted = side, {}

    def nothing(self, work):
        return {"since_start": process_time()}

    def fit_from_start(self, work):
        self.side.fit(work)
        return {"since_start": process_time()}

    def fit_and_predict(self, work):
        X, _ = work.rows(1)
        self.side.predict(self.side.fit(work), X)
        return {"since_start": process_time()}

    def fit(self, work):
        seconds, _ = timed(self.side.fit, work)
        return {"seconds": seconds}

    def epoch(self, work):
        """Time the epochs of a fit, the first of which compiles with Keras."""
        return {"seconds": median(self.side.epoch_seconds(work)[1:])}

    def predict(self, work):
        """Time calls until a moment is full, and take their median."""
        if work not in self.fitted:
            self.fitted[work] = self.side.fit(work)
        X, _ = work.rows(work.n_predicted)
        seconds = [timed(self.side.predict, self.fitted[work], X)[0]]
        while sum(seconds) < CALL_SECONDS:
            seconds.append(timed(self.side.predict, self.fitted[work], X)[0])
        return {"seconds": median(seconds)}

    def grid(self, work):
        """Search over 12 candidates on five folds, and refit the best."""
        from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

        estimator, grid = self.side.grid()
        X, y = work.rows()
        search = GridSearchCV(
            estimator, grid, cv=TimeSeriesSplit(5), scoring="neg_mean_squared_error"
        )
        two_d = type(self.side).__name__ == "Skorch"
        seconds, _ = timed(search.fit, X, y[:, None] if two_d else y)
        return {"seconds": seconds}

    def panel(self, panel):
        seconds, _ = timed(self.side.fit_panel, panel)
        return {"seconds": seconds}

    def compiling(self, work):
        """Return what a fit takes more than one after it, and so a prediction."""
        self.side.predict(self.side.fit(replace(work, units=3)), work.rows(1)[0])  # imports
        first, again = (timed(self.fit_and_predict, work)[0] for _ in range(2))
        return {"seconds": first - again}

    def gflops(self, work):
        return {"gflops": self.side.gflops(work)}

    def memory(self, works):
        """Return the memory before and after fits, its peak, and what clearing leaves."""
        start, grown = resident_mib(), None
        for work in works:
            self.side.fit(work)
            grown = grown or resident_mib()
        end = resident_mib()
        if hasattr(self.side, "clear"):
            self.side.clear()
        figures = {"start": start, "first": grown, "end": end, "cleared": resident_mib()}
        return {f"{name}_mib": value for name, value in figures.items()} | {"peak_mib": peak_mib()}


def resident_mib():
    return _status("VmRSS:")


def peak_mib():
    return _status("VmHWM:")


def _status(field):
    """Return a field of what Linux tells of a process, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 2**10 for line in lines if line.startswith(field))
