"""Exercise 9. SGD with momentum: v = 0.9 v + dw, w = w - lr v (P9).

state is a dict that is empty at the first step and is handed to every later one: keep v in it.
"""


def step(w, dw, state, lr):
    """The new w."""
    state["v"] = 0.9 * state.get("v", 0) + dw
    return w - lr * state["v"]
