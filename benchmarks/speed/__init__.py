"""How long things take, each beside the same work elsewhere: see `benchmarks/run`."""
