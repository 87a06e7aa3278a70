"""Gates that stand for several simpler ones, opened: the same function as another graph (P95).

>>> [gate.op for gate in opened(parse("sigmoid(x)"), ["sigmoid"]).operations]
['negate', 'exp', 'add', 'divide']
"""

from collections.abc import Collection
from dataclasses import replace

from mlptrain.errors import ConfigError
from mlptrain.messages import advice
from mlptrain.tools.trace.parser import parse
from mlptrain.tools.trace.program import Constant, Input, Operation, Program, Term

INSIDE = {
    "sigmoid": "1 / (1 + exp(-x))",
    "tanh": "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
    "silu": "x / (1 + exp(-x))",
    "softplus": "log(1 + exp(x))",
    "relu": "max(0, x)",
    "abs": "max(x, -x)",
    "sqrt": "x ^ 0.5",
    "subtract": "x + -y",
    "divide": "x * y ^ -1",
}
"""What each computes, in the gates of the lecture. It may overflow where the gate itself does not."""


def opened(program: Program, names: Collection[str]) -> Program:
    """The program with the gates of these names, or of these operations, as the gates inside them.

    ConfigError where there is no such gate, or nothing simpler inside it.
    """
    gates = program.operations
    there = [gate.name for gate in gates if gate.name and gate.op in INSIDE]
    there += [op for op in INSIDE if any(gate.op == op for gate in gates)]
    faults = [
        f"--open {name}: no such gate with others inside; {advice(name, there)}"
        if there
        else f"--open {name}: no gate of the expression has others inside; {', '.join(INSIDE)} have"
        for name in names
        if name not in there
    ]
    if faults:
        raise ConfigError(*faults)
    terms: list[Term] = []
    places: list[int] = []  # where each term of the program is now
    for term in program.terms:
        if isinstance(term, Operation):
            operands = tuple(places[place] for place in term.operands)
            term = replace(term, operands=operands)
            if {term.op, term.name} & set(names):
                _write_inside(term, terms)
            else:
                terms.append(term)
            places.append(len(terms) - 1)
        else:
            places.append(_place_of(term, terms))
    return Program(tuple(terms))


def _write_inside(gate: Operation, terms: list[Term]) -> None:
    """Append what is inside a gate; the last of it takes the name of the gate."""
    inner = parse(INSIDE[gate.op])
    read = iter(gate.operands)
    places: list[int] = []
    for term in inner.terms:
        if isinstance(term, Input):
            places.append(next(read))
        elif isinstance(term, Constant):
            places.append(_place_of(term, terms))
        else:
            name = gate.name if term is inner.terms[-1] else ""
            operands = tuple(places[place] for place in term.operands)
            terms.append(replace(term, operands=operands, column=gate.column, name=name))
            places.append(len(terms) - 1)


def _place_of(term: Term, terms: list[Term]) -> int:
    """Where an input or a constant stands; a constant that is there already stands once."""
    if isinstance(term, Input) or term not in terms:
        terms.append(term)
        return len(terms) - 1
    return terms.index(term)
