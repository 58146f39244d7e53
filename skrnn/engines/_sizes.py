"""Sizes rounded up to few different ones, so that few programs are compiled."""

# What is rounded up keeps so many significant bits.
_SIZE_BITS = 3


def padded_size(n: int) -> int:
    """Round up to a number of three significant bits: at most a quarter more."""
    step = 1 << max(0, (n - 1).bit_length() - _SIZE_BITS)
    return -(-n // step) * step
