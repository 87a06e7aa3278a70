"""What is known of a run that says it is running: is it, and if not, it was killed.

A run writes its host into summary.json when it begins, and the kernel lets go of its lock when it
ends, however that is. Of a run on another machine nothing can be seen from here.
"""

import os
import platform
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlptrain.errors import CheckpointError, StorageError
from mlptrain.messages import quoted
from mlptrain.storage.documents import read_document
from mlptrain.storage.lock import LOCK, is_held
from mlptrain.storage.run_files import holds_checkpoint

RUNNING, KILLED = "running", "interrupted"
GOOD = ("completed", "early_stopped")
"""How a run ends that has nothing left to do."""
MOVING = ("epochs", "steps", "best", "best_epoch", "metrics", "seconds")
"""What summary.json knows of a sitting once it has ended; before, it is that of the sitting before."""
_NUMBER = (int, float, type(None))
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("status", "reason", "monitor", "host"), (str,)),
    **dict.fromkeys(("best", "best_epoch", "seconds", "parameters", "epochs", "steps"), _NUMBER),
    "pid": (int,),
}


def here() -> dict[str, str | int]:
    """What a run says of itself while it is at work."""
    return {"host": platform.node(), "pid": os.getpid()}


def read_summary(run: Path) -> Mapping[str, Any]:
    """The content of summary.json, with the status and reason that hold now.

    Of a run that is at work, or was killed, it has no figures: metrics.jsonl and best.npz have them.
    CheckpointError for a file that no run has written.
    """
    file = run / "summary.json"
    summary = read_document(file) if file.is_file() else {}
    for key, kinds in _TYPES.items():
        if key in summary and (type(summary[key]) not in kinds):
            raise CheckpointError(
                f"{file}: {key} is {quoted(summary[key])}, which no run writes; "
                "put the file back, or train again"
            )
    if summary and summary.get("status") != RUNNING:
        return summary
    status, reason = _now(run, summary)
    lasting = {key: value for key, value in summary.items() if key not in MOVING}
    return {**lasting, "status": status, "reason": reason}


def _now(run: Path, summary: Mapping[str, Any]) -> tuple[str, str]:
    host, pid = summary.get("host", platform.node()), summary.get("pid")
    if host != platform.node():
        return RUNNING, f"on {host}, as far as known"
    process = "a process" if pid is None else f"process {pid}"
    if is_held(run):
        return RUNNING, f"{process} is at work"
    if not holds_checkpoint(run):
        return KILLED, "killed before its first checkpoint; begin it again"
    return KILLED, f"killed at work; resume it with mlptrain fit --resume {shlex.quote(str(run))}"


def remark(run: Path) -> list[str]:
    """A note on a run that has not come to its end; none on one that has, and where there is no run."""
    if not (run / LOCK).is_file() and not (run / "summary.json").is_file():
        return []
    try:
        found = read_summary(run)
    except (CheckpointError, StorageError) as error:  # what is asked for does not depend on it
        return list(error.faults)
    status = found.get("status")
    return [] if status in GOOD else [f"{run}: {status}: {found.get('reason')}"]
