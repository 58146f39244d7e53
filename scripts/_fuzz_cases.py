"""What `scripts/fuzz` calls, and with what."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from _fuzz_values import (
    FRAMES,
    HORIZONS,
    LEVELS,
    MODELS,
    NAMES,
    PATHS,
    ROWS,
    SERIES,
    STRANGE,
    TARGETS,
    WEIGHTS,
)
from hypothesis import strategies as st

Expressions = dict[str, list[str]]


@dataclass(frozen=True, eq=False, repr=False)
class Target:
    """Something to call.

    Attributes
    ----------
    name : str
        A function, or a class to fit.
    given : dict of str to str
        Parameters that keep it small, as expressions.
    data : dict of str to list of str
        Arguments of `fit`, or of the function, and the expressions to draw from.
    methods : dict of str to dict
        What may be called after `fit`, with its arguments. None where there is only a function.
    """

    name: str
    given: dict[str, str]
    data: Expressions
    methods: dict[str, Expressions] = field(default_factory=dict)

    @property
    def called(self) -> Callable[..., Any]:
        """What it is."""
        called: Callable[..., Any] = eval(self.name, dict(NAMES))
        return called

    @cached_property
    def parameters(self) -> list[str]:
        """The names of what may be changed: of a function what is no data."""
        data = set() if self.methods else {*self.data}
        return sorted({*inspect.signature(self.called).parameters} - data - {"options", "kwargs"})

    @cached_property
    def words(self) -> set[str]:
        """The names that a refusal may say."""
        arguments = [name for method in self.methods.values() for name in method]
        return {*self.parameters, *self.data, *arguments}


def _estimator(name: str, rows: list[str], y: str, given: dict[str, str], **methods: Any) -> Target:
    """Return an estimator whose rows are sequences, and an ordinary `y`."""
    X = {"X": rows}
    training = {**X, "y": [y, *TARGETS], "sample_weight": WEIGHTS}
    return Target(
        name,
        {**given, "epochs": "1", "batch_size": "8", "random_state": "0"},
        training,
        {
            "predict": X,
            "score": training,
            "partial_fit": training,
            "fit": {**training, "X_val": ["None"] * 9 + rows, "y_val": ["None"] * 9 + TARGETS},
            "predict_samples": {**X, "mc_samples": ["2", *STRANGE], "random_state": STRANGE},
            **{method: {**X, **more} for method, more in methods.items()},
        },
    )


_UNITS = {"units": "2"}
_NUMBERS, _LABELS = "data(8)", "np.arange(8) % 2"
_NO_X = ["None"] * 40
_AHEAD = {"fh": HORIZONS, "X": _NO_X + SERIES}
_OF_WINDOWS = {"group": STRANGE, "freq": STRANGE, "gap_tolerance": STRANGE}
_FORECASTERS = ["forecaster()"] * 20
_CLASSES = {"classes": ["None", "[0, 1]", *STRANGE]}
TARGETS_OF_CALLS = [
    _estimator("LSTMRegressor", ROWS, _NUMBERS, _UNITS, predict_quantiles={}, attention_weights={}),
    _estimator("LSTMRegressor", ROWS, "data(8, 4)", {**_UNITS, "return_sequences": "True"}),
    _estimator("LSTMClassifier", ROWS, _LABELS, _UNITS, predict_proba={}),
    _estimator("Seq2SeqRegressor", ROWS, _NUMBERS, _UNITS, predict_quantiles={}),
    _estimator("RecurrentClassifier", ROWS, _LABELS, _UNITS),
    _estimator("ConvLSTMRegressor", FRAMES, _NUMBERS, {"filters": "2", "kernel_size": "1"}),
    Target(
        "Seq2SeqForecaster",
        {
            **{**_UNITS, "epochs": "1", "batch_size": "8", "random_state": "0", "window": "3"},
            **{"baselines": "()", "cell": "'simple'", "quantiles": "(0.1, 0.9)"},
        },
        {"y": SERIES, "fh": ["[1, 2]", *HORIZONS], "X": _NO_X + SERIES},
        {
            "predict": _AHEAD,
            "predict_interval": {**_AHEAD, "coverage": LEVELS},
            "predict_quantiles": {**_AHEAD, "alpha": LEVELS},
            "predict_var": _AHEAD,
            "predict_members": _AHEAD,
            "predict_residuals": {"y": SERIES, "X": _NO_X + SERIES},
            "predict_rolling": {"y": SERIES, "X": _NO_X + SERIES, "alpha": ["None", *LEVELS]},
            "update": {"y": SERIES, "X": _NO_X + SERIES, "update_params": ["False", "True"]},
            "score": {"y": SERIES, "fh": HORIZONS},
            "fit": {"y": SERIES, "fh": ["[1, 2]", *HORIZONS], "X": _NO_X + SERIES},
        },
    ),
    Target(
        "SlidingWindowTransformer",
        {"window": "3"},
        {"X": SERIES + ROWS, "context": _NO_X + SERIES},
        {
            "transform": {"X": SERIES + ROWS, "context": _NO_X + SERIES},
            "fit_transform": {"X": SERIES + ROWS, "context": _NO_X + SERIES},
            "fit": {"X": SERIES + ROWS, "context": _NO_X + SERIES},
        },
    ),
    Target(
        "SequenceScaler",
        {},
        {"X": ROWS},
        {"transform": {"X": ROWS}, "inverse_transform": {"X": ROWS}, "fit": {"X": ROWS}},
    ),
    Target("make_windows", {"window": "3"}, {"series": SERIES + ROWS}),
    Target("make_targets", {"horizon": "1"}, {"series": SERIES + ROWS}),
    Target("last_windows", {"window": "3"}, {"series": SERIES + ROWS}),
    Target("to_sequences", {}, {"data": SERIES + ROWS}),
    Target("compare", {"cv": "2"}, {"estimator": MODELS[::-1], "X": ROWS, "y": TARGETS}),
    Target("permutation_importance", {}, {"estimator": MODELS, "X": ROWS, "y": TARGETS}),
    Target("saliency", {}, {"estimator": MODELS, "X": ROWS}),
    Target("save", {}, {"estimator": MODELS, "path": PATHS}),
    Target("load", {}, {"path": PATHS}),
    Target(
        "score_steps",
        {"sample_weight": "None"},
        {
            "score_func": ["r2_score", *STRANGE],
            "response_method": ["'predict'", *STRANGE],
            "estimator": ["fitted(return_sequences=True)", *MODELS],
            **{"X": ROWS, "y": TARGETS},
        },
    ),
    Target("TrainingCurveDisplay.from_estimator", {}, {"estimator": MODELS}),
    Target("TrainingCurveDisplay.from_history", {}, {"history": ["{'loss': [1.0]}", *STRANGE]}),
    Target("AttentionDisplay.from_estimator", {}, {"estimator": MODELS[::-1], "X": ROWS}),
    Target("AttentionDisplay.from_weights", {}, {"weights": ["data(4, 4) ** 2", *ROWS]}),
    Target("ForecastDisplay.from_estimator", {}, {"estimator": MODELS, "X": ROWS, "y": TARGETS}),
    Target("ForecastDisplay.from_predictions", {}, {"y_true": TARGETS, "y_pred": TARGETS}),
    Target(
        "ForecastDisplay.from_forecaster",
        {},
        {"forecaster": [*_FORECASTERS, *MODELS], "y": ["None", *SERIES], "X": _NO_X + SERIES},
    ),
    Target("ForecastDisplay.from_backtest", {}, {"backtest": ["tested()"] * 9 + STRANGE}),
    Target("GridSearchDisplay.from_search", {}, {"search": ["searched()"] * 9 + MODELS}),
    Target(
        "ComparisonDisplay.from_comparison",
        {},
        {"frame": ["pd.DataFrame({'error': [1.5, 2.0]}, ['a', 'b'])"] * 9 + ROWS},
    ),
    Target(
        "backtest",
        {"fh": "[1]", "refit": "False"},
        {
            "forecaster": [*_FORECASTERS, *MODELS],
            **{"y": ["series(range(30))", *SERIES], "X": _NO_X + SERIES},
        },
    ),
]


@dataclass(frozen=True, repr=False)
class Call:
    """A target with the expressions that it gets.

    Attributes
    ----------
    target : Target
    params : dict of str to str
        Of the constructor, or of the function.
    data : dict of str to str
        Arguments of `fit`, or of the function.
    later : dict of str to str
        Parameters that are set after `fit`.
    method : str
        What is called then; empty for a function.
    then : dict of str to str
        Its arguments.
    """

    target: Target
    params: dict[str, str]
    data: dict[str, str]
    later: dict[str, str]
    method: str
    then: dict[str, str]

    @property
    def is_ordinary_until_fit(self) -> bool:
        """Whether constructor and fit get what is ordinary."""
        firsts = {name: texts[0] for name, texts in self.target.data.items()}
        return self.params == self.target.given and self.data == firsts

    def __repr__(self) -> str:
        name = self.target.name
        if not self.method:
            return f"{name}({_arguments({**self.data, **self.params})})"
        first = f"{name}({_arguments(self.params)}).fit({_arguments(self.data)})"
        first += f".set_params({_arguments(self.later)})" if self.later else ""
        return f"{first}.{self.method}({_arguments(self.then)})"


def _arguments(texts: dict[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in texts.items())


def value_of(texts: dict[str, str]) -> dict[str, Any]:
    """Return what expressions stand for."""
    return {name: eval(text, dict(NAMES)) for name, text in texts.items()}


@st.composite
def calls(draw: Any) -> Call:
    """Draw a call. The first expression of a list, which is an ordinary one, comes often.

    Either the fit is strange, or what is called after it.
    """

    def ordinary() -> bool:
        return bool(draw(st.integers(0, 2)))

    def firsts(expressions: Expressions) -> dict[str, str]:
        return {name: texts[0] for name, texts in expressions.items()}

    def one_of_each(expressions: Expressions) -> dict[str, str]:
        return {
            name: texts[0] if ordinary() else draw(st.sampled_from(texts))
            for name, texts in expressions.items()
        }

    def strange(number: int) -> dict[str, str]:
        number = min(number, len(target.parameters))
        names = st.sampled_from(target.parameters or [""])
        return draw(
            st.dictionaries(names, st.sampled_from(STRANGE), min_size=number, max_size=number)
        )

    target = draw(st.sampled_from(TARGETS_OF_CALLS))
    method = draw(st.sampled_from([*target.methods])) if target.methods else ""
    if method and draw(st.booleans()):
        later = strange(draw(st.sampled_from([0, 0, 0, 0, 1])))
        then = one_of_each(target.methods[method])
        return Call(target, target.given, firsts(target.data), later, method, then)
    data = one_of_each(target.data)
    params = {**target.given, **strange(draw(st.sampled_from([0, 1, 1, 2])))}
    then = firsts(target.methods[method]) if method else {}
    return Call(target, params, data, {}, method, then)
