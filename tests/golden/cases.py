"""The golden cases: what each trains, in the words of the config.

A case is a `Case` with everything but the numbers. All options that shape the result are written
out, so that a changed default of the program does not change what a case means.
"""

from dataclasses import dataclass, field, replace
from typing import Any

Choice = dict[str, Any]

CLASS_WEIGHTS = [0.5, 1.0, 2.5]

ACTIVATIONS: tuple[Choice, ...] = (
    {"name": "relu"},
    {"name": "leaky_relu", "slope": 0.01},
    {"name": "elu", "alpha": 1.0},
    {"name": "selu"},
    {"name": "gelu"},
    {"name": "silu"},
    {"name": "mish"},
    {"name": "softplus"},
    {"name": "sigmoid"},
    {"name": "tanh"},
    {"name": "identity"},
    {"name": "maxout", "pieces": 2},
)

OPTIMIZERS: tuple[Choice, ...] = (
    {"name": "sgd", "learning_rate": 0.2},
    {"name": "momentum", "learning_rate": 0.05, "rho": 0.9},
    {"name": "nesterov", "learning_rate": 0.05, "rho": 0.9},
    {"name": "adagrad", "learning_rate": 0.1, "eps": 1e-8},
    {"name": "rmsprop", "learning_rate": 0.02, "decay": 0.9, "eps": 1e-8},
    {"name": "adam", "learning_rate": 0.03, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    {
        "name": "adamw",
        "learning_rate": 0.03,
        "beta1": 0.9,
        "beta2": 0.999,
        "eps": 1e-8,
        "weight_decay": 0.01,
    },
)

SCHEDULES: tuple[Choice, ...] = (
    {"name": "constant"},
    {"name": "step", "epochs": [1, 3], "factor": 0.1},
    {"name": "linear"},
    {"name": "cosine"},
    {"name": "coslog4"},
    {"name": "inverse_sqrt"},
    {"name": "exponential", "gamma": 0.8},
)

LOSSES: dict[str, Choice] = {
    "softmax": {"name": "softmax"},
    "softmax_smoothing": {"name": "softmax", "label_smoothing": 0.1},
    "softmax_class_weights": {"name": "softmax", "class_weights": CLASS_WEIGHTS},
    "softmax_smoothing_class_weights": {
        "name": "softmax",
        "label_smoothing": 0.2,
        "class_weights": CLASS_WEIGHTS,
    },
    "hinge": {"name": "hinge", "delta": 1.0},
    "hinge_class_weights": {"name": "hinge", "delta": 1.0, "class_weights": CLASS_WEIGHTS},
    "mse": {"name": "mse"},
    "mse_sum": {"name": "mse", "reduction": "sum"},
    "mae": {"name": "mae"},
    "huber": {"name": "huber", "delta": 1.0},
    "quantile": {"name": "quantile", "levels": [0.1, 0.5, 0.9]},
    "poisson": {"name": "poisson"},
    "sigmoid": {"name": "sigmoid"},
}

NOT_IN_PYTORCH: dict[str, tuple[str, str]] = {
    # "optimizer_signum": (why there is no case, the test with numbers from paper that holds it instead)
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One network, trained for 20 steps. `batch_size` None takes all rows at every step.

    `extra`: what the network has besides, `input_scale`, `ntk`, `members`.
    `tables` has (rows, width) of an embedding for each column of codes.
    """

    name: str
    activation: Choice = field(default_factory=lambda: {"name": "relu"})
    norm: str = "none"
    bias: bool = True
    dropout: float = 0.0
    extra: Choice = field(default_factory=dict)
    average: float | None = None
    loss: Choice = field(default_factory=lambda: {"name": "softmax"})
    optimizer: Choice = field(default_factory=lambda: {"name": "sgd", "learning_rate": 0.1})
    schedule: Choice = field(default_factory=lambda: {"name": "constant"})
    clip_norm: float | None = None
    l2: float = 0.0
    l1: float = 0.0
    row_weights: bool = False
    rows: int = 12
    batch_size: int | None = None
    tables: tuple[tuple[int, int], ...] = ()


def schedule_cases() -> list[Case]:
    """Each schedule alone and with a warm-up: 20 rows in batches of 6, 6, 6 and 2, five epochs."""
    momentum = {"name": "momentum", "learning_rate": 0.1, "rho": 0.9}
    plain = [
        Case(
            name=f"schedule_{schedule['name']}",
            optimizer=momentum,
            schedule=schedule,
            rows=20,
            batch_size=6,
        )
        for schedule in SCHEDULES
    ]
    warm = [
        replace(case, name=f"{case.name}_warmup", schedule={**case.schedule, "warmup": 6})
        for case in plain
    ]
    return plain + warm


def penalty_and_clipping_cases() -> list[Case]:
    """Regularization, clipping and the two together: the norm is that of the whole gradient."""
    return [
        Case(name="penalty_l2", l2=0.01),
        Case(name="penalty_l1", l1=0.005),
        Case(name="penalty_l2_l1", l2=0.01, l1=0.005),
        Case(name="clip", clip_norm=0.3, optimizer={"name": "sgd", "learning_rate": 0.3}),
        Case(name="clip_penalty_l2", clip_norm=0.4, l2=0.02),
    ]


def weighted_cases() -> list[Case]:
    """Row weights, alone and on top of class weights, which they multiply."""
    return [
        Case(name="row_weights_softmax", row_weights=True),
        Case(name="row_weights_hinge", loss=LOSSES["hinge"], row_weights=True),
        Case(name="row_weights_mse", loss=LOSSES["mse"], optimizer=OPTIMIZERS[5], row_weights=True),
        Case(
            name="row_weights_class_weights",
            loss=LOSSES["softmax_smoothing_class_weights"],
            row_weights=True,
        ),
    ]


def network_cases() -> list[Case]:
    """What else a network can have: norms, dropout, no biases."""
    return [
        Case(name="norm_batch", norm="batch"),
        Case(name="norm_layer", norm="layer"),
        Case(name="dropout", dropout=0.4),
        Case(name="no_bias", bias=False),
        Case(name="input_scale", extra={"input_scale": True}),
        Case(name="ntk", extra={"ntk": True}),
        Case(name="average", average=0.9),
        Case(
            name="ensemble",
            extra={"members": 3, "ntk": True},
            norm="layer",
            loss=LOSSES["softmax_smoothing_class_weights"],
            row_weights=True,
        ),
        Case(
            name="ensemble_mse_sum",
            extra={"members": 2, "input_scale": True},
            loss=LOSSES["mse_sum"],
            optimizer={"name": "sgd", "learning_rate": 0.001},
            l2=0.01,
        ),
        Case(
            name="rate_factors",
            extra={"input_scale": True, "ntk": True},
            optimizer={
                **OPTIMIZERS[5],
                "beta2": 0.95,
                "rate_factors": {"weight": 0.5, "bias": 0.1, "scale": 2.0},
            },
            schedule={"name": "coslog4"},
            rows=20,
            batch_size=6,
        ),
        Case(
            name="embedding",
            tables=((6, 3), (9, 2)),
            optimizer=OPTIMIZERS[5],
            clip_norm=0.8,
            l2=0.01,
            rows=20,
            batch_size=6,
        ),
        Case(
            name="combined",
            activation={"name": "gelu"},
            norm="layer",
            dropout=0.25,
            loss=LOSSES["softmax_smoothing_class_weights"],
            optimizer=OPTIMIZERS[6],
            schedule={"name": "cosine", "warmup": 6},
            clip_norm=0.7,
            l2=0.01,
            l1=0.005,
            row_weights=True,
            rows=20,
            batch_size=6,
        ),
    ]


def loss_cases() -> list[Case]:
    """One for each loss; the regression losses move slowly enough to stay off their kinks."""
    rates = {"hinge": 0.05, "mse": 0.01, "mse_sum": 0.001, "mae": 0.01, "huber": 0.02, "poisson": 0.02}
    return [
        Case(
            name=f"loss_{name}",
            loss=loss,
            optimizer={"name": "sgd", "learning_rate": rates.get(name, 0.1)},
        )
        for name, loss in LOSSES.items()
    ]


CASES = [
    *(Case(name=f"activation_{choice['name']}", activation=choice) for choice in ACTIVATIONS),
    *(Case(name=f"optimizer_{choice['name']}", optimizer=choice) for choice in OPTIMIZERS),
    *schedule_cases(),
    *loss_cases(),
    *penalty_and_clipping_cases(),
    *weighted_cases(),
    *network_cases(),
]
