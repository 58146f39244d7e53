"""Scale sequences and targets: as all rows together, or every window by its own level and scale."""
