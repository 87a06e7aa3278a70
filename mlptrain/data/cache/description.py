"""The JSON text of a rows file: what its arrays are, and a document. Read strictly.

The arrays lie one after the other and fill the file up to the text, so a file gives no place and no
size that its own length does not bear out.
"""

import json
import math
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Any

import numpy as np
from annotated_types import Len
from pydantic import ConfigDict, TypeAdapter

from mlptrain.bounds import Whole

DTYPES = frozenset(np.dtype(kind).str for kind in ("f4", "f8", "i4", "i8"))
"""All that prepared rows consist of: numbers of this machine, and never objects."""


class Damaged(Exception):
    """The file is not what was written, or not what was asked for."""


@dataclass(frozen=True)
class Entry:
    """One array: its first byte, its shape (N,) or (N, D), and the type of its numbers."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    offset: Whole
    shape: Annotated[list[Whole], Len(1, 2)]
    dtype: str

    def nbytes(self) -> int:
        """The bytes of the array."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Description:
    """The arrays of a file by name, in the order of their places, and what is kept beside them."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")

    arrays: dict[str, Entry]
    document: dict[str, Any]

    def text(self) -> bytes:
        """As it stands in the file."""
        arrays = {name: asdict(entry) for name, entry in self.arrays.items()}
        return json.dumps({"arrays": arrays, "document": self.document}).encode()

    @classmethod
    def read(cls, text: bytes, size: int) -> "Description":
        """The inverse of `text`; Damaged unless the arrays fill `size` bytes to the last."""
        try:
            found = _adapter().validate_json(text)
        except ValueError:
            raise Damaged("its description is not as written") from None
        position = 0
        for entry in found.arrays.values():
            if entry.dtype not in DTYPES or entry.offset != position:
                raise Damaged("its arrays are not as written")
            position += entry.nbytes()
        if position != size:
            raise Damaged("its arrays do not fill it")
        return found


@cache
def _adapter() -> TypeAdapter[Description]:
    return TypeAdapter(Description)
