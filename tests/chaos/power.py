"""A disk that loses power: what a directory may hold afterwards, given the calls that filled it.

POSIX promises only this: bytes are there after the fsync of their file, names after the fsync of their
directory. Whatever came later may be there wholly, in part, as zeros, or in another order.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

Change = tuple[Any, ...]
"""What a call did: its kind, then names, or the number of a file where bytes go."""

DIRECTORY = 0
"""The number of the directory itself; files count from 1."""


class Recorder:
    """The changes of one directory, in the order of the calls."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changes: list[Change] = []
        self.numbers: dict[str, int] = {}
        self.handles: dict[int, int] = {}

    def take_as_safe(self) -> None:
        """What is there already has reached the disk."""
        for path in sorted(self.root.iterdir()):
            number = self.created(path.name)
            self.changes += [("write", number, path.read_bytes()), ("fsync", number)]
        self.changes.append(("fsync", DIRECTORY))

    def says_safe(self, step: int) -> None:
        """From here on the run counts on this step."""
        self.changes.append(("safe", step))

    def created(self, name: str) -> int:
        """A new file of this name; its number."""
        number = self.numbers[name] = 1 + sum(each[0] == "create" for each in self.changes)
        self.changes.append(("create", name, number))
        return number

    def inside(self, path: Any) -> str | None:
        """The name of a path in the directory, "" for the directory; None elsewhere."""
        place = os.path.abspath(path) if isinstance(path, str | os.PathLike) else ""
        if place == str(self.root):
            return ""
        return os.path.basename(place) if os.path.dirname(place) == str(self.root) else None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note every call of `os` that changes the directory."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("open", "close", "write", "ftruncate", "fsync", "unlink", "link"):
                patch.setattr(os, name, getattr(self, f"hear_{name}")(getattr(os, name)))
            for name in ("replace", "rename"):
                patch.setattr(os, name, self.hear_rename(getattr(os, name)))
            yield

    def hear_open(self, real: Any) -> Any:
        def call(path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
            name, before = self.inside(path), os.path.lexists(path)
            handle = real(path, flags, mode, **options)
            if name:
                self.handles[handle] = self.numbers[name] if before else self.created(name)
            elif name == "":
                self.handles[handle] = DIRECTORY
            return handle

        return call

    def hear_close(self, real: Any) -> Any:
        def call(handle: int) -> None:
            self.handles.pop(handle, None)
            real(handle)

        return call

    def hear_write(self, real: Any) -> Any:
        def call(handle: int, data: Any) -> int:
            done = real(handle, data)
            if handle in self.handles:
                self.changes.append(("write", self.handles[handle], bytes(memoryview(data)[:done])))
            return done

        return call

    def hear_ftruncate(self, real: Any) -> Any:
        def call(handle: int, length: int) -> None:
            real(handle, length)
            if handle in self.handles:
                self.changes.append(("truncate", self.handles[handle], length))

        return call

    def hear_fsync(self, real: Any) -> Any:
        def call(handle: int) -> None:
            real(handle)
            if handle in self.handles:
                self.changes.append(("fsync", self.handles[handle]))

        return call

    def hear_unlink(self, real: Any) -> Any:
        def call(path: Any, **options: Any) -> None:
            real(path, **options)
            if name := self.inside(path):
                self.changes.append(("unlink", name, self.numbers.pop(name)))

        return call

    def hear_link(self, real: Any) -> Any:
        def call(source: Any, target: Any, **options: Any) -> None:
            real(source, target, **options)
            if (old := self.inside(source)) and (new := self.inside(target)):
                self.numbers[new] = self.numbers[old]
                self.changes.append(("link", new, self.numbers[new]))

        return call

    def hear_rename(self, real: Any) -> Any:
        def call(source: Any, target: Any, **options: Any) -> None:
            real(source, target, **options)
            if (old := self.inside(source)) and (new := self.inside(target)):
                self.numbers[new] = self.numbers.pop(old)
                self.changes.append(("rename", new, self.numbers[new], old))

        return call


class Outage:
    """How a disk forgets: which of the changes that were not synced came through.

    bytes_kept, names_kept   all, none, zeros (bytes alone), the first so many, or some in any order
    """

    def __init__(self, bytes_kept: str, names_kept: str, chance: random.Random) -> None:
        self.bytes_kept, self.names_kept, self.chance = bytes_kept, names_kept, chance

    def content(self, changes: Sequence[Change], number: int) -> bytes:
        """What a file holds."""
        mine = [
            each for each in changes if each[0] in ("write", "truncate", "fsync") and each[1] == number
        ]
        safe = max((place for place, each in enumerate(mine) if each[0] == "fsync"), default=0)
        late = [each for each in mine[safe:] if each[0] != "fsync"]
        held = b""
        for kind, _, what in (*(each for each in mine[:safe] if each[0] != "fsync"), *self.bytes(late)):
            held = held + what if kind == "write" else held[:what].ljust(what, b"\0")
        return held

    def bytes(self, late: list[Change]) -> list[Change]:
        """The writes that came through, the last of them torn perhaps."""
        zeros = [(kind, n, bytes(len(what)) if kind == "write" else what) for kind, n, what in late]
        if self.bytes_kept in ("all", "none", "zeros"):
            return {"all": late, "none": [], "zeros": zeros}[self.bytes_kept]
        if self.bytes_kept == "first":
            late = late[: self.chance.randint(0, len(late))]
        else:
            late = [self.chance.choice(pair) for pair in zip(late, zeros, strict=True)]
        if late and late[-1][0] == "write":
            kind, number, what = late[-1]
            late = [*late[:-1], (kind, number, what[: self.chance.randint(0, len(what))])]
        return late

    def names(self, changes: Sequence[Change]) -> dict[str, int]:
        """The files that the directory knows: name -> number."""
        kinds = ("create", "rename", "link", "unlink")
        safe = max(
            (place for place, each in enumerate(changes) if each == ("fsync", DIRECTORY)), default=0
        )
        late = [each for each in changes[safe:] if each[0] in kinds]
        if self.names_kept == "none":
            late = []
        elif self.names_kept == "first":
            late = late[: self.chance.randint(0, len(late))]
        elif self.names_kept == "some":
            late = [each for each in late if self.chance.random() < 0.5]
        known: dict[str, int] = {}
        for kind, name, number, *old in (*(e for e in changes[:safe] if e[0] in kinds), *late):
            if kind == "unlink":
                known.pop(name, None)
            else:
                known[name] = number
            for source in old:
                known.pop(source, None)
        return known

    def after(self, changes: Sequence[Change]) -> dict[str, bytes]:
        """The directory as it is found when the power comes back."""
        return {name: self.content(changes, number) for name, number in self.names(changes).items()}


def outages(chance: random.Random, each: int) -> list[Outage]:
    """The four clean ways to forget, and `each` of the others that leave it to chance."""
    clean = [("none", "none"), ("none", "all"), ("zeros", "all"), ("all", "none"), ("all", "all")]
    by_chance = [("first", "first"), ("some", "first"), ("first", "some"), ("some", "some")] * each
    return [Outage(*kept, chance) for kept in (*clean, *by_chance)]
