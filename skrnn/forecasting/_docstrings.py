"""The parameters of the forecaster, described; those it shares with the estimators as they are."""

from __future__ import annotations

from ..estimators._docstrings import Descriptions

FORECASTER_PARAMETERS: Descriptions = {
    "window": (
        "int or None",
        "Steps that are looked back. None means twice the farthest step ahead, and at least two\n"
        "seasons and a dozen steps; eight times the farthest step ahead where there is no season.\n"
        "It leaves at least half of a series of median length to learn from.",
    ),
    "segment_length": (
        "int or None",
        "Steps that the encoder reads, and the parallel decoder writes, at once [6]_. None means\n"
        "a season where the window has seven or more of them; without a season the farthest step\n"
        "ahead, if that is 4 or more and the window four times as long; and 1 otherwise.",
    ),
    "sp": (
        "int or None",
        "Period of the season. What is learned is the difference from the value so many steps\n"
        "before. None means the usual one of the frequency of `y` (12 for months, 7 for days, 24\n"
        "for hours), and 1 for weeks, years and integers: the difference from the last value. 0\n"
        "is the difference from the mean of the window, for far horizons and noisy series.",
    ),
    "scaler": (
        '{"window", "level", "standard"} or None',
        '"window" takes every window relative to its own mean and standard deviation [9]_,\n'
        '"level" relative to its own mean, in units of the standard deviation of the series, and\n'
        '"standard" every series relative to mean and standard deviation of what was fitted.',
    ),
    "multivariate": (
        '{"independent", "joint"}',
        'Several columns of `y`: "independent" takes each as a series of its own, all of them\n'
        'with one network; "joint" reads and writes them together.',
    ),
    "calendar": (
        "bool",
        "Tell the network the time of the day, the day of the week or the time of the year, as\n"
        "the frequency asks for. Needs dates or periods.",
    ),
    "quantiles": (
        "sequence of float in (0, 1) or None",
        "Quantiles that are learned, the median always with them. Others are interpolated. None\n"
        "means one value per step and no intervals.",
    ),
    "loss": (
        "str, keras.losses.Loss, callable or None",
        'Without quantiles: the loss; None means "mae".',
    ),
    "calibrate": (
        "bool",
        "Hold back the last fifth of a single series, or as many steps of every series of a\n"
        "panel as are forecast, and shift the quantiles so that they cover their share [10]_.",
    ),
    "n_members": (
        "int",
        "Networks that are trained, from different initial weights. Their median is the forecast.",
    ),
    "epochs": (
        "int or None",
        "Passes over the windows. None means as many as make 3000 optimizer steps, but at least\n"
        "10 and at most 200.",
    ),
    "steps_per_epoch": (
        "int or None",
        "Batches of an epoch; the windows are drawn anew for each. None means all windows, or 200\n"
        "batches of them if there are more.",
    ),
    "finetune_epochs": (
        "int",
        "Epochs of `fit` after `pretrain`, and of `update`.",
    ),
    "n_jobs": (
        "int or None",
        "Threads that train members side by side.",
    ),
}
