"""Columns as a Parquet file: text as text, numbers as float64."""

import io
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

Columns = Mapping[str, Sequence[str] | Sequence[float]]


def as_parquet(parts: Iterable[Columns]) -> bytes:
    """The rows of all parts, one part after the other, as the bytes of one file."""
    frames = [pl.DataFrame(dict(part)) for part in parts]
    file = io.BytesIO()
    (pl.concat(frames, how="vertical") if frames else pl.DataFrame()).write_parquet(file)
    return file.getvalue()
