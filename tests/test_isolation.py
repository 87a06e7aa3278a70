"""What a run does to the world around it: files in its run directory, and nothing else."""

import json
import subprocess
import sys
from collections import Counter

import pytest
from runs import THIRTY, surroundings, write_config

WATCHED = """
import json, os, sys
EVENTS, FLAGS = [], os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod",
    "os.chown", "os.truncate", "shutil.rmtree", "tempfile.mkstemp", "tempfile.mkdtemp")
OUTSIDE = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "subprocess.", "os.system", "os.exec",
    "os.posix_spawn", "os.fork", "pickle.", "webbrowser.", "ctypes.dlopen")
on = False

def hook(event, arguments):
    if not on:
        return
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & FLAGS:
        EVENTS.append([event, os.path.abspath(os.fsdecode(arguments[0]))])
    elif event in CHANGES:
        paths = [each for each in arguments if isinstance(each, (str, bytes, os.PathLike))]
        EVENTS.extend([event, os.path.abspath(os.fsdecode(each))] for each in paths)
    elif event.startswith(OUTSIDE):
        EVENTS.append([event, repr(arguments)[:200]])

sys.addaudithook(hook)
sys.dont_write_bytecode = True
from mlptrain.__main__ import main
seen = []
for arguments in json.loads(sys.argv[1]):
    EVENTS.clear()
    sys.argv = ["mlptrain", *arguments]
    on = True
    try:
        exec(arguments[1]) if arguments[0] == "python" else main()
    except SystemExit as end:
        on = False
        assert not end.code, arguments
    finally:
        on = False
    seen.append(list(EVENTS))
print(json.dumps(seen), file=sys.stderr)
"""


def watched(cwd, commands):
    """What each of some commands did, one after the other, as (event, path or arguments)."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(list(commands))],
        cwd=cwd,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [[tuple(each) for each in seen] for seen in json.loads(done.stderr.splitlines()[-1])]


# Libraries are opened when NumPy, polars and threadpoolctl are imported, by name of an installed file.
LIBRARIES = ("ctypes.dlopen",)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with a table, a config for it, and a run that was watched."""
    place = tmp_path_factory.mktemp("isolated")
    (place / "rows.csv").write_text("a,b,y\n" + "1,2,p\n3,4,q\n5,7,p\n2,1,q\n" * 10)
    config = {**THIRTY, "data": {"train": "rows.csv"}}
    write_config(place / "table.yaml", config)
    (place / "fit.json").write_text(
        json.dumps(watched(place, [["fit", "table.yaml", "--out", "run", "--quiet"]])[0])
    )
    return place


COMMANDS = {
    "eval": ["eval", "run"],
    "predict": ["predict", "run", "rows.csv"],
    "show": ["show", "run"],
    "show a config": ["show", "table.yaml"],
    "check the gradients": ["gradcheck", "table.yaml"],
    "dry run": ["fit", "table.yaml", "--dry-run"],
    "schema": ["schema"],
}


@pytest.mark.slow
def test_fit_writes_into_its_run_directory_and_nowhere_else(place):
    events = json.loads((place / "fit.json").read_text())
    written = [path for event, path in events if event not in LIBRARIES]

    assert written
    assert {path for path in written if not path.startswith(f"{place}/run")} == set()


def test_fit_opens_no_socket_starts_no_process_and_unpickles_nothing(place):
    events = Counter(event for event, _ in json.loads((place / "fit.json").read_text()))

    assert [event for event in events if event.startswith(("socket", "subprocess", "pickle"))] == []
    assert set(events) <= {"open", "os.mkdir", "os.rename", "os.remove", "os.link", *LIBRARIES}


@pytest.fixture(scope="module")
def looks(place):
    """What each of the commands did, by name."""
    return dict(zip(COMMANDS, watched(place, COMMANDS.values()), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_what_only_looks_changes_nothing(looks, name):
    assert [each for each in looks[name] if each[0] not in LIBRARIES] == []


def test_the_watch_sees_what_it_is_there_for(tmp_path):
    named = {
        "socket.__new__": "import socket; socket.socket().close()",
        "socket.getaddrinfo": "import socket; socket.getaddrinfo('localhost', 80)",
        "pickle.find_class": "import pickle; pickle.loads(pickle.dumps(int))",
        "subprocess.Popen": "import subprocess; subprocess.run(['true'])",
        "open": "open('made', 'w').close()",
        "os.mkdir": "os.mkdir('folder')",
    }
    seen = watched(tmp_path, (["python", code] for code in named.values()))

    assert [event in {name for name, _ in each} for event, each in zip(named, seen, strict=True)] == [
        True
    ] * len(named)
