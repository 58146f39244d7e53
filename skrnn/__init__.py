"""Recurrent networks as scikit-learn estimators."""

from .estimators._regressors import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor
from .plotting import ForecastDisplay, TrainingCurveDisplay
from .training._compile_cache import clear_compile_cache, compile_cache_info
from .training._persistent_cache import set_compile_cache_dir

__version__ = "0.1.0.dev0"

__all__ = [
    "BiLSTMRegressor",
    "ForecastDisplay",
    "LSTMRegressor",
    "RecurrentRegressor",
    "TrainingCurveDisplay",
    "clear_compile_cache",
    "compile_cache_info",
    "set_compile_cache_dir",
]
