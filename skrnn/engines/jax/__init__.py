"""The engine on JAX: one compiled program per structure, in which batches and windows are read.

Importing `_compile_cache` and `_disk_cache` imports neither jax nor keras.
"""
