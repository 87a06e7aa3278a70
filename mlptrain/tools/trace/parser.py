"""From text to a program, by recursive descent: one method for each rule of the grammar."""

import math
from dataclasses import replace

from mlptrain.errors import ConfigError
from mlptrain.messages import advice, count
from mlptrain.tools.trace.program import (
    FUNCTIONS,
    Constant,
    Input,
    Operation,
    Program,
    Term,
    arity,
    takes_axis,
)
from mlptrain.tools.trace.tokens import Token, fault, tokens

GATE_OF = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "@": "matmul",
    "^": "power",
    "**": "power",
}
STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2}
POWERS = ("^", "**")

MOST_CHARACTERS = 10_000
MOST_NESTED = 100


def parse(text: str) -> Program:
    """The program that `text` stands for; ConfigError with the column where it is not one.

    >>> program = parse("q = x + y; f = q * z")
    >>> [term.name for term in program.inputs]
    ['x', 'y', 'z']
    >>> [(operation.name, operation.op, operation.operands) for operation in program.operations]
    [('q', 'add', (0, 1)), ('f', 'multiply', (2, 3))]
    >>> parse("x + * y")
    Traceback (most recent call last):
    mlptrain.errors.ConfigError: expression:5: expected a number, a name or '(', got '*'
    """
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(f"expression: {len(text)} characters; at most {MOST_CHARACTERS} are read")
    return _Parser(text).program()


class _Parser:
    """Reads the tokens once, from left to right, and notes each operation as soon as it is complete."""

    def __init__(self, text: str) -> None:
        self._tokens = tuple(tokens(text))
        self._at = 0
        self._depth = 0
        self._terms: list[Term] = []
        self._numbers: dict[float, int] = {}  # places of the constants
        self._names: dict[str, int] = {}  # places of inputs and of what is assigned
        self._unread: dict[str, int] = {}  # assigned but not read so far: their columns

    def program(self) -> Program:
        name = self._statement()
        while self._next.text == ";":
            if not name:
                message = "only the last statement goes without a name; write q = ... before this ';'"
                raise fault(self._next.column, message)
            self._take()
            name = self._statement()
        if self._next.kind != "end":
            raise fault(self._next.column, f"expected an operator, ';' or the end, got {self._next}")
        self._unread.pop(name, None)  # that one is the output
        for unread, column in self._unread.items():
            message = f"'{unread}' is assigned but never read; the last statement is the output"
            raise fault(column, message)
        self._check_targets(Program(tuple(self._terms)))
        return Program(tuple(self._terms))

    def _check_targets(self, program: Program) -> None:
        """What a loss compares with is given, not computed, and nobody else reads it."""
        for place, gate in program.targets.items():
            reads = sum(each.operands.count(place) for each in program.operations)
            compared = sum(each.target == place for each in program.operations)
            if not isinstance(self._terms[place], Input) or reads > compared:
                message = f"no gradient flows to y in {gate.op}(scores, y); it must have its own name"
                raise fault(gate.column, message)

    def _statement(self) -> str:
        """Read one statement; its name, or "" where it has none."""
        if self._next.kind != "name" or self._after.text != "=":
            self._sum()
            return ""
        name = self._take()
        self._take()
        self._assign(name, self._sum())
        return name.text

    def _assign(self, name: Token, place: int) -> None:
        if name.text in FUNCTIONS:
            raise fault(name.column, f"{name} is a function; choose another name")
        if name.text in self._names:
            raise fault(name.column, f"{name} has a value already; choose another name")
        self._names[name.text] = place
        self._unread[name.text] = name.column
        term = self._terms[place]
        if isinstance(term, Operation) and not term.name:
            self._terms[place] = replace(term, name=name.text)

    def _sum(self, weakest: int = 1) -> int:
        """A chain, from the left, of operators that bind at least as strongly as `weakest`."""
        left = self._unary()
        while (strength := STRENGTH.get(self._next.text, 0)) >= weakest:
            symbol = self._take()
            right = self._sum(strength + 1)
            left = self._note(Operation(GATE_OF[symbol.text], (left, right), symbol.column))
        return left

    def _unary(self) -> int:
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise fault(self._next.column, f"nested more than {MOST_NESTED} deep; name a part of it")
        place = self._negative() if self._next.text == "-" else self._power()
        self._depth -= 1
        return place

    def _negative(self) -> int:
        minus = self._take()
        if self._next.kind == "number" and self._after.text not in POWERS:
            return self._constant(self._take(), sign=-1)  # -2 is a number, not a gate
        return self._note(Operation("negate", (self._unary(),), minus.column))

    def _power(self) -> int:
        base = self._part()
        if self._next.text not in POWERS:
            return base
        symbol = self._take()
        return self._note(Operation("power", (base, self._unary()), symbol.column))

    def _part(self) -> int:
        """An atom, and the part of it that brackets take or its transpose."""
        place = self._atom()
        while self._next.text in ("[", ".T"):
            symbol = self._take()
            if symbol.text == ".T":
                place = self._note(Operation("transpose", (place,), symbol.column))
                continue
            taken = [self._place()]
            while self._next.text == ",":
                self._take()
                taken.append(self._place())
            self._close("]", "a whole number, ':', ',' or ']'")
            options = {"place": tuple(taken)}
            place = self._note(Operation("index", (place,), symbol.column, options=options))
        return place

    def _place(self) -> int | slice:
        """What stands between brackets for one axis: a whole number, or a slice of up to three."""
        bounds = [self._bound()]
        while self._next.text == ":" and len(bounds) < 3:
            self._take()
            bounds.append(self._bound())
        if len(bounds) > 1:
            return slice(*bounds)
        if bounds[0] is None:
            raise fault(self._next.column, f"expected a whole number or ':', got {self._next}")
        return bounds[0]

    def _bound(self) -> int | None:
        return self._whole() if self._next.kind == "number" or self._next.text == "-" else None

    def _whole(self) -> int:
        """A whole number, with its sign."""
        negative = self._next.text == "-"
        if negative:
            self._take()
        token = self._take()
        if not token.text.isdecimal():
            raise fault(token.column, f"expected a whole number, got {token}")
        return -int(token.text) if negative else int(token.text)

    def _atom(self) -> int:
        token = self._take()
        if token.kind == "number":
            return self._constant(token, sign=1)
        if token.kind == "name":
            return self._call(token) if self._next.text == "(" else self._read(token)
        if token.text != "(":
            raise fault(token.column, f"expected a number, a name or '(', got {token}")
        place = self._sum()
        self._close(")", "an operator or ')'")
        return place

    def _call(self, name: Token) -> int:
        if name.text not in FUNCTIONS:
            raise fault(name.column, f"unknown function {name}; {advice(name.text, FUNCTIONS)}")
        self._take()
        operands, options = [self._sum()], dict[str, int]()
        while self._next.text == "," and not options:
            self._take()
            if self._after.text == "=":
                options["axis"] = self._axis(name.text)
            else:
                operands.append(self._sum())
        self._close(")", "an operator, ',' or ')'")
        takes = arity(name.text)
        if takes is not None and len(operands) != takes:
            message = f"{name.text} takes {count(takes, 'input')}, got {len(operands)}"
            raise fault(name.column, message)
        return self._note(Operation(name.text, tuple(operands), name.column, options=options))

    def _axis(self, op: str) -> int:
        name = self._take()
        if name.text != "axis" or not takes_axis(op):
            raise fault(name.column, f"{op} has no option {name}; only sum and mean have one: axis=0")
        self._take()
        return self._whole()

    def _close(self, bracket: str, expected: str) -> None:
        if self._next.text != bracket:
            raise fault(self._next.column, f"expected {expected}, got {self._next}")
        self._take()

    def _constant(self, token: Token, sign: int) -> int:
        number = sign * float(token.text)
        if math.isinf(number):
            raise fault(token.column, f"{token} is too large; numbers go up to 1.7e308")
        if number not in self._numbers:
            self._numbers[number] = self._note(Constant(number))
        return self._numbers[number]

    def _read(self, name: Token) -> int:
        if name.text in FUNCTIONS:
            raise fault(name.column, f"{name} is a function; write {name.text}(...)")
        self._unread.pop(name.text, None)
        if name.text not in self._names:
            self._names[name.text] = self._note(Input(name.text, name.column))
        return self._names[name.text]

    def _note(self, term: Term) -> int:
        self._terms.append(term)
        return len(self._terms) - 1

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    @property
    def _after(self) -> Token:
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token
