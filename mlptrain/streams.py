"""Randomness as a pure function of (seed, name of the stream, position).

Nothing that is random depends on what was drawn before it. The position (epoch, step) is all that a
resumed run needs, and a change in one stream moves no other.
"""

import zlib

import numpy as np


def stream(seed: int, name: str, *position: int) -> np.random.Generator:
    """A generator for the stream `name` at `position`, always the same for the same arguments.

    The seed is the entropy and (name, *position) the spawn key of a `SeedSequence`, which keeps
    streams of different names, lengths and positions independent (NumPy, parallel generation).

    >>> first, again = stream(0, "shuffle", 3), stream(0, "shuffle", 3)
    >>> bool((first.permutation(9) == again.permutation(9)).all())
    True
    """
    key = (zlib.crc32(name.encode()), *position)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
