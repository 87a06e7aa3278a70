"""Networks: shapes and names, the scores of the lecture's formulas, and two graphs over one network."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlptrain.nn.activations import ACTIVATIONS
from mlptrain.nn.dropout import Dropout
from mlptrain.nn.initializers import he
from mlptrain.nn.losses import LOSSES
from mlptrain.nn.network import Network, PredictionGraph, perceptron
from mlptrain.nn.parameters import Parameters, ParameterSpec
from mlptrain.nn.regularizers import REGULARIZERS

pytestmark = pytest.mark.usefixtures("strict_floats")


def network(inputs, hidden, outputs, activation="relu", *, dtype=np.float64, penalties=(), **options):
    activations = [ACTIVATIONS[activation]() for _ in hidden]
    architecture = perceptron(inputs, outputs, hidden, activations, **options)
    made = Network(architecture, LOSSES["softmax"](), penalties, dtype=dtype)
    made.initialize(he, 0)
    return made


def fill(made, **values):
    for name, value in values.items():
        made.parameters[name.replace("_", ".")].value[...] = value


def training_scores(made, X, y):
    plan = made.training.graph.plan(len(X))
    plan.value(made.training.inputs[0])[...] = X
    plan.value(made.training.y)[...] = y
    made.training.draw_masks(plan, made.training.mask_streams(0, step=0))
    plan.forward()
    return plan.value(made.training.scores).copy()


def test_shapes_are_X_N_D_and_W_D_M_and_b_M_and_scores_N_C():
    made = network(4, [6, 5], 3)

    shapes = {parameter.name: parameter.value.shape for parameter in made.parameters}

    assert shapes == {
        "layer1.W": (4, 6),
        "layer1.b": (6,),
        "layer2.W": (6, 5),
        "layer2.b": (5,),
        "layer3.W": (5, 3),
        "layer3.b": (3,),
    }
    assert made.scores([np.zeros((7, 4))]).shape == (7, 3)


def test_a_linear_classifier_is_X_W_plus_b():
    # (1, 2) @ [[1, 0, 2], [0, 1, 1]] + (10, 20, 30) = (11, 22, 34)
    made = network(2, [], 3)
    fill(made, layer1_W=[[1, 0, 2], [0, 1, 1]], layer1_b=[10, 20, 30])

    assert made.scores([np.array([[1.0, 2.0]])]).tolist() == [[11, 22, 34]]


def test_two_layers_are_max_0_X_W1_plus_b1_times_W2_plus_b2():
    # (1, 2) @ [[1, -1], [1, 0]] + (0, -1) = (3, -2) -> (3, 0);  (3, 0) @ [[2, 1], [5, 5]] + (1, 0)
    made = network(2, [2], 2)
    fill(
        made,
        layer1_W=[[1, -1], [1, 0]],
        layer1_b=[0, -1],
        layer2_W=[[2, 1], [5, 5]],
        layer2_b=[1, 0],
    )

    assert made.scores([np.array([[1.0, 2.0]])]).tolist() == [[7, 3]]


def test_three_layers_apply_the_activation_after_each_hidden_layer(rng):
    X, made = rng.normal(size=(5, 4)), network(4, [6, 3], 2)
    W1, b1, W2, b2, W3, b3 = (parameter.value for parameter in made.parameters)
    for b in (b1, b2, b3):
        b[...] = rng.normal(size=b.shape)

    scores = made.scores([X])

    expected = np.maximum(0, np.maximum(0, X @ W1 + b1) @ W2 + b2) @ W3 + b3
    np.testing.assert_allclose(scores, expected, rtol=1e-13)


def test_a_network_of_identities_collapses_to_a_linear_classifier(rng):
    X, made = rng.normal(size=(5, 4)), network(4, [6, 3], 2, "identity", bias=False)
    W1, W2, W3 = (parameter.value for parameter in made.parameters)

    np.testing.assert_allclose(made.scores([X]), X @ (W1 @ W2 @ W3), rtol=1e-12)


def test_each_hidden_layer_may_have_an_activation_of_its_own(rng):
    X = rng.normal(size=(5, 2))
    architecture = perceptron(2, 2, [3, 3], [ACTIVATIONS["tanh"](), ACTIVATIONS["relu"]()])
    made = Network(architecture, LOSSES["softmax"](), dtype=np.float64)
    made.initialize(he, 0)
    W1, _, W2, _, W3, _ = (parameter.value for parameter in made.parameters)

    expected = np.maximum(0, np.tanh(X @ W1) @ W2) @ W3
    np.testing.assert_allclose(made.scores([X]), expected, rtol=1e-13)


def test_the_lectures_3072_100_10_has_308_310_parameters():
    # 3072 * 100 + 100 + 100 * 10 + 10
    shapes = perceptron(3072, 10, [100], [ACTIVATIONS["relu"]()]).parameters()

    assert sum(int(np.prod(each.shape)) for each in shapes) == 308_310


def test_without_biases_there_are_only_weights():
    made = network(4, [6], 3, bias=False)

    assert [parameter.name for parameter in made.parameters] == ["layer1.W", "layer2.W"]


def test_maxout_asks_the_layer_below_for_all_its_pieces():
    architecture = perceptron(4, 3, [6], [ACTIVATIONS["maxout"](pieces=5)], norm="layer")

    shapes = {each.name: each.shape for each in architecture.parameters()}

    assert shapes["layer1.W"] == (4, 30)
    assert shapes["norm1.gamma"] == (30,)
    assert shapes["layer2.W"] == (6, 3)


def test_float32_is_the_dtype_by_default():
    made = Network(perceptron(2, 2), LOSSES["softmax"]())

    assert made.dtype == np.float32
    assert made.parameters.values.dtype == made.parameters.gradients.dtype == np.float32
    assert made.scores([np.zeros((3, 2))]).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_array_of_both_graphs_has_the_dtype_of_the_network(dtype):
    made = network(2, [3], 2, "gelu", dtype=dtype, norm="batch", dropout=0.5)
    plan = made.training.graph.plan(4)
    plan.forward()
    plan.backward()

    for graph in (made.training.graph, PredictionGraph(made).graph):
        arrays = {value.name: graph.plan(4).value(value) for value in graph.values}
        assert {array.dtype for name, array in arrays.items() if name != "y"} == {np.dtype(dtype)}
    assert made.parameters.gradients.dtype == dtype


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", ["none", "layer"])
def test_both_graphs_give_the_same_scores_where_nothing_differs_between_them(activation, norm, rng):
    X, y = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    made = network(4, [5, 5], 3, activation, norm=norm)

    np.testing.assert_allclose(training_scores(made, X, y), made.scores([X]), rtol=1e-13)


def test_both_graphs_read_the_same_parameters(rng):
    X = rng.normal(size=(6, 4))
    made = network(4, [5], 3)
    before = made.scores([X])
    made.parameters.values *= 2

    after = made.scores([X])

    assert (after != before).all()
    np.testing.assert_allclose(after, training_scores(made, X, np.zeros(6, int)), rtol=1e-13)


@given(batch_rows=st.integers(1, 30))
def test_scores_do_not_depend_on_the_batches_they_are_computed_in(batch_rows):
    X = np.random.default_rng(0).normal(size=(23, 4))
    made = network(4, [5], 3, norm="batch")

    np.testing.assert_allclose(made.scores([X], batch_rows), made.scores([X]), rtol=1e-12)


def test_no_rows_have_no_scores():
    assert network(4, [5], 3).scores([np.empty((0, 4))]).shape == (0, 3)


def test_the_regularization_loss_is_that_of_the_training_graph(rng):
    penalties = [REGULARIZERS["l2"](0.1), REGULARIZERS["l1"](0.2)]
    made = network(4, [5], 3, penalties=penalties)
    training_scores(made, rng.normal(size=(6, 4)), np.zeros(6, int))

    penalty = made.training.graph.plan(6).value(made.training.penalty)

    assert made.regularization_loss() == pytest.approx(float(penalty), rel=1e-14)


def test_without_regularization_the_loss_is_the_data_loss():
    made = network(4, [5], 3)

    assert made.training.loss is made.training.data_loss
    assert made.regularization_loss() == 0


def test_the_training_graph_ends_in_the_loss():
    made = network(4, [5], 3, penalties=[REGULARIZERS["l2"](0.1)])

    assert made.training.graph.values[-1] is made.training.loss


def test_each_weight_branches_to_its_layer_and_to_the_penalty():
    made = network(4, [5], 3, penalties=[REGULARIZERS["l2"](0.1)])

    for weight in ("layer1.W", "layer2.W"):
        readers = [
            value.name
            for value in made.training.graph.values
            if weight in [source.name for source in value.sources]
        ]
        assert readers == [weight.replace("W", "scores"), "l2"]


def test_the_first_layers_input_asks_for_no_gradient():
    made = network(4, [5], 3)

    assert not made.training.inputs[0].wants_gradient


def test_the_prediction_graph_asks_for_no_gradient_at_all():
    made = network(4, [5], 3, norm="batch")

    assert not any(value.wants_gradient for value in PredictionGraph(made).graph.values)


def test_dropout_stands_in_the_training_graph_only():
    made = network(4, [5, 5], 3, dropout=0.5)

    kinds = [
        [type(value.node) for value in each.graph.values]
        for each in (made.training, PredictionGraph(made))
    ]
    assert kinds[0].count(Dropout) == 2
    assert kinds[1].count(Dropout) == 0


def test_regression_targets_are_numbers_of_the_shape_of_the_scores():
    made = Network(perceptron(4, 2), LOSSES["mse"](), dtype=np.float64)

    assert made.training.graph.plan(5).value(made.training.y).shape == (5, 2)


def test_parameters_are_views_into_one_flat_vector():
    parameters = Parameters(
        [ParameterSpec("W", (2, 3), "weight", decays=True), ParameterSpec("b", (3,), "bias")],
        np.float32,
    )

    parameters["W"].value[...] = [[1, 2, 3], [4, 5, 6]]
    parameters["b"].gradient[...] = 7

    assert parameters.values.tolist() == [1, 2, 3, 4, 5, 6, 0, 0, 0]
    assert parameters.gradients.tolist() == [0] * 6 + [7] * 3
    assert [weight.name for weight in parameters.weights()] == ["W"]
