"""scikit-learn's side of the benchmark: MLPClassifier.

fit  a block is one call of fit with warm_start, over as many epochs as make the block's steps

MLPClassifier has no call for one step. A call of fit also checks its input and encodes the labels:
about a percent of an epoch. It draws its own weights and its own order of rows, and runs more steps
than asked for when the blocks are short, so its loss is not comparable with that of the others.
`tol` and `n_iter_no_change` are set so that it never stops early; the L2 penalty is off.
"""

import time
import warnings

import sklearn
import workload as shared
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits
from workload import Options, Workload

VARIANTS = ("fit",)

LEAST_EPOCHS = 2  # in a call of fit


def make_model(options: Options, epochs: int) -> MLPClassifier:
    """The classifier, with the peers' hyperparameters."""
    return MLPClassifier(
        hidden_layer_sizes=options.sizes[1:-1],
        activation="relu",
        solver={"momentum": "sgd", "adam": "adam"}[options.optimizer],
        alpha=0.0,
        batch_size=options.batch,
        learning_rate_init=options.learning_rate,
        momentum=shared.MOMENTUM,
        nesterovs_momentum=False,
        beta_1=shared.BETA1,
        beta_2=shared.BETA2,
        epsilon=shared.EPS,
        max_iter=epochs,
        shuffle=True,
        tol=0.0,
        n_iter_no_change=10**9,
        random_state=options.seed,
        warm_start=True,
    )


def time_fits(model: MLPClassifier, work: Workload, blocks: int) -> list[float]:
    """Milliseconds a step in each of `blocks` calls of fit, after one that warms up."""
    steps = model.max_iter * shared.BATCHES
    times = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it says that max_iter was reached
        model.fit(work.X, work.y)
        for _ in range(blocks):
            start = time.perf_counter()
            model.fit(work.X, work.y)
            times.append(1e3 * (time.perf_counter() - start) / steps)
    return times


def main() -> None:
    """Train, time, report."""
    options = shared.read_options(VARIANTS)
    if options.dropout > 0:
        shared.report_failure(options, "MLPClassifier has no dropout")
        return
    work = Workload.of(options)
    epochs = max(LEAST_EPOCHS, options.steps // shared.BLOCKS // shared.BATCHES)
    blocks = min(shared.BLOCKS, max(3, options.steps // (epochs * shared.BATCHES)))
    with threadpool_limits(options.threads):
        model = make_model(options, epochs)
        times = time_fits(model, work, blocks)
        loss = float(log_loss(work.y, model.predict_proba(work.X), labels=model.classes_))
    shared.report(options, times, loss, {"scikit-learn": sklearn.__version__})


if __name__ == "__main__":
    main()
