"""Forecasts from origins in the past, compared with what came and with lines that cost nothing."""
