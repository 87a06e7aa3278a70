"""The expression language of `mlptrain trace`: text in, a list of operations out, and no eval.

    program    = statement { ";" statement }         the last statement is the output
    statement  = [ name "=" ] sum                    every statement but the last has a name
    sum        = product { ("+" | "-") product }
    product    = unary { ("*" | "/" | "@") unary }   @ is the matrix product
    unary      = "-" unary | power
    power      = part [ ("^" | "**") unary ]
    part       = atom { ".T" | "[" place { "," place } "]" }
    place      = whole | [ whole ] ":" [ whole ] [ ":" [ whole ] ]      as in NumPy
    atom       = number | name | call | "(" sum ")"
    call       = name "(" sum { "," sum } [ "," "axis" "=" whole ] ")"
    whole      = [ "-" ] number                      a whole one

Signs and powers bind as in Python: -x^2 is -(x^2), and 2^3^2 is 2^9.
"""

from mlptrain.tools.trace.circuit import Circuit
from mlptrain.tools.trace.parser import parse
from mlptrain.tools.trace.program import FUNCTIONS, Program
from mlptrain.tools.trace.values import read_value, read_values

__all__ = ["FUNCTIONS", "Circuit", "Program", "parse", "read_value", "read_values"]
