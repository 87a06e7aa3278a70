"""Which keys a mapping of the config may have, found by walking the schema; and what a wrong key meant.

A wrong key is most often a slip of the fingers, a right key in the wrong section, or the word that
another trainer uses. Each gets its own answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from mlptrain.config.choices import Named
from mlptrain.config.kinds import ShortFor
from mlptrain.config.schema import Config
from mlptrain.config.section import Section
from mlptrain.config.yaml import Path
from mlptrain.messages import LISTED, nearest, some

OTHER_WORDS = {
    "lr": "learning_rate",
    "eta": "learning_rate",
    "step_size": "learning_rate",
    "bs": "batch_size",
    "batch": "batch_size",
    "max_epochs": "epochs",
    "num_epochs": "epochs",
    "n_epochs": "epochs",
    "max_iter": "epochs",
    "layers": "hidden",
    "hidden_layers": "hidden",
    "hidden_sizes": "hidden",
    "hidden_layer_sizes": "hidden",
    "units": "hidden",
    "label": "target",
    "labels": "target",
    "validation": "val",
    "random_state": "seed",
    "solver": "optimizer",
    "criterion": "loss",
    "l2_regularization": "l2",
    "epoch": "epochs",
    "dropout_rate": "dropout",
    "act": "activation",
    "init": "initializer",
    "optim": "optimizer",
    "lr_scheduler": "schedule",
    "scheduler": "schedule",
    "normalization": "norm",
    "precision": "dtype",
    "betas": "beta1",
    "epsilon": "eps",
    "clip": "clip_norm",
    "grad_clip": "clip_norm",
    "max_grad_norm": "clip_norm",
    "gradient_clip_val": "clip_norm",
}
"""What other trainers call it -> what it is called here."""

Mapped = type[Section] | Named
"""What the schema has to say about a mapping: a section of fixed keys, or a choice by name."""


def mapping_at(path: Path, data: Any) -> tuple[Mapped | None, str | None]:
    """What stands at `path` in the schema, and the entry that `data` chooses there, if it is a choice.

    (None, None) where any key may stand, as in a mapping of class weights.
    """
    here: Mapped | None = Config
    for step in path:
        data = data[step]
        if isinstance(step, str):
            marks = _marks(here, step)
            here = next((mark for mark in marks if not isinstance(mark, ShortFor)), None)
    if not isinstance(here, Named):
        return here, None
    name = data.get("name", here.default)
    return here, name if name in here.table else None


def keys_of(here: Mapped, name: str | None) -> list[str]:
    """The keys that a section, or the entry `name` of a choice, may have."""
    if isinstance(here, Named):
        return ["name", *(here.options[name] if name else ())]
    return list(here.model_fields)


def short_key(path: Path) -> str | None:
    """The key for which a text at `path` is short, as `name` in `optimizer: adam`."""
    here: Mapped | None = Config
    for step in path[:-1]:
        marks = _marks(here, step) if isinstance(step, str) else []
        here = next((mark for mark in marks if not isinstance(mark, ShortFor)), None)
    marks = _marks(here, path[-1]) if isinstance(path[-1], str) else []
    return next((mark.key for mark in marks if isinstance(mark, ShortFor)), None)


def sections_with(key: str) -> list[str]:
    """The sections in which `key` is valid, by their dotted names.

    >>> sections_with("learning_rate"), sections_with("seed")
    (['optimizer'], ['the top level', 'sweep'])
    """
    places = [place for word, place in _everything(Config, ()) if word == key]
    return [".".join(place) or "the top level" for place in dict.fromkeys(places)]


def setting_called(word: str) -> str:
    """The dotted key of a setting that is called so, here or in another program; "" where none is.

    A whole section is none: nobody can give one by a word.

    >>> setting_called("epochs"), setting_called("lr"), setting_called("model.hidden")
    ('train.epochs', 'optimizer.learning_rate', 'model.hidden')
    >>> setting_called("train"), setting_called("sweep")
    ('data.train', '')
    """
    last = word.lower().split(".")[-1]
    key = OTHER_WORDS.get(last, last)
    places = [
        place
        for each, place in _everything(Config, ())
        if each == key and "candidates" not in place and (place or not _is_section(key))
    ]
    dotted = [".".join((*place, key)) for place in sorted(places, key=_is_choice)]
    return word if word in dotted else next(iter(dotted), "")


@cache
def keywords() -> Mapping[str, Path]:
    """The settings that one word means to a program: a keyword argument of `mlptrain.fit`.

    A word is a key of the top level, else of a section, else an option of a choice by name. Deeper keys
    and those of a name that is taken stand in their mapping: schedule={"name": "step", "epochs": 5}.

    >>> [".".join(keywords()[word]) for word in ("epochs", "learning_rate", "loss", "train")]
    ['train.epochs', 'optimizer.learning_rate', 'loss', 'train']
    """
    fields = Config.model_fields
    always = [key for key, field in fields.items() if isinstance(field.annotation, type)]
    everything = [(key, place) for key, place in _everything(Config, ()) if place != ("data", "train")]
    found = dict[str, Path]()
    for key, place in sorted(everything, key=lambda pair: (_is_choice(pair[1]), len(pair[1]))):
        if not place or (len(place) == 1 and place[0] in always) or _is_choice(place):
            found.setdefault(key, (*place, key))
    return found


def setting_default(path: Path) -> Any:
    """The default of a setting, lists as tuples; None where it is a mapping or up to a choice by name.

    >>> setting_default(("model", "hidden")), setting_default(("optimizer", "learning_rate"))
    ((100,), None)
    """
    section = Config if len(path) == 1 else Config.model_fields[str(path[0])].annotation
    if len(path) > 2 or not isinstance(section, type) or not issubclass(section, Section):
        return None
    found = section.model_fields[str(path[-1])].default if path[-1] in section.model_fields else None
    return tuple(found) if isinstance(found, list) else None if isinstance(found, dict) else found


def _is_choice(place: Path) -> bool:
    """Whether the keys at `place` depend on a name: `epochs` of a schedule, unlike those of `train`."""
    here: Any = Config
    for step in place:
        marks = _marks(here, str(step))
        here = next((mark for mark in marks if not isinstance(mark, ShortFor)), None)
    return isinstance(here, Named)


@dataclass(frozen=True)
class Advice:
    """What to tell somebody about an unknown key, and the key beside it that was meant, if any."""

    text: str
    word: str = ""


def advice_on_key(key: str, path: Path, data: Any) -> Advice:
    """What the unknown `key` in the mapping at `path` may have meant."""
    here, name = mapping_at(path, data)
    valid = keys_of(here, name) if here else []
    if isinstance(here, Named) and name:
        owners = [entry for entry, options in here.options.items() if key in options]
        if owners:
            return Advice(f"{name} has no such option; it is one of {', '.join(owners)}")
    word = OTHER_WORDS.get(key.lower(), key)
    elsewhere = sections_with(word)
    if word not in valid and elsewhere:
        called = "it" if word == key else f"'{word}'"
        return Advice(f"{called} belongs to {' or '.join(elsewhere)}")
    near = word if word in valid else nearest(key, valid)
    if near:
        return Advice(f"did you mean '{near}'?", near)
    far = nearest(key, [word for word, _ in _everything(Config, ())])
    if far:
        return Advice(f"did you mean '{far}'? it belongs to {' or '.join(sections_with(far))}")
    return Advice(f"the keys here are {some(valid, LISTED)}")


def _is_section(key: str) -> bool:
    """Whether a key of the top level holds a section that no text is short for."""
    marks = _marks(Config, key)
    return bool(marks) and not any(isinstance(mark, ShortFor) for mark in marks)


def _marks(here: Mapped | None, key: str) -> list[Any]:
    """The sections, choices and short forms that the annotation of `key` in `here` names."""
    if isinstance(here, type) and key in here.model_fields:
        field = here.model_fields[key]
        return [mark for part in (field.annotation, *field.metadata) for mark in _inside(part)]
    return []


def _inside(annotation: Any) -> Iterator[Any]:
    is_section = isinstance(annotation, type) and issubclass(annotation, Section)
    if is_section or isinstance(annotation, Named | ShortFor):
        yield annotation
    for argument in get_args(annotation):
        yield from _inside(argument)


def _everything(here: Mapped, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every key below `here` with the path of the mapping that holds it."""
    if isinstance(here, Named):
        for options in here.options.values():
            yield from ((option, path) for option in options)
        return
    for key in here.model_fields:
        yield key, path
        for mark in _marks(here, key):
            if not isinstance(mark, ShortFor):
                yield from _everything(mark, (*path, key))
