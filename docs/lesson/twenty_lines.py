"""The twenty lines of the lecture (P35-P39): a 2-layer network, trained by hand."""

import numpy as np

randn = np.random.default_rng(0).standard_normal

# define the network
N, D_in, H, D_out = 64, 1000, 100, 10
x, y = randn((N, D_in)), randn((N, D_out))
w1, w2 = randn((D_in, H)), randn((H, D_out))

for t in range(2000):
    # forward pass
    h = 1 / (1 + np.exp(-x.dot(w1)))
    y_pred = h.dot(w2)
    loss = np.square(y_pred - y).sum()
    if t % 200 == 0:
        print(t, loss)

    # calculate the analytical gradients
    grad_y_pred = 2.0 * (y_pred - y)
    grad_w2 = h.T.dot(grad_y_pred)
    grad_h = grad_y_pred.dot(w2.T)
    grad_w1 = x.T.dot(grad_h * h * (1 - h))

    # gradient descent
    w1 -= 1e-4 * grad_w1
    w2 -= 1e-4 * grad_w2
