"""What happened during training, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._html import curves, table

# In front of the names of columns that are of the validation rows.
VALIDATION = "val_"


class History(dict[str, list[float]]):
    """Columns of numbers with one entry per epoch, printable as a table.

    Columns are `"loss"`, `"val_loss"` where there are validation rows, metrics by their names (with
    `val_` in front those of the validation rows), `"learning_rate"` (the last one used in the
    epoch) and `"seconds"`. An absent value is NaN. `pandas.DataFrame(history)` has a row per epoch.

    Attributes
    ----------
    best_epoch : int or None
        The epoch, from 1, whose weights early stopping kept; None where it did not choose.

    Examples
    --------
    >>> from skrnn.engines._history import History
    >>> history = History()
    >>> history.append(loss=0.5, learning_rate=0.003, seconds=0.01)
    >>> history.append(loss=0.25, learning_rate=0.003, seconds=0.01)
    >>> history["loss"]
    [0.5, 0.25]
    >>> print(history)
    epoch       loss  learning_rate    seconds
        1        0.5          0.003       0.01
        2       0.25          0.003       0.01
    """

    def __init__(self) -> None:
        super().__init__()
        self.best_epoch: int | None = None

    def append(self, **values: float) -> None:
        """Add an epoch to all columns at once: a reader sees all of it or nothing."""
        missing = float("nan")
        before = {**dict.fromkeys(values, [missing] * self.n_epochs), **self}
        names = dict.fromkeys([*self, *values])
        self.update({name: [*before[name], float(values.get(name, missing))] for name in names})

    def amend(self, **values: float) -> None:
        """Add columns to the last epoch, or change them."""
        for name, value in values.items():
            self.setdefault(name, [float("nan")] * self.n_epochs)[-1] = float(value)

    def extended(self, later: History) -> History:
        """Return a new history: this one, then the epochs of another."""
        result = History()
        for part in (self, later):
            for epoch in range(part.n_epochs):
                result.append(**{name: column[epoch] for name, column in part.items()})
        if later.best_epoch is not None:
            result.best_epoch = self.n_epochs + later.best_epoch
        return result

    @property
    def n_epochs(self) -> int:
        """Number of epochs."""
        return len(next(iter(self.values()), []))

    def __getstate__(self) -> dict[str, Any]:
        """Return columns and best epoch as plain data."""
        return {"columns": dict(self), "best_epoch": self.best_epoch}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.update(state["columns"])
        self.best_epoch = state["best_epoch"]

    def to_html(self, last: int = 10) -> str:
        """Return the curve of the losses, and a table of the last epochs.

        Parameters
        ----------
        last : int
            Epochs in the table.
        """
        losses = {name: self[name] for name in ("loss", f"{VALIDATION}loss") if name in self}
        first = max(0, self.n_epochs - last)
        rows = [
            (epoch + 1, *(column[epoch] for column in self.values()))
            for epoch in range(first, self.n_epochs)
        ]
        best = "" if self.best_epoch is None else f"<p>Kept: epoch {self.best_epoch}.</p>"
        return curves(losses) + table(["epoch", *self], rows) + best

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        """Say how many epochs and which columns there are."""
        return f"History({self.n_epochs} epochs: {', '.join(self)})"

    def __str__(self) -> str:
        """Return the table."""
        widths = {name: max(10, len(name) + 2) for name in self}
        lines = ["epoch " + "".join(f"{name:>{width}}" for name, width in widths.items()).rstrip()]
        for epoch in range(self.n_epochs):
            cells = (f"{self[name][epoch]:>{width}.4g}" for name, width in widths.items())
            lines.append(f"{epoch + 1:>5} " + "".join(cells))
        return "\n".join(lines)
