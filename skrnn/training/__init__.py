"""The training engine: arrays in, weights out. It knows nothing of scikit-learn.

Importing `_loop` or `_predict` imports jax and keras; the other modules named in `skrnn.__init__`
do not.
"""
