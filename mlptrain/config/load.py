"""From a file or a dict to a checked Config, and back to plain data with every default written out."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from mlptrain.config.candidates import Candidate, changed, changes, kept_from
from mlptrain.config.checks import cross_faults
from mlptrain.config.faults import Fault, dotted, faults_of, shown
from mlptrain.config.overrides import BadOverride, Override, Overrides, apply, read_overrides
from mlptrain.config.plain import plain
from mlptrain.config.schema import Config
from mlptrain.config.section import Section
from mlptrain.config.yaml import Document, Path, read
from mlptrain.errors import ConfigError

Source = str | os.PathLike[str] | Mapping[str, object]
"""A YAML file, or what would stand in one."""
MOST_FAULTS = 50
"""How many faults one error lists."""


def load_config(source: Source, overrides: Overrides = ()) -> Config:
    """The config in a YAML file or a mapping, with `overrides` on top; everything else is default.

    Raises one ConfigError with a line for every fault there is.

    >>> config = load_config({"data": {"train": "rows.csv"}}, ["optimizer.learning_rate=1e-2"])
    >>> config.optimizer.name, config.optimizer.options()["learning_rate"], config.train.epochs
    ('adam', 0.01, 50)
    >>> load_config({"data": {"train": "rows.csv"}, "train": {"epoch": -1}})
    Traceback (most recent call last):
    mlptrain.errors.ConfigError: config: train.epoch: unknown key; did you mean 'epochs'?
    """
    if isinstance(source, Mapping):
        document = Document("config", plain(source, "config"), {})
    else:
        document = read(os.fspath(source))
    if not isinstance(document.data, dict):
        found = "the file is empty" if document.data is None else f"got {shown(document.data)}"
        raise ConfigError(f"{document.source}:1: expected keys with values, such as 'data:'; {found}")
    refused: list[str] = []
    applied: list[Override] = []
    for override in read_overrides(overrides):
        try:
            if isinstance(override, BadOverride):
                raise override
            apply(override, document.data)
            applied.append(override)
        except BadOverride as error:
            refused.append(str(error))
    config, faults = validate(document.data)
    refused += [_line(fault, document, applied) for fault in _in_order(faults, document, applied)]
    if config is None or refused:
        more = ["... and more; fix these first"] if len(refused) > MOST_FAULTS else []
        raise ConfigError(*refused[:MOST_FAULTS], *more)
    return config


def validate(data: dict[str, Any]) -> tuple[Config | None, list[Fault]]:
    """The config in plain data, and everything that is wrong with it."""
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        faults = list(faults_of(error, data))
    else:
        return config, [*cross_faults(config), *_faults_of_candidates(config)]
    # The faults between keys are looked for in what remains when the faulty keys are left out.
    wrong = {_setting(fault.path) for fault in faults}
    try:
        rest = Config.model_validate(_without(data, wrong))
    except ValidationError:
        return None, faults
    for fault in cross_faults(rest):
        if not wrong & {_setting(path) for path in (fault.path, *fault.involves)}:
            faults.append(fault)
    return None, faults


def resolved(config: Config) -> dict[str, Any]:
    """Every key that a run has with its value, defaults included, in plain data for `dump`."""
    return config.model_dump(mode="json", exclude={"sweep"})


def configs_of_candidates(config: Config) -> dict[str, Config]:
    """The config of each candidate by its name; without candidates there is one without a name."""
    if not config.candidates:
        return {"": config}
    return {each.name: load_config(candidate_config(config, each)) for each in config.candidates}


def candidate_config(config: Config, candidate: Candidate) -> dict[str, Any]:
    """The settings of one candidate, as plain data; it has no candidates itself."""
    return changed({**resolved(config), "candidates": [], "combine": "choose"}, changes(candidate))


def _faults_of_candidates(config: Config) -> Iterator[Fault]:
    """What is wrong with the candidates, each where it is written."""
    if config.candidates and config.train.folds is None:
        what = "are compared on the rows that folds hold out; set train.folds, 5 is usual"
        yield Fault(("candidates",), what, (("train", "folds"),))
    if config.combine != "choose" and not config.candidates:
        yield Fault(("combine",), "there are no candidates to combine; add some, or leave it out")
    names = [candidate.name for candidate in config.candidates]
    for place, candidate in enumerate(config.candidates):
        if candidate.name in names[:place]:
            what = f"{shown(candidate.name)} is the name of another candidate"
            yield Fault(("candidates", place, "name"), what)
        shared = list(kept_from(candidate))
        for path in shared:
            what = "is the same for all candidates; set it in the config itself"
            yield Fault(("candidates", place, *path), what)
        if not shared:
            data = candidate_config(config, candidate)
            before = set(cross_faults(config))
            faults = [fault for fault in validate(data)[1] if fault not in before]
            yield from (_at(place, fault, changes(candidate)) for fault in faults)


def _at(place: int, fault: Fault, written: Any) -> Fault:
    """A fault of a candidate where it is written, or the candidate that brings it about."""
    for step in fault.path:
        if not isinstance(written, Mapping | list):
            break
        if isinstance(written, Mapping) and step not in written:
            return Fault(("candidates", place), f"{dotted(fault.path)}: {fault.what}")
        written = written[step]  # type: ignore[index]
    return Fault(("candidates", place, *fault.path), fault.what)


def _setting(path: Path) -> Path:
    """The setting that `path` lies in: a key of a section, or of the top level."""
    field = Config.model_fields.get(str(path[0])) if path else None
    annotation = field.annotation if field else None
    return path[:2] if isinstance(annotation, type) and issubclass(annotation, Section) else path[:1]


def _without(data: dict[str, Any], settings: set[Path]) -> dict[str, Any]:
    """`data` without some settings; for the one that is required, something stands in."""
    rest: dict[str, Any] = {}
    for key, value in data.items():
        if (key,) not in settings:
            is_open = isinstance(value, dict)
            rest[key] = (
                {k: v for k, v in value.items() if (key, k) not in settings} if is_open else value
            )
    section = rest.setdefault("data", {})
    if isinstance(section, dict):
        section.setdefault("train", "rows.csv")
    return rest


def _in_order(faults: list[Fault], document: Document, applied: list[Override]) -> list[Fault]:
    """The faults of overrides, then those of the file by their lines."""

    def position(fault: Fault) -> int:
        return 0 if _override_of(fault.path, document, applied) else document.line(fault.path)

    return sorted(faults, key=position)


def _line(fault: Fault, document: Document, applied: list[Override]) -> str:
    key, above = dotted(fault.path), fault.path[:-1]
    override = _override_of(fault.path, document, applied)
    if override:
        place = override.place
    else:
        place = f"{document.source}:{document.line(fault.path)}" if document.lines else document.source
    what = fault.what
    if any(override.path == (*above, "name") for override in applied):
        what += f"; to change the name, set {dotted(above)} as a whole"
    return f"{place}: {key + ': ' if key else ''}{what}"


def _override_of(path: Path, document: Document, applied: list[Override]) -> Override | None:
    """The override that the value at `path` comes from, if it does not come from the file."""
    for override in reversed(applied):
        shared = min(len(path), len(override.path))
        is_inside = len(path) >= len(override.path) or path not in document.lines
        if is_inside and path[:shared] == override.path[:shared]:
            return override
    return None
