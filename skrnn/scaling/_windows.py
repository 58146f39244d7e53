"""Scale inputs and targets of the regressors, every window by its own level and scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._columns import SequenceFeatures, Targets, make_scaler
from ._relative import level_of, reference_of, scale_of, smallest_scale

# Spreads of y and of its feature within this factor, and medians within this many spreads, pass.
_MISMATCH_FACTOR = 20.0


class WindowLevels:
    """Every window by the mean and standard deviation of its own steps, per feature."""

    def fit(self, values: np.ndarray, sequences: Any = None) -> WindowLevels:
        """Learn the smallest scale from sequences of shape (n_rows, n_timesteps, n_features)."""
        steps = values.reshape(-1, values.shape[2])
        size = np.abs(np.nanmean(steps, axis=0))
        self.smallest_ = smallest_scale(np.nanstd(steps, axis=0), size)
        return self

    def level_and_scale(self, sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return two arrays of shape (n_rows, 1, n_features)."""
        observed = ~np.isnan(sequences)
        values = np.where(observed, sequences, 0.0)
        level = level_of(values, observed)
        return level, scale_of(values, observed, level, self.smallest_)

    def transform(self, values: np.ndarray, sequences: Any = None) -> np.ndarray:
        """Return scaled sequences; masked steps stay NaN."""
        level, scale = self.level_and_scale(values)
        return (values - level) / scale


class WindowTargets:
    """Targets relative to the window they follow.

    With level m and scale s of the feature that holds the target's past, y becomes (y - m) / s;
    with a seasonal lag L the value one season back stands in for the level: output k steps ahead
    (k = 0, 1, ...) is compared with step -L + (k mod L) of the window. Where that step is masked,
    the level is used.

    Parameters
    ----------
    feature : int
    seasonal_lag : int or None
    """

    def __init__(self, feature: int, seasonal_lag: int | None) -> None:
        self.feature = feature
        self.seasonal_lag = seasonal_lag

    def fit(self, values: np.ndarray, sequences: np.ndarray) -> WindowTargets:
        """Learn the smallest scale, and see that targets and feature share their units.

        Raises
        ------
        ValueError
            When they grossly do not.
        """
        past = self._past(sequences)
        self.levels_ = WindowLevels().fit(past)
        _check_units(values, past[~np.isnan(past)], self.feature)
        return self

    def transform(self, values: np.ndarray, sequences: np.ndarray) -> np.ndarray:
        """Return relative targets."""
        reference, scale = self._reference_and_scale(sequences, values.shape[1])
        return (values - reference) / scale

    def inverse_transform(self, values: np.ndarray, sequences: np.ndarray) -> np.ndarray:
        """Return targets in their own units."""
        reference, scale = self._reference_and_scale(sequences, values.shape[1])
        return values * scale + reference

    def _past(self, sequences: np.ndarray) -> np.ndarray:
        return sequences[:, :, [self.feature]]

    def _reference_and_scale(
        self, sequences: np.ndarray, n_outputs: int
    ) -> tuple[np.ndarray, np.ndarray]:
        past = self._past(sequences)
        level, scale = self.levels_.level_and_scale(past)
        observed = ~np.isnan(past)
        values = np.where(observed, past, 0.0)
        season = self.seasonal_lag or 0
        reference = reference_of(values, observed, level, season, n_outputs)
        return reference[:, :, 0], scale[:, 0]


def make_input_scaler(choice: Any) -> Any:
    """Return the unfitted scaler of inputs for a choice of the constructor."""
    if choice == "window":
        return WindowLevels()
    return make_scaler(choice, SequenceFeatures)


def make_target_scaler(choice: Any, feature: int, seasonal_lag: int | None) -> Any:
    """Return the unfitted scaler of targets for a choice of the constructor."""
    if choice == "window":
        return WindowTargets(feature, seasonal_lag)
    return make_scaler(choice, Targets)


def _check_units(targets: np.ndarray, past: np.ndarray, feature: int) -> None:
    spread, target_spread = past.std(), targets.std()
    offset = abs(np.median(targets) - np.median(past))
    reach = _MISMATCH_FACTOR * (spread or max(1.0, abs(past[0])))
    comparable = spread > 0 and target_spread > 0
    ratio = target_spread / spread if comparable else 1.0
    if 1 / _MISMATCH_FACTOR <= ratio <= _MISMATCH_FACTOR and offset <= reach:
        return
    raise ValueError(
        f'target_scaler="window" needs y in the units of feature {feature} of X (target_feature), '
        f"but y has median {np.median(targets):.4g} and standard deviation {target_spread:.4g} "
        f"where the feature has {np.median(past):.4g} and {spread:.4g}. Pass y unscaled, as the "
        "feature is passed (no TransformedTargetRegressor, no scaler of X alone in front), choose "
        'the feature that holds the past of y, or use target_scaler="standard".'
    )
