"""`mlptrain watch`: what runs have written, for this machine alone; nothing of theirs is touched."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from browser import browsing
from runs import command, faults, invoke, surroundings, write_config

from mlptrain import load
from mlptrain.report.live import closeup
from mlptrain.report.live import server as live
from mlptrain.report.live import tail as tails
from mlptrain.report.live.closeup import Closeup
from mlptrain.report.live.plane import inputs_on_plane
from mlptrain.report.live.server import LiveServer
from mlptrain.report.live.tail import Tail, Watched, thinned

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CONFIG = {
    "seed": 3,
    "data": {"train": {"name": "moons", "points_per_class": 15}, "val": 0.2, "test": 0},
    "model": {"hidden": [4]},
    "train": {"epochs": 3, "log_histograms": True},
}
COLOURS = """[...document.querySelectorAll('canvas')].map(canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(pixels.buffer)).size > 9;
})"""
"""Of each map whether it has more than a few colours."""


@pytest.fixture(autouse=True)
def priority(monkeypatch):
    """That of this process stays: a command that is called in it would lower it for good."""
    monkeypatch.setattr(os, "nice", lambda _: 0)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("watched")
    config = write_config(folder / "moons.yaml", CONFIG)
    assert invoke("fit", config, "--out", folder / "moons", "--quiet").exit_code == 0
    return folder / "moons"


@pytest.fixture
def server(run):
    """The server at work, in a thread of its own."""
    with LiveServer(Watched(run), 0) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def asked(server, path, host=None, method="GET"):
    """Status, headers and content of an answer."""
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{server.server_port}"})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def records(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_the_data_are_the_numbers_of_the_metrics(server, run):
    status, headers, content = asked(server, f"/{server.token}/data")
    (found,) = json.loads(content)["runs"]
    expected = records(run)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert found["status"] == "completed"
    for key in ("val_loss", "train_accuracy", "learning_rate"):
        assert found["series"][key] == pytest.approx([each[key] for each in expected], rel=1e-4)
    for layer in ("layer1", "layer2"):
        ratios = [each["histograms"][layer]["update_ratio"] for each in expected]
        assert found["layers"][layer]["update_ratio"] == pytest.approx(ratios, rel=1e-4)
        dead = [each["histograms"][layer]["dead"] for each in expected]
        assert found["layers"][layer]["dead"] == pytest.approx(dead, rel=1e-4)
    assert "counts" not in content


def test_what_takes_long_to_read_is_read_seldom(server, monkeypatch):
    spent, now, looks = [0.0], [100.0], []
    monkeypatch.setattr(live.time, "thread_time", lambda: spent[0])
    monkeypatch.setattr(live.time, "monotonic", lambda: now[0])

    def look():
        looks.append(now[0])
        spent[0] += 0.02
        return []

    monkeypatch.setattr(server.watched, "look", look)
    for second in range(9):
        now[0] = 100.0 + second
        server.data()
    assert looks == [100, 103, 106]  # 0.02 s is a hundredth of 2 s, which are not yet over after two


def shade(network, key, place):
    """The byte of a map at the end of a row of its file."""
    across, up = network["plane"]["limits"]
    ((x, (low, high)), (y, (bottom, top))) = zip(place, (across, up), strict=True)
    size = network["plane"]["size"]
    column = round((x - low) / (high - low) * (size - 1))
    row = round((top - y) / (top - bottom) * (size - 1))
    return base64.b64decode(network["plane"]["answer"][key])[row * size + column]


def test_the_network_is_shown_as_predict_sees_it(server, run):
    (found,) = json.loads(asked(server, f"/{server.token}/data")[2])["runs"]
    network = found["network"]
    plane, model = network["plane"], load(run / "last.npz")
    assert (network["step"], plane["names"]) == (3, ["x0", "x1"])
    across, up = (np.linspace(*each, plane["size"]) for each in plane["limits"])
    for i, j in ((0, 0), (5, 40), (30, 7), (47, 47)):
        place = across[i], up[j]
        (probabilities,) = model.predict_proba([place])
        assert shade(network, "map", place) == probabilities.argmax()
        assert shade(network, "sure", place) == pytest.approx(
            255 * (2 * probabilities.max() - 1), abs=0.51
        )
    points = np.array(plane["points"])
    assert len(points) == 6
    assert all(low <= x <= high for x, (low, high) in zip(points[0], plane["limits"], strict=False))
    lines = network["rows"]["lines"]
    said = model.predict_proba(points[:, :2])
    assert [line[1:3] for line in lines] == [
        [str(int(truth)), str(row.argmax())] for truth, row in zip(points[:, 2], said, strict=True)
    ]
    assert [float(line[3]) for line in lines] == pytest.approx(said.max(axis=1), rel=1e-3)


def test_the_map_of_a_unit_is_its_activation(server, run):
    (found,) = json.loads(asked(server, f"/{server.token}/data")[2])["runs"]
    plane = found["network"]["plane"]
    (layer,) = plane["layers"]
    member = load(run / "last.npz").members[0]
    (x,) = inputs_on_plane(member, plane["limits"], plane["unit_size"])
    values = {each.name: each.value for each in member.network.parameters}
    hidden = np.maximum(x @ values["layer1.W"] + values["layer1.b"], 0)
    assert (layer["name"], layer["units"]) == ("layer1", 4)
    for unit, drawn in zip(hidden.T, layer["maps"], strict=True):
        expected = 128 + 127 * unit / (unit.max() or 1)
        assert np.frombuffer(base64.b64decode(drawn), np.uint8) == pytest.approx(expected, abs=0.51)


def test_the_network_is_read_again_only_where_there_is_another(run, tmp_path, monkeypatch):
    shutil.copytree(run, tmp_path / "run")
    view = Closeup(tmp_path / "run")
    first = view.document()
    assert view.document() is first
    os.utime(tmp_path / "run" / "last.npz")
    assert view.document() is not first
    (tmp_path / "run" / "last.npz").write_bytes(b"half of a")
    assert view.document() == first
    monkeypatch.setattr(closeup, "LARGEST", 10)
    assert Closeup(tmp_path / "run").document() is None


def test_a_regression_of_two_columns_has_a_map_and_of_three_none(tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(40, 3)).round(3)
    for name, columns in (("two", "xy"), ("three", "xyz")):
        table = np.column_stack([numbers[:, : len(columns)], 10 + numbers.sum(axis=1)])
        file = tmp_path / f"{name}.csv"
        np.savetxt(file, table, "%.3f", ",", header=",".join([*columns, "t"]), comments="")
        data = {"train": str(file), "target": "t", "val": 0.5, "test": 0}
        config = {"data": data, "model": {"hidden": [3, 2]}, "train": {"epochs": 2}, "loss": "mse"}
        write_config(tmp_path / "config.yaml", config)
        result = invoke("fit", tmp_path / "config.yaml", "--out", tmp_path / name, "--quiet")
        assert result.exit_code == 0
    two, three = (Closeup(tmp_path / name).document() for name in ("two", "three"))
    assert two["plane"]["answer"]["low"] < two["plane"]["answer"]["high"]
    assert [len(each["maps"]) for each in two["plane"]["layers"]] == [3, 2]
    assert three["plane"] is None
    truth = np.loadtxt(tmp_path / "three.csv", delimiter=",", skiprows=1)[:, 3]
    predicted = load(tmp_path / "three" / "last.npz").predict(numbers)
    for number, true, said, sure in three["rows"]["lines"]:
        assert float(true) == pytest.approx(truth[number - 1], rel=1e-3)
        assert float(said) == pytest.approx(predicted[number - 1], rel=1e-3)
        assert sure is None


def test_the_page_may_run_its_own_script_and_ask_its_own_server_only(server):
    status, headers, content = asked(server, f"/{server.token}/")
    policy = headers["Content-Security-Policy"]
    (nonce,) = re.findall(r"script-src 'nonce-([^']+)'", policy)
    assert status == 200
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert re.findall(r"<(?:script|style)[^>]*>", content) == [
        f'<style nonce="{nonce}">',
        f'<script nonce="{nonce}">',
    ]
    assert set(re.findall(r"https?://[^\"']+", content)) == {"http://www.w3.org/2000/svg"}
    assert "innerHTML" not in content
    assert nonce not in asked(server, f"/{server.token}/")[2]


@pytest.mark.parametrize(
    ("path", "host", "method", "expected"),
    [
        ("/", None, "GET", 404),
        ("/data", None, "GET", 404),
        ("/wrong/data", None, "GET", 404),
        ("/{token}/metrics.jsonl", None, "GET", 404),
        ("/{token}/../data", None, "GET", 404),
        ("/{token}/data", "evil.example", "GET", 403),
        ("/{token}/data", "127.0.0.1", "GET", 403),
        ("/{token}/data", None, "POST", 501),
    ],
)
def test_who_does_not_know_the_address_learns_nothing(server, run, path, host, method, expected):
    status, _, content = asked(server, path.format(token=server.token), host, method)
    assert status == expected
    assert "val_loss" not in content
    assert server.token not in content
    assert run.name not in content


def test_it_listens_on_this_machine_alone_and_each_token_is_new(server, run):
    assert server.socket.getsockname()[0] == "127.0.0.1"
    with LiveServer(Watched(run), 0) as other:
        assert other.token != server.token
    assert len(server.token) >= 32
    result = invoke("watch", run, "--port", server.server_port)
    assert result.exit_code == 2
    assert f"--port {server.server_port}: " in faults(result)[0]


def test_only_what_was_added_is_read_and_half_a_line_waits(run, tmp_path):
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    shutil.copytree(run, tmp_path / "run")
    file = tmp_path / "run" / "metrics.jsonl"
    file.write_bytes(lines[0] + lines[1][:30])
    followed = Tail(tmp_path / "run")
    followed.look()
    assert [each["epoch"] for each in followed.records] == [1]
    first = followed.records[0]
    file.write_bytes(lines[0] + lines[1])
    followed.look()
    assert [each["epoch"] for each in followed.records] == [1, 2]
    assert followed.records[0] is first


def test_a_resume_that_cuts_the_metrics_is_followed(run, tmp_path):
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    shutil.copytree(run, tmp_path / "run")
    followed = Tail(tmp_path / "run")
    followed.look()
    slower = [re.sub(rb'"seconds": [^,]+', b'"seconds": 9.0', line) for line in lines[1:]]
    (tmp_path / "run" / "metrics.jsonl").write_bytes(b"".join([lines[0], *slower, *slower]))
    followed.look()
    assert [each["epoch"] for each in followed.records] == [1, 2, 3, 2, 3]
    assert [each["seconds"] for each in followed.records[1:]] == [9.0] * 4


def test_what_cannot_be_read_is_broken_and_says_so(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write("[]\n")
    (followed,) = Watched(tmp_path).look()
    assert (followed.status, len(followed.records)) == ("broken", 3)
    assert "not a JSON object" in followed.reason


def test_the_newest_runs_of_a_directory_are_followed_and_folds_are_runs(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tails, "MOST_RUNS", 3)
    for age, name in enumerate(["new", "cv/fold-1", "cv/fold-2", "old"]):
        shutil.copytree(run, tmp_path / name)
        os.utime(tmp_path / name / "metrics.jsonl", (1e9 - age, 1e9 - age))
    watched = Watched(tmp_path)
    assert list(watched.names(watched.look())) == ["cv/fold-1", "cv/fold-2", "new"]
    assert watched.more == 1


def test_a_long_run_is_thinned_and_its_last_point_is_kept():
    found = [each["step"] for each in thinned([{"step": n} for n in range(1, 1002)])]
    assert len(found) <= tails.MOST_POINTS
    assert found[-1] == 1001
    assert {b - a for a, b in pairwise(found)} == {3}


def test_the_terminal_shows_each_run_with_its_curves_and_changes_nothing(run):
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in run.iterdir()}
    result = invoke("watch", run.parent, "--text")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "moons: completed, epoch 3: all 3 epochs done"
    assert re.search(r"^  val_loss +[▁▂▃▄▅▆▇█ ]+  \S+ to \S+, best", result.stdout, re.MULTILINE)
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in run.iterdir()} == before


def test_what_is_no_directory_is_told(tmp_path):
    assert "no such directory" in faults(invoke("watch", tmp_path / "nix"))[0]


@pytest.mark.slow
def test_the_command_prints_an_address_and_ends_with_ctrl_c(run):
    process = subprocess.Popen(
        command("watch", run), env=surroundings(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    port, token = re.fullmatch(
        r"http://127\.0\.0\.1:(\d+)/([\w-]+)/\n", process.stdout.readline()
    ).groups()
    connection = HTTPConnection("127.0.0.1", int(port), timeout=10)
    connection.request("GET", f"/{token}/data")
    assert connection.getresponse().status == 200
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_draws_the_curves_says_nothing_and_asks_nobody_else(server, run, tmp_path):
    with browsing(CHROMIUM, tmp_path / "profile") as page:
        page.send(
            "Emulation.setDeviceMetricsOverride",
            width=380,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        page.send("Page.navigate", url=server.url)
        until = time.monotonic() + 30
        while not page.ask("document.querySelectorAll('polyline').length") and time.monotonic() < until:
            time.sleep(0.1)
        titles = page.ask("[...document.querySelectorAll('figcaption')].map(e => e.textContent)")
        charts = ["loss", "accuracy", "learning rate", "update ratio", "share of dead units"]
        assert titles == [*charts, "decision boundary", "units of layer1"]
        words = page.ask("[...document.querySelectorAll('svg[role=img]')].map(e => e.ariaLabel)")
        maps = page.ask("[...document.querySelectorAll('canvas')].map(e => e.ariaLabel)")
        assert maps[0] == "decision boundary by x0 and x1 at step 3: 0, 1; 6 validation rows"
        assert maps[1:] == [f"unit {n} of layer1 by x0 and x1" for n in (1, 2, 3, 4)]
        assert page.ask(COLOURS) == [True] * 5
        last = records(run)[-1]
        train, val = (f"{last[key]:.4g}" for key in ("train_loss", "val_loss"))
        assert words[0] == f"loss by epoch: train {train}, validation {val}"
        assert page.ask("document.documentElement.scrollWidth") <= 380
        assert page.said() == []
        assert set(page.requests()) <= {server.url, f"{server.url}data"}
