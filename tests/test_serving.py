"""The files of docs/serving.md do what the page says: a server under many clients, a job, an image."""

import csv
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_docs import ROOT, between

import mlptrain
from mlptrain.export.export import export

PAGE = ROOT / "docs" / "serving.md"
FILES = ("app.py", "score.sh", "Dockerfile")
ROW = {
    **{"island": "Biscoe", "bill_length_mm": 46.1, "bill_depth_mm": 13.2},
    **{"flipper_length_mm": 211, "body_mass_g": 4500, "sex": "female"},
}
CLIENTS, REQUESTS = 8, 25


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with the files of the page and the model of the penguins."""
    directory = tmp_path_factory.mktemp("served")

    run = mlptrain.fit(
        ROOT / "configs" / "penguins.yaml",
        set={"data.train": str(ROOT / "data" / "penguins.csv")},
        epochs=30,
        out=directory / "run",
    )
    export(run.directory.path, directory / "model.py")
    for name in FILES:
        (directory / name).write_text(between(PAGE, name), "utf-8")
    return directory, mlptrain.load(run.best)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def served(place, tmp_path_factory):
    """The address of a server that runs as the Dockerfile says, in a directory with what it copies."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    directory, model = place
    lines = (directory / "Dockerfile").read_text().splitlines()
    said = dict(line.split(" ", 1) for line in lines)
    image = tmp_path_factory.mktemp("image")
    *copied, target = said["COPY"].split()
    assert target == "./"
    for name in copied:
        shutil.copy(directory / name, image)
    program, *words = json.loads(said["CMD"])
    port = free_port()
    words = [{"8000": str(port), "0.0.0.0": "127.0.0.1"}.get(word, word) for word in words]
    name, value = said["ENV"].split("=")
    log = (image / "log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", program, *words], cwd=image, stderr=log, env=os.environ | {name: value}
    )
    try:
        wait_for(port, server, image / "log")
        yield f"http://127.0.0.1:{port}/predict", model
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def wait_for(port, server, log):
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"no server: {log.read_text()}")


def post(address, rows):
    """The answer, or its code and what is wrong."""
    body = json.dumps(rows).encode()
    asked = urllib.request.Request(address, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)["detail"]


@pytest.mark.slow
def test_the_server_answers_several_clients_at_once_as_the_model(served):
    address, model = served
    with (ROOT / "data" / "penguins.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    proba = f"{address}?proba=true"

    def client(number):
        for request in range(REQUESTS):
            start = (number * REQUESTS + request) % len(table)
            rows = table[start : start + 1 + number]
            columns = {name: [row[name] for row in rows] for name in table[0]}
            assert post(address, rows) == model.predict(columns).tolist()
            ours = model.predict_proba(columns)
            assert post(proba, rows) == [pytest.approx(each, abs=1e-6) for each in ours.tolist()]
            assert post(address, [{**rows[0], "sex": "", "body_mass_g": "heavy"}])[0] == 422
        return number

    with ThreadPoolExecutor(CLIENTS) as clients:
        assert list(clients.map(client, range(CLIENTS))) == list(range(CLIENTS))


@pytest.mark.slow
def test_the_server_answers_the_request_of_the_page_and_refuses_by_name(served):
    address, _ = served
    shown = re.search(r"-d '(\[.*?\])'", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert json.loads(shown[1]) == [ROW]
    assert post(address, [ROW]) == ["Gentoo"]
    assert post(address, [ROW, ROW | {"body_mass_g": None}]) == ["Gentoo"] * 2
    assert post(address, [ROW, ROW | {"body_mass_g": "heavy"}]) == (
        422,
        "row 2: body_mass_g: 'heavy' is no number",
    )
    assert post(address, [{"island": "Biscoe"}]) == (422, "no column 'bill_length_mm'")
    assert post(address, [])[0] == 413


@pytest.mark.slow
def test_the_job_keeps_its_last_answer_where_a_file_is_refused(place):
    directory, model = place
    table = (ROOT / "data" / "penguins.csv").read_text()
    (directory / "new.csv").write_text(table)
    job = ["sh", str(directory / "score.sh")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = {"cwd": "/", "env": os.environ | {"PATH": path}, "capture_output": True, "text": True}
    subprocess.run(job, **run, check=True)
    written = (directory / "predictions.csv").read_text()
    found = [row["species"] for row in csv.DictReader(io.StringIO(written))]
    assert found == model.predict(str(directory / "new.csv")).tolist()
    (directory / "new.csv").write_text(table.replace("3750", "heavy", 1))
    failed = subprocess.run(job, **run, check=False)
    assert failed.returncode == 3
    assert failed.stderr == "error: new.csv: row 1: body_mass_g: 'heavy' is no number\n"
    assert (directory / "predictions.csv").read_text() == written


def test_the_image_has_what_its_command_needs():
    said = dict(line.split(" ", 1) for line in between(PAGE, "Dockerfile").splitlines())
    assert set(said["COPY"].split()) == {"model.py", "app.py", "./"}
    assert set(shlex.split(said["RUN"])) >= {"numpy", "fastapi", json.loads(said["CMD"])[0]}
