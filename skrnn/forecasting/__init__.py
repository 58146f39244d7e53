"""Forecasters in the interface of sktime."""
