"""Displays for fitted recurrent networks: training curves, forecasts and attention.

Each display holds plain arrays, worked out before anything is drawn, and ``plot`` only draws
them. matplotlib is an optional dependency and is imported when a figure is first needed.
"""

from ._attention import AttentionDisplay
from ._forecast import ForecastDisplay
from ._training_curve import TrainingCurveDisplay

__all__ = ["AttentionDisplay", "ForecastDisplay", "TrainingCurveDisplay"]
