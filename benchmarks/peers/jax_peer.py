"""JAX's side of the benchmark.

jit   one compiled function for the whole step, gather included, with donated buffers; one call a step
scan  a block of steps in one compiled loop, which no program that looks at its loss can do; for scale

XLA on the CPU sizes its thread pool by the processors the process may run on, so `--threads` is set
through the affinity of the process, before JAX starts its backend.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import workload as shared
from workload import Options, Workload

VARIANTS = ("jit", "scan")

Tree = Any


def limit_threads(threads: int) -> None:
    """Run on `threads` of the processors that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[-threads:])
    if threads == 1:
        flags = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()


def mean_loss(
    parameters: Tree, X: jax.Array, y: jax.Array, dropout: float, key: jax.Array
) -> jax.Array:
    """The softmax loss of the network; inverted dropout after each ReLU."""
    *hidden, (W, b) = parameters
    for k, (hidden_W, hidden_b) in enumerate(hidden):
        X = jax.nn.relu(X @ hidden_W + hidden_b)
        if dropout > 0:
            kept = jax.random.bernoulli(jax.random.fold_in(key, k), 1 - dropout, X.shape)
            X = jnp.where(kept, X / (1 - dropout), 0)
    log_p = jax.nn.log_softmax(X @ W + b)
    return -jnp.take_along_axis(log_p, y[:, None], axis=1).mean()


def initial_state(options: Options, parameters: Tree) -> Tree:
    """Velocity for momentum; first and second moments for Adam."""
    copies = 1 if options.optimizer == "momentum" else 2
    return tuple(jax.tree.map(jnp.zeros_like, parameters) for _ in range(copies))


def update(options: Options, parameters: Tree, state: Tree, gradient: Tree, t: jax.Array) -> Tree:
    """One step of the optimizer: the new parameters and the new state. t counts from 1."""
    lr = options.learning_rate
    if options.optimizer == "momentum":
        velocity = jax.tree.map(lambda v, g: shared.MOMENTUM * v + g, state[0], gradient)
        return jax.tree.map(lambda w, v: w - lr * v, parameters, velocity), (velocity,)
    b1, b2 = shared.BETA1, shared.BETA2
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state[0], gradient)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, state[1], gradient)
    rate, root = lr / (1 - b1**t), jnp.sqrt(1 - b2**t)
    parameters = jax.tree.map(
        lambda w, m, v: (w - rate * m / (jnp.sqrt(v) / root + shared.EPS)).astype(w.dtype),
        parameters,
        m,
        v,
    )
    return parameters, (m, v)


def make_step(options: Options) -> Callable[..., Tree]:
    """(parameters, state, t), X, y, rows, key -> the next (parameters, state, t)."""

    def step(carry: Tree, X: jax.Array, y: jax.Array, rows: jax.Array, key: jax.Array) -> Tree:
        parameters, state, t = carry
        gradient = jax.grad(mean_loss)(
            parameters, X[rows], y[rows], options.dropout, jax.random.fold_in(key, t)
        )
        return *update(options, parameters, state, gradient, t + 1), t + 1

    return step


class Training:
    """The parameters on the device, and the two ways to run over batches."""

    def __init__(self, options: Options, work: Workload) -> None:
        pairs = zip(work.weights, work.biases, strict=True)
        parameters = [(jnp.array(W), jnp.array(b)) for W, b in pairs]
        self.carry = (parameters, initial_state(options, parameters), jnp.int32(0))
        self.X, self.y = jnp.array(work.X), jnp.array(work.y, jnp.int32)
        self.rows = jnp.array(work.batches, jnp.int32)
        self.row_list = list(self.rows)
        # rbg is the generator that JAX's own pages name as the fast one.
        self.key = jax.random.key(options.seed, impl="rbg")
        step = make_step(options)
        self.step = jax.jit(step, donate_argnums=0)
        self.loop = jax.jit(partial(scan, step), donate_argnums=0)

    def run_jit(self, first: int, stop: int) -> None:
        for rows in self.row_list[first:stop]:
            self.carry = self.step(self.carry, self.X, self.y, rows, self.key)
        jax.block_until_ready(self.carry)

    def run_scan(self, first: int, stop: int) -> None:
        self.carry = self.loop(self.carry, self.X, self.y, self.rows[first:stop], self.key)
        jax.block_until_ready(self.carry)


def scan(
    step: Callable[..., Tree], carry: Tree, X: jax.Array, y: jax.Array, rows: jax.Array, key: jax.Array
) -> Tree:
    """All steps of `rows` in one loop on the device."""
    return jax.lax.scan(lambda c, r: (step(c, X, y, r, key), None), carry, rows)[0]


def main() -> None:
    """Train, time, report."""
    options = shared.read_options(VARIANTS)
    limit_threads(options.threads)
    jax.config.update("jax_enable_x64", options.dtype == "float64")
    work = Workload.of(options)
    training = Training(options, work)
    run = {"jit": training.run_jit, "scan": training.run_scan}[options.variant]
    blocks = shared.time_blocks(work, run)
    loss = mean_loss(training.carry[0], training.X, training.y, 0.0, training.key)
    shared.report(options, blocks, float(loss), {"jax": jax.__version__})


if __name__ == "__main__":
    main()
