"""Scale inputs and targets of the regressors, every window by its own level and scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inputs._overlap import (
    Sequences,
    over_steps,
    over_windows,
    shares_rows,
    steps_and_counts,
)
from ._columns import SequenceFeatures, Targets, make_scaler
from ._counted import median, moments
from ._relative import Array, level_of, reference_of, scale_of, smallest_scale

# Spreads of y and of its feature within this factor, and medians within this many spreads, pass.
_MISMATCH_FACTOR = 20.0


@dataclass(frozen=True)
class WindowScaler:
    """A way to take a window relative to itself.

    Attributes
    ----------
    own_scale : bool
        In units of its own standard deviation, and not of the typical one of all windows.
    logs : bool
        On logarithms.
    """

    own_scale: bool
    logs: bool


WINDOW_SCALERS = {
    "window": WindowScaler(own_scale=True, logs=False),
    "level": WindowScaler(own_scale=False, logs=False),
    "log": WindowScaler(own_scale=False, logs=True),
}


class WindowLevels:
    """Every window by the mean of its own steps, per feature, and a standard deviation.

    Parameters
    ----------
    choice : {"window", "level", "log"}
    """

    def __init__(self, choice: str = "window") -> None:
        self.choice = choice

    def fit(self, values: Sequences, sequences: Any = None) -> WindowLevels:
        """Learn typical scales from sequences of shape (n_rows, n_timesteps, n_features)."""
        windows = self._steps_as_numbers(values)
        mean, spread = moments(*steps_and_counts(windows))
        if not WINDOW_SCALERS[self.choice].own_scale:
            spread = _spread_around_levels(windows)
        self.smallest_ = smallest_scale(spread, np.abs(mean))
        self.typical_ = np.maximum(spread, self.smallest_)
        return self

    def numbers(self, values: Array, what: str, xp: Any = np) -> Array:
        """Return values or, if that is the choice, their logarithms.

        Inside layers of Keras nothing is refused: what has no logarithm becomes NaN.

        Raises
        ------
        ValueError
            When there is no logarithm. `what` names the values: "X" or "y".
        """
        if not WINDOW_SCALERS[self.choice].logs:
            return values
        if xp is np and (values <= 0).any():
            raise ValueError(
                f'The scaler "log" needs positive values, but {what} has {np.nanmin(values):.4g}. '
                'Use "level" or "window", or leave out what is not positive.'
            )
        return xp.log(values)

    def levels_and_scales(self, sequences: np.ndarray) -> tuple[Any, ...]:
        """Return the numbers of sequences, with the level and the scale of each.

        Windows that share their rows are not copied, but in parts, and so do the numbers.
        """
        numbers = self._steps_as_numbers(sequences)
        return numbers, *over_windows(self.level_and_scale, numbers)

    def level_and_scale(self, numbers: Array, xp: Any = np) -> tuple[Array, Array]:
        """Return two arrays, (n_rows, 1, n_features); in Keras one row of scales may do."""
        values, observed = _zero_where_missing(numbers, xp)
        level = level_of(values, observed, xp)
        if WINDOW_SCALERS[self.choice].own_scale:
            return level, scale_of(values, observed, level, self.smallest_, xp)
        scale = self.typical_[None, None]
        return level, np.broadcast_to(scale, level.shape) if xp is np else scale

    def transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return scaled sequences; masked steps stay NaN."""
        numbers = self.numbers(values, "X", xp)
        level, scale = self.level_and_scale(numbers, xp)
        return (numbers - level) / scale

    def inverse_transform(self, values: Array, sequences: Array, xp: Any = np) -> Array:
        """Return scaled values in the units of the sequences that they are relative to."""
        level, scale = self.level_and_scale(self.numbers(sequences, "X", xp), xp)
        return self.restore(values * scale + level, xp)

    def _steps_as_numbers(self, sequences: Sequences) -> Any:
        return over_steps(lambda steps: self.numbers(steps, "X"), sequences)

    def restore(self, numbers: Array, xp: Any = np) -> Array:
        """Return what `numbers` were made of."""
        if not WINDOW_SCALERS[self.choice].logs:
            return numbers
        return xp.exp(xp.minimum(numbers, _largest_log(xp)))


class WindowTargets:
    """Targets relative to the window they follow.

    With level m and scale s of the feature that holds the target's past, y becomes (y - m) / s;
    with a seasonal lag L the value one season back stands in for the level: output k steps ahead
    (k = 0, 1, ...) is compared with step -L + (k mod L) of the window. Where that step is masked,
    the level is used. On logarithms, all of these are logarithms.

    Parameters
    ----------
    feature : int
    seasonal_lag : int or None
    choice : {"window", "level", "log"}
    """

    def __init__(self, feature: int, seasonal_lag: int | None, choice: str = "window") -> None:
        self.feature = feature
        self.seasonal_lag = seasonal_lag
        self.choice = choice

    def fit(self, values: np.ndarray, sequences: Sequences) -> WindowTargets:
        """Learn the smallest scale, and see that targets and feature share their units.

        Raises
        ------
        ValueError
            When they grossly do not.
        """
        past = self._past(sequences, np)
        levels = WindowLevels(self.choice).fit(past)
        levels.numbers(values, "y")
        _check_units(values, past, self.feature, self.choice)
        self.levels_ = levels
        return self

    def transform(self, values: Array, sequences: Array, xp: Any = np) -> Array:
        """Return relative targets."""
        reference, scale = self._reference_and_scale(sequences, values.shape[1], xp)
        return (self.levels_.numbers(values, "y", xp) - reference) / scale

    def inverse_transform(self, values: Array, sequences: Array, xp: Any = np) -> Array:
        """Return targets in their own units."""
        reference, scale = self._reference_and_scale(sequences, values.shape[1], xp)
        return self.levels_.restore(values * scale + reference, xp)

    def _reference_and_scale(
        self, sequences: Array, n_outputs: int, xp: Any
    ) -> tuple[Array, Array]:
        def read(past: Array) -> tuple[Array, Array]:
            past = self.levels_.numbers(past, "X", xp)
            level, scale = self.levels_.level_and_scale(past, xp)
            values, observed = _zero_where_missing(past, xp)
            season = self.seasonal_lag or 0
            reference = reference_of(values, observed, level, season, n_outputs, xp)
            return reference[:, :, 0], scale[:, 0]

        past = self._past(sequences, xp)
        reference, scale = over_windows(read, past) if xp is np else read(past)
        return reference, scale

    def _past(self, sequences: Array, xp: Any) -> Array:
        """Return the feature that holds the past of the targets, as sequences of one feature."""
        if xp is np and shares_rows(sequences):
            return over_steps(lambda steps: steps[:, :, self.feature, None], sequences)
        return xp.take(sequences, np.array([self.feature]), axis=2)


def make_input_scaler(choice: Any) -> Any:
    """Return the unfitted scaler of inputs for a choice of the constructor."""
    if is_window_scaler(choice):
        return WindowLevels(choice)
    return make_scaler(choice, SequenceFeatures)


def make_target_scaler(choice: Any, feature: int, seasonal_lag: int | None) -> Any:
    """Return the unfitted scaler of targets for a choice of the constructor."""
    if is_window_scaler(choice):
        return WindowTargets(feature, seasonal_lag, choice)
    return make_scaler(choice, Targets)


def is_window_scaler(choice: Any) -> bool:
    """Return whether a choice of the constructor takes windows relative to themselves."""
    return isinstance(choice, str) and choice in WINDOW_SCALERS


def _zero_where_missing(numbers: Array, xp: Any) -> tuple[Array, Array]:
    observed = xp.logical_not(xp.isnan(numbers))
    return xp.where(observed, numbers, 0.0), observed


def _largest_log(xp: Any) -> float:
    """Return the logarithm beyond which there is no finite number; Keras has half the precision."""
    kind = np.finfo(np.float64 if xp is np else np.float32)
    return float(np.log(float(kind.max))) - (0.0 if xp is np else 1e-5)


def _spread_around_levels(windows: Sequences) -> np.ndarray:
    """Return the standard deviation of the steps of windows around the mean of their window."""
    if not shares_rows(windows):
        level = level_of(np.nan_to_num(windows), ~np.isnan(windows))
        steps: np.ndarray = (windows - level).reshape(-1, windows.shape[2])
        return np.nanstd(steps, axis=0)
    squares, counts = over_windows(_squares_around_levels, windows)
    return np.sqrt(squares.sum(axis=0) / counts.sum(axis=0))


def _squares_around_levels(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each window the sum of the squares around its mean, and the number of values."""
    values, observed = _zero_where_missing(windows, np)
    level = level_of(values, observed)
    squares = np.where(observed, (values - level) ** 2, 0.0)
    return squares.sum(axis=1), observed.sum(axis=1)


def _check_units(targets: np.ndarray, sequences: Sequences, feature: int, choice: str) -> None:
    past, counts = steps_and_counts(sequences)
    there = ~np.isnan(past[:, 0])
    past, counts = past[there], None if counts is None else counts[there]
    spread, target_spread = moments(past - past[0], counts)[1][0], targets.std()
    middle = np.median(past) if counts is None else median(past[:, 0], counts)
    offset = abs(np.median(targets) - middle)
    reach = _MISMATCH_FACTOR * (spread or max(1.0, abs(past[0, 0])))
    comparable = spread > 0 and target_spread > 0
    ratio = target_spread / spread if comparable else 1.0
    if 1 / _MISMATCH_FACTOR <= ratio <= _MISMATCH_FACTOR and offset <= reach:
        return
    raise ValueError(
        f'target_scaler="{choice}" needs y in the units of feature {feature} of X '
        f"(target_feature), but y has median {np.median(targets):.4g} and standard deviation "
        f"{target_spread:.4g} where the feature has {middle:.4g} and {spread:.4g}. Pass y "
        "unscaled, as the feature is passed (no TransformedTargetRegressor, no scaler of X alone "
        "in front), choose the feature that holds the past of y, or use "
        'target_scaler="standard".'
    )
