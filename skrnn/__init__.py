"""Recurrent networks as scikit-learn estimators."""

from .estimators._regressors import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor
from .plotting import ForecastDisplay, TrainingCurveDisplay
from .training._compile_cache import clear_compile_cache, compile_cache_info
from .training._persistent_cache import set_compile_cache_dir
from .windowing._scaler import SequenceScaler
from .windowing._sequences import to_sequences
from .windowing._transformer import SlidingWindowTransformer
from .windowing._windows import make_targets, make_windows

__version__ = "0.1.0.dev0"

__all__ = [
    "BiLSTMRegressor",
    "ForecastDisplay",
    "LSTMRegressor",
    "RecurrentRegressor",
    "SequenceScaler",
    "SlidingWindowTransformer",
    "TrainingCurveDisplay",
    "clear_compile_cache",
    "compile_cache_info",
    "make_targets",
    "make_windows",
    "set_compile_cache_dir",
    "to_sequences",
]
