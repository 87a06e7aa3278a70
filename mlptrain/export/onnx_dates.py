"""The parts of a date in ONNX, by arithmetic on days in float64: no runtime has a calendar."""

import math

from mlptrain.export.onnx_graph import Onnx


def waves(graph: Onnx, part: str, days: str, missing: str) -> list[str]:
    """(N, 1) sine and cosine of how far the year, the week or the day has come; 0 where missing."""
    add, of = graph.add, graph.constant
    angle = add("Mul", _TURNS[part](graph, days), of(2 * math.pi))
    # cos x = sin(x + pi/2): runtimes have the cosine in float32 alone
    both = [add("Sin", angle), add("Sin", add("Add", angle, of(math.pi / 2)))]
    return [add("Where", missing, of(0.0), wave) for wave in both]


def _whole(graph: Onnx, x: str, by: float) -> str:
    """How often `by` goes into x."""
    return graph.add("Floor", graph.add("Div", x, graph.constant(by)))


def _rest(graph: Onnx, x: str, by: float) -> str:
    return graph.add("Sub", x, graph.add("Mul", _whole(graph, x, by), graph.constant(by)))


def _linear(graph: Onnx, x: str, factor: float, shift: float) -> str:
    return graph.add("Add", graph.add("Mul", x, graph.constant(factor)), graph.constant(shift))


def _of_day(graph: Onnx, days: str) -> str:
    return graph.add("Sub", days, graph.add("Floor", days))


def _of_week(graph: Onnx, days: str) -> str:
    shifted = graph.add("Add", graph.add("Floor", days), graph.constant(3.0))
    return graph.add("Div", _rest(graph, shifted, 7.0), graph.constant(7.0))


def _of_year(graph: Onnx, days: str) -> str:
    """The Gregorian calendar in years that begin in March, so that a leap day is their last."""
    add, of = graph.add, graph.constant
    day = _rest(graph, add("Add", add("Floor", days), of(719468.0)), 146097.0)  # 400 years
    leaps = add("Sub", _whole(graph, day, 36524.0), _whole(graph, day, 1460.0))
    leaps = add("Sub", leaps, _whole(graph, day, 146096.0))
    year = _whole(graph, add("Add", day, leaps), 365.0)
    begin, following = _days_before(graph, year), _days_before(graph, add("Add", year, of(1.0)))
    day = add("Sub", day, begin)
    month = _whole(graph, _linear(graph, day, 5.0, 2.0), 153.0)
    first = _whole(graph, _linear(graph, month, 153.0, 2.0), 5.0)
    after = add(
        "Min", _whole(graph, _linear(graph, month, 153.0, 155.0), 5.0), add("Sub", following, begin)
    )
    passed = add("Div", add("Sub", day, first), add("Sub", after, first))
    from_january = _rest(graph, add("Add", month, of(2.0)), 12.0)
    return add("Div", add("Add", from_january, passed), of(12.0))


def _days_before(graph: Onnx, year: str) -> str:
    """The days of so many years."""
    leaps = graph.add("Sub", _whole(graph, year, 4.0), _whole(graph, year, 100.0))
    leaps = graph.add("Add", leaps, _whole(graph, year, 400.0))
    return graph.add("Add", graph.add("Mul", year, graph.constant(365.0)), leaps)


_TURNS = {"month": _of_year, "weekday": _of_week, "hour": _of_day}
