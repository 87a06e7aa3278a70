"""The configs that come with the package, each with its data, written where the user is."""

from collections.abc import Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from mlptrain.config.yaml import parse
from mlptrain.errors import ConfigError
from mlptrain.messages import advice, printable
from mlptrain.storage.files import is_there, storage_error, write_file

PACKAGE = Path(__file__).resolve().parents[1]


class Example(NamedTuple):
    """A config, what it says about itself, and the file it reads: "" for a toy set."""

    name: str
    title: str
    text: str
    data: str


def home() -> Path:
    """The directory of configs/ and data/: in a wheel within the package, in a clone beside it."""
    held = PACKAGE / "examples"
    return held if held.is_dir() else PACKAGE.parent


@cache
def examples() -> Mapping[str, Example]:
    """Every example by its name, in alphabetical order."""
    files = sorted((home() / "configs").glob("*.yaml"))
    return {file.stem: _read(file) for file in files}


def _read(file: Path) -> Example:
    text = file.read_text(encoding="utf-8")
    train = parse(text, str(file)).data["data"]["train"]
    heading = takewhile(lambda line: "Run it:" not in line, text.splitlines())
    title = " ".join(line.removeprefix("# ") for line in heading)
    return Example(file.stem, title, text, train if isinstance(train, str) else "")


def example(name: str) -> Example:
    """ConfigError for a name that no example has."""
    if name not in examples():
        raise ConfigError(f"no example {name!r}; {advice(name, examples())}")
    return examples()[name]


def write_example(name: str, out: Path | None = None, *, force: bool = False) -> list[Path]:
    """Write the config of an example, and its data where the config looks for them.

    A file that differs stays as it is, and nothing is written, unless `force` is given. Returns the
    config and its data file; one that was there already, with the same content, is not written again.
    """
    made = example(name)
    config = Path(f"{name}.yaml") if out is None else out
    if str(config) == "-":
        raise ConfigError("init --example writes files, not to stdout; name one: -o FILE")
    contents = {config: made.text.replace(f"configs/{name}.yaml", printable(str(config))).encode()}
    if made.data:
        contents[Path(made.data)] = (home() / made.data).read_bytes()
    due = {path: content for path, content in contents.items() if not _holds(path, content)}
    if not force and (taken := [path for path in due if is_there(path)]):
        raise ConfigError(
            *(f"{path}: already exists and differs; {_way_out(path, config)}" for path in taken)
        )
    for path, content in due.items():
        _write(path, content)
    return list(contents)


def _way_out(path: Path, config: Path) -> str:
    """What to do about a file that is in the way: only the config can have another name."""
    other = "name another file with -o, or replace it" if path == config else "replace it"
    return f"{other} with --force"


def _write(path: Path, content: bytes) -> None:
    """A file, and the directories above it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path.parent, "cannot be created", error) from error
    write_file(path, [content])


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file has this content already."""
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
