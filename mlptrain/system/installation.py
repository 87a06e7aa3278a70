"""How this program was installed, and so the command that adds an extra to it."""

import json
import os
import re
import shlex
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

NAME = "mlptrain"


def install_command(extra: str) -> str:
    """`pip install 'mlptrain[plot]'`, and in a clone `pip install -e '.[plot]'`.

    It names the clone where the working directory is another, and the pip of this environment where
    the shell would find another one.
    """
    clone = clone_of_this()
    if clone is None:
        return f"{installer()} {quoted(f'{NAME}[{extra}]')}"
    here = "." if clone == Path.cwd() else str(clone)
    return f"{installer()} -e {quoted(f'{here}[{extra}]')}"


def clone_of_this() -> Path | None:
    """The directory of an editable installation (PEP 610); None for any other."""
    try:
        recorded = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    editable = recorded.get("dir_info", {}).get("editable", False)
    return Path(__file__).resolve().parents[2] if editable else None


def installer() -> str:
    """The command that installs into this environment, which may be one of uv or pipx."""
    own, found = Path(sys.executable).with_name("pip"), shutil.which("pip")
    if found is not None and Path(found).parent == own.parent:
        return "pip install"
    if not own.exists():
        python = shlex.quote(sys.executable)
        return f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    near = os.path.relpath(own)
    return f"{shlex.quote(str(own) if near.startswith('..') else near)} install"


def is_python(executable: str | None) -> bool:
    """Whether a program is Python, which another one that only holds a Python is not.

    >>> is_python("/usr/bin/python3.11"), is_python("/usr/bin/uwsgi"), is_python("")
    (True, False, False)
    """
    return re.match(r"(python|pypy)", Path(executable or "").name, re.IGNORECASE) is not None


def quoted(requirement: str) -> str:
    """In quotes: a shell would read the brackets of an extra as a pattern."""
    return f"'{requirement}'" if "'" not in requirement else shlex.quote(requirement)
