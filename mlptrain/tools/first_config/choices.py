"""From a table to its first config: the settings, each with its reason as a comment."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mlptrain.config import dump
from mlptrain.data.readers.sources import labels_of, open_source, target_names
from mlptrain.data.source import Source, require
from mlptrain.errors import ConfigError, DataError
from mlptrain.tools.first_config.bad_cells import cleaned
from mlptrain.tools.first_config.codes import codes_among
from mlptrain.tools.first_config.declared import (
    Comments,
    Declared,
    asking,
    of_cells,
    of_notation,
    of_points,
    section,
)
from mlptrain.tools.first_config.each_kind import add_kinds
from mlptrain.tools.first_config.effort import TRIALS, Effort, Size, effort_within, usual_effort
from mlptrain.tools.first_config.heading import doubts_about, heading, left_out
from mlptrain.tools.first_config.notations import Notated, as_written
from mlptrain.tools.first_config.overview import LEFT_OUT, Row, overview
from mlptrain.tools.first_config.parts import Parts, choose_parts
from mlptrain.tools.first_config.presets import Preset, facts, of_parts, settings_of
from mlptrain.tools.first_config.profile import Profile, profile, profiles
from mlptrain.tools.first_config.reasons import Why, comments_on, explained
from mlptrain.tools.first_config.roles import Roles, choose_roles
from mlptrain.tools.first_config.search import sweep_for
from mlptrain.tools.first_config.target import target_settings, without_target
from mlptrain.tools.first_config.task import Task, choose_task


class Wish(NamedTuple):
    """What the user has asked for.

    group, time   the column that splits the rows; without both it is as the columns look
    preset        how much work the answer is worth; None: good, or fast where that takes long
    within        seconds that a fit may take here, or all trials of a search
    search        a sweep as well
    test          the share of the rows that is set aside for a final test
    ignore        columns to leave out
    features      columns to learn from; none: what looks like one
    weight        the column of row weights, which is no feature
    """

    group: str | None = None
    time: str | None = None
    preset: Preset | None = None
    within: float | None = None
    search: bool = False
    test: float = 0.0
    ignore: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    weight: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that are named."""
        of_rows = [name for name in (self.group, self.time, self.weight) if name is not None]
        return [*of_rows, *self.ignore, *self.features]

    def check(self, targets: Sequence[str]) -> None:
        """ConfigError for a column that is named as two things, and for two ways of choosing."""
        if self.search and self.preset == "best":
            raise ConfigError(
                "--search: the candidates of preset best are a search; take --preset good"
            )
        group = () if self.group is None else (self.group,)
        named = {"--ignore": self.ignore, "--target": targets, "--group": group}
        for flag, names in named.items():
            both = [name for name in names if name in self.features]
            both += [name for name in names if flag != "--ignore" and name in self.ignore]
            if both:
                other = "--features" if both[0] in self.features else "--ignore"
                raise ConfigError(f"{both[0]!r} is named by {flag} and by {other}: choose one")


class Proposal(NamedTuple):
    """A commented config as YAML, and what to tell whoever does not read it.

    answered   the config as it is when the user has answered what is asked
    columns    what becomes of each
    why        what stands behind each setting of the preset
    """

    text: str
    notes: tuple[str, ...]
    answered: str
    columns: tuple[Row, ...]
    why: tuple[Why, ...]

    def told(self) -> tuple[str, ...]:
        """The notes for whoever is shown no table of columns: those that are left out come first."""
        rows = [each for each in self.columns if each.role == LEFT_OUT]
        return (*(f"left out: {each.name} ({each.reason})" for each in rows), *self.notes)


ANYTHING = Wish()


class Looked(NamedTuple):
    """What a look at the table has found."""

    path: str
    targets: Sequence[str]
    source: Source
    answers: list[Profile]
    task: Task
    parts: Parts
    roles: Roles
    columns: list[Profile]
    declared: list[Declared]
    notes: list[str]


def proposed(looked: Looked, wish: Wish = ANYTHING, step: float | None = None) -> Proposal:
    """A commented config for a table; `step` are the seconds of a step, where they were measured."""
    source, roles, parts, task = looked.source, looked.roles, looked.parts, looked.task
    rows, effort = len(source), _effort(looked, wish, step)
    of_columns: Comments = {("seed",): "all randomness follows from it"}
    data = _data(looked, of_columns)
    if wish.weight is not None:
        data["weight"] = wish.weight
    if wish.features:
        data["features"] = [each.name for each in roles.features]
    data |= of_parts(effort.preset, wish.test)
    data |= target_settings(source, looked.answers, task, of_columns)
    data |= section(looked.declared, roles.codes, of_columns)
    bins, minutes = "numeric" in data, None if wish.within is None else wish.within / 60
    config = {
        "seed": 0,
        "data": data,
        **settings_of(effort.preset, effort.epochs, rows, task, bins=bins),
        **(sweep_for(task, rows, bins=bins, minutes=minutes) if wish.search else {}),
    }
    ours = comments_on(config, facts(effort.preset, rows, wish.test, task))
    doubts = [*looked.notes, *parts.notes(), *doubts_about(roles, looked.answers)]
    doubts += [effort.reason] if effort.reason else []
    above = heading(looked.path, source.names, rows, roles, doubts)
    answered = above + dump(config, ours | of_columns)
    return Proposal(
        parts.with_offers(asking(answered, looked.declared, alone=not roles.codes)),
        tuple(doubts),
        answered,
        overview(looked.answers, looked.columns, parts.chosen, roles),
        explained(config, ours, of_columns),
    )


def _effort(looked: Looked, wish: Wish, step: float | None) -> Effort:
    """The preset and its epochs: as usual, or by what a step takes here."""
    size = Size(len(looked.source), len(looked.roles.features), step)
    timed = "time" in looked.parts.chosen
    if wish.within is None or step is None:
        return usual_effort(wish.preset, size, timed=timed)
    if wish.search:
        return effort_within(wish.within / TRIALS, wish.preset or "good", size, timed=timed)
    return effort_within(wish.within, wish.preset, size, timed=timed)


def looked_at(
    path: str, targets: Sequence[str], wish: Wish = ANYTHING, source: Source | None = None
) -> Looked:
    """What the file at `path` holds, or a source in its place, whose target columns are `targets`.

    DataError for a column that is not there, with the nearest one that is.
    """
    source, names = _opened(path, targets, wish.columns, source)
    source, written, answers, task = _asked_for(source, names)
    wish.check(names)
    wanted = {*wish.features, *wish.ignore} if wish.features else {*source.candidates}
    wanted |= {name for name in (wish.group, wish.time) if name is not None}
    taken = {*names, wish.weight}
    others = [name for name in source.candidates if name in wanted and name not in taken]
    source, timed = as_written(source, [] if wish.time is None else [wish.time], asked=True)
    source, more = as_written(source, [name for name in others if name != wish.group], asked=False)
    written += timed
    source, bad = cleaned(source, others)
    looks = profiles(source, others)
    parts = choose_parts(source, looks, wish.group, wish.time)
    features = [each for each in looks if each.name != parts.chosen.get("group")]
    codes = codes_among(source, features, answers, task.loss in ("softmax", "sigmoid"))
    doubts = {each.name: each.doubt for each in more} | dict.fromkeys(wish.ignore, "--ignore")
    roles = choose_roles(features, doubts, codes, wish.features)
    points = [each.name for each in (*answers, *roles.features) if each.thousands]
    declared = [*map(of_cells, bad), *map(of_notation, written + more), *map(of_points, points)]
    notes = [each.note() for each in bad] + [each.note() for each in written + more]
    notes += [without_target(source, answers)] if any(each.blanks for each in answers) else []
    if not roles.features:
        raise DataError(*left_out(roles), f"{path}: no column is left to learn from")
    return Looked(path, targets, source, answers, task, parts, roles, looks, declared, notes)


def _opened(
    path: str, targets: Sequence[str], others: Sequence[str], source: Source | None
) -> tuple[Source, list[str]]:
    """The table, and its target columns; it has the others as well."""
    if source is None:
        source = open_source(path, labels=labels_of(path, None))
    names = target_names(source, targets[0] if len(targets) == 1 else targets)
    require(source, [*names, *others])
    return source, names


def _asked_for(
    source: Source, names: Sequence[str]
) -> tuple[Source, list[Notated], list[Profile], Task]:
    """The targets: numbers in a notation are read, unless they are classes, whose names are texts."""
    read, written = as_written(source, names, asked=True, targets=True)
    answers = [profile(read, name) for name in names]
    task = choose_task(read, answers)
    if written and task.loss in ("softmax", "sigmoid"):
        read, written, answers = source, [], [profile(source, name) for name in names]
        task = choose_task(source, answers)
    return read, written, answers, task


def _data(looked: Looked, comments: Comments) -> dict[str, Any]:
    roles, parts, targets = looked.roles, looked.parts, looked.targets
    data: dict[str, Any] = {
        "train": looked.path,
        "target": targets[0] if len(targets) == 1 else list(targets),
        "val": 0,
        "test": 0,
    }
    lengths = [each.name for each in looked.declared if each.name in targets and each.answer.duration]
    seconds = "; in seconds, and so are the predictions" if lengths else ""
    comments[("data", "target")] = looked.task.reason + seconds
    for key, name in parts.chosen.items():
        data[key] = name
        comments[("data", key)] = parts.reasons[key]
    if roles.ignored:
        data["ignore"] = list(roles.ignored)
        comments[("data", "ignore")] = "columns to leave out, and why"
        for place, (name, reason) in enumerate(roles.ignored.items()):
            use = "; delete the line to use it" if name in roles.usable else ""
            comments[("data", "ignore", place)] = reason + use
    add_kinds(data, looked.source, roles, comments)
    return data
