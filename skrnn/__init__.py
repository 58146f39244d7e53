"""Recurrent networks as scikit-learn estimators and sktime forecasters."""

from .estimators._classifiers import BiLSTMClassifier, LSTMClassifier, RecurrentClassifier
from .estimators._convolutional import ConvLSTMClassifier, ConvLSTMRegressor
from .estimators._regressors import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor
from .estimators._seq2seq import Seq2SeqRegressor
from .inspection import permutation_importance, saliency
from .plotting import AttentionDisplay, ForecastDisplay, TrainingCurveDisplay
from .scoring import make_sequence_scorer
from .training._compile_cache import clear_compile_cache, compile_cache_info
from .training._persistent_cache import set_compile_cache_dir
from .windowing._scaler import SequenceScaler
from .windowing._sequences import to_sequences
from .windowing._transformer import SlidingWindowTransformer
from .windowing._windows import make_targets, make_windows

__version__ = "0.1.0.dev0"

__all__ = [
    "AttentionDisplay",
    "BiLSTMClassifier",
    "BiLSTMRegressor",
    "ConvLSTMClassifier",
    "ConvLSTMRegressor",
    "ForecastDisplay",
    "LSTMClassifier",
    "LSTMRegressor",
    "RecurrentClassifier",
    "RecurrentRegressor",
    "Seq2SeqForecaster",
    "Seq2SeqRegressor",
    "SequenceScaler",
    "SlidingWindowTransformer",
    "TrainingCurveDisplay",
    "clear_compile_cache",
    "compile_cache_info",
    "make_sequence_scorer",
    "make_targets",
    "make_windows",
    "permutation_importance",
    "saliency",
    "set_compile_cache_dir",
    "to_sequences",
]


def __getattr__(name: str) -> type:
    if name == "Seq2SeqForecaster":  # brings sktime, keras and jax along
        from .forecasting._forecaster import Seq2SeqForecaster

        return Seq2SeqForecaster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
