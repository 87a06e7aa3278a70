"""LightGBM with its defaults; text columns are pandas categories of the levels of the training rows."""

import frames
import lightgbm
import pandas as pd


def work(data: frames.Split, seed: int):
    """Fit and predict."""
    x, x_test = data.x.copy(), data.x_test.copy()
    for name in data.texts:
        kind = pd.CategoricalDtype(sorted(x[name].dropna().unique()))
        x[name], x_test[name] = x[name].astype(kind), x_test[name].astype(kind)
    for each in (x, x_test):  # LightGBM takes no JSON characters in names
        each.columns = [f"c{i}" for i in range(each.shape[1])]
    settings = {"n_jobs": 1, "random_state": seed, "verbose": -1}
    if data.classes:
        return lightgbm.LGBMClassifier(**settings).fit(x, data.y).predict_proba(x_test)
    return lightgbm.LGBMRegressor(**settings).fit(x, data.y).predict(x_test)


frames.serve("lightgbm", lambda data, seed: {"LightGBM": frames.measured(lambda: work(data, seed))})
