"""Networks: the spec of a network, the Keras model it builds, the weights it starts from.

Importing this package imports keras; `_spec` alone does not.
"""
