"""Forecasts from origins in the past, beside what came and baselines that cost nothing."""
