"""Types of options: a number together with the range it may lie in.

Each registry entry annotates its keyword-only arguments with these. The config turns them into
validation, error messages and JSON Schema, so the range of an option is written once, beside its
default. Nothing here costs anything at run time.
"""

from collections.abc import Sequence
from typing import Annotated

from annotated_types import Ge, Gt, Le, Len, Lt

Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Lt(1)]
"""0 <= x < 1: a decay rate, a dropout probability, a share of the rows."""
Share = Annotated[float, Gt(0), Le(1)]
"""0 < x <= 1: a factor that may shrink but not grow."""
Count = Annotated[int, Ge(1)]
NonNegativeCount = Annotated[int, Ge(0)]
Whole = Annotated[int, Ge(0), Lt(2**53)]
"""A count of steps or bytes; floats hold it exactly."""
Levels = Annotated[Sequence[Annotated[float, Gt(0), Lt(1)]], Len(min_length=1)]
"""0 < t < 1, one or several: shares of the rows."""
