"""The scikit-learn face: estimators over arrays."""
