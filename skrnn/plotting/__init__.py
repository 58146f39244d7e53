"""Displays for fitted recurrent networks: training curves, forecasts, searches and attention.

Each display holds plain arrays, worked out before anything is drawn, and ``plot`` only draws
them. matplotlib is an optional dependency and is imported when a figure is first needed.
"""

from ._attention_display import AttentionDisplay
from ._comparison_display import ComparisonDisplay
from ._forecast_display import ForecastDisplay
from ._grid_search_display import GridSearchDisplay
from ._training_curve_display import TrainingCurveDisplay

__all__ = [
    "AttentionDisplay",
    "ComparisonDisplay",
    "ForecastDisplay",
    "GridSearchDisplay",
    "TrainingCurveDisplay",
]
