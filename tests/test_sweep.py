"""Sweeps: what is bit-equal, what survives a kill, what a failed trial leaves, and the command line."""

import json
import re
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from runs import command, faults, invoke, mlptrain

from mlptrain.config import load_config
from mlptrain.errors import ConfigError
from mlptrain.program import fit
from mlptrain.runs.run import Run
from mlptrain.sweeps.journal import COMPLETE, FAILED, PRUNED, RUNNING, Asked
from mlptrain.sweeps.place import begin_or_join, opened, trial_path
from mlptrain.sweeps.plan import read_plan
from mlptrain.sweeps.ranking import Noise, Outcome, Rerun
from mlptrain.sweeps.work import Worker, nearest_first
from mlptrain.training.build import load

pytest.importorskip("optuna")
pytestmark = pytest.mark.usefixtures("one_thread")

CONFIG = """
data: {train: {name: moons, points_per_class: 20}, val: 0.2, test: 0}
model: {hidden: [4]}
train: {epochs: 3, batch_size: 16}
sweep:
  seeds: 0
  space:
    optimizer.learning_rate: {min: 1e-4, max: 1e-1, log: true}
    model.hidden: [[4], [6]]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.yaml").write_text(CONFIG)
    return tmp_path


def begun(place, trials, *spaces, overrides=(), **options):
    plan = read_plan("c.yaml", overrides, spaces, {"trials": trials, **options})
    return Worker(Path(place), plan, begin_or_join(Path(place), plan, False), threads=1)


def sweep(place, trials, *spaces, overrides=(), **options):
    worker = begun(place, trials, *spaces, overrides=overrides, **options)
    worker.work()
    return Outcome(worker.place, worker.plan, worker.journal)


def summary(place, number, *below):
    """How a trial ended, or a fold of it."""
    return json.loads((trial_path(place, number).joinpath(*below) / "summary.json").read_text())


def bits(outcome):
    """What was chosen, what came of it, and every value that was reported."""
    study = outcome.journal._study()
    reported = [trial.intermediate_values for trial in study.get_trials()]
    found = [(each.number, each.state, each.value, dict(each.chosen)) for each in outcome.trials]
    return found, reported


@pytest.mark.parametrize(
    ("first", "all"),
    [(1, 4), pytest.param(4, 13, marks=pytest.mark.slow)],  # from the eleventh on by TPE
)
def test_a_sweep_is_a_shorter_one_and_its_resume_and_a_kill_changes_no_bit(here, first, all):
    whole = bits(sweep("whole", all))

    sweep("parts", first)
    begun("parts", all).journal.begin()  # and the process is killed
    assert bits(sweep("parts", all)) == whole
    assert len({json.dumps(chosen) for _, _, _, chosen in whole[0]}) == all, "no trial is made twice"


def test_a_trial_that_was_killed_goes_on_from_its_checkpoint(here):
    whole = bits(sweep("whole", 1))

    worker = begun("parts", 1)
    asked = worker.journal.begin()
    (config,) = worker.plan.configs(asked.chosen)
    run = Run.new(config, lambda: trial_path(worker.place, 1), threads=1)
    steps = iter(run)
    for record in steps:
        if record is not None:  # the first evaluation was written, and not reported: killed
            break
    steps.close()
    assert bits(sweep("parts", 1)) == whole
    assert (
        json.loads((trial_path(worker.place, 1) / "summary.json").read_text())["status"] == "completed"
    )


def test_a_trial_that_diverges_is_recorded_and_the_sweep_goes_on(here):
    outcome = sweep("s", 3, "optimizer.learning_rate=1e-3,1e38", sampler="grid",
                    overrides=["model.hidden=[4]", "optimizer=sgd"])  # fmt: skip
    states = {each.chosen["optimizer.learning_rate"]: each for each in outcome.trials}

    assert states[1e38].state == FAILED
    assert "not finite" in states[1e38].reason
    assert states[1e-3].state == COMPLETE
    assert outcome.best is states[1e-3] or outcome.best.state == COMPLETE


def test_only_the_best_trials_keep_their_checkpoints(here):
    outcome = sweep("s", 3, overrides=["sweep.keep=1", "train.epochs=1"])
    kept = [int(path.parent.name) for path in Path("s/trials").glob("*/best.npz")]

    assert sorted(kept) == sorted(each.number for each in outcome.ranking[:1])
    assert len(list(Path("s/trials").glob("*/metrics.jsonl"))) == 3


@pytest.mark.slow
def test_the_pruner_ends_trials_and_their_runs_say_so(here):
    outcome = sweep("s", 7, "optimizer.learning_rate=1e-7..1e-1:log", sampler="random",
                    overrides=["train.epochs=8"])  # fmt: skip
    pruned = [each for each in outcome.trials if each.state == PRUNED]

    assert pruned, "the median ends none of seven trials"
    for each in pruned:
        kept = summary(outcome.place, each.number)
        assert kept["status"] == "pruned"
        assert kept["reason"].startswith(each.reason)
        records = (trial_path(outcome.place, each.number) / "metrics.jsonl").read_text().splitlines()
        assert 5 <= len(records) < 8


def test_a_trial_that_is_pruned_between_its_folds_is_listed_as_such(here, monkeypatch):
    monkeypatch.setattr(Asked, "is_hopeless", lambda asked: True)
    sweep("s", 1, folds=3, overrides=["train.epochs=1"])

    listed = json.loads(invoke("runs", "s", "--json").stdout)["runs"]
    (trial,) = [each for each in listed if "trials" in each["run"]]
    assert (trial["status"], trial["folds"]) == ("pruned", 1)
    assert trial["reason"] == "fold 1: pruned after 1 of 3 folds"


def test_fit_makes_of_best_yaml_what_the_winner_was_bit_for_bit(here):
    outcome = sweep("s", 2, metric="accuracy")
    run = fit(outcome.write_best(), out="again", threads=1)

    winner = summary(outcome.place, outcome.best.number)
    assert run.summary["best"] == winner["best"] == outcome.best.value
    assert run.summary["monitor"] == "val_accuracy"
    assert load_config("s/best.yaml").sweep is None


def test_with_folds_a_trial_is_the_mean_of_its_folds_and_no_test_row_validates(here):
    outcome = sweep("s", 1, folds=3, overrides=["data.test=0.25"])
    (trial,) = outcome.trials
    best = [
        json.loads(Path(f"s/trials/0001/fold-{n}/summary.json").read_text())["best"] for n in (1, 2, 3)
    ]
    assert trial.value == sum(best) / 3

    parts = [load(config).partition for config in outcome.plan.configs(trial.chosen)]
    tests = {tuple(part.test[:].tolist()) for part in parts}
    validated = [row for part in parts for row in part.val[:].tolist()]
    assert len(tests) == 1
    assert sorted([*validated, *tests.pop()]) == list(range(40))
    assert all(not set(part.train[:]) & set(part.val[:]) for part in parts)


def test_train_folds_are_those_of_each_trial_and_best_yaml_keeps_them(here):
    outcome = sweep("s", 1, overrides=["train.folds=3", "data.val=0"])
    assert outcome.plan.settings.folds == 3
    values = [summary(Path("s"), 1, f"fold-{number}")["best"] for number in (1, 2, 3)]
    assert outcome.best.value == sum(values) / 3
    outcome.write_best()
    assert load_config("s/best.yaml").train.folds == 3


@pytest.mark.parametrize(
    ("overrides", "spaces", "message"),
    [
        (
            ["train.folds=3", "candidates=[{name: a}, {name: b}]"],
            [],
            "candidates: a sweep tries settings",
        ),
        ([], ["train.folds=2,3"], "each trial would be judged by other rows"),
        ([], ["combine=choose,greedy"], "a sweep tries settings of one network"),
    ],
)
def test_what_is_not_one_network_on_the_same_rows_is_refused_on_one_line(
    here, overrides, spaces, message
):
    with pytest.raises(ConfigError, match=message) as raised:
        read_plan("c.yaml", overrides, spaces)
    assert len(raised.value.faults) == 1


def test_another_sweep_is_not_joined(here):
    sweep("s", 1)
    with pytest.raises(ConfigError, match="s: holds a sweep with another space"):
        begun("s", 1, "model.hidden=[3],[5]")
    Path("full").mkdir()
    (Path("full") / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"full: holds notes\.txt, and no sweep"):
        begun("full", 1)


def test_a_trial_that_ends_between_a_look_and_a_claim_is_left_alone(here, monkeypatch):
    one, other = begun("s", 2), begun("s", 2)
    number = one.journal.begin().number
    hold = Worker._hold

    def told_first(self, held, name):
        if self is other and name == f"{number:04d}" and one.journal.trials()[0].state == RUNNING:
            one.journal.complete(number, 0.5)  # its process tells, and then lets go
        return hold(self, held, name)

    monkeypatch.setattr(Worker, "_hold", told_first)
    with ExitStack() as held:
        asked = other._claim(held)
    assert asked.number == number + 1
    assert [each.state for each in one.journal.trials()] == [COMPLETE, RUNNING]


def test_a_trial_that_is_killed_again_and_again_is_given_up(here):
    worker = begun("s", 1)
    worker.journal.note(worker.journal.begin().number, "began", [0, 0, 0])
    (trial,) = sweep("s", 1).trials
    assert (trial.state, trial.reason) == (
        FAILED,
        "killed 3 times after evaluation 0; is the memory full?",
    )


def test_half_a_line_of_the_journal_is_cut_off(here):
    first = bits(sweep("s", 1))
    with open("s/journal.log", "a") as journal:
        journal.write('{"op_code":5,"wor')
    assert bits(Outcome(Path("s"), *opened(Path("s")))) == first
    assert len(sweep("s", 2).trials) == 2


def test_the_gain_is_told_beside_the_noise():
    # gains 0.3, 0.1, 0.2: mean 0.2, standard error 0.1 / sqrt 3 = 0.058;  0.5, -0.3: mean 0.1, se 0.4
    sure = Noise((1, 2, 3), (0.2, 0.4, 0.3), (0.5, 0.5, 0.5), larger_is_better=False)
    unsure = Noise((1, 2), (1.0, 0.2), (0.5, 0.5), larger_is_better=True)
    assert sure.gains == pytest.approx([0.3, 0.1, 0.2])
    assert (sure.is_sure, unsure.is_sure) == (True, False)


def test_without_validation_rows_nothing_can_be_compared(here):
    (found,) = faults(invoke("sweep", "c.yaml", "--set", "data.val=0", "--trials", "2"))
    assert found.startswith("data.val: validation rows decide, and there are none")
    assert not Path("sweeps").exists()


@pytest.mark.slow
def test_report_writes_a_page_with_every_trial(here):
    outcome = sweep("s", 4, "optimizer.learning_rate=1e-3,1e38", sampler="grid",
                    overrides=["train.epochs=1", "optimizer=sgd"])  # fmt: skip
    assert invoke("report", "s").stdout == "s/report.html\n"

    page = Path("s/report.html").read_text()
    states = re.findall(r'<th scope="row">[0-9]+</th><td[^>]*>(\w+)</td>', page)
    assert states == sorted(each.state for each in outcome.trials)  # complete before failed
    assert {COMPLETE, FAILED} == set(states)


@pytest.mark.slow
def test_the_directory_alone_resumes_a_sweep_and_show_says_whether_anybody_is_at_work(here):
    arguments = ("sweep", "c.yaml", "--trials", 4, "--out", "s", "--set", "train.epochs=400")
    killed = subprocess.Popen(command(*arguments, "--quiet"), stdout=subprocess.DEVNULL)
    while not Path("s/trials/0001/metrics.jsonl").exists():
        time.sleep(0.05)
    assert "\n1 run at work now\n" in mlptrain("sweep", "show", "s").stdout
    killed.kill()
    killed.communicate()
    while json.loads((shown := mlptrain("sweep", "show", "s", "--json")).stdout)["at_work"]:
        time.sleep(0.05)
    assert json.loads(shown.stdout)["wanted"] == 4
    shown = mlptrain("sweep", "show", "s").stdout
    assert "\nnobody is at work on it now; resume it with: mlptrain sweep s\n" in shown
    ended = mlptrain("sweep", "s", "--jobs", 2)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("4 of 4 trials: ")
    assert "at work" not in ended.stdout
    assert not Path("sweeps").exists()


def test_show_needs_a_sweep(here):
    assert faults(invoke("sweep", "show", ".")) == [
        ".: holds no sweep; name the directory that `sweep` wrote (--out)"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sweep_of_eight_from_the_command_line(here, jobs):
    ended = mlptrain(
        "sweep", "c.yaml", "--trials", 8, "--jobs", jobs, "--out", "s", "--set", "sweep.seeds=1"
    )
    assert ended.returncode == 0, ended.stderr
    assert "8 of 8 trials" in ended.stdout
    assert "gain" in ended.stdout
    assert mlptrain("fit", "s/best.yaml", "--out", "best").returncode == 0
    document = json.loads(mlptrain("sweep", "show", "s", "--json").stdout)
    assert [each["number"] for each in document["trials"]] == list(range(1, 9))
    assert all(each["state"] in (COMPLETE, PRUNED) for each in document["trials"])


@pytest.mark.slow
def test_the_same_command_in_another_terminal_joins_in_and_ctrl_c_leaves_all_in_order(here):
    arguments = ("sweep", "c.yaml", "--trials", 10, "--out", "s", "--set", "train.epochs=60")
    first = subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True)
    while not Path("s/trials/0002").exists():
        time.sleep(0.05)
    second = subprocess.Popen(command(*arguments), stderr=subprocess.DEVNULL, stdout=subprocess.PIPE)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=120)
    assert first.returncode == 130
    assert said.splitlines()[-1].endswith("those at work saved; resume it with mlptrain sweep s")
    second.communicate(timeout=300)
    assert second.returncode == 0
    trials = json.loads(mlptrain("sweep", "show", "s", "--json").stdout)["trials"]
    assert [each["state"] in (COMPLETE, PRUNED) for each in trials] == [True] * 10


def test_a_quiet_sweep_names_the_best_trial_instead_of_tables(here):
    result = invoke("sweep", "c.yaml", "--trials", 2, "--out", "s", "--quiet")
    number = json.loads(invoke("sweep", "show", "s", "--json").stdout)["best"]
    assert result.stderr == ""
    first, best, *_ = result.stdout.splitlines()
    assert first == "2 of 2 trials: 2 to the end"
    assert best.startswith(f"best: trial {number}: loss ")
    assert "importance" not in result.stdout


def test_runs_again_stay_where_their_rows_are_and_keep_out_of_each_others_way():
    """Rows are prepared for each seed: two processes at one seed would both prepare them."""
    left = [
        Rerun(Path(f"{of}-seed-{seed}"), of, seed, ()) for seed in (1, 2, 3) for of in ("best", "base")
    ]
    at_work = {"best-seed-1"}

    def order(own):
        found = nearest_first(left, own, lambda each: each.path.name in at_work)
        return [each.path.name for each in found]

    free = ["best-seed-2", "base-seed-2", "best-seed-3", "base-seed-3"]
    assert order(None) == [*free, "best-seed-1", "base-seed-1"]
    assert order(3) == [*free[2:], *free[:2], "best-seed-1", "base-seed-1"]
    assert order(1) == ["best-seed-1", "base-seed-1", *free]

    at_work.clear()
    in_turn = nearest_first(left, None, lambda each: each.path.name in at_work)
    assert next(in_turn).path.name == "best-seed-1"
    at_work.add("best-seed-1")  # another process was quicker
    assert next(in_turn).path.name == "best-seed-2"
