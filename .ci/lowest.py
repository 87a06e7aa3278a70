"""The lowest versions that pyproject.toml allows, as constraints for pip: `numpy==2.0` and so on.

python .ci/lowest.py > lowest.txt && pip install -e '.[test,plot,tensorboard]' -c lowest.txt
"""

import re
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = ("test", "plot", "tensorboard")

needed = [*PROJECT["dependencies"]]
for extra in EXTRAS:
    needed += PROJECT["optional-dependencies"][extra]
for requirement in needed:
    name, version = re.fullmatch(r"([\w.-]+)>=([\d.]+)", requirement).groups()
    print(f"{name}=={version}")
