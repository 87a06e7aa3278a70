"""Checks that train a little: the first steps at the config's rate, and twenty rows to the end."""

import numpy as np

from mlptrain.config import Config
from mlptrain.data.dataset import Rows
from mlptrain.nn.network import Network
from mlptrain.optim.adam import Adam
from mlptrain.tools.check.case import GENTLE, Case, run
from mlptrain.tools.check.start import MANY, dead
from mlptrain.tools.check.verdict import Verdict, doubt, fault, fine

JUMP, LEAP = 1.5, 3
"""A loss beyond so many times the initial one has jumped: worth a look, a fault."""
STILL, SLOW = 0.99, 0.9
LARGE, HUGE = 0.3, 1.0
"""The largest early update relative to the weights; later 1e-3 is healthy, at first 1e-2 is usual."""
SUSPECT = 0.1
"""Beyond this a gentler rate is tried, too: it must not get to half the loss."""
CLEARLY = 0.05
"""A difference of so much of the initial loss is one that matters."""
NEAR, NOWHERE = 0.5, 0.1
"""How far all updates of a run could take the weights, relative to their size; 3 to 100 is usual."""
OVERFITTED = 20
RATES = (1e-2, 1e-3)
MOST_STEPS = 1000
WORK = 1e10
HALF = 0.5
"""What is left of the error where at least something is learned."""
SPARE = 10
"""A network with so many parameters for each number to be learned must be able to learn it."""


def falling_loss(case: Case) -> Verdict:
    """At the config's own rate the loss falls within the first steps, and does not jump first."""
    trial = case.trial
    advice = f"lower optimizer.learning_rate ({case.experiment.optimizer.learning_rate:g})"
    if trial.diverged:
        return fault(trial.diverged.split(". Lower")[0], advice)
    before, after = trial.losses[0], trial.losses[trial.steps]
    line = f"from {before:.4g} to {after:.4g} in {trial.steps} steps"
    step, peak = trial.peak
    if peak > LEAP * before:
        return fault(f"it jumps from {before:.4g} to {peak:.4g} at step {step}", advice)
    if max(trial.ratios.values(), default=0.0) > SUSPECT:
        gentle = case.gentle_trial
        reached = gentle.losses[gentle.steps]
        if not gentle.diverged and reached < 0.5 * after and after - reached > CLEARLY * before:
            return fault(f"{line}; {GENTLE:g} of the rate gets to {reached:.4g}", advice)
    if peak > JUMP * before:
        return doubt(f"it jumps from {before:.4g} to {peak:.4g} at step {step}", advice)
    if after > STILL * before:
        return doubt(
            f"{line}: the loss does not fall", "try ten times and a tenth of the learning rate"
        )
    return fine(line)


def update_ratio(case: Case) -> Verdict | None:
    """The largest |update| / |W| of the early steps, by layer: 1 replaces the weights."""
    ratios = case.trial.ratios
    if not ratios:
        return None
    shown = ", ".join(f"{name} by {ratio:.2g}" for name, ratio in ratios.items())
    line = f"an early step changes {shown} of its size at most"
    rate = f"optimizer.learning_rate ({case.experiment.optimizer.learning_rate:g})"
    largest = max(ratios.values())
    if largest == 0:
        return fault("the first steps change no weight", "no gradient gets through: see `dead units`")
    if largest > LARGE:
        return (fault if largest > HUGE else doubt)(f"{line}; 0.001 to 0.1 is healthy", f"lower {rate}")
    reach, steps = max(case.trial.reach.values()), case.experiment.total_steps
    if reach < NEAR and case.trial.losses[case.trial.steps] > SLOW * case.trial.losses[0]:
        short = f"{line}; all {steps:,} steps of the run together by {reach:.2g} at most"
        return (fault if reach < NOWHERE else doubt)(short, f"raise {rate}, or train.epochs")
    return fine(line)


def surviving_units(case: Case) -> Verdict | None:
    """Whether the first steps have killed units."""
    network = case.trial.network
    if not network.architecture.activations or case.trial.diverged:
        return None
    layers = run(network, case.sample, case.config.seed).activations()
    advice = "lower optimizer.learning_rate, or use leaky_relu"
    many = MANY[case.config.model.parametrization]
    return dead(layers, len(case.sample), f"after {case.trial.steps} steps", advice, many)


def overfit(case: Case) -> Verdict:
    """A few rows can be memorised, with neither penalty nor dropout."""
    rows = distinct(case.sample.sample(4 * OVERFITTED, case.config.seed), OVERFITTED)
    network = case.network(bare(case.config))
    start = network.parameters.values.copy()
    rest, steps = 1.0, 0
    for rate in RATES:
        network.parameters.values[...] = start
        rest, steps = learn(network, rows, rate, case.config.seed)
        if not rest:
            return fine(f"{len(rows)} rows are memorised in {steps} steps")
    outputs = network.architecture.outputs
    what = f"{rest:.0%} of {len(rows)} rows wrong" if network.loss.classifies else f"error {rest:.0%}"
    line = f"{len(rows)} rows are not learned in {steps} steps: {what}"
    if network.parameters.values.size < SPARE * len(rows) * (1 if network.loss.classifies else outputs):
        return doubt(f"{line}; the network is small", "more or larger model.hidden, if that matters")
    trial = case.trial
    if rest < HALF or (not trial.diverged and trial.losses[trial.steps] < SLOW * trial.losses[0]):
        alike = "the loss falls all the same: the rows may be much alike, or the target smooth"
        return doubt(f"{line}; {alike}", "a larger model.hidden, if that matters")
    return fault(line, "look at model.initializer, the scale of the data and `mlptrain gradcheck`")


def bare(config: Config) -> Config:
    """The config without what keeps a network from memorising."""
    free = config.regularization.model_copy(update={"l2": 0.0, "l1": 0.0})
    model = config.model.model_copy(update={"dropout": 0.0})
    return config.model_copy(update={"regularization": free, "model": model})


def distinct(rows: Rows, most: int) -> Rows:
    """Rows that differ in X: of equal ones, with different labels, only one can be learned."""
    _, first = np.unique(rows.inputs.numbers[:], axis=0, return_index=True)
    chosen = np.sort(first)[:most]
    weights = None if rows.weights is None else np.ones_like(rows.weights[chosen])
    return Rows(rows.inputs[chosen], rows.y[chosen], weights)


def learn(network: Network, rows: Rows, rate: float, seed: int) -> tuple[float, int]:
    """Train with Adam until all is learned; the share that is not, and the steps done."""
    optimizer = Adam(learning_rate=rate)
    optimizer.attach(network.parameters.values)
    most = int(np.clip(WORK / (3 * len(rows) * network.parameters.values.size), 50, MOST_STEPS))
    rest = 1.0
    for step in range(1, most + 1):
        computed = run(network, rows, seed)
        if not np.isfinite(network.parameters.gradients).all():
            return 1.0, step
        rest = unlearned(computed.scores(), rows, network)
        if not rest:
            return 0.0, step
        optimizer.step(network.parameters.values, network.parameters.gradients, rate)
    return rest, most


def unlearned(scores: np.ndarray, rows: Rows, network: Network) -> float:
    """The share of rows with a wrong class; of a regression, the share of the variance, 0 below 1 %."""
    if network.loss.classifies:
        return float((scores.argmax(axis=1) != rows.y).mean())
    spread = float(np.square(rows.y - rows.y.mean(axis=0)).mean())
    predicted = network.loss.point(network.loss.response(scores))
    left = float(np.square(predicted - rows.y).mean()) / spread if spread else 0.0
    return left if left > 0.01 else 0.0
