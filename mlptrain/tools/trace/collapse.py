"""The steps of a network layer by layer: the gates of a layer as one, until it is opened."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from mlptrain.errors import ConfigError
from mlptrain.messages import advice
from mlptrain.tools.trace.steps import Step

GATE = re.compile(r"(?:layer|norm)(\d+)(?:\.\w+)?")
"""The name of a gate of layer 1: layer1.scores, norm1, layer1.activation."""


def collapse(steps: Sequence[Step], opened: Collection[str]) -> tuple[Step, ...]:
    """The same steps, the gates of each layer as one step, save the layers named in `opened`.

    ConfigError where a layer of that name does not exist.
    """
    layers: dict[str, list[Step]] = {}
    for step in steps:
        if step.inputs and (found := GATE.fullmatch(step.name)):
            layers.setdefault(f"layer{found[1]}", []).append(step)
    faults = [
        f"--open {name}: no such layer; {advice(name, layers)}" for name in opened if name not in layers
    ]
    if faults:
        raise ConfigError(*faults)
    closed = {name: gates for name, gates in layers.items() if name not in opened}
    inside = {gate.name for gates in closed.values() for gate in gates}
    last = {gates[-1].name: name for name, gates in closed.items()}
    made = []
    for step in steps:
        if step.name in last:
            made.append(layer(last[step.name], closed[last[step.name]], last))
        elif step.name not in inside:
            made.append(replace(step, inputs=tuple(last.get(name, name) for name in step.inputs)))
    return tuple(made)


def layer(name: str, gates: Sequence[Step], last: dict[str, str]) -> Step:
    """The gates of a layer as one step, which reads what they read from outside."""
    own = {gate.name for gate in gates}
    read = [
        (source, downstream)
        for gate in gates
        for source, downstream in zip(gate.inputs, gate.downstream, strict=True)
        if source not in own
    ]
    return Step(
        name=name,
        op=", ".join(gate.op for gate in gates),
        inputs=tuple(last.get(source, source) for source, _ in read),
        value=gates[-1].value,
        upstream=gates[-1].upstream,
        local=tuple(None if sent is None else f"--open {name}" for _, sent in read),
        downstream=tuple(sent for _, sent in read),
    )
