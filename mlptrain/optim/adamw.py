"""AdamW: Adam with weight decay that does not pass through the gradient."""

from mlptrain.bounds import Fraction, NonNegative, Positive
from mlptrain.optim.adam import Adam


class AdamW(Adam):
    """W <- W (1 - lr weight_decay) for weights, never biases; then as Adam.

    Decoupled from the adaptive rates (Loshchilov and Hutter, 2019), unlike an L2 penalty.

    >>> import numpy as np
    >>> from mlptrain.arrays import Segment
    >>> w, adamw = np.array([1.0, 1.0]), AdamW(weight_decay=0.1)
    >>> adamw.attach(w, [Segment(0, 1, decays=True), Segment(1, 2)])  # a weight and a bias
    >>> adamw.step(w, np.array([0.5, 0.5]), lr=0.1)
    >>> w.round(6).tolist()  # 1 - 0.1 * 0.1, then a step of 0.1; and the step alone
    [0.89, 0.9]
    """

    def __init__(
        self,
        *,
        learning_rate: Positive = 1e-3,
        beta1: Fraction = 0.9,
        beta2: Fraction = 0.999,
        eps: Positive = 1e-8,
        weight_decay: NonNegative = 1e-2,
    ) -> None:
        super().__init__(learning_rate=learning_rate, beta1=beta1, beta2=beta2, eps=eps)
        self.weight_decay = weight_decay
