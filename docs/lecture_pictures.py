"""The pictures of the lecture that are of no run: computed here, and drawn.

    python docs/lecture_pictures.py landscape docs/gallery/landscape.svg

The numbers of each come from a function of their own, which the tests call, too.
"""

import sys
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from mlptrain import Value
from mlptrain.config import load_config
from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.losses import LOSSES
from mlptrain.optim import OPTIMIZERS
from mlptrain.training.build import build
from mlptrain.training.record import Progress
from mlptrain.training.trainer import train

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
INK, BLUE, RED, GREEN, GREY = "#1a1a1a", "#0072b2", "#d55e00", "#00674f", "#8c8c8c"
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1}
WIDE = 9.6
"""Inches: what a page of text is wide."""


def trained(name, *overrides, watch=lambda experiment: None):
    """The experiment of a config at the end of its training; `watch` sees it after each record."""
    experiment = build(load_config(CONFIGS / f"{name}.yaml", overrides))
    for record in train(experiment, Progress()):
        if record is not None:
            watch(experiment)
    return experiment


def figure(height, columns=1, **options):
    """A wide figure and its panels in a row."""
    made = Figure(figsize=(WIDE, height), layout="constrained")
    return made, made.subplots(1, columns, squeeze=False, **options)[0]


# P5: two losses of the same scores


def losses(name, d):
    """The loss of two scores, the right one d above the other, at each d."""
    rows = np.stack([d, np.zeros_like(d)], axis=1)[:, None]
    return np.array([float(Value(row).through(LOSSES[name](), np.array([0])).value) for row in rows])


def draw_losses():
    """The hinge and the softmax loss over the difference in scores (P5)."""
    made, (axes,) = figure(3.0)
    d = np.linspace(-3, 4, 281)
    axes.axvline(1, color=GREY, lw=0.6)
    axes.plot(d, losses("hinge", d), color=BLUE, label="hinge loss")
    axes.plot(d, losses("softmax", d), color=RED, ls="--", label="softmax loss")
    axes.set(xlabel="score of the right class - score of the other", ylabel="loss", ylim=(-0.1, 4.2))
    axes.legend(loc="upper right")
    return made


# P6: the loss as a landscape


def landscape(steps=80, size=41):
    """The loss of a small network over the plane in which its weights moved most, and their path.

    The plane goes through the last weights, along the two main directions of the path (its principal
    components). Returns the coordinates along both, the losses (size, size) and the path (steps, 2).
    """
    path = []
    small = ["model.hidden=[6]", f"train.epochs={steps}", "train.eval_every=1", "train.batch_size=300"]
    experiment = trained(
        "spiral", *small, watch=lambda each: path.append(each.network.parameters.values.copy())
    )
    weights, last = experiment.network.parameters.values, path[-1].astype(float)
    moves = np.array(path, float) - last
    directions = np.linalg.svd(moves - moves.mean(axis=0), full_matrices=False)[2][:2]
    walked = moves @ directions.T
    lows, highs = walked.min(axis=0), walked.max(axis=0)
    margin = 0.35 * (highs - lows).max()
    along = [
        np.linspace(low - margin, high + margin, size) for low, high in zip(lows, highs, strict=True)
    ]
    rows = experiment.data.train
    training = experiment.network.training
    plan = training.fill(rows.inputs.arrays, rows.y, rows.weights, 0)
    losses = np.empty((size, size))
    for i, b in enumerate(along[1]):
        for j, a in enumerate(along[0]):
            weights[...] = last + a * directions[0] + b * directions[1]
            plan.forward()
            losses[i, j] = plan.value(training.loss)
    return along, losses, walked


def draw_landscape():
    """The loss as a map, and the path of a run over it (P6)."""
    (a, b), losses, path = landscape()
    made, (axes,) = figure(4.6)
    levels = np.geomspace(losses.min() * 1.02, np.quantile(losses, 0.97), 16)
    filled = axes.contourf(a, b, losses, levels=levels, cmap="Blues", extend="both")
    made.colorbar(filled, ax=axes, label="loss", format="%.2f")
    axes.plot(*path.T, "-o", color=RED, ms=3, lw=1)
    axes.plot(*path[0], "s", color=INK, label="first weights")
    axes.plot(*path[-1], "*", color=INK, ms=13, label="last weights")
    axes.set(xlabel="first main direction of the path", ylabel="second")
    axes.legend(loc="upper right")
    return made


# P8: a minibatch estimates the gradient


def gradients(batch, count=200):
    """Gradients of the loss of digits at its first weights: of all rows, and of `count` minibatches."""
    experiment = build(load_config(CONFIGS / "digits.yaml", ["regularization.l2=0"]))
    rows, training = experiment.data.train, experiment.network.training
    generator = np.random.default_rng(0)

    def of(chosen):
        arrays = [array[chosen] for array in rows.inputs.arrays]
        plan = training.fill(arrays, rows.y[chosen], None, 0)
        plan.forward()
        plan.backward()
        return experiment.network.parameters.gradients.astype(float)

    full = of(np.arange(len(rows))).copy()
    batch = min(batch, len(rows))
    drawn = (generator.permutation(len(rows))[:batch] for _ in range(count))
    return full, np.array([of(chosen).copy() for chosen in drawn])


BATCHES = (32, 256, 10**6)


def noise(batch):
    """|g - G| / |G| of each minibatch gradient g, with G that of all rows."""
    full, parts = gradients(batch)
    return np.linalg.norm(parts - full, axis=1) / np.linalg.norm(full)


def draw_noise():
    """Each minibatch gradient as a point, beside that of all rows (P8)."""
    made, panels = figure(3.4, 3, sharex=True, sharey=True)
    for axes, batch in zip(panels, BATCHES, strict=True):
        full, parts = gradients(batch)
        length = np.linalg.norm(full)
        along = parts @ full / length**2
        across = parts - np.outer(along, full)
        side = np.linalg.svd(gradients(32)[1] - full, full_matrices=False)[2][0]
        axes.scatter(along, across @ side / length, s=9, color=BLUE, alpha=0.6, linewidths=0)
        axes.plot(1, 0, "*", color=RED, ms=13)
        name = "full batch" if batch > 10**5 else f"batches of {batch}"
        error = np.linalg.norm(parts - full, axis=1).mean() / length
        axes.set_title(f"{name}\nmean |g - G| / |G| = {error:.2f}")
        axes.set_xlabel("share of g along G")
    panels[0].set_ylabel("share of g across it")
    return made


# P9: four rules in a valley


RATES = {"sgd": 0.018, "momentum": 0.006, "rmsprop": 0.06, "adam": 0.15}
START = (-3.0, 1.6)


def trajectory(name, steps=60):
    """The steps of an optimizer on f(x, y) = 1/2 (x^2 + 50 y^2) from (-3, 1.6)."""
    w, rule = np.array(START), OPTIMIZERS[name]()
    rule.attach(w)
    path = [w.copy()]
    for _ in range(steps):
        rule.step(w, w * [1.0, 50.0], RATES[name])
        path.append(w.copy())
    return np.array(path)


def valley(x, y):
    """The function they go down."""
    return 0.5 * (x**2 + 50 * y**2)


def draw_trajectories():
    """Four optimizers in the same valley (P9)."""
    made, panels = figure(3.0, 4, sharex=True, sharey=True)
    x, y = np.meshgrid(np.linspace(-3.6, 1.6, 200), np.linspace(-2, 2, 200))
    for axes, name in zip(panels, RATES, strict=True):
        path = trajectory(name)
        axes.contour(x, y, valley(x, y), levels=np.geomspace(0.3, 90, 9), colors=GREY, linewidths=0.7)
        axes.plot(*path.T, "-o", color=RED, ms=2.5, lw=1)
        axes.plot(0, 0, "*", color=INK, ms=11)
        axes.set(title=f"{name}\nf = {valley(*path[-1]):.2g} after 60 steps", xlabel="x")
    panels[0].set_ylabel("y")
    return made


# P25: rings in polar coordinates


def polar():
    """The rings as (x, y) and as (r, theta), their classes, and the line w1 r + w2 theta + b = 0."""
    experiment = trained("rings-polar")
    raw = build(load_config(CONFIGS / "rings-polar.yaml", ["data.transform=null", "data.scale=none"]))
    rows = raw.data.train
    xy = rows.inputs.numbers[:].astype(float)
    inputs = build(load_config(CONFIGS / "rings-polar.yaml", ["data.scale=none"])).data.train
    return xy, inputs.inputs.numbers[:].astype(float), rows.y, experiment


def draw_polar():
    """The rings in both coordinates, and the boundary in both (P25)."""
    xy, features, y, experiment = polar()
    made, (left, right) = figure(4.0, 2)
    scaled = experiment.data.train.inputs.numbers[:]
    mean, std = features.mean(axis=0), features.std(axis=0)
    r, theta = np.meshgrid(np.linspace(0.2, 3, 200), np.linspace(-np.pi, np.pi, 200))
    plane = (np.stack([r, theta], -1).reshape(-1, 2) - mean) / std
    scores = experiment.network.scores([plane.astype(scaled.dtype)])
    margin = (scores[:, 0] - scores[:, 1]).reshape(r.shape)
    for axes, points, across, up in (
        (left, xy, r * np.cos(theta), r * np.sin(theta)),
        (right, features, r, theta),
    ):
        for k, (shade, mark) in enumerate(((BLUE, "o"), (RED, "^"))):
            axes.scatter(*points[y == k].T, s=11, color=shade, marker=mark, linewidths=0)
        axes.contour(across, up, margin, levels=[0], colors=INK)
    left.set(xlabel="x", ylabel="y", aspect="equal", title="in the plane the boundary is a circle")
    right.set(xlabel="r", ylabel="theta", title="after f(x, y) = (r, theta) it is a straight line")
    return made


# P28-P29: templates


def templates():
    """W of the linear classifier (784, 10), W1 (784, 100) and W2 (100, 10) of the network, on MNIST."""
    smooth = ["regularization.l2=0.01", "train.epochs=15"]
    linear = trained("mnist5k", "model.hidden=[]", *smooth)
    network = trained("mnist5k", "model.hidden=[100]", *smooth)
    (W,) = (weight.value for weight in linear.network.parameters.weights())
    W1, W2 = (weight.value for weight in network.network.parameters.weights())
    return W, W1, W2


def shared(W2):
    """How many classes each hidden unit speaks for: weights above half of its largest."""
    return (0.5 * W2.max(axis=1, keepdims=True) < W2).sum(axis=1)


def tiles(W, across):
    """Columns of W as pictures of 28 x 28, each scaled by itself, side by side."""
    pictures = (W / np.abs(W).max(axis=0)).T.reshape(-1, across, 28, 28)
    framed = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return framed.transpose(0, 2, 1, 3).reshape(len(framed) * 30, across * 30)


def draw_templates():
    """The templates of both classifiers, and who uses the hidden ones (P28-P29)."""
    W, W1, W2 = templates()
    made = Figure(figsize=(WIDE, 4.6), layout="constrained")
    one, many, table = made.subplots(1, 3, width_ratios=[2, 5, 1.5])
    order = np.argsort(W2.argmax(axis=1), kind="stable")
    one.imshow(tiles(W, 2), cmap="RdBu_r", vmin=-1, vmax=1)
    one.set_title("10 templates:\nthe linear classifier")
    many.imshow(tiles(W1[:, order], 10), cmap="RdBu_r", vmin=-1, vmax=1)
    many.set_title("100 templates: the hidden layer")
    limit = np.abs(W2).max()
    table.imshow(W2[order], cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    table.set(title="W2: who uses them", xlabel="digit", ylabel="hidden unit", xticks=range(10))
    for axes in (one, many):
        axes.set_axis_off()
    return made


# P32: activations


PAGE_32 = ("relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "maxout")


def activation(name, x):
    """The function and its derivative at each x; maxout takes the larger of x and -x/2."""
    inputs = Value(np.stack([x, -0.5 * x], axis=1) if name == "maxout" else x)
    out = inputs.through(ACTIVATIONS[name]())
    out.backward(np.ones_like(out.value))
    if name == "maxout":
        return out.value[:, 0], inputs.gradient @ [1.0, -0.5]
    return out.value, inputs.gradient


def draw_activations():
    """Each activation function and its derivative (P32)."""
    made = Figure(figsize=(WIDE, 4.4), layout="constrained")
    x = np.linspace(-4, 4, 801)
    for axes, name in zip(made.subplots(2, 4, sharex=True).ravel(), PAGE_32, strict=True):
        value, slope = activation(name, x)
        axes.axhline(0, color=GREY, lw=0.6)
        axes.axvline(0, color=GREY, lw=0.6)
        axes.plot(x, value, color=BLUE, label="f(x)")
        axes.plot(x, slope, color=RED, ls="--", label="f'(x)")
        title = "maxout of x and -x/2" if name == "maxout" else name
        axes.set(title=title, ylim=(-1.3, 3.2) if name not in ("sigmoid", "tanh") else (-1.3, 1.3))
    made.axes[0].legend(loc="upper left")
    return made


# P33-P34, P45-P48: networks as drawings


def layered(axes, sizes, labels):
    """Units in columns, every unit of a column wired to every one of the next."""
    places = [
        [(2.2 * column, row - (size - 1) / 2) for row in range(size)]
        for column, size in enumerate(sizes)
    ]
    for sources, targets in pairwise(places):
        for here in sources:
            for there in targets:
                axes.plot(*zip(here, there, strict=True), color=GREY, lw=0.7, zorder=1)
    for units, label in zip(places, labels, strict=True):
        for place in units:
            axes.add_patch(Circle(place, 0.3, facecolor="white", edgecolor=INK, zorder=2))
        axes.text(units[0][0], max(sizes) / 2 + 0.25, label, ha="center", va="bottom")
    axes.set(
        aspect="equal",
        xlim=(-0.9, 2.2 * (len(sizes) - 1) + 0.9),
        ylim=(-max(sizes) / 2, max(sizes) / 2 + 0.8),
    )
    axes.set_axis_off()


def draw_network():
    """A 2-layer and a 3-layer network (P33-P34)."""
    made, (left, right) = figure(2.9, 2)
    layered(left, [3, 4, 2], ["input", "hidden", "output"])
    left.set_title("2-layer network = 1-hidden-layer network\nmodel: {hidden: [4]}", pad=10)
    layered(right, [3, 4, 4, 1], ["input", "hidden 1", "hidden 2", "output"])
    right.set_title("3-layer network = 2-hidden-layer network\nmodel: {hidden: [4, 4]}", pad=10)
    return made


def random_wiring(units=9, seed=3):
    """Which earlier units each unit reads, at random: any graph without a circle can be trained."""
    generator = np.random.default_rng(seed)
    return [
        sorted(generator.choice(unit, size=min(unit, generator.integers(1, 4)), replace=False).tolist())
        if unit > 2
        else []
        for unit in range(units)
    ]


def neuron(axes):
    """x_i times w_i, summed, through an activation function."""
    for row, name in enumerate(("$x_0$", "$x_1$", "$x_2$")):
        axes.annotate(
            "",
            (1.45, 0.15 - 0.15 * row),
            (0.2, 1 - row),
            arrowprops={"arrowstyle": "->", "color": GREY},
        )
        axes.text(0.1, 1 - row, name, ha="right", va="center")
        axes.text(
            0.75,
            0.9 - 0.72 * row,
            f"$w_{row} x_{row}$",
            ha="center",
            va="center",
            color=BLUE,
            bbox=PAPER,
        )
    axes.add_patch(Circle((2.2, 0), 0.75, facecolor="white", edgecolor=INK))
    axes.text(2.2, 0, "$\\sum_i w_i x_i + b$", ha="center", va="center", fontsize=8)
    axes.add_patch(Circle((3.9, 0), 0.5, facecolor="white", edgecolor=INK))
    axes.text(3.9, 0, "$f$", ha="center", va="center")
    for start, end in (((2.95, 0), (3.4, 0)), ((4.4, 0), (5.1, 0))):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY})
    axes.text(5.15, 0, "$f(\\sum_i w_i x_i + b)$", ha="left", va="center", color=RED, fontsize=9)
    axes.set(aspect="equal", xlim=(-0.5, 7.2), ylim=(-1.7, 1.7), title="a neuron")
    axes.set_axis_off()


def draw_wiring():
    """A neuron, and two ways to wire them (P45-P48)."""
    made = Figure(figsize=(WIDE, 3.4), layout="constrained")
    one, regular, random = made.subplots(1, 3, width_ratios=[1.6, 1.1, 1.1])
    neuron(one)
    layered(regular, [3, 4, 4, 2], [""] * 4)
    regular.set_title("wired in layers:\na matrix product each")
    wiring = random_wiring()
    angle = np.linspace(np.pi, -np.pi, len(wiring), endpoint=False) - 0.3
    places = list(zip(2.4 * np.cos(angle), 2.4 * np.sin(angle), strict=True))
    for unit, sources in enumerate(wiring):
        for source in sources:
            random.annotate(
                "", places[unit], places[source],
                arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 8, "shrinkB": 9},
            )  # fmt: skip
        random.add_patch(Circle(places[unit], 0.3, facecolor="white", edgecolor=INK, zorder=2))
        random.text(*places[unit], str(unit), ha="center", va="center", fontsize=8, zorder=3)
    random.set(aspect="equal", xlim=(-3, 3), ylim=(-3, 3), title="wired at random:\na graph as well")
    random.set_axis_off()
    return made


PICTURES = {
    "losses": draw_losses,
    "landscape": draw_landscape,
    "noise": draw_noise,
    "trajectories": draw_trajectories,
    "polar": draw_polar,
    "templates": draw_templates,
    "activations": draw_activations,
    "network": draw_network,
    "wiring": draw_wiring,
}


def main(name, file):
    """Draw one picture into a file, with the same bytes each time."""
    mpl.rcParams.update({"svg.hashsalt": "mlptrain", "font.size": 9, "axes.titlesize": 9})
    metadata = {"Date": None} if file.endswith(".svg") else {"Software": None}
    PICTURES[name]().savefig(file, dpi=110, metadata=metadata)


if __name__ == "__main__":
    main(*sys.argv[1:])
