"""All members of a model in one file, that which is equal in all of them once.

The container is that of a checkpoint, so it is read with the same distrust: no byte may differ from
what this program writes. The arrays of member 2 are `member2/layer1.W` and so on; its document is
`shared` and its own part of `each` together. Left out is what only a resume needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlptrain.arrays import Array
from mlptrain.errors import CheckpointError
from mlptrain.metrics.decision import Threshold
from mlptrain.storage.archive import write_archive
from mlptrain.training.checkpoint import OPTIMIZER, Checkpoint
from mlptrain.training.combination import KEY, THRESHOLD, Combination

MEMBERS = "members"
"""The entry of the document that tells such a file from a checkpoint."""
MOST = 1000


FIGURES = "out_of_fold"
"""The entry of the document, as of folds.json, with loss and metrics on all rows held out."""


def write_pack(
    path: Path,
    members: Sequence[Checkpoint],
    combination: Combination | None = None,
    threshold: Threshold | None = None,
    figures: Mapping[str, float | None] | None = None,
) -> None:
    """Write the members, how they count and their threshold into a file; raises as `write_archive`."""
    arrays = {
        f"member{number}/{name}": array
        for number, member in enumerate(members, 1)
        for name, array in member.arrays.items()
        if not name.startswith(OPTIMIZER)
    }
    first, *others = (member.document for member in members)
    shared = {
        key: value for key, value in first.items() if all(key in d and d[key] == value for d in others)
    }
    each = [{key: value for key, value in m.document.items() if key not in shared} for m in members]
    document = {MEMBERS: len(members), "shared": shared, "each": each}
    if combination is not None:
        document[KEY] = combination.document()
    if threshold is not None:
        document[THRESHOLD] = asdict(threshold)
    if figures is not None:
        document[FIGURES] = dict(figures)
    write_archive(path, arrays, document)


def unpacked(
    file: Path, arrays: Mapping[str, Array], document: Mapping[str, Any]
) -> tuple[Checkpoint, ...]:
    """The members of a file that `write_pack` wrote; CheckpointError where it cannot come from it.

    What each of them holds is checked when it is used, as that of any checkpoint.
    """
    count, shared, each = (document.get(key) for key in (MEMBERS, "shared", "each"))
    if (
        set(document) - {KEY, THRESHOLD, FIGURES} != {MEMBERS, "shared", "each"}
        or type(count) is not int
        or not 2 <= count <= MOST
        or not isinstance(shared, dict)
        or not isinstance(each, list)
        or len(each) != count
        or not all(isinstance(own, dict) and not own.keys() & shared.keys() for own in each)
    ):
        raise CheckpointError(
            f"{file}: its members are not as this program writes them; pack them again"
        )
    parts: list[dict[str, Array]] = [{} for _ in each]
    numbers = {f"member{number}": number for number in range(1, count + 1)}
    for name, array in arrays.items():
        member, _, own = name.partition("/")
        if member not in numbers or not own:
            raise CheckpointError(
                f"{file}: its array {name} belongs to none of {count} members; pack them again"
            )
        parts[numbers[member] - 1][own] = array
    return tuple(
        Checkpoint(file, part, {**shared, **own}) for part, own in zip(parts, each, strict=True)
    )
