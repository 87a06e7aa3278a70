"""Numbers in as many digits as a picture shows: what is sent each second stays small."""

DIGITS = 5


def rounded(value: float) -> float:
    """The number in DIGITS digits; whole numbers in full.

    >>> rounded(3.14159265), rounded(1234567)
    (3.1416, 1234567)
    """
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
