"""The only door for YAML that comes in: read by the rules of YAML 1.2, each key with its line.

PyYAML follows YAML 1.1: it reads `1e-3` as text, `no` as False, `010` as 8, `1:30` as 90, and of two
equal keys it keeps the last one silently. So only its parser is used here, which delivers events. What
a plain word means is decided in scalars.py. Whatever a config does not need is refused with its line:
anchors, aliases, tags, merge keys, directives, several documents.

A file is untrusted input: it has at most 1 MB, 50 levels and 100,000 values, and however broken it
is, it ends in one ConfigError.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from mlptrain.config.scalars import resolve
from mlptrain.errors import ConfigError
from mlptrain.messages import nearest
from mlptrain.storage.reading import open_buffered
from mlptrain.storage.shell_streams import spoken

MAX_BYTES = 1_000_000
MAX_LEVELS = 50
MAX_VALUES = 100_000

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path = tuple[str | int, ...]
"""The way to a value: keys of mappings and positions in lists."""


@dataclass(frozen=True)
class Document:
    """The plain data of one YAML text, and the lines they stand on."""

    source: str
    data: Any
    lines: Mapping[Path, int] = field(repr=False)

    def line(self, path: Path) -> int:
        """The line of the key at `path`, or of the nearest one above it that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class TextFault(Exception):
    """What is wrong with a text, and on which line."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what


def read(path: str | FilePath) -> Document:
    """Read a YAML file; ConfigError if it is not there or is not what `parse` takes."""
    name = spoken(path)
    try:
        with open_buffered(path) as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{name}: no such file; {_neighbour(FilePath(path))}") from None
    except IsADirectoryError:
        raise ConfigError(f"{name}: this is a directory; name a YAML file in it") from None
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{name}: more than {MAX_BYTES:,} bytes; is this a config?")
    try:
        return parse(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}:{line}: not UTF-8 text; save the file as UTF-8") from None


def parse(text: str, source: str) -> Document:
    """The document in `text`; `source` is what messages call it, before the line."""
    try:
        return parse_lines(text, source)
    except TextFault as fault:
        raise ConfigError(f"{source}:{fault.line}: {fault.what}") from None


def parse_lines(text: str, source: str) -> Document:
    """As `parse`, for callers that have no lines to show: raises TextFault."""
    last = text.count("\n") + (not text.endswith("\n"))
    odd = UNPRINTABLE.search(text)
    if odd:
        raise TextFault(
            text.count("\n", 0, odd.start()) + 1, f"control character {ord(odd[0]):#x}; delete it"
        )
    if len(text) > MAX_BYTES:
        raise TextFault(1, f"more than {MAX_BYTES:,} characters; is this a config?")
    try:
        builder = _Builder(text)
        return Document(source, builder.document(), builder.lines)
    except yaml.YAMLError as error:
        if (joined := _with_joined_pairs(text)) != text:
            return parse_lines(joined, source)
        mark = getattr(error, "problem_mark", None)
        line = min(mark.line + 1, max(last, 1)) if mark else 1
        raise TextFault(line, f"not valid YAML: {_problem(error, text, mark)}") from None
    except (RecursionError, ValueError) as error:
        raise TextFault(1, f"not valid YAML: {error}") from None


SURROGATES = re.compile(r"\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|.)", re.DOTALL)
"""An escape in JSON text: two that make one character, or any other."""


def _with_joined_pairs(text: str) -> str:
    """JSON text in which an emoji is one escape, as YAML has it, and not two; other text as it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text

    def joined(escape: re.Match[str]) -> str:
        if escape[1] is None:
            return escape[0]
        pair = bytes.fromhex(escape[1] + escape[2]).decode("utf-16-be")
        return f"\\U{ord(pair):08x}"

    return SURROGATES.sub(joined, text)


class _Builder:
    """Plain data from the parser's events: one method per kind of node."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events: Iterator[Any] = yaml.parse(text, Loader=LOADER)
        self.lines: dict[Path, int] = {}
        self.values = 0

    def document(self) -> Any:
        data = None
        for number, event in enumerate(self.events):
            if isinstance(event, yaml.DocumentStartEvent):
                if number > 1:
                    raise _at(event, "a second document begins here; a config is one document")
                if event.version or event.tags:
                    raise _at(event, "directives (%YAML, %TAG) are not supported; delete the line")
                data = self.node(next(self.events), (), 0)
        return data

    def node(self, event: Any, path: Path, level: int) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _at(event, f"more than {MAX_VALUES:,} values; is this a config?")
        if level > MAX_LEVELS:
            raise _at(event, f"nested more than {MAX_LEVELS} levels deep; is this a config?")
        self.refuse_decoration(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path, level)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, level)
        return self.scalar(event)

    def refuse_decoration(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise _at(
                event,
                f"aliases (*{event.anchor}) are not supported; repeat the value, or quote the text",
            )
        if event.anchor is not None:
            raise _at(
                event, f"anchors (&{event.anchor}) are not supported; delete it, or quote the text"
            )
        # libyaml forgets the non-specific tag "!", so it is looked for in the text itself.
        if (
            event.tag is not None
            or self.text[event.start_mark.index : event.start_mark.index + 1] == "!"
        ):
            raise _at(event, "tags (!...) are not supported; delete it, or quote the text")

    def mapping(self, path: Path, level: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event)
            here = (*path, key)
            line = event.start_mark.line + 1
            if key in result:
                raise TextFault(
                    line,
                    f"the key '{key[:80]}' is already on line {self.lines[here]}; delete one of them",
                )
            self.lines[here] = line
            result[key] = self.node(next(self.events), here, level + 1)
        return result

    def key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self.refuse_decoration(event)
            raise _at(event, "a key must be text, not a list or a mapping")
        self.refuse_decoration(event)
        key = self.scalar(event)
        if event.value == "<<" and event.implicit[0]:
            raise _at(event, "merge keys (<<) are not supported; write the keys out")
        if not isinstance(key, str):
            raise _at(event, f'a key must be text; write "{event.value}" in quotes if you mean it')
        return key

    def sequence(self, path: Path, level: int) -> list[Any]:
        result: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            here = (*path, len(result))
            self.lines[here] = event.start_mark.line + 1
            result.append(self.node(event, here, level + 1))
        return result

    def scalar(self, event: Any) -> Any:
        word: str = event.value
        if UNPRINTABLE.search(word):
            raise _at(event, "a control character in the text; delete it")
        if not event.implicit[0]:  # quoted, or a block of text
            return word
        try:
            return resolve(word)
        except ValueError as error:
            raise _at(event, str(error)) from None


def _at(event: Any, what: str) -> TextFault:
    return TextFault(event.start_mark.line + 1, what)


def _problem(error: yaml.YAMLError, text: str, mark: Any) -> str:
    """The parser's words for a fault, with a hint where the usual cause is known."""
    problem = getattr(error, "problem", None) or "unreadable"
    if mark and text[mark.index : mark.index + 1] == "\t":
        return "a tab cannot indent; use spaces"
    if "mapping values" in problem:
        return "a second ':' in one line, or wrong indentation; quote text that contains ': '"
    if "cannot start any token" in problem:
        return f"'{text[mark.index : mark.index + 1]}' cannot begin a value; quote the text"
    if getattr(error, "context", None) and "quoted scalar" not in problem:
        return f"{problem} {error.context}"  # type: ignore[attr-defined]
    return problem


def _neighbour(path: FilePath) -> str:
    """What to do about a path that does not exist."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except (OSError, ValueError):
        return "check the path; its directory is not there either"
    near = nearest(path.name, names)
    return f"did you mean '{path.parent / near}'?" if near else "check the path"
