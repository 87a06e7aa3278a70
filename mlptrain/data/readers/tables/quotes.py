r"""The quotes of a delimited text by RFC 4180, followed through its bytes at the speed of NumPy.

A quote opens a field only at the field's start, and closes it only before a separator or a line end;
within a quoted field it stands twice. A parser that toggles at every quote cuts such a text into the
rows that a strict reader sees. Any other text it may cut elsewhere, and swallow rows.
"""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
QUOTE, LF, CR = b'"\n\r'


class Quotes(NamedTuple):
    """What a text is found to be; the last two say nothing where it is not regular.

    regular  every quote opens a field, closes one or stands twice, and outside of quoted fields CR
             stands before LF only
    inside   the text ends within a quoted field
    records  lines that are not empty; a line end within a quoted field ends none
    """

    regular: bool
    inside: bool
    records: int


IRREGULAR = Quotes(regular=False, inside=False, records=0)


def read_quotes(blocks: Iterable[bytes], separator: str) -> Quotes:
    r"""Follow the quotes of a text that comes in blocks.

    >>> read_quotes([b'a,b\n1,"x', b'\ny"\n'], ",")
    Quotes(regular=True, inside=False, records=2)
    >>> read_quotes([b'a,b\n1,"24" screen"\n'], ",").regular
    False
    """
    window, inside, records = b"\n\n", False, 0
    for block in chain(blocks, [separator.encode()]):  # for the last byte to have one after it
        window += block
        if inside or b'"' in window:
            found = _with_quotes(np.frombuffer(window, np.uint8), ord(separator), inside)
        else:
            found = _without_quotes(np.frombuffer(window, np.uint8), window)
        if not found.regular:
            return IRREGULAR
        inside, records = found.inside, records + found.records
        window = window[-3:]  # one byte to look at, and two before it
    return Quotes(True, inside, records + (not inside and window[-2] != LF))


def _with_quotes(window: Bytes, separator: int, inside: bool) -> Quotes:
    """All bytes but the first two and the last; `inside` says whether they begin in a quoted field."""
    here = window[2:-1]
    marks = np.flatnonzero((here == QUOTE) | (here == LF)) + 2
    is_quote = window[marks] == QUOTE
    within = (np.cumsum(is_quote) + inside) % 2 == 1  # after each mark
    quotes, opens = marks[is_quote], within[is_quote]
    beside = window[np.where(opens, quotes - 1, quotes + 1)]
    fits = (beside == separator) | (beside == LF) | (beside == QUOTE) | (~opens & (beside == CR))
    bare = _bare(window)
    outside = (np.searchsorted(quotes, bare) + inside) % 2 == 0
    if not fits.all() or outside.any():
        return IRREGULAR
    ends = marks[~is_quote & ~within]
    return Quotes(True, bool(within[-1]) if len(within) else inside, _filled(window, ends))


def _without_quotes(window: Bytes, text: bytes) -> Quotes:
    if b"\r" in text and len(_bare(window)):
        return IRREGULAR
    here = window[2:-1]
    if b"\n\n" in text or b"\n\r\n" in text:
        return Quotes(True, False, _filled(window, np.flatnonzero(here == LF) + 2))
    return Quotes(True, False, int(np.count_nonzero(here == LF)))


def _bare(window: Bytes) -> NDArray[np.intp]:
    """Where CR does not stand before LF."""
    returns = np.flatnonzero(window[2:-1] == CR) + 2
    return returns[window[returns + 1] != LF]


def _filled(window: Bytes, ends: NDArray[np.intp]) -> int:
    """How many of the lines that end here are not empty."""
    before = window[ends - 1]
    empty = (before == LF) | ((before == CR) & (window[ends - 2] == LF))
    return len(ends) - int(np.count_nonzero(empty))


def ends_inside(text: bytes, separators: str, inside: bool = False) -> bool:
    """Whether whole lines end within a quoted field, other quotes being a part of their field.

    >>> ends_inside(b'5" disk,"a', ","), ends_inside(b'b",', ",", inside=True)
    (True, False)
    """
    opening, place = b"\n" + separators.encode(), text.find(b'"')
    while place >= 0:
        if not inside:
            inside = place == 0 or text[place - 1] in opening
        elif text[place + 1 : place + 2] == b'"':
            place += 1
        else:
            inside = False
        place = text.find(b'"', place + 1)
    return inside
