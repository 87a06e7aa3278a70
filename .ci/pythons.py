"""The versions of Python in pyproject.toml that are found here, one a line: `3.13 /usr/bin/python3.13`.

python .ci/pythons.py > pythons.txt

Looked for among what PATH names, and among those of pyenv. What is absent is said on standard error.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
VERSIONS = re.findall(
    r"^Programming Language :: Python :: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.M
)
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
ITS_VERSION = "import ensurepip, sys, venv; print('{}.{}'.format(*sys.version_info))"


def found(version: str) -> str | None:
    """An interpreter of this version that can make an environment with pip."""
    named = [sys._base_executable, shutil.which(f"python{version}")]
    of_pyenv = sorted(map(str, PYENV.glob(f"{version}.*/bin/python")))
    return next(
        (each for each in filter(None, [*named, *of_pyenv]) if version_of(each) == version), None
    )


def version_of(python: str) -> str:
    """Empty where it does not run (a shim of pyenv may not), or has no venv or pip."""
    return subprocess.run([python, "-c", ITS_VERSION], capture_output=True, text=True).stdout.strip()


for version in VERSIONS:
    if python := found(version):
        print(version, python)
    else:
        print(f"no Python {version} here", file=sys.stderr)
