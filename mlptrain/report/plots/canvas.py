"""The home of matplotlib: figures, colours, styles, and a figure as bytes.

It is imported when the first figure is made, since it is an extra and takes half a second. Figures
are made directly, without pyplot, which would keep them in global state.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlptrain.arrays import Array
from mlptrain.errors import EnvironmentFault
from mlptrain.messages import printable
from mlptrain.system.installation import install_command

Axes = Any
"""A matplotlib.axes.Axes. Types are checked where matplotlib is not installed, too."""
Figure = Any
"""A matplotlib.figure.Figure."""

COLOUR = re.compile(rb"(?<=: )#[0-9a-f]{6}(?![0-9a-f])")
"""A colour in the styles of an SVG."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 2, 1, 2)))
DPI = 150
WIDTH = 7.5
"""Inches: a picture fits on a page and into a column of 80 characters."""
LONGEST = 24
"""Characters of a name that a picture shows."""


@dataclass(frozen=True)
class Theme:
    """The colours of a picture: ink on paper, and a palette after that of Okabe and Ito.

    Any two of its colours can be told apart with each of the common colour blindnesses; a test
    simulates them. Source: Okabe and Ito, "Color Universal Design" (2008); its yellow is too faint
    on white, and on dark paper some are lighter. The strongest contrast to the paper comes first.
    `low` and `high` are the ends of a scale around 0, whose middle is the paper.
    """

    paper: str
    ink: str
    faint: str
    palette: tuple[str, ...]
    low: str
    high: str


LIGHT = Theme(
    paper="#ffffff",
    ink="#1a1a1a",
    faint="#d0d0d0",
    palette=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1a1a1a", "#7B2CBF"),
    low="#0072B2",
    high="#D55E00",
)
DARK = Theme(
    paper="#16181c",
    ink="#e8e8e8",
    faint="#4a4d55",
    palette=("#56B4E9", "#E69F00", "#3DBB5A", "#E29BC3", "#F0E442", "#E8603C", "#e8e8e8", "#9A7BFF"),
    low="#56B4E9",
    high="#F47C2C",
)


def settings(theme: Theme) -> Any:
    """What matplotlib is told, all of it local to one picture."""
    return {
        "figure.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.linewidth": 0.8,
        "font.family": ["DejaVu Sans"],
        "font.size": 10,
        "grid.color": theme.faint,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "legend.labelcolor": theme.ink,
        "lines.linewidth": 1.7,
        "text.color": theme.ink,
        "text.parse_math": False,  # names come from files: a $ is a dollar
        "text.usetex": False,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "svg.fonttype": "path",
        "svg.hashsalt": "mlptrain",  # the same picture, the same bytes
        "pdf.fonttype": 42,
    }


@contextmanager
def drawing(theme: Theme) -> Iterator[None]:
    """Draw and render in here: the style holds inside the block only."""
    try:
        import matplotlib
    except ImportError as error:
        raise EnvironmentFault(
            f"pictures need matplotlib, which is not installed; {install_command('plot')}"
        ) from error
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A letter that the font does not have is drawn as an empty box, which says it, too.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        matplotlib.rcdefaults()  # a matplotlibrc of the user's must not change what we draw
        parameters: dict[str, Any] = matplotlib.rcParams  # type: ignore[assignment]
        parameters.update(settings(theme))
        yield


def new_figure(width: float = WIDTH, height: float = 5.0) -> Figure:
    """An empty figure of so many inches; its layout keeps labels from being cut off."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def rendered(figure: Figure, form: str) -> bytes:
    """The figure as the content of a png, svg or pdf file: no time, no name of a machine in it."""
    buffer = io.BytesIO()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure.savefig(buffer, format=form, metadata=dates.get(form))
    return buffer.getvalue()


def recoloured(svg: bytes, before: Theme, after: Theme) -> bytes | None:
    """The same SVG in another theme, in half the time of drawing it again; None where it cannot be.

    That is where it holds pixels, or a colour that is a mixture of those of the theme.
    """
    pairs = zip(colours_of(before), colours_of(after), strict=True)
    known = {one.lower().encode(): other.encode() for one, other in reversed(list(pairs))}
    if b"<image" in svg or not set(COLOUR.findall(svg)) <= set(known):
        return None
    return COLOUR.sub(lambda found: known[found[0]], svg)


def colours_of(theme: Theme) -> tuple[str, ...]:
    """All that can be told apart; the palette stands before the ends of the scale around 0."""
    return (theme.paper, theme.ink, theme.faint, *theme.palette, theme.low, theme.high)


def image(pixels: Array) -> bytes:
    """(H, W, 3) values from 0 to 1 as a PNG of as many pixels."""
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, pixels.clip(0, 1), format="png")
    return buffer.getvalue()


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue from 0 to 1 of `#rrggbb`.

    >>> rgb("#ff0000")
    (1.0, 0.0, 0.0)
    """
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def mix(colour: str, other: str, share: float) -> str:
    """`share` of one colour in another.

    >>> mix("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(rgb(colour), rgb(other), strict=True)
    return "#" + "".join(f"{round(255 * (share * a + (1 - share) * b)):02x}" for a, b in pairs)


def scale(colours: Sequence[str]) -> Any:
    """A colour map through these colours, evenly spaced."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("mlptrain", list(colours))


def diverging(theme: Theme) -> Any:
    """Below 0, 0, above 0: blue, paper, orange."""
    dark_low, dark_high = (mix(each, theme.ink, 0.75) for each in (theme.low, theme.high))
    return scale([dark_low, theme.low, theme.paper, theme.high, dark_high])


def sequential(theme: Theme) -> Any:
    """From nothing, the paper, to much."""
    return scale([theme.paper, mix(theme.low, theme.paper, 0.6), theme.low])


def colour(theme: Theme, number: int) -> str:
    """A colour of the palette; they come round again after the last."""
    return theme.palette[number % len(theme.palette)]


def marker(number: int) -> str:
    """A marker; ten of them to eight colours, so that no pair comes back before the fortieth."""
    return MARKERS[number % len(MARKERS)]


def shown(name: str, longest: int = LONGEST) -> str:
    """A name from a file as a picture shows it: on one line, and not endless.

    >>> shown("a\\nb"), shown("x" * 30)
    ('a?b', 'xxxxxxxxxxxxxxxxxxxxxxx…')
    """
    text = printable(name)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def empty_square(axes: Axes) -> None:
    """No ticks and no frame: for pictures in a picture."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
