"""Where the time of a training step goes: what `bench` calls."""

from mlptrain.bench import Benchmark, benchmark
from mlptrain.build import build
from mlptrain.config import load_config
from mlptrain.config.load import Source
from mlptrain.config.overrides import Overrides


def bench(config: Source, overrides: Overrides = (), *, threads: int | None = None) -> Benchmark:
    """Where the time of a training step of a config goes."""
    return benchmark(build(load_config(config, overrides), threads))
