"""Windows: the arithmetic, and the transformers around it."""
