"""Twenty steps of every building block against trajectories computed by PyTorch (tests/golden)."""

import json
from pathlib import Path

import numpy as np
import pytest
from golden.cases import NOT_IN_PYTORCH

from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, perceptron
from mlptrain.nn.regularizers import REGULARIZERS
from mlptrain.optim import OPTIMIZERS
from mlptrain.optim.schedules import SCHEDULES, warm_up
from mlptrain.training.average import Average
from mlptrain.training.gradients import clip, gradient_norm

CASES = sorted((Path(__file__).parent / "golden" / "trajectories").glob("*.json"))
TOLERANCE = 1e-9
EXTRA = {"input_scale", "ntk", "members"}
"""What only some networks have."""


def chosen(table, spec):
    options = {key: value for key, value in spec.items() if key not in {"name", "rate_factors"}}
    return table[spec["name"]](**options)


def build(case):
    inputs, *hidden, outputs = case["network"]["sizes"]
    activation = chosen(ACTIVATIONS, case["network"]["activation"])
    architecture = perceptron(
        inputs,
        outputs,
        hidden,
        [activation] * len(hidden),
        tables=case.get("tables", ()),
        bias=case["network"]["bias"],
        norm=case["network"]["norm"],
        dropout=case["network"]["dropout"],
        **{key: case["network"][key] for key in EXTRA & case["network"].keys()},
    )
    penalties = [REGULARIZERS[name](case[name]) for name in ("l2", "l1") if case[name]]
    weighted = case["row_weights"] is not None
    loss = chosen(LOSSES, case["loss"])
    network = Network(architecture, loss, penalties, weighted=weighted, dtype=np.float64)
    for name, values in case["initial"].items():
        network.parameters[name].value[...] = values
    return network


def load(case, network, rows):
    training = network.training
    plan = training.graph.plan(len(rows))
    plan.value(training.inputs[0])[...] = np.array(case["X"])[rows]
    if "codes" in case:
        plan.value(training.inputs[1])[...] = np.array(case["codes"])[rows]
    plan.value(training.y)[...] = np.array(case["y"])[rows]
    if training.weights is not None:
        plan.value(training.weights)[...] = np.array(case["row_weights"])[rows]
    for mask in training.wiring.masks:
        plan.value(mask)[...] = np.array(case["masks"][mask.name])[rows]
    return plan


def replay(case):
    """Train as the case says; what was seen on the way, under the names of the file."""
    network = build(case)
    w, dw = network.parameters.values, network.parameters.gradients
    average = Average(network, case.get("average", 0.0))
    optimizer = chosen(OPTIMIZERS, case["optimizer"])
    optimizer.attach(w, network.parameters.segments_at(case["optimizer"].get("rate_factors", {})))
    options = {key: v for key, v in case["schedule"].items() if key not in {"name", "warmup"}}
    plain = SCHEDULES[case["schedule"]["name"]]
    schedule = warm_up(lambda t, T, E: plain(t, T, E, **options), case["schedule"].get("warmup", 0))
    seen = {"losses": [], "gradient_norms": [], "learning_rates": [], "penalties": []}
    for t, rows in enumerate(case["batches"]):
        plan = load(case, network, rows)
        plan.forward()
        plan.backward()
        if t == 0:
            seen["gradients0"] = {p.name: p.gradient.copy() for p in network.parameters}
        seen["losses"].append(float(plan.value(network.training.data_loss)))
        seen["penalties"].append(network.regularization_loss())
        seen["gradient_norms"].append(gradient_norm(dw))
        seen["learning_rates"].append(
            optimizer.learning_rate * schedule(t, case["steps"], case["steps_per_epoch"])
        )
        if case["clip_norm"] is not None:
            clip(dw, case["clip_norm"])
        optimizer.step(w, dw, seen["learning_rates"][-1])
        average.follow(network, optimizer.t)
    seen["averaged"] = average.arrays(network)
    seen["final"] = {p.name: p.value for p in network.parameters}
    return seen


def vanishes(case, name):
    """Batch norm takes away what the bias below it adds: that gradient is 0 but for rounding."""
    return case["network"]["norm"] == "batch" and name in {"layer1.b", "layer2.b"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_twenty_steps_follow_the_trajectory_of_pytorch(path):
    case = json.loads(path.read_text())

    seen = replay(case)

    for key in ("losses", "gradient_norms", "learning_rates", "penalties"):
        np.testing.assert_allclose(seen[key], case[key], rtol=TOLERANCE, atol=1e-15, err_msg=key)
    for name, gradient in case["gradients0"].items():
        atol = 1e-15 if vanishes(case, name) else 1e-13
        np.testing.assert_allclose(
            seen["gradients0"][name], gradient, rtol=TOLERANCE, atol=atol, err_msg=name
        )
    for key in case.keys() & {"final", "averaged"}:
        for name, values in case[key].items():
            np.testing.assert_allclose(
                seen[key][name], values, rtol=TOLERANCE, atol=1e-13, err_msg=f"{key} {name}"
            )


@pytest.mark.parametrize(
    ("family", "table"),
    [
        ("activation", ACTIVATIONS),
        ("loss", LOSSES),
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("penalty", REGULARIZERS),
    ],
)
def test_every_entry_of_every_registry_has_a_trajectory_or_a_reason(family, table):
    names = {path.stem for path in CASES} | set(NOT_IN_PYTORCH)

    missing = [name for name in table if f"{family}_{name}" not in names]

    assert missing == []


def not_held(entries):
    """The entries without a reason, without a test that exists, or with a trajectory after all."""
    held = {
        name
        for name, (why, test) in entries.items()
        if why and exists(*test.split("::")) and name not in {path.stem for path in CASES}
    }
    return sorted(set(entries) - held)


def exists(file, function):
    path = Path(__file__).parent / file
    return path.is_file() and f"def {function}(" in path.read_text(encoding="utf-8")


def test_what_pytorch_does_not_have_is_held_by_a_test_of_numbers_from_paper():
    assert not_held(NOT_IN_PYTORCH) == []


def test_an_exception_needs_a_reason_a_test_and_no_trajectory():
    why, test = "no such rule", "test_optimizers.py::test_sgd_is_w_minus_lr_dw"
    entries = {
        "optimizer_new": (why, test),
        "optimizer_no_reason": ("", test),
        "optimizer_no_test": (why, "test_optimizers.py::test_nothing"),
        "optimizer_no_file": (why, "test_nothing.py::test_nothing"),
        "optimizer_sgd": (why, test),
    }

    assert not_held(entries) == sorted(set(entries) - {"optimizer_new"})
