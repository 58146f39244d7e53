"""Training: what an engine does, and the loop over epochs that all engines share.

Nothing here knows of scikit-learn or sktime. A backend of Keras is a folder of its own.
"""
