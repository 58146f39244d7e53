"""What happened during training, epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class History(Mapping[str, list[float]]):
    """Columns of numbers with one entry per epoch, printable as a table.

    Columns are `"loss"`, `"val_loss"` where there are validation rows, `"learning_rate"` (the last
    one used in the epoch) and `"seconds"`. An absent value is NaN.

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
        self._columns: dict[str, list[float]] = {}
        self._n_epochs = 0

    def append(self, **values: float) -> None:
        """Add an epoch."""
        for name in values:
            self._columns.setdefault(name, [float("nan")] * self._n_epochs)
        for name, column in self._columns.items():
            column.append(float(values.get(name, float("nan"))))
        self._n_epochs += 1

    def extended(self, later: History) -> History:
        """Return a new history: this one, then the epochs of another."""
        result = History()
        for part in (self, later):
            for epoch in range(part._n_epochs):
                result.append(**{name: column[epoch] for name, column in part.items()})
        return result

    @property
    def n_epochs(self) -> int:
        """Number of epochs."""
        return self._n_epochs

    def __getitem__(self, name: str) -> list[float]:
        """Return a column."""
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the columns."""
        return iter(self._columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self._columns)

    def __repr__(self) -> str:
        """Say how many epochs and which columns there are."""
        return f"History({self._n_epochs} epochs: {', '.join(self._columns)})"

    def __str__(self) -> str:
        """Return the table."""
        widths = {name: max(10, len(name) + 2) for name in self._columns}
        lines = ["epoch " + "".join(f"{name:>{width}}" for name, width in widths.items()).rstrip()]
        for epoch in range(self._n_epochs):
            cells = (f"{self[name][epoch]:>{width}.4g}" for name, width in widths.items())
            lines.append(f"{epoch + 1:>5} " + "".join(cells))
        return "\n".join(lines)
