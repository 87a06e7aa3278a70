"""scikit-learn's MLP with its defaults.

Numbers and target are standardized, blanks become the median, categories one-hot.
"""

import warnings

import frames
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore", message="Stochastic Optimizer: Maximum iterations")


def work(data: frames.Split, seed: int):
    """Fit and predict."""
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), data.numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), data.texts),
    )
    if data.classes:
        model = make_pipeline(columns, MLPClassifier(random_state=seed))
        return model.fit(data.x, data.y).predict_proba(data.x_test)
    network = MLPRegressor(random_state=seed)
    model = make_pipeline(columns, TransformedTargetRegressor(network, transformer=StandardScaler()))
    return model.fit(data.x, data.y).predict(data.x_test)


frames.serve(
    "scikit-learn", lambda data, seed: {"scikit-learn MLP": frames.measured(lambda: work(data, seed))}
)
