"""Exercises: the student writes a gate, a loss or an optimizer, and a gradient check judges it."""

from mlptrain.tools.exercise.judge import Verdict, judge
from mlptrain.tools.exercise.tasks import EXERCISES, Exercise, exercise, start

__all__ = ["EXERCISES", "Exercise", "Verdict", "exercise", "judge", "start"]
