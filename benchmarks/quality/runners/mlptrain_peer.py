"""This program as a newcomer runs it: `init`, `fit` and `predict`, nothing edited.

Arguments go to `init`, and those behind `--` to `fit`, to try a preset without one of its parts. Runs
in any environment that has mlptrain. The CPU seconds contain three starts of the interpreter; those of
`fit` are given apart. Its jobs are those of frames.py.
"""

import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def command(*words: str) -> float:
    """Runs one command of mlptrain; its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "mlptrain", *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"mlptrain {words[0]}: {done.stderr.strip()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def without(path: Path, target: str, output: Path) -> Path:
    """The rows of `path` less the answer."""
    with path.open(newline="") as file, output.open("w", newline="") as out:
        rows = csv.DictReader(file)
        names = [name for name in rows.fieldnames if name != target]
        writer = csv.DictWriter(out, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return output


def predictions(path: Path, target: str, classes: list[str]) -> list:
    """The written probabilities of each class, or the written numbers."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if classes:
        return [[float(row[f"proba_{name}"]) for name in classes] for row in rows]
    return [float(row[target]) for row in rows]


def arguments() -> tuple[list[str], list[str]]:
    """Those for `init` and those for `fit`."""
    given = sys.argv[1:]
    place = given.index("--") if "--" in given else len(given)
    return given[:place], given[place + 1 :]


def run_of(folder: Path, seed: str, place: Path) -> dict:
    """Trains on train.csv in the empty directory `place`; predictions for test.csv, and the cost."""
    about = json.loads((folder / "table.json").read_text())
    target, classes = about["target"], about["classes"]
    config, run, written = (str(place / name) for name in ("config.yaml", "run", "predictions.csv"))
    rows = without(folder / "test.csv", target, place / "rows.csv")
    of_init, of_fit = arguments()
    init = command("init", str(folder / "train.csv"), "--target", target, "-o", config, *of_init)
    fit = command("fit", config, "--out", run, "--quiet", "--set", f"seed={seed}", *of_fit)
    proba = ["--proba"] if classes else []
    predict = command("predict", run, str(rows), "-o", written, *proba)
    found = predictions(Path(written), target, classes)
    return {"prediction": found, "cpu": init + fit + predict, "fit": fit}


def main() -> None:
    """Does the jobs of stdin."""
    for line in sys.stdin:
        folder, seed, output = line.rstrip("\n").split("\t")
        with tempfile.TemporaryDirectory() as place:
            found = run_of(Path(folder), seed, Path(place))
        document = {"version": "", "outputs": {"mlptrain": found}}
        unfinished = Path(output + ".part")
        unfinished.write_text(json.dumps(document))
        unfinished.rename(output)


if __name__ == "__main__":
    main()
