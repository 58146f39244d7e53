"""Recurrent networks as scikit-learn estimators and sktime forecasters."""

import importlib as _importlib
import typing as _typing

from . import compat  # noqa: F401  chooses the backend of Keras, before anything imports it
from .engines.jax._compile_cache import clear_compile_cache, compile_cache_info
from .engines.jax._disk_cache import set_compile_cache_dir
from .estimators._bilstm_classifier import BiLSTMClassifier
from .estimators._bilstm_regressor import BiLSTMRegressor
from .estimators._conv_lstm_classifier import ConvLSTMClassifier
from .estimators._conv_lstm_regressor import ConvLSTMRegressor
from .estimators._lstm_classifier import LSTMClassifier
from .estimators._lstm_regressor import LSTMRegressor
from .estimators._precompile import precompile
from .estimators._recurrent_classifier import RecurrentClassifier
from .estimators._recurrent_regressor import RecurrentRegressor
from .estimators._seq2seq_regressor import Seq2SeqRegressor
from .inputs._to_sequences import to_sequences
from .persistence import load, save
from .scaling._sequence_scaler import SequenceScaler
from .scoring import make_sequence_scorer
from .windowing._functions import last_windows, make_targets, make_windows
from .windowing._transformer import SlidingWindowTransformer

if _typing.TYPE_CHECKING:
    from .comparison import compare
    from .engines.jax._together import train_together
    from .forecasting._forecaster import Seq2SeqForecaster
    from .forecasting.backtesting._backtest import backtest
    from .forecasting.backtesting._result import Backtest
    from .inspection import permutation_importance, saliency
    from .plotting import (
        AttentionDisplay,
        ComparisonDisplay,
        ForecastDisplay,
        GridSearchDisplay,
        TrainingCurveDisplay,
    )

__version__ = "0.1.0.dev0"

__all__ = [
    "AttentionDisplay",
    "Backtest",
    "BiLSTMClassifier",
    "BiLSTMRegressor",
    "ComparisonDisplay",
    "ConvLSTMClassifier",
    "ConvLSTMRegressor",
    "ForecastDisplay",
    "GridSearchDisplay",
    "LSTMClassifier",
    "LSTMRegressor",
    "RecurrentClassifier",
    "RecurrentRegressor",
    "Seq2SeqForecaster",
    "Seq2SeqRegressor",
    "SequenceScaler",
    "SlidingWindowTransformer",
    "TrainingCurveDisplay",
    "backtest",
    "clear_compile_cache",
    "compare",
    "compile_cache_info",
    "last_windows",
    "load",
    "make_sequence_scorer",
    "make_targets",
    "make_windows",
    "permutation_importance",
    "precompile",
    "saliency",
    "save",
    "set_compile_cache_dir",
    "to_sequences",
    "train_together",
]


# Where the names are that not every program needs, and that bring along sktime, Keras and JAX, or
# much of scikit-learn.
_LATE = {
    "AttentionDisplay": "plotting",
    "Backtest": "forecasting.backtesting._result",
    "ComparisonDisplay": "plotting",
    "ForecastDisplay": "plotting",
    "GridSearchDisplay": "plotting",
    "Seq2SeqForecaster": "forecasting._forecaster",
    "TrainingCurveDisplay": "plotting",
    "backtest": "forecasting.backtesting._backtest",
    "compare": "comparison",
    "permutation_importance": "inspection",
    "saliency": "inspection",
    "train_together": "engines.jax._together",
}


def __getattr__(name: str) -> _typing.Any:
    if name in _LATE:
        return getattr(_importlib.import_module(f".{_LATE[name]}", __name__), name)
    if name in _LATE.values():
        return _importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
