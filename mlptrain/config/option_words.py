"""What each option of a choice by name means, for people: its description in the JSON Schema.

The signature of an entry says type, bounds and default, its docstring the formula. An option means
the same in every entry, unless the entry has words of its own: `hinge.delta`.
"""

WORDS = {
    # optimizers
    "learning_rate": "the size of a step; the first thing to change if training is slow or jumps",
    "rate_factors": "factors on the learning rate by kind of parameter",
    "rho": "share of the velocity that stays at a step",
    "decay": "share of the mean of squared gradients that stays at a step",
    "beta1": "share of the mean of gradients that stays at a step",
    "beta2": "share of the mean of squared gradients that stays at a step",
    "eps": "added to the divisor, so that it is never 0",
    "weight_decay": "share of each weight that a step takes off, times the rate; biases are exempt",
    # schedules
    "warmup": "steps in which the rate rises to its full size in equal parts",
    "step.epochs": "the epochs after which the rate is multiplied by factor",
    "factor": "what the rate is multiplied by",
    "gamma": "what the rate is multiplied by after each epoch",
    # losses
    "label_smoothing": "share of the certainty that is spread over all classes; 0: none",
    "class_weights": "how much a row of each class counts; balanced: all classes count alike",
    "hinge.delta": "the margin by which the score of the right class should exceed every other",
    "huber.delta": "the error from which the loss is linear; 1: a deviation of the scaled target",
    "reduction": "whether the loss is the mean over the rows or their sum",
    "levels": "the quantiles that are predicted, in rising order",
    # activations and initializers
    "slope": "the slope below 0",
    "alpha": "far below 0 the activation tends to -alpha",
    "pieces": "how many linear functions the largest is taken of",
    "std": "the standard deviation of the weights",
    "bias_std": "the standard deviation of the biases; 0: they start at 0",
    # toy sets
    "classes": "how many classes there are",
    "points_per_class": "how many points each class has",
    "noise": "the standard deviation of the noise on each coordinate",
    "spiral.noise": "the standard deviation of the noise on each angle",
    "radius": "the distance of each centre from the origin",
    "rows": "how many rows there are",
    "features": "how many columns a row has",
    "outputs": "how many targets a row has",
}


def words_on(entry: str, option: str) -> str:
    """The meaning of an option of an entry; "" where nobody has written it down."""
    return WORDS.get(f"{entry}.{option}", WORDS.get(option, ""))
